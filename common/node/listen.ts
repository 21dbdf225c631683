import type { Server } from 'node:net';
import type { ErrorCode } from '../errors.ts';
import { SubnetError, messageOf } from '../errors.ts';

export interface Place {
  readonly host: string;
  /** 0 finds a free one. */
  readonly port: number;
  /** The section of the YAML whose `host` and `port` these are, such as `server`. */
  readonly section: string;
}

/** Resolves once the server listens. Throws PORT_TAKEN, PORT_FORBIDDEN, ADDRESS_NOT_HERE. */
export function listen(server: Server, place: Place): Promise<void> {
  const { host, port } = place;
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => reject(listenError(cause, place));
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/** What an operator can do something about, with the setting that it stands in; else the cause. */
export function listenError(cause: NodeJS.ErrnoException, { host, port, section }: Place): Error {
  const reason = reasons[cause.code ?? ''];
  if (reason === undefined) return cause;
  const setting = `${section}.${reason.key}`;
  const facts = { detail: messageOf(cause), setting, host, port };
  return new SubnetError(reason.code, facts, { cause });
}

interface Reason {
  readonly code: ErrorCode;
  readonly key: 'host' | 'port';
}

const notHere: Reason = { code: 'ADDRESS_NOT_HERE', key: 'host' };

const reasons: Readonly<Record<string, Reason>> = {
  EADDRINUSE: { code: 'PORT_TAKEN', key: 'port' },
  EACCES: { code: 'PORT_FORBIDDEN', key: 'port' },
  EADDRNOTAVAIL: notHere,
  EAFNOSUPPORT: notHere,
  // An IPv6 address of one link that does not say which.
  EINVAL: notHere,
  // A name in place of an address.
  ENOTFOUND: notHere,
  EAI_AGAIN: notHere,
};
