import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../bench/serving/answer.ts';
import { closedLoop } from '../../bench/serving/closed-loop.ts';
import { judged } from '../../bench/serving/goal-rows.ts';
import type { Measured } from '../../bench/serving/rounds.ts';
import { makerOf } from '../../bench/serving/traffic.ts';
import type { Prepared, Traffic } from '../../bench/serving/traffic.ts';
import { benchMiner } from '../../bench/serving/bench-keys.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { checkRequest } from '../../common/wire/btauth.ts';
import { ReplayMemory } from '../../common/wire/replay.ts';

const request: Prepared = {
  head: Buffer.from('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n'),
  body: Buffer.from('hi'),
};

/** Sends `count` requests over `concurrency` connections to a server that answers so. */
async function load(answer: RequestListener, count: number, concurrency: number) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  let left = count;
  const next = (): Prepared | null => (left-- > 0 ? request : null);
  try {
    return await closedLoop({ port, concurrency, seconds: 60, next });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('an answer', () => {
  it('is read once head and body are whole', () => {
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc');
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readAnswer(bytes.subarray(0, length))).toBeNull();
    }
    expect(readAnswer(bytes)).toEqual({ status: '200', closes: false });
  });

  it('in chunks ends with the empty one', () => {
    const head = 'HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
    expect(readAnswer(Buffer.from(`${head}3\r\nabc\r\n`))).toBeNull();
    const whole = Buffer.from(`${head}3\r\nabc\r\n0\r\n\r\n`);
    expect(readAnswer(whole)).toEqual({ status: '503', closes: true });
  });
});

describe('a closed loop', () => {
  it('counts each answer once, by status', async () => {
    let at = 0;
    const { statuses, latenciesMs } = await load(
      (_, answer) => answer.writeHead(at++ % 5 === 0 ? 401 : 200).end('ok'),
      100,
      4,
    );
    expect(statuses).toEqual({ '200': 80, '401': 20 });
    expect(latenciesMs).toHaveLength(100);
  });

  it('goes on over another connection where a server ends one', async () => {
    const close = { connection: 'close' };
    const answer: RequestListener = (_, reply) => reply.writeHead(200, close).end('ok');
    const { statuses } = await load(answer, 20, 2);
    expect(statuses).toEqual({ '200': 20 });
  });

  it('counts a request that got no answer', async () => {
    let at = 0;
    const { statuses } = await load(
      ({ socket }, answer) => {
        if (at++ === 3) socket.destroy();
        else answer.end('ok');
      },
      10,
      1,
    );
    expect(statuses).toEqual({ '200': 9, dropped: 1 });
  });
});

describe('a request of the load', () => {
  const platform = createPlatform();
  const sr25519 = loadSr25519();
  const receiver = signerFromSuri(sr25519, benchMiner).ss58;

  function verdictOn(traffic: Traffic): string {
    const { head, body } = makerOf(traffic)();
    const [line = '', ...rest] = head.toString().trim().split('\r\n');
    const headers = Object.fromEntries(rest.map((one) => one.split(': ')));
    const bodySha256 = platform.sha256(body);
    const parts = { method: 'POST', pathWithQuery: line.split(' ')[1] ?? '', bodySha256 };
    const tools = { verifier: sr25519, replay: new ReplayMemory(), nowNs: platform.clock.nowNs() };
    const policy = { receiver, notBeforeNs: 0n };
    const verdict = checkRequest({ ...parts, headers }, policy, tools);
    return verdict.kind === 'authed' ? 'authed' : verdict.name;
  }

  it.each(['light', 'heavy', 'echo'] as const)('is signed for the miner: %s', (payload) => {
    expect(verdictOn({ wire: 'btauth', payload })).toBe('authed');
    expect(verdictOn({ wire: 'btauth', payload, binary: true })).toBe('authed');
  });

  it('is wrong in the way that was asked for', () => {
    const wrong = { wire: 'btauth', payload: 'echo' } as const;
    expect(verdictOn({ ...wrong, flaw: 'signature' })).toBe('BadSignature');
    expect(verdictOn({ ...wrong, flaw: 'stale' })).toBe('StaleRequest');
  });
});

describe('a row', () => {
  const figures = { name: 'x', unit: 'ms', value: 2, peer: 4, ratio: 0.5 };
  const lane: Measured = { name: 'ours', slices: [], strange: { '503': 1 } };

  it('is held against its goal in the goal’s sense', () => {
    expect(judged({ ...figures, goal: 0.5 }).ok).toBe(true);
    expect(judged({ ...figures, goal: 0.6 }).ok).toBe(false);
    expect(judged({ ...figures, goal: 0.4, sense: 'at-most' }).ok).toBe(false);
    expect(judged({ ...figures, goal: 0.6, sense: 'at-most' }).ok).toBe(true);
  });

  it('fails when an answer was another than it should be', () => {
    const row = judged({ ...figures, goal: null }, [lane]);
    expect(row).toMatchObject({ ok: false, note: 'ours: {"503":1}' });
  });
});
