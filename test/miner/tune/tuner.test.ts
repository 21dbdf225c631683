import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Engine, RunFailure } from '../../../miner/engine/engine-port.ts';
import { runFailure } from '../../../miner/engine/engine-port.ts';
import { chooseSetting } from '../../../miner/tune/choose.ts';
import { measureEngine } from '../../../miner/tune/measure-engine.ts';
import { batchLadder, placementLevels } from '../../../miner/tune/search-space.ts';
import { measuredOf, settingText } from '../../../miner/tune/setting.ts';
import type { Measured, Placement, Sample, Setting } from '../../../miner/tune/setting.ts';
import { tuneEngine } from '../../../miner/tune/tuner.ts';
import type { TunerOptions } from '../../../miner/tune/tuner.ts';
import { createFakeEngine, fakeModel, row } from '../../fakes/fake-engine.ts';

const setting = fc.record({
  instances: fc.integer({ min: 1, max: 8 }),
  threads: fc.integer({ min: 1, max: 8 }),
  maxBatch: fc.constantFrom(1, 2, 4, 8, 16, 32),
});
const sample = fc.record({
  itemsPerSecond: fc.double({ min: 1, max: 10_000, noNaN: true }),
  p50Ms: fc.double({ min: 0.1, max: 100, noNaN: true }),
  p99Ms: fc.double({ min: 0.1, max: 200, noNaN: true }),
});
const measured: fc.Arbitrary<Measured> = fc
  .tuple(setting, fc.array(sample, { minLength: 1, maxLength: 5 }))
  .map(([one, samples]) => measuredOf(one, samples));
const target = fc.option(fc.double({ min: 1, max: 150, noNaN: true }));

describe('the choice', () => {
  it('keeps the p99, loses at most 2 % of throughput, and no other such setting is faster', () => {
    fc.assert(
      fc.property(fc.array(measured, { maxLength: 12 }), target, (all, p99Ms) => {
        const chosen = chooseSetting(all, p99Ms);
        const kept = all.filter(({ median }) => p99Ms === null || median.p99Ms <= p99Ms);
        expect(chosen === undefined).toBe(kept.length === 0);
        if (chosen === undefined) return;
        const best = Math.max(...kept.map(({ median }) => median.itemsPerSecond));
        expect(kept).toContain(chosen);
        expect(chosen.median.itemsPerSecond).toBeGreaterThanOrEqual(best * 0.98);
        for (const { median } of kept) {
          const isTie = median.itemsPerSecond >= best * 0.98;
          if (isTie) expect(median.p50Ms).toBeGreaterThanOrEqual(chosen.median.p50Ms);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes the fewest processors, then the smallest batch, of what is equal otherwise', () => {
    const same = { itemsPerSecond: 100, p50Ms: 1, p99Ms: 2 };
    const of = (instances: number, threads: number, maxBatch: number): Measured =>
      measuredOf({ instances, threads, maxBatch }, [same]);
    const all = [of(2, 2, 4), of(1, 2, 8), of(2, 1, 4)];
    expect(chooseSetting(all, null)?.setting).toEqual({ instances: 2, threads: 1, maxBatch: 4 });
  });

  it('is by medians: one lucky measurement decides nothing', () => {
    const rates = (...all: readonly number[]): readonly Sample[] =>
      all.map((itemsPerSecond) => ({ itemsPerSecond, p50Ms: 1, p99Ms: 2 }));
    const steady = measuredOf({ instances: 1, threads: 1, maxBatch: 1 }, rates(100, 101, 99));
    const lucky = measuredOf({ instances: 1, threads: 2, maxBatch: 1 }, rates(500, 80, 81));
    expect(chooseSetting([steady, lucky], null)).toBe(steady);
  });
});

describe('the space of settings', () => {
  it('never uses more processors than there are, each level at most half of the one before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), (cores) => {
        const levels = placementLevels({ cores, isCpu: true });
        const used = levels.map((level) =>
          Math.max(...level.map(({ instances, threads }) => instances * threads)),
        );
        expect(used[0]).toBe(cores);
        expect(used.at(-1)).toBe(1);
        expect(used.every((most, at) => at === 0 || most <= (used[at - 1] ?? 0) / 2)).toBe(true);
        for (const level of levels) {
          const texts = level.map((one) => settingText({ ...one, maxBatch: 1 }));
          expect(new Set(texts).size).toBe(texts.length);
        }
      }),
    );
  });

  it('climbs in doublings up to the largest batch', () => {
    expect(batchLadder(24)).toEqual([1, 2, 4, 8, 16, 24]);
    expect(batchLadder(1)).toEqual([1]);
  });
});

/** A device whose throughput is a formula; time passes only while it loads and measures. */
function device(rate: (setting: Setting) => number, options: { batchable?: boolean } = {}) {
  const state = { nowMs: 0, open: 0, mostOpen: 0 };
  const starts: Placement[] = [];
  const samples: Setting[] = [];
  const failures = new Map<string, RunFailure>();
  return {
    state,
    starts,
    samples,
    failures,
    deps: {
      clock: { monotonicMs: () => state.nowMs },
      startEngine: (placement: Placement): Promise<Engine> => {
        starts.push(placement);
        state.nowMs += 200;
        state.open += 1;
        state.mostOpen = Math.max(state.mostOpen, state.open);
        const engine = createFakeEngine({ ...fakeModel, batchable: options.batchable ?? true });
        const close = (): Promise<void> => {
          state.open -= 1;
          return engine.close();
        };
        return Promise.resolve({ ...engine, close });
      },
      measure: (_: Engine, one: Setting, sliceMs: number): Promise<Sample | RunFailure> => {
        state.nowMs += sliceMs;
        samples.push(one);
        const failure = failures.get(settingText(one));
        if (failure !== undefined) return Promise.resolve(failure);
        const itemsPerSecond = rate(one);
        const p50Ms = (one.maxBatch * one.instances * 1000) / itemsPerSecond;
        return Promise.resolve({ itemsPerSecond, p50Ms, p99Ms: p50Ms * 1.2 });
      },
      onSample: () => undefined,
    },
  };
}

const roomy: TunerOptions = {
  device: { cores: 4, isCpu: true },
  maxBatch: 64,
  budgetMs: 60_000,
  targetP99Ms: null,
  current: { instances: 1, threads: 1, maxBatch: 32 },
  runTimeoutMs: 10_000,
  signal: new AbortController().signal,
};

/** More processors help, batches up to 8 help, processes help more than threads. */
function typical({ instances, threads, maxBatch }: Setting): number {
  return 100 * instances * threads ** 0.8 * Math.min(maxBatch, 8) ** 0.3;
}

describe('the search', () => {
  it('finds the best setting of a typical device, without trying all', async () => {
    const { deps, samples } = device(typical);
    const { chosen, measured: all, cutShort } = await tuneEngine(deps, roomy);
    expect(chosen?.setting).toEqual({ instances: 4, threads: 1, maxBatch: 8 });
    expect(cutShort).toBe(false);
    // Of 6 placements with 7 batches each, 5 are looked at, and no batch beyond 32.
    expect(all).toHaveLength(5 * 6 + 1);
    expect(samples.every(({ maxBatch }) => maxBatch <= 32)).toBe(true);
  });

  it('measures the best again and again in turns, with one engine at a time', async () => {
    const { deps, samples, state, starts } = device(typical);
    const { finalists } = await tuneEngine(deps, roomy);
    expect(state).toMatchObject({ open: 0, mostOpen: 1 });
    expect(finalists.every((one) => one.samples.length >= 3)).toBe(true);
    const tail = samples.slice(-finalists.length * 2).map(settingText);
    expect(new Set(tail).size).toBe(finalists.length);
    expect(starts.length).toBeGreaterThan(6);
  });

  it('brings in those that were near once the leader of a lucky moment falls back', async () => {
    const lucky: Setting = { instances: 1, threads: 2, maxBatch: 32 };
    let first = true;
    const { deps } = device((one) => {
      if (settingText(one) !== settingText(lucky)) return typical(one);
      const wasFirst = first;
      first = false;
      return wasFirst ? 10_000 : typical(one);
    });
    const { chosen, measured: all } = await tuneEngine(deps, roomy);
    const best = Math.max(...all.map(({ median }) => median.itemsPerSecond));
    expect(chosen?.median.itemsPerSecond).toBeGreaterThanOrEqual(best * 0.98);
    expect(chosen?.setting).toEqual({ instances: 4, threads: 1, maxBatch: 8 });
    expect(chosen?.samples.length).toBeGreaterThanOrEqual(3);
  });

  it('never chooses a setting that broke when it was measured again', async () => {
    const { deps, failures, samples } = device(typical);
    const bad: Setting = { instances: 4, threads: 1, maxBatch: 8 };
    const measure = deps.measure;
    const breaking: typeof deps = {
      ...deps,
      measure: (engine, one, sliceMs) => {
        const isAgain = samples.some((past) => settingText(past) === settingText(bad));
        if (isAgain) failures.set(settingText(bad), runFailure('crashed', 'out of memory'));
        return measure(engine, one, sliceMs);
      },
    };
    const { chosen, failed } = await tuneEngine(breaking, roomy);
    expect(failed).toEqual([{ setting: bad, detail: 'crashed: out of memory' }]);
    expect(chosen?.setting).not.toEqual(bad);
    expect(chosen?.samples.length).toBeGreaterThan(1);
  });

  it('always measures what is configured now, first and to the end', async () => {
    const { deps, samples } = device(typical);
    const { finalists, current } = await tuneEngine(deps, roomy);
    expect(samples[0]).toEqual(roomy.current);
    expect(current).toEqual(roomy.current);
    expect(finalists.map((one) => one.setting)).toContainEqual(roomy.current);
  });

  it('keeps a p99 that is asked for, and says when nothing does', async () => {
    const { deps } = device(typical);
    const { chosen } = await tuneEngine(deps, { ...roomy, targetP99Ms: 15 });
    expect(chosen?.median.p99Ms).toBeLessThanOrEqual(15);
    const strict = await tuneEngine(device(typical).deps, { ...roomy, targetP99Ms: 0.01 });
    expect(strict.chosen).toBeUndefined();
    expect(strict.measured.length).toBeGreaterThan(0);
  });

  it('looks no further down when fewer processors are far worse', async () => {
    const { deps, starts } = device(typical);
    await tuneEngine(deps, { ...roomy, device: { cores: 64, isCpu: true } });
    const used = starts.map(({ instances, threads }) => instances * threads);
    expect(new Set(used)).toEqual(new Set([1, 64, 32]));
  });

  it('leaves a model that cannot batch at one row, as it is configured too', async () => {
    const { deps, samples } = device(typical, { batchable: false });
    const { current, chosen } = await tuneEngine(deps, roomy);
    expect(samples.every(({ maxBatch }) => maxBatch === 1)).toBe(true);
    expect(current.maxBatch).toBe(1);
    expect(chosen?.setting.maxBatch).toBe(1);
  });

  it('goes on where a setting fails, and names it', async () => {
    const { deps, failures } = device(typical);
    const bad = { instances: 4, threads: 1, maxBatch: 8 };
    failures.set(settingText(bad), runFailure('crashed', 'out of memory'));
    const { chosen, failed } = await tuneEngine(deps, roomy);
    expect(failed).toEqual([{ setting: bad, detail: 'crashed: out of memory' }]);
    expect(chosen?.setting).toEqual({ instances: 2, threads: 2, maxBatch: 8 });
  });

  it('ends in time, whatever the device, with an engine closed for each that was started', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 3000, max: 120_000 }),
        fc.integer({ min: 1, max: 128 }),
        fc.array(fc.double({ min: 1, max: 5000, noNaN: true }), { minLength: 1, maxLength: 50 }),
        async (budgetMs, cores, rates) => {
          let next = 0;
          const { deps, state } = device(() => rates[next++ % rates.length] ?? 1);
          const options = { ...roomy, budgetMs, device: { cores, isCpu: true }, runTimeoutMs: 1e9 };
          const { chosen, measured: all } = await tuneEngine(deps, options);
          // What was begun ends: one load and one slice at most.
          expect(state.nowMs).toBeLessThanOrEqual(budgetMs + 200 + 1500);
          expect(state.open).toBe(0);
          expect(all.length).toBeGreaterThan(0);
          expect(chosen).toBeDefined();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const { deps, state } = device((one) => {
      if (one.maxBatch === 4) stop.abort(new Error('enough'));
      return 100;
    });
    await expect(tuneEngine(deps, { ...roomy, signal: stop.signal })).rejects.toThrow('enough');
    expect(state.open).toBe(0);
  });
});

describe('measuring an engine', () => {
  const { signal } = new AbortController();
  const inputs = row(1, 2, 3, 4);

  it('hands in as many runs as it takes, and counts rows', async () => {
    let nowMs = 0;
    let underWay = 0;
    let most = 0;
    const fake = createFakeEngine();
    const engine: Engine = {
      ...fake,
      slots: 2,
      ahead: 1,
      run: async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await Promise.resolve();
        nowMs += 10;
        underWay -= 1;
        return { kind: 'outputs', outputs: [], runMs: 7 };
      },
    };
    const clock = { monotonicMs: () => nowMs };
    const got = await measureEngine({ engine, clock }, inputs, { rows: 2, sliceMs: 500, signal });
    expect(most).toBe(3);
    // Each run of two rows takes ten milliseconds: 200 rows a second.
    expect(got).toMatchObject({ itemsPerSecond: 200, p50Ms: 7, p99Ms: 7 });
  });

  it('ends with the first run that fails', async () => {
    const engine = createFakeEngine();
    engine.crash();
    const clock = { monotonicMs: () => 0 };
    const got = await measureEngine({ engine, clock }, inputs, { rows: 2, sliceMs: 1, signal });
    expect(got).toMatchObject({ kind: 'failed', reason: 'unavailable' });
  });
});
