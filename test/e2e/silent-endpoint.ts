import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

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
