import { describe, expect, it } from 'vitest';
import { createBatcher } from '../../miner/batch/batcher.ts';
import type { BatchJob, BatchOutcome, Batcher } from '../../miner/batch/batcher.ts';
import { createFakeEngine, fakeModel, poison, row } from '../fakes/fake-engine.ts';
import type { FakeEngine } from '../fakes/fake-engine.ts';
import { createManualPlatform } from '../fakes/manual-platform.ts';
import type { ManualPlatform } from '../fakes/manual-platform.ts';

interface Rig {
  readonly engine: FakeEngine;
  readonly platform: ManualPlatform;
  readonly batcher: Batcher;
}

function rig(options: { maxBatch?: number; maxWaiting?: number; batchable?: boolean } = {}): Rig {
  const engine = createFakeEngine({ ...fakeModel, batchable: options.batchable ?? true });
  const platform = createManualPlatform();
  const batcher = createBatcher(
    {
      engine,
      clock: platform.clock,
      defer: (run) => void Promise.resolve().then(run),
      observer: { onQueue: () => undefined, onRun: () => undefined },
    },
    { maxBatch: options.maxBatch ?? 8, maxWaiting: options.maxWaiting ?? 100 },
  );
  return { engine, platform, batcher };
}

function job(inputs = row(1, 2), more: Partial<BatchJob> = {}): BatchJob {
  return { inputs, deadlineMs: 1000, isGone: () => false, ...more };
}

function values(outcome: BatchOutcome): readonly number[] | string {
  if (outcome.kind !== 'outputs') return outcome.reason;
  const data = outcome.outputs[0]?.data;
  return data instanceof Float32Array ? [...data] : 'no values';
}

describe('the batcher', () => {
  it('runs a lone request at once, without any timer', async () => {
    const { batcher, engine } = rig();
    expect(values(await batcher.submit(job()))).toEqual([2, 4]);
    expect(engine.runs).toEqual([1]);
  });

  it('takes all that waits when the engine is free, and gives each its own rows', async () => {
    const { batcher, engine, platform } = rig();
    engine.hold();
    const first = batcher.submit(job(row(0, 0)));
    await platform.advance(0);
    const rest = [row(1, 2), row(3, 4, 5, 6), row(7, 8)].map((inputs) =>
      batcher.submit(job(inputs)),
    );
    engine.release();
    await first;
    expect((await Promise.all(rest)).map(values)).toEqual([
      [2, 4],
      [6, 8, 10, 12],
      [14, 16],
    ]);
    expect(engine.runs).toEqual([1, 4]);
  });

  it('never runs more rows than allowed, save a single larger request', async () => {
    const { batcher, engine } = rig({ maxBatch: 2 });
    const sizes = [1, 1, 1, 5, 1];
    const outcomes = sizes.map((rows) =>
      batcher.submit(job(row(...Array.from({ length: rows * 2 }, () => 1)))),
    );
    await Promise.all(outcomes);
    expect(engine.runs).toEqual([2, 2, 5]);
  });

  it('runs models without a free first axis one by one', async () => {
    const { batcher, engine } = rig({ batchable: false });
    await Promise.all([1, 2, 3].map(() => batcher.submit(job())));
    expect(engine.runs).toEqual([1, 1, 1]);
  });

  it('lets a poisoned request fail alone', async () => {
    const { batcher } = rig();
    const jobs = [row(1, 1), row(poison, 0), row(2, 2)].map((inputs) =>
      batcher.submit(job(inputs)),
    );
    expect((await Promise.all(jobs)).map(values)).toEqual([[2, 2], 'model', [4, 4]]);
  });

  it('refuses at once what does not fit in the queue', async () => {
    const { batcher, engine, platform } = rig({ maxWaiting: 2 });
    engine.hold();
    const running = batcher.submit(job());
    await platform.advance(0);
    const waiting = [batcher.submit(job()), batcher.submit(job())];
    expect(values(await batcher.submit(job()))).toBe('full');
    engine.release();
    await Promise.all([running, ...waiting]);
  });

  it('drops, and does not compute, what expired or whose caller left', async () => {
    const { batcher, engine, platform } = rig();
    engine.hold();
    const running = batcher.submit(job());
    await platform.advance(0);
    let gone = false;
    const left = batcher.submit(job(row(1, 1), { isGone: () => gone }));
    const late = batcher.submit(job(row(1, 1), { deadlineMs: 50 }));
    const patient = batcher.submit(job(row(3, 3)));
    await platform.advance(0);
    gone = true;
    await platform.advance(60);
    expect([values(await left), values(await late)]).toEqual(['gone', 'expired']);
    expect(batcher.waiting).toBe(1);
    engine.release();
    await running;
    expect(values(await patient)).toEqual([6, 6]);
    expect(engine.runs).toEqual([1, 1]);
  });

  it('keeps what waits while the engine is replaced', async () => {
    const { batcher, engine, platform } = rig();
    engine.hold();
    const doomed = batcher.submit(job());
    await platform.advance(0);
    const waiting = batcher.submit(job(row(5, 5)));
    engine.crash();
    expect(values(await doomed)).toBe('crashed');
    engine.recover();
    expect(values(await waiting)).toEqual([10, 10]);
  });

  it('refuses what waits when it closes', async () => {
    const { batcher, engine, platform } = rig();
    engine.hold();
    const running = batcher.submit(job());
    await platform.advance(0);
    const waiting = batcher.submit(job());
    batcher.close();
    expect(values(await waiting)).toBe('closed');
    expect(values(await batcher.submit(job()))).toBe('closed');
    engine.release();
    expect(values(await running)).toEqual([2, 4]);
  });
});
