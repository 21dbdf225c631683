import { EventEmitter, once } from 'node:events';

import { request } from 'node:https';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../common/node/log.ts';
import { createHandshakes } from '../../../miner/gate/handshakes.ts';
import { reply } from '../../../miner/gate/http-message.ts';
import { startMinerServer } from '../../../miner/gate/server.ts';
import type { MinerServer } from '../../../miner/gate/server.ts';
import { localhost } from '../../common/tls-certificates.ts';

const places = 4;

async function startTls(refused: string[]): Promise<MinerServer> {
  return startMinerServer({
    host: '127.0.0.1',
    port: 0,
    maxConnections: places,
    maxConnectionsPerAddress: 2 * places,
    requestTimeoutMs: 30_000,
    stallTimeoutMs: 30_000,
    tls: localhost,
    handle: () => Promise.resolve(reply(200, 'ok', { headers: {}, body: new Uint8Array() })),
    observer: {
      onConnections: () => undefined,
      onRefused: (_, reason) => void refused.push(reason),
    },
    log: createLogger({ level: 'silent' }),
  });
}

const quiet = <S extends Socket>(socket: S): S => socket.on('error', () => undefined);

/** A connection by TLS on which nothing is asked. */
async function idleAt(port: number): Promise<Socket> {
  const socket = quiet(
    connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: localhost.cert }),
  );
  await once(socket, 'secureConnect');
  return socket;
}

/** One that is open and never says a word of a handshake. */
async function stalledAt(port: number, at: number): Promise<Socket> {
  const localAddress = `127.0.2.${1 + Math.floor(at / 10)}`;
  const socket = quiet(connect({ port, host: '127.0.0.1', localAddress }));
  await once(socket, 'connect');
  return socket;
}

function ask(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const where = { port, host: '127.0.0.1', servername: 'localhost', ca: localhost.cert };
    const sent = request({ ...where, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('handshakes of TLS that stall', () => {
  it('keep nobody out, although idle connections have all places', async () => {
    const refused: string[] = [];
    const server = await startTls(refused);
    const sockets: Socket[] = [];
    try {
      for (let at = 0; at < places; at += 1) sockets.push(await idleAt(server.port));
      const stalled = Array.from({ length: 700 }, (_, at) => stalledAt(server.port, at));
      sockets.push(...(await Promise.all(stalled)));
      expect(await ask(server.port)).toBe(200);
      expect(refused).not.toContain('connections_full');
    } finally {
      for (const socket of sockets) socket.destroy();
      await server.drain(0);
    }
  });
});

describe('handshakes that are counted', () => {
  it('count a port once that was reset and came back before node told of it', () => {
    const handshakes = createHandshakes(8);
    const from = (): FakeRaw => new FakeRaw('127.0.0.9', 4000);
    const [first, second] = [from(), from()];
    handshakes.begin(first.asSocket());
    handshakes.begin(second.asSocket());
    first.emit('close');
    second.emit('close');
    expect(handshakes.size).toBe(0);
    const [third, fourth] = [new FakeRaw('127.0.0.9', 1), new FakeRaw('127.0.0.9', 2)];
    handshakes.begin(third.asSocket());
    handshakes.begin(fourth.asSocket());
    expect([handshakes.size, third.destroyed, fourth.destroyed]).toEqual([2, false, false]);
  });
});

/** Of a socket, what is looked at here. */
class FakeRaw extends EventEmitter {
  destroyed = false;
  readonly remoteAddress: string;
  readonly remotePort: number;
  constructor(remoteAddress: string, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }
  destroy(): void {
    this.destroyed = true;
  }
  asSocket(): Socket {
    return this as unknown as Socket;
  }
}
