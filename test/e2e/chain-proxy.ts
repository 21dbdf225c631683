import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** What a proxy in front of the chain does with what it carries. */
export type ProxyMode = 'pass' | 'swallow';

export interface ChainProxy {
  readonly url: string;
  /** `swallow` leaves every connection open, takes new ones, and lets nothing through. */
  mode: ProxyMode;
  close(): Promise<void>;
}

/** A TCP proxy in front of a chain endpoint, to be half dead on demand. */
export async function startChainProxy(chainUrl: string): Promise<ChainProxy> {
  const { hostname, port } = new URL(chainUrl);
  const sockets = new Set<Socket>();
  const proxy: { mode: ProxyMode } = { mode: 'pass' };
  const server = createServer((client) => {
    const chain = connect({ host: hostname, port: Number(port) });
    carry(client, chain, sockets, proxy);
    carry(chain, client, sockets, proxy);
  });
  await listen(server);
  return Object.assign(proxy, { url: `ws://127.0.0.1:${portOf(server)}`, close: closeAll });

  function closeAll(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  }
}

function carry(from: Socket, to: Socket, all: Set<Socket>, proxy: { mode: ProxyMode }): void {
  all.add(from);
  from.on('error', () => from.destroy());
  from.on('data', (data) => {
    if (proxy.mode === 'pass' && to.writable) to.write(data);
  });
  from.on('close', () => {
    all.delete(from);
    if (proxy.mode === 'pass') to.destroy();
  });
}

export interface SilentEndpoint {
  readonly url: string;
  /** Resolves with the first connection. */
  readonly reached: Promise<void>;
  close(): Promise<void>;
}

/** An endpoint that takes connections and never says a word. */
export async function startSilentEndpoint(): Promise<SilentEndpoint> {
  const sockets = new Set<Socket>();
  let onReached = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    onReached = resolve;
  });
  const server = createServer((socket) => {
    onReached();
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.resume();
  });
  await listen(server);
  return {
    url: `ws://127.0.0.1:${portOf(server)}`,
    reached,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
