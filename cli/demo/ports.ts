import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * An address of this machine that the chain accepts for an axon: it refuses 127.0.0.1, so another
 * loopback address where the system has them, otherwise the machine's own.
 */
export async function axonHost(): Promise<string> {
  for (const host of ['127.0.0.2', ...ownAddresses()]) {
    if ((await tryListen(host)) !== null) return host;
  }
  return '127.0.0.2';
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => entry.family === 'IPv4' && !entry.internal)
    .map((entry) => entry.address);
}

/** A port that nobody listens on at this moment. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const port = await tryListen(host);
  if (port === null) throw new Error(`cannot listen on ${host}`);
  return port;
}

function tryListen(host: string): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host, port: 0 }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : null;
      server.close(() => resolve(port));
    });
  });
}
