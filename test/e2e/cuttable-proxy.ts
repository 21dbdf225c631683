import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A TCP relay between a client and a server that can fail in the ways a network does. */
export interface CuttableProxy {
  readonly port: number;
  /** Resets every connection and refuses new ones until `restore`. */
  cut(): void;
  /** Connections stay open but nothing passes any more, in either direction. */
  freeze(): void;
  restore(): void;
  /** Connections made so far. */
  readonly connections: number;
  /** Sockets open now, of both sides. */
  readonly open: number;
  close(): Promise<void>;
}

type Mode = 'open' | 'cut' | 'frozen';

export async function startProxy(targetPort: number): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  let mode: Mode = 'open';
  let connections = 0;
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const relay = (from: Socket, to: Socket): void => {
    from.on('data', (chunk) => {
      // What a frozen line swallows is lost: the connection is useless from then on.
      if (mode === 'open') to.write(chunk);
    });
    from.on('close', () => to.destroy());
  };
  const server = createServer((client) => {
    track(client);
    if (mode === 'cut') return void client.resetAndDestroy();
    connections += 1;
    const upstream = connect(targetPort, '127.0.0.1');
    track(upstream);
    relay(client, upstream);
    relay(upstream, client);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    cut: () => {
      mode = 'cut';
      destroyAll();
    },
    freeze: () => void (mode = 'frozen'),
    restore: () => void (mode = 'open'),
    close: async () => {
      destroyAll();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
