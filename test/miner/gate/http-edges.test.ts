import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../../common/node/log.ts';
import { encodeError } from '../../../common/wire/inference-protocol.ts';
import { reply } from '../../../miner/gate/http-message.ts';
import { startMinerServer } from '../../../miner/gate/server.ts';
import type { MinerServer } from '../../../miner/gate/server.ts';

const refused: string[] = [];
let server: MinerServer;

/** A server that answers with the path that its handler saw. */
beforeAll(async () => {
  server = await startMinerServer({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 16,
    maxConnectionsPerAddress: 16,
    requestTimeoutMs: 1000,
    stallTimeoutMs: 30_000,
    handle: ({ path }) => Promise.resolve(reply(200, 'ok', encodeError(path))),
    observer: {
      onConnections: () => undefined,
      onRefused: (status, reason) => void refused.push(`${status} ${reason}`),
    },
    log: createLogger({ level: 'silent' }),
  });
});
afterAll(() => server.drain(0));

interface Answer {
  readonly status: number;
  readonly error: string;
}

/** What is answered to a text as it is; the connection ends with it. */
async function tell(text: string): Promise<Answer> {
  const socket = connect(server.port, '127.0.0.1');
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  const answer = Buffer.concat(pieces).toString();
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`\r\ncontent-length: ${body.length}(\r\n|$)`, 'i'));
  const { error } = JSON.parse(body) as Answer;
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]), error };
}

const get = (target: string, hosts = 'host: a\r\n', version = '1.1'): string =>
  `GET ${target} HTTP/${version}\r\n${hosts}connection: close\r\n\r\n`;

describe('the target of a request', () => {
  it.each([
    ['/v2/health/live?x=1', '/v2/health/live?x=1'],
    ['http://miner.example:8091/v2/health/live', '/v2/health/live'],
    ['HTTPS://miner.example/v2?x=http://a/b', '/v2?x=http://a/b'],
    ['http://miner.example', '/'],
    ['http://miner.example?x', '/?x'],
    ['//v2', '//v2'],
  ])('%s asks for %s', async (target, path) => {
    expect(await tell(get(target))).toEqual({ status: 200, error: path });
  });
});

describe('the host of a request', () => {
  it.each([
    ['', '1.1'],
    ['Host: a\r\nhost: a\r\n', '1.1'],
    ['host: a\r\nHOST: b\r\n', '1.0'],
  ])('must be there once: %j by HTTP/%s', async (hosts, version) => {
    refused.length = 0;
    const { status, error } = await tell(get('/v2', hosts, version));
    expect([status, error]).toEqual([400, 'the header host must be sent exactly once']);
    expect(refused).toEqual(['400 host']);
  });

  it('may be left out by HTTP/1.0', async () => {
    expect((await tell(get('/v2', '', '1.0'))).status).toBe(200);
  });
});

describe('what never becomes a request', () => {
  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'this is no proper request of HTTP/1.1'],
    ['headers too long', get('/', `x: ${'a'.repeat(20_000)}\r\n`), 431, 'at most 16384 bytes'],
    ['a head that never ends', 'GET / HTTP/1.1\r\n', 408, 'did not arrive in time'],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n', 405, 'this is no proxy'],
  ])('is told why: %s', async (_, text, status, error) => {
    const told = await tell(text);
    expect(told.status).toBe(status);
    expect(told.error).toContain(error);
  });
});
