import { describe, expect, it } from 'vitest';
import type { BenchRequest } from '../../../cli/miner/bench-caller.ts';
import { applyLoad } from '../../../cli/miner/bench-load.ts';
import type { LoadResult } from '../../../cli/miner/bench-load.ts';
import { fault } from '../../../common/fault.ts';
import type { Fault } from '../../../common/fault.ts';
import type { HttpResponse } from '../../../common/http-port.ts';

const empty = {
  path: '/',
  headers: {},
  body: new Uint8Array(),
  sha256: new Uint8Array(),
  sha256Hex: '',
};
const request: BenchRequest = { body: empty, headers: {}, nonceNs: 0n };

function answer(status: number, body = ''): HttpResponse {
  const bytes = new TextEncoder().encode(body);
  return { kind: 'response', status, headers: {}, body: bytes, latencyMs: 1 };
}

interface Peer {
  /** What comes back, and after how long; requests are numbered from 0. */
  readonly reply: (index: number) => {
    readonly after: number;
    readonly with: HttpResponse | Fault;
  };
  /** How much later than it should the sender wakes. */
  readonly lateMs?: number;
}

/** Ten requests, 100 ms apart, on a clock of its own. */
async function load({ reply, lateMs = 0 }: Peer): Promise<{ result: LoadResult; offered: number }> {
  let nowMs = 0;
  let sent = 0;
  let offered = 0;
  const result = await applyLoad(
    {
      clock: { monotonicMs: () => nowMs },
      waitUntil: (atMs) => Promise.resolve(void (nowMs = Math.max(nowMs, atMs + lateMs))),
      prepare: () => request,
      http: {
        request: () => {
          const { after, with: response } = reply(sent++);
          nowMs += after;
          return Promise.resolve(response);
        },
      },
      sample: {
        offer: () => void (offered += 1),
        report: () => ({
          looked: 0,
          goodReceipts: 0,
          missingReceipts: 0,
          badReceipts: [],
          badAnswers: [],
        }),
      },
    },
    {
      peer: { url: 'http://127.0.0.1:1' },
      arrivals: 'constant',
      ratePerSecond: 10,
      seconds: 1,
      warmUpSeconds: 0,
      maxInFlight: 100,
      timeoutMs: 1000,
      seed: 1,
      signal: new AbortController().signal,
    },
  );
  return { result, offered };
}

describe('what counts as latency', () => {
  it('is the time since a request was due, not since it was sent', async () => {
    const { result } = await load({ lateMs: 40, reply: () => ({ after: 10, with: answer(200) }) });
    expect(result.latency.quantileMs(0.5)).toBeGreaterThanOrEqual(50);
    expect(result.loop.lateness.quantileMs(0.5)).toBeGreaterThanOrEqual(40);
    expect(result).toMatchObject({ ok: 10, failed: 0, okPerSecond: 10 });
  });

  it('holds a request that was given up with all the time that it got', async () => {
    const late = { after: 1000, with: fault('timeout', 'no complete answer within 1000 ms') };
    const soon = { after: 1, with: answer(200) };
    const { result } = await load({ reply: (index) => (index === 9 ? late : soon) });
    expect(result.latency).toMatchObject({ count: 10 });
    expect(result.latency.maxMs).toBeGreaterThanOrEqual(1000);
    expect(result.failures).toEqual([{ name: 'timeout', count: 1 }]);
    expect(result.ok).toBe(9);
  });

  it('counts as throughput what was answered while it was measured', async () => {
    // Each takes a third of a second, one after the other: three within the second that counts.
    const { result } = await load({ reply: () => ({ after: 333, with: answer(200) }) });
    expect(result.okPerSecond).toBe(3);
    expect(result.ok).toBeGreaterThan(3);
  });

  it('leaves out refusals, resets and what this side cancelled', async () => {
    const replies = [
      answer(429, '{"error":"asked too often"}'),
      answer(503),
      fault('reset', 'ECONNRESET'),
      fault('cancelled', 'stopped by this node'),
    ];
    const { result, offered } = await load({
      reply: (index) => ({ after: 1, with: replies[index] ?? answer(200) }),
    });
    expect(result).toMatchObject({ ok: 6, failed: 3 });
    expect(result.latency.count).toBe(6);
    expect(offered).toBe(6);
    expect(result.failures.map(({ name }) => name).sort()).toEqual([
      '429 asked too often',
      '503',
      'reset: ECONNRESET',
    ]);
  });
});
