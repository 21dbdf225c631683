import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMetricsRegistry } from '../../../common/node/telemetry.ts';
import type { Logger } from '../../../common/telemetry-port.ts';
import type { CallOutcome, Exchange } from '../../../miner/upstream/upstream-call.ts';
import { createUpstreamMetrics } from '../../../miner/upstream/upstream-metrics.ts';
import { UpstreamPool } from '../../../miner/upstream/upstream-pool.ts';
import type { PoolOptions } from '../../../miner/upstream/upstream-pool.ts';
import { unreadable } from '../../../miner/upstream/try-result.ts';
import { createFakeHttp } from '../../fakes/fake-http.ts';
import type { FakeHttp, FakePeer } from '../../fakes/fake-http.ts';
import { createManualPlatform } from '../../fakes/manual-platform.ts';
import type { ManualPlatform } from '../../fakes/manual-platform.ts';

/** The rules of calls, on a clock that is moved by hand. */

const urls = ['http://10.0.0.1:1', 'http://10.0.0.2:1', 'http://10.0.0.3:1'];
const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

interface World {
  readonly pool: UpstreamPool;
  readonly http: FakeHttp;
  readonly platform: ManualPlatform;
  ask(deadlineMs?: number): Promise<CallOutcome<{ readonly from: string }>>;
}

async function world(
  peers: readonly FakePeer[],
  options: Partial<PoolOptions> = {},
  platform = createManualPlatform(),
) {
  const http = createFakeHttp();
  const places = urls.slice(0, peers.length);
  places.forEach((url, at) => http.serve(url, peers[at] ?? null));
  const pool = new UpstreamPool(
    {
      http,
      clock: platform.clock,
      log: silent,
      metrics: createUpstreamMetrics(createMetricsRegistry()),
    },
    {
      urls: places,
      healthIntervalMs: 1_000_000,
      timeoutMs: 1000,
      maxTries: 3,
      maxInFlight: 1000,
      idempotent: true,
      hedge: { percentile: 95, maxShare: 0 },
      breaker: { failures: 1000, openMs: 100, maxOpenMs: 1000 },
      retryBudget: { share: 0, perSecond: 0, burst: 1000 },
      ...options,
    },
  );
  await pool.watch(() => Promise.resolve({ kind: 'ready' }));
  const exchange: Exchange<{ readonly from: string }> = {
    requestTo: ({ url }) => ({ method: 'POST', url, headers: {}, maxBodyBytes: 100 }),
    read: ({ body }) =>
      body.length === 1 ? { from: String(body[0]) } : unreadable('not one byte'),
  };
  const asked: World = {
    pool,
    http,
    platform,
    ask: (deadlineMs = 1e9) => pool.ask(exchange, { deadlineMs, isGone: () => false }),
  };
  return asked;
}

const fine: FakePeer = () => ({ status: 200, body: Uint8Array.of(1) });
const behaviours: Readonly<Record<string, FakePeer>> = {
  fine,
  reset: () => 'reset',
  garbage: () => 'garbage',
  hang: () => 'hang',
  broken: () => ({ status: 500 }),
  refusing: () => ({ status: 400 }),
  away: () => ({ status: 503 }),
  busy: () => ({ status: 429 }),
  talking: () => ({ status: 200, body: new Uint8Array(7) }),
  endless: () => ({ status: 200, body: new Uint8Array(101) }),
};

describe('a call', () => {
  it('is answered if any upstream answers, asks none twice in vain, and leaves nothing behind', async () => {
    const kinds = fc.array(fc.constantFrom(...Object.keys(behaviours)), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(kinds, fc.integer({ min: 1, max: 5 }), async (names, calls) => {
        const peers = names.map((name) => behaviours[name] ?? fine);
        const { ask, http, pool } = await world(peers);
        const outcomes = await Promise.all(Array.from({ length: calls }, () => ask()));
        const expected = names.includes('fine') ? 'answer' : 'failed';
        expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set([expected]));
        expect(http.requests.length).toBeLessThanOrEqual(3 * calls);
        expect(pool.upstreams.map(({ outstanding }) => outstanding)).toEqual(peers.map(() => 0));
        expect(pool.running).toBe(0);
      }),
    );
  });

  it('spends no more retries than the budget has', async () => {
    const budget = fc.integer({ min: 0, max: 10 });
    await fc.assert(
      fc.asyncProperty(budget, fc.integer({ min: 1, max: 20 }), async (burst, calls) => {
        const retryBudget = { share: 0, perSecond: 0, burst };
        const { ask, http } = await world([() => 'reset', () => 'reset'], { retryBudget });
        for (let at = 0; at < calls; at += 1) await ask();
        expect(http.requests.length).toBe(calls + Math.min(burst, 2 * calls));
      }),
    );
  });

  it('is tried again only if it was never sent, when sending it twice would do harm', async () => {
    const { ask, http } = await world([() => 'reset', () => 'reset'], { idempotent: false });
    expect(await ask()).toMatchObject({ kind: 'failed', reason: 'unavailable' });
    expect(http.requests.length).toBe(1);
    http.serve(urls[0] ?? '', null);
    http.serve(urls[1] ?? '', fine);
    for (let at = 0; at < 4; at += 1) expect(await ask()).toMatchObject({ kind: 'answer' });
  });

  it('leaves an upstream alone that failed, tries it once after a while, and takes it back', async () => {
    const breaker = { failures: 2, openMs: 100, maxOpenMs: 1000 };
    const { ask, http, platform } = await world([() => 'reset', fine], { breaker });
    const toFirst = (): number => http.requests.filter(({ url }) => url === urls[0]).length;
    for (let at = 0; at < 10; at += 1) expect(await ask()).toMatchObject({ kind: 'answer' });
    expect(toFirst()).toBe(2);
    await platform.advance(100);
    for (let at = 0; at < 10; at += 1) await ask();
    expect(toFirst()).toBe(3);
    // The second break is twice as long.
    await platform.advance(199);
    for (let at = 0; at < 10; at += 1) await ask();
    expect(toFirst()).toBe(3);
    http.serve(urls[0] ?? '', fine);
    await platform.advance(1);
    for (let at = 0; at < 10; at += 1) await ask();
    expect(toFirst()).toBeGreaterThan(6);
  });

  it('shuts no upstream off for inputs that nobody can compute', async () => {
    const breaker = { failures: 1, openMs: 1000, maxOpenMs: 1000 };
    const poison = ['reset', 'hang', 'broken', 'away', 'endless', 'talking', 'garbage'];
    for (const name of poison) {
      let cured = false;
      const peer: FakePeer = (request) =>
        cured ? fine(request) : (behaviours[name]?.(request) ?? 'reset');
      const { ask, pool } = await world([peer, peer], { breaker });
      for (let at = 0; at < 4; at += 1) expect(await ask()).toMatchObject({ kind: 'failed' });
      expect(pool.upstreams.map((one) => one.isWell(0))).toEqual([true, true]);
      cured = true;
      expect(await ask()).toMatchObject({ kind: 'answer' });
    }
  });

  it('shuts off whoever cannot be reached, although nobody else answers either', async () => {
    const breaker = { failures: 1, openMs: 1000, maxOpenMs: 1000 };
    const { ask, http, pool } = await world([fine, fine], { breaker });
    for (const url of urls) http.serve(url, null);
    expect(await ask()).toMatchObject({ kind: 'failed', reason: 'unavailable' });
    expect(pool.upstreams.map((one) => one.isWell(0))).toEqual([false, false]);
  });

  it('goes to the upstream that has the least to do', async () => {
    const never: FakePeer = () => new Promise(() => undefined);
    const { ask, pool } = await world([never, never, never]);
    for (let at = 0; at < 9; at += 1) void ask();
    expect(pool.upstreams.map(({ outstanding }) => outstanding)).toEqual([3, 3, 3]);
    pool.close();
  });

  it('hedges after the percentile, and never more than its share', async () => {
    const hedge = { percentile: 50, maxShare: 0.1 };
    let slow = false;
    const peer: FakePeer = async () => {
      await platform.clock.sleep(slow ? 50 : 10);
      return { status: 200, body: Uint8Array.of(1) };
    };
    const { ask, http, platform } = await world([peer, peer], { hedge });
    const calls = 100;
    for (let at = 0; at < calls; at += 1) {
      slow = at >= 40;
      const asked = ask();
      for (let passed = 0; passed < 60; passed += 5) await platform.advance(5);
      expect(await asked).toMatchObject({ kind: 'answer' });
    }
    expect(http.requests.length).toBeGreaterThan(calls);
    expect(http.requests.length).toBeLessThanOrEqual(calls * 1.1);
  });

  it('ends at the deadline of its caller, and charges no upstream for it', async () => {
    const never: FakePeer = () => new Promise(() => undefined);
    const breaker = { failures: 1, openMs: 1000, maxOpenMs: 1000 };
    const { ask, pool, platform } = await world([never], { breaker });
    const asked = ask(30);
    await platform.advance(20);
    expect(pool.running).toBe(1);
    await platform.advance(20);
    expect(await asked).toMatchObject({ kind: 'failed', reason: 'timeout' });
    expect(pool.upstreams[0]?.isWell(40)).toBe(true);
  });

  it('is refused at once when every upstream hangs, until one answers a trial', async () => {
    const breaker = { failures: 3, openMs: 5000, maxOpenMs: 5000 };
    const platform = createManualPlatform();
    let hung = true;
    const peer: FakePeer = async (request) => {
      if (!hung) return fine(request);
      await platform.clock.sleep(1000);
      return 'hang';
    };
    const { ask, pool } = await world([peer, peer], { breaker }, platform);
    for (let at = 0; at < 3; at += 1) {
      const asked = ask();
      for (let passed = 0; passed < 2100; passed += 100) await platform.advance(100);
      expect(await asked).toMatchObject({ kind: 'failed', reason: 'timeout' });
    }
    const nowMs = platform.clock.monotonicMs();
    expect(pool.upstreams.map((one) => one.isWell(nowMs))).toEqual([false, false]);
    expect(await ask()).toMatchObject({ kind: 'failed', reason: 'unavailable' });
    hung = false;
    await platform.advance(5000);
    expect(await ask()).toMatchObject({ kind: 'answer' });
  });

  it('blames no upstream that answers others while one request hangs on it', async () => {
    const breaker = { failures: 1, openMs: 5000, maxOpenMs: 5000 };
    const platform = createManualPlatform();
    let poisoned = true;
    const peer: FakePeer = async (request) => {
      if (!poisoned) return fine(request);
      await platform.clock.sleep(1000);
      return 'hang';
    };
    const { ask, pool } = await world([peer], { breaker }, platform);
    const doomed = [ask(), ask(), ask()];
    poisoned = false;
    await platform.advance(500);
    expect(await ask()).toMatchObject({ kind: 'answer' });
    await platform.advance(500);
    expect((await Promise.all(doomed)).map(({ kind }) => kind)).toEqual(doomed.map(() => 'failed'));
    expect(pool.upstreams[0]?.isWell(platform.clock.monotonicMs())).toBe(true);
  });

  it('opens breakers by the time of its callers too, where that is shorter', async () => {
    const breaker = { failures: 2, openMs: 5000, maxOpenMs: 5000 };
    const never: FakePeer = () => new Promise(() => undefined);
    const { ask, pool, platform } = await world([never], { breaker });
    const isWell = (): boolean | undefined =>
      pool.upstreams[0]?.isWell(platform.clock.monotonicMs());
    for (let at = 0; at < 4; at += 1) {
      expect(isWell()).toBe(true);
      const asked = ask(platform.clock.monotonicMs() + 400);
      for (let passed = 0; passed < 440; passed += 20) await platform.advance(20);
      expect(await asked).toMatchObject({ kind: 'failed', reason: 'timeout' });
    }
    expect(isWell()).toBe(false);
  });
});
