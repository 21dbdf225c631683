import { describe, expect, it } from 'vitest';
import { createBatcher } from '../../miner/batch/batcher.ts';
import type {
  BatchJob,
  BatchOutcome,
  Batcher,
  BatcherDeps,
  BatcherOptions,
} from '../../miner/batch/batcher.ts';
import { createFakeEngine, fakeModel, poison, row } from '../fakes/fake-engine.ts';
import type { FakeEngine } from '../fakes/fake-engine.ts';
import { createManualPlatform } from '../fakes/manual-platform.ts';
import type { ManualPlatform } from '../fakes/manual-platform.ts';

interface Rig {
  readonly engine: FakeEngine;
  readonly platform: ManualPlatform;
  readonly batcher: Batcher;
  /** What was told of the queue. */
  readonly depths: readonly number[];
}

interface RigOptions extends Partial<BatcherOptions> {
  readonly batchable?: boolean;
  readonly ahead?: number;
  readonly defer?: BatcherDeps['defer'];
}

const afterMicrotask: BatcherDeps['defer'] = (run) => void Promise.resolve().then(run);

function rig({
  batchable = true,
  ahead,
  defer = afterMicrotask,
  ...options
}: RigOptions = {}): Rig {
  const fake = createFakeEngine({ ...fakeModel, batchable });
  const engine = ahead === undefined ? fake : Object.assign(fake, { ahead });
  const platform = createManualPlatform();
  const depths: number[] = [];
  const batcher = createBatcher(
    {
      engine,
      clock: platform.clock,
      defer,
      observer: { onQueue: (waiting) => depths.push(waiting), onRun: () => undefined },
    },
    { maxBatch: 8, maxWaiting: 100, ...options },
  );
  return { engine, platform, batcher, depths };
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

  it('answers whoever waited for a run that could not even be made, and goes on', async () => {
    const { batcher, engine } = rig();
    const run = engine.run.bind(engine);
    let calls = 0;
    engine.run = (inputs) => {
      calls += 1;
      if (calls === 1) throw new RangeError('Array buffer allocation failed');
      return run(inputs);
    };
    const outcomes = await Promise.all([batcher.submit(job()), batcher.submit(job(row(3, 4)))]);
    expect(outcomes.map(values)).toEqual(['model', 'model']);
    expect(values(await batcher.submit(job()))).toEqual([2, 4]);
  });

  it('runs what comes in one turn of the loop together, the first as well', async () => {
    const { batcher, engine } = rig({ defer: setImmediate });
    // As verdicts of one batch of signatures do: each request goes on in a microtask of its own.
    const all: Promise<BatchOutcome>[] = [];
    for (let at = 0; at < 8; at += 1) {
      await Promise.resolve();
      all.push(batcher.submit(job(row(at, at))));
    }
    expect((await Promise.all(all)).map(values)).toEqual(all.map((_, at) => [2 * at, 2 * at]));
    expect(engine.runs).toEqual([8]);
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
    const { batcher, engine, platform, depths } = rig();
    engine.hold();
    const running = batcher.submit(job());
    await platform.advance(0);
    const waiting = batcher.submit(job());
    expect(depths.at(-1)).toBe(1);
    batcher.close();
    expect(depths.at(-1)).toBe(0);
    expect(values(await waiting)).toBe('closed');
    expect(values(await batcher.submit(job()))).toBe('closed');
    engine.release();
    expect(values(await running)).toEqual([2, 4]);
  });
});

interface Busy {
  readonly running: Promise<BatchOutcome>;
}

/** Keeps the engine busy, so that what is submitted next waits. */
async function busy({ engine, batcher, platform }: Rig): Promise<Busy> {
  engine.hold();
  const running = batcher.submit(job());
  await platform.advance(0);
  return { running };
}

describe('a poisoned request', () => {
  it('is found by halving: its companions are not computed one by one', async () => {
    const { batcher, engine } = rig({ maxBatch: 16 });
    const jobs = Array.from({ length: 16 }, (_, at) =>
      batcher.submit(job(at === 5 ? row(poison, 0) : row(at, at))),
    );
    const outcomes = (await Promise.all(jobs)).map(values);
    expect(outcomes.filter((one) => one === 'model')).toHaveLength(1);
    expect([outcomes[5], outcomes[15]]).toEqual(['model', [30, 30]]);
    expect(engine.runs).toEqual([16, 8, 4, 4, 2, 1, 1, 2, 8]);
  });

  it('does not make the batcher compute what nobody waits for any more', async () => {
    const { batcher, engine, platform } = rig();
    engine.hold();
    let gone = false;
    const bad = batcher.submit(job(row(poison, 0)));
    const left = batcher.submit(job(row(1, 1), { isGone: () => gone }));
    await platform.advance(0);
    gone = true;
    engine.release();
    expect([values(await bad), values(await left)]).toEqual(['model', 'gone']);
    expect(engine.runs).toEqual([2, 1]);
  });
});

describe('delay and preferred sizes', () => {
  it('a free model waits for company, and at most for the delay', async () => {
    const { batcher, engine, platform } = rig({ maxDelayMs: 10 });
    const first = batcher.submit(job());
    await platform.advance(9);
    expect(engine.runs).toEqual([]);
    const second = batcher.submit(job());
    await platform.advance(1);
    await Promise.all([first, second]);
    expect(engine.runs).toEqual([2]);
  });

  it('a full run waits for nothing', async () => {
    const { batcher, engine } = rig({ maxDelayMs: 1000, maxBatch: 2 });
    await Promise.all([batcher.submit(job()), batcher.submit(job())]);
    expect(engine.runs).toEqual([2]);
  });

  it('a deadline ends the wait for company', async () => {
    const { batcher, engine, platform } = rig({ maxDelayMs: 1000 });
    const hasty = batcher.submit(job(row(1, 2), { deadlineMs: 20 }));
    await platform.advance(20);
    expect(values(await hasty)).toEqual([2, 4]);
    expect(engine.runs).toEqual([1]);
  });

  it('runs get the largest preferred size that can be filled, and what is left', async () => {
    const { batcher, engine } = rig({ preferredBatches: [2, 4] });
    await Promise.all(Array.from({ length: 7 }, () => batcher.submit(job())));
    expect(engine.runs).toEqual([4, 2, 1]);
  });
});

describe('classes and callers', () => {
  it('share runs by weight and in turn, whoever came first', async () => {
    const classes = [
      { minStakeRao: 0n, weight: 1 },
      { minStakeRao: 1000n, weight: 3 },
    ];
    const own = rig({ maxBatch: 4, classes });
    const { running } = await busy(own);
    const order: string[] = [];
    const submit = (caller: string, stakeRao: bigint): Promise<unknown> =>
      own.batcher.submit(job(row(1, 1), { caller, stakeRao })).then(() => order.push(caller));
    const flood = Array.from({ length: 8 }, () => submit('flood', 0n));
    const rest = [submit('small', 999n), submit('rich', 1000n), submit('rich', 5000n)];
    own.engine.release();
    await Promise.all([running, ...flood, ...rest]);
    expect(order.slice(0, 4).sort()).toEqual(['flood', 'rich', 'rich', 'small']);
    expect(order.slice(4)).toEqual(Array.from({ length: 7 }, () => 'flood'));
  });
});

describe('a full queue', () => {
  it('says when to come back, by the pace of the runs before', async () => {
    const own = rig({ maxWaiting: 4, maxBatch: 1 });
    const first = await busy(own);
    await own.platform.advance(100);
    own.engine.release();
    await first.running;
    const { running } = await busy(own);
    const waiting = Array.from({ length: 4 }, () => own.batcher.submit(job()));
    const refused = await own.batcher.submit(job());
    expect(refused).toMatchObject({ reason: 'full', retryAfterMs: 400 });
    own.engine.release();
    await Promise.all([running, ...waiting]);
  });

  it('has room again for what expired or left in it', async () => {
    const own = rig({ maxWaiting: 1 });
    const { running } = await busy(own);
    const left = own.batcher.submit(job(row(1, 1), { isGone: () => true }));
    const next = own.batcher.submit(job(row(2, 2)));
    expect(values(await left)).toBe('gone');
    own.engine.release();
    await running;
    expect(values(await next)).toEqual([4, 4]);
  });

  it('gives the place of the last to who had less, where the policy says so', async () => {
    const own = rig({ maxWaiting: 2, whenFull: 'displace' });
    const { running } = await busy(own);
    const flood = [1, 2].map(() => own.batcher.submit(job(row(1, 1), { caller: 'flood' })));
    const other = own.batcher.submit(job(row(2, 2), { caller: 'other' }));
    expect(values((await flood[1]) ?? fail())).toBe('full');
    expect(values(await own.batcher.submit(job(row(1, 1), { caller: 'flood' })))).toBe('full');
    own.engine.release();
    await Promise.all([running, flood[0]]);
    expect(values(await other)).toEqual([4, 4]);
  });
});

function fail(): never {
  throw new Error('there is none');
}

describe('runs ahead', () => {
  it('are handed in only when they are full', async () => {
    const own = rig({ maxBatch: 2, ahead: 1 });
    const { running } = await busy(own);
    const jobs = [own.batcher.submit(job())];
    await own.platform.advance(0);
    expect(own.batcher.running).toBe(1);
    jobs.push(own.batcher.submit(job()), own.batcher.submit(job()), own.batcher.submit(job()));
    await own.platform.advance(0);
    expect([own.batcher.running, own.batcher.waiting]).toEqual([2, 2]);
    own.engine.release();
    await Promise.all([running, ...jobs]);
    expect(own.engine.runs).toEqual([1, 2, 2]);
  });

  it('that were never begun go back into the queue, once', async () => {
    const own = rig();
    const { engine, batcher, platform } = own;
    let lost = 0;
    const run = engine.run.bind(engine);
    const unavailable = { kind: 'failed', reason: 'unavailable', detail: 'gone' } as const;
    engine.run = (inputs) => (lost++ < 1 ? Promise.resolve(unavailable) : run(inputs));
    expect(values(await batcher.submit(job(row(1, 1))))).toEqual([2, 2]);
    lost = -1;
    const twice = batcher.submit(job());
    await platform.advance(0);
    expect(values(await twice)).toBe('unavailable');
  });
});

describe('many requests', () => {
  it('waiting for the model are each answered once', async () => {
    const own = rig({ maxWaiting: 20_000, maxBatch: 32 });
    const { running } = await busy(own);
    const all = Array.from({ length: 20_000 }, (_, at) =>
      own.batcher.submit(job(row(at + 1000, 0), { caller: `caller ${at % 64}` })),
    );
    own.engine.release();
    const outcomes = await Promise.all([running, ...all]);
    expect(outcomes.every(({ kind }) => kind === 'outputs')).toBe(true);
    expect(values(outcomes[777] ?? fail())).toEqual([3552, 0]);
    expect(own.batcher.waiting).toBe(0);
  });
});
