import { setMaxListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { BlockRef } from '../../common/chain-port.ts';
import { SubnetError } from '../../common/errors.ts';
import { LinkPool } from '../../common/chain/link/link-pool.ts';
import type { Logger, Meter } from '../../common/telemetry-port.ts';
import { createEndpointMetrics, meterEndpoints } from '../../common/endpoint-metrics.ts';
import { createLogger } from '../../common/node/log.ts';
import { createFakeDialer, createFakeEndpoint } from '../fakes/fake-dialer.ts';
import type { FakeEndpoint } from '../fakes/fake-dialer.ts';
import { createManualPlatform } from '../fakes/manual-platform.ts';

const timeoutMs = 1000;
const slotMs = 12_000;
const silent = createLogger({ level: 'silent' });

/** Keeps the labels that it is given. */
function createFakeMeter(): Meter & { readonly labels: unknown[] } {
  const labels: unknown[] = [];
  const gauge = { set: (_: number, of?: unknown) => void labels.push(of) };
  return { labels, gauge: () => gauge } as unknown as Meter & { readonly labels: unknown[] };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the connection to several endpoints', () => {
  const closing: AbortController[] = [];
  afterEach(() => {
    for (const one of closing) one.abort();
  });

  function build(
    endpoints: Readonly<Record<string, FakeEndpoint>>,
    genesisHash: string | null,
    log: Logger = createLogger({ level: 'silent' }),
    limitMs = timeoutMs,
  ) {
    const platform = createManualPlatform({ deadlines: true });
    const end = new AbortController();
    setMaxListeners(0, end.signal);
    closing.push(end);
    const deps = { dialer: createFakeDialer(endpoints), platform, closing: end.signal };
    const options = { endpoints: Object.keys(endpoints), timeoutMs: limitMs, genesisHash };
    const pool = new LinkPool({ ...deps, log }, options);
    const pass = async (ms: number): Promise<void> => {
      await turn();
      for (let left = ms; left > 0; left -= 250) {
        await platform.advance(Math.min(250, left));
        await turn();
      }
    };
    const inUse = () => pool.states().find(({ state }) => state === 'in-use')?.url;
    return { pool, platform, pass, inUse, end };
  }

  function two(log?: Logger) {
    const [first, second] = [createFakeEndpoint(), createFakeEndpoint()];
    return { first, second, ...build({ first, second }, null, log) };
  }

  it('uses the first that answers, and reads from the next when its line is cut', async () => {
    const { pool, first, inUse } = two();
    await pool.start();
    expect(inUse()).toBe('first');
    const read = pool.read(async (link) => {
      if (link.url === 'first') first.links[0]?.cut();
      return `${link.url} ${(await link.head()).number}`;
    });
    expect(await read).toBe('second 10');
    expect(inUse()).toBe('second');
    expect(pool.states()[0]).toMatchObject({ state: 'failed', failures: 1 });
  });

  it('reads again elsewhere after one timeout when a line stays silent', async () => {
    const { pool, first, pass } = two();
    await pool.start();
    first.mode = 'silent';
    const read = pool.read((link) => link.head().then(() => link.url));
    await pass(timeoutMs);
    expect(await read).toBe('second');
  });

  it('reads once more, on the same line, when the runtime changed meanwhile', async () => {
    const { pool, first } = two();
    await pool.start();
    const changed = new SubnetError('CHAIN_RUNTIME_CHANGED');
    let reads = 0;
    const read = (times: number) =>
      pool.read((link) => {
        reads += 1;
        return reads <= times ? Promise.reject(changed) : link.head().then(() => link.url);
      });
    expect(await read(1)).toBe('first');
    reads = 0;
    await expect(read(2)).rejects.toBe(changed);
    expect(first.opened).toBe(1);
  });

  it('connects anew to the same endpoint after an upgrade, without a gap', async () => {
    const { pool, first, second, pass, inUse } = two();
    await pool.start();
    const before = await pool.link();
    first.mode = 'open';
    first.specVersion = 426;
    first.links[0]?.tell(11);
    await pass(250);
    expect(inUse()).toBe('first');
    const after = await pool.link();
    expect([before.down.aborted, after.isOutdated, after.specVersion]).toEqual([true, false, 426]);
    expect([first.opened, first.links.length, second.opened]).toEqual([2, 1, 0]);
  });

  it('notices between two reads that a socket went silent: two blocks and a timeout', async () => {
    const { pool, first, second, pass, inUse } = two();
    await pool.start();
    first.mode = 'silent';
    await pass(2 * slotMs + timeoutMs + 250);
    expect(inUse()).toBe('second');
    expect(second.links).toHaveLength(1);
    expect(first.links).toHaveLength(0);
  });

  it('leaves a head that stands still for one that moves on', async () => {
    const { pool, second, pass, inUse } = two();
    await pool.start();
    second.head = 13;
    await pass(2 * slotMs + timeoutMs);
    expect(inUse()).toBe('second');
    expect(pool.states()[0]?.problem).toBe('the head stands still at block 10');
  });

  it('stays, and says so, when no head moves on', async () => {
    const { pool, pass, inUse, first } = two();
    await pool.start();
    await pass(10 * slotMs);
    expect(inUse()).toBe('first');
    expect(pool.states()[0]?.problem).toBe('the head stands still at block 10');
    first.links[0]?.tell(11);
    expect(pool.states()[0]?.problem).toBeNull();
    expect(first.opened).toBe(1);
  });

  it('opens anew when a node moves on and no longer tells', async () => {
    const { pool, first, pass } = two();
    await pool.start();
    first.head = 14;
    await pass(2 * slotMs + 2 * timeoutMs);
    expect(pool.states().some(({ problem }) => problem === 'it stopped telling new heads')).toBe(
      true,
    );
    expect((await pool.link()).down.aborted).toBe(false);
  });

  it('returns to the first when it has recovered for a while', async () => {
    const { pool, first, second, pass, inUse } = two();
    await pool.start();
    first.mode = 'shut';
    first.links[0]?.cut();
    await pass(500);
    expect(inUse()).toBe('second');
    first.mode = 'open';
    for (let minute = 0; minute < 6; minute += 1) {
      for (let block = 0; block < 5; block += 1) {
        first.head += 1;
        second.head += 1;
        for (const link of [...first.links, ...second.links]) link.tell();
        await pass(slotMs);
      }
    }
    expect(inUse()).toBe('first');
    expect(second.links).toHaveLength(0);
  });

  it('never uses an endpoint of another chain, and says what it serves', async () => {
    const foreign = createFakeEndpoint('0xbb');
    const own = createFakeEndpoint('0xaa');
    const { pool, inUse, pass } = build({ foreign, own }, '0xaa');
    await pool.start();
    expect(inUse()).toBe('own');
    expect(pool.states()[0]).toMatchObject({ state: 'wrong-chain', score: 0 });
    expect(pool.states()[0]?.problem).toContain('0xbb');
    own.mode = 'shut';
    own.links[0]?.cut();
    await pass(5000);
    await expect(pool.link()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    expect(foreign.links).toHaveLength(0);
  });

  it('finds a second endpoint of another chain without being asked to use it', async () => {
    const own = createFakeEndpoint('0xaa');
    const foreign = createFakeEndpoint('0xbb');
    const { pool } = build({ own, foreign }, null);
    await pool.start();
    await turn();
    expect(pool.states()[1]?.state).toBe('wrong-chain');
    expect(foreign.opened).toBe(0);
  });

  it('has looked at each of the others when the first visits have ended', async () => {
    const foreign = createFakeEndpoint('0xbb');
    const [first, silent] = [createFakeEndpoint(), createFakeEndpoint()];
    silent.mode = 'silent';
    const { pool, pass } = build({ first, foreign, silent }, null);
    await pool.start();
    const visits = pool.othersVisited();
    await pass(timeoutMs);
    await visits;
    expect(pool.states().map(({ state }) => state)).toEqual(['in-use', 'wrong-chain', 'failed']);
  });

  it('lets no endpoint decide the chain that answers but can not be opened', async () => {
    const foreign = createFakeEndpoint('0xbb');
    foreign.mode = 'answers';
    const own = createFakeEndpoint('0xaa');
    const { pool, inUse } = build({ foreign, own }, null);
    await pool.start();
    expect(inUse()).toBe('own');
    expect(pool.genesisHash).toBe('0xaa');
    await pool.othersVisited();
    expect(pool.states()[0]?.state).toBe('wrong-chain');
  });

  it('starts the next beside one that is slow to answer, and goes with the first that opens', async () => {
    const dead = Array.from({ length: 3 }, () => createFakeEndpoint());
    for (const one of dead) one.mode = 'silent';
    const good = createFakeEndpoint();
    const [a, b, c] = dead;
    if (a === undefined || b === undefined || c === undefined) throw new Error('three');
    const { pool, pass, inUse } = build({ a, b, c, good }, null, undefined, 20_000);
    const started = pool.start();
    await pass(8000);
    expect(inUse()).toBe('good');
    await started;
    good.links[0]?.cut();
    await pass(12_000);
    expect((await pool.link()).url).toBe('good');
    expect(good.links).toHaveLength(1);
  });

  it('warns once of a head that really stands still, and not of a late block', async () => {
    const warned: string[] = [];
    const log = { ...silent, warn: (message: string) => void warned.push(message) };
    const { pool, first, pass } = two(log);
    await pool.start();
    for (let block = 0; block < 4; block += 1) {
      await pass(2 * slotMs + 250);
      first.links[0]?.tell(first.head + 1);
    }
    expect(warned).toEqual([]);
    await pass(20 * slotMs);
    expect(warned).toEqual(['the chain head stands still']);
  });

  it('shows no user, password, path or query of an endpoint, whatever happens to it', async () => {
    const said: unknown[] = [];
    const note = (...parts: unknown[]): void => void said.push(parts);
    const log = { ...silent, debug: note, info: note, warn: note, error: note };
    const of = (path: string): string => `ws://canary1:canary2@host/canary3${path}?key=canary4`;
    const endpoints = {
      [of('a')]: createFakeEndpoint('0xaa'),
      [of('b')]: createFakeEndpoint('0xaa'),
      [of('c')]: createFakeEndpoint('0xbb'),
    };
    const { pool, pass } = build(endpoints, '0xaa', log);
    const [first, second, third] = Object.values(endpoints);
    if (first === undefined || second === undefined || third === undefined) throw new Error('3');
    first.refusal = `can not reach ${of('a')}`;
    first.mode = 'shut';
    await pool.start();
    await pass(250);
    expect(pool.states().map(({ url, state }) => [url, state])).toEqual([
      ['ws://host', 'failed'],
      ['ws://host#2', 'in-use'],
      ['ws://host#3', 'wrong-chain'],
    ]);
    const meter = createFakeMeter();
    meterEndpoints(createEndpointMetrics(meter, 'miner'), pool.states());
    said.push(pool.states(), meter.labels);
    first.mode = 'open';
    second.mode = 'shut';
    second.links[0]?.cut();
    await pass(2000);
    first.mode = 'shut';
    first.links[0]?.cut();
    await pass(2000);
    said.push(pool.states(), String(await pool.link().catch((error: unknown) => error)));
    const { pool: other } = build({ [of('c')]: third }, '0xaa', log);
    said.push(String(await other.start().catch((error: unknown) => error)));
    expect(JSON.stringify(said)).toContain('ws://host#2');
    expect(JSON.stringify(said)).not.toContain('canary');
  });

  it('says so when all endpoints are of another chain', async () => {
    const { pool } = build({ only: createFakeEndpoint('0xbb') }, '0xaa');
    await expect(pool.start()).rejects.toMatchObject({ code: 'CHAIN_FOREIGN' });
  });

  it('tries again with growing pauses, and keeps one line however often it breaks', async () => {
    const only = createFakeEndpoint();
    const { pool, pass } = build({ only }, null);
    await pool.start();
    only.mode = 'shut';
    only.links[0]?.cut();
    await pass(60_000);
    await expect(pool.link()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    only.mode = 'open';
    await pass(6000);
    expect((await pool.link()).url).toBe('only');
    for (let cut = 0; cut < 50; cut += 1) {
      only.links[0]?.cut();
      await pass(500);
      expect(only.links).toHaveLength(1);
    }
  });

  it('tells each head once to each listener, across endpoints and reconnections', async () => {
    const { pool, first, second, pass } = two();
    await pool.start();
    const heads: BlockRef[] = [];
    const stop = pool.heads.listen((head) => void heads.push(head));
    first.links[0]?.tell(11);
    first.links[0]?.tell(12);
    second.head = 11;
    first.links[0]?.cut();
    await pass(500);
    for (const head of [11, 12, 13, 13]) second.links[0]?.tell(head);
    expect(heads.map(({ number }) => number)).toEqual([11, 12, 13]);
    stop();
    second.links[0]?.tell(14);
    expect(heads).toHaveLength(3);
  });

  it('ends everything under way when it is closed', async () => {
    const { pool, first, end } = two();
    await pool.start();
    first.mode = 'silent';
    const read = pool.read((link) => link.head());
    end.abort();
    await expect(read).rejects.toMatchObject({ code: 'CHAIN_CLOSED' });
    await pool.close();
    expect(first.links).toHaveLength(0);
    await expect(pool.link()).rejects.toMatchObject({ code: 'CHAIN_CLOSED' });
  });
});
