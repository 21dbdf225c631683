import type { Server } from 'node:net';
import { SubnetError } from '../errors.ts';

/** Resolves once the server listens. Throws PORT_TAKEN. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => {
      const taken = cause.code === 'EADDRINUSE' || cause.code === 'EACCES';
      const facts = { host, port, detail: cause.code ?? cause.message };
      reject(taken ? new SubnetError('PORT_TAKEN', facts, { cause }) : cause);
    };
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}
