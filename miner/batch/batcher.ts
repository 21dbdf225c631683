import type { Clock } from '../../common/platform-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import { joinRows, rowsOf, shapeKey, splitRows } from './batch-rows.ts';
import type { Engine, RunOutcome } from '../engine/engine-port.ts';
import { runFailure } from '../engine/engine-port.ts';

/** One caller's inputs, and until when the answer is of use. */
export interface BatchJob {
  /** Checked against the model before. */
  readonly inputs: readonly Tensor[];
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** Hotkey of who asks. */
  readonly caller?: string;
  /** Of the caller, on this subnet. */
  readonly stakeRao?: bigint;
  /** True once nobody waits for the answer. */
  isGone(): boolean;
}

/**
 * `full`: no place in the queue. `expired`: its deadline passed while it waited. `gone`: its caller
 * left. `closed`: the miner stops.
 */
export interface BatchRefusal {
  readonly kind: 'refused';
  readonly reason: 'full' | 'expired' | 'gone' | 'closed';
}

export type BatchOutcome = RunOutcome | BatchRefusal;

export interface BatchObserver {
  onQueue(waiting: number): void;
  /** A run of `rows` items of `callers` requests. */
  onRun(callers: number, rows: number, runMs: number): void;
}

export interface BatcherDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Runs a function once what arrived at the same time was taken in. */
  readonly defer: (run: () => void) => void;
  readonly observer: BatchObserver;
}

export interface BatcherOptions {
  /** Rows of one run; a larger single request runs alone. */
  readonly maxBatch: number;
  /** Requests that may wait. */
  readonly maxWaiting: number;
}

export interface Batcher {
  submit(job: BatchJob): Promise<BatchOutcome>;
  readonly waiting: number;
  /** Runs of the engine under way. */
  readonly running: number;
  /** Refuses what waits; runs that were begun end by themselves. */
  close(): void;
}

interface Waiting {
  readonly job: BatchJob;
  readonly key: string;
  readonly rows: number;
  readonly settle: (outcome: BatchOutcome) => void;
}

/** How often the queue is looked through for requests that nobody waits for any more. */
const sweepMs = 20;

/**
 * Shares runs of the model between callers without ever making one wait for company: whenever the
 * engine is free it takes all that fits of what waits, the oldest first.
 */
export function createBatcher(deps: BatcherDeps, options: BatcherOptions): Batcher {
  const { engine, clock, defer, observer } = deps;
  const queue: Waiting[] = [];
  let running = 0;
  let pumpDue = false;
  let sweeping = false;
  let awaitingEngine = false;
  let closed = false;

  const submit = (job: BatchJob): Promise<BatchOutcome> => {
    if (closed) return Promise.resolve(refusal('closed'));
    if (queue.length >= options.maxWaiting) return Promise.resolve(refusal('full'));
    return new Promise((settle) => {
      queue.push({ job, key: shapeKey(job.inputs), rows: rowsOf(job.inputs), settle });
      observer.onQueue(queue.length);
      schedule();
    });
  };
  const schedule = (): void => {
    if (pumpDue) return;
    pumpDue = true;
    defer(() => {
      pumpDue = false;
      pump();
      if (queue.length > 0) void sweep();
    });
  };
  const pump = (): void => {
    while (running < engine.slots && queue.length > 0) {
      if (!engine.ready()) return void awaitEngine();
      dropUseless(queue, clock.monotonicMs());
      const group = takeGroup(queue, engine.model.batchable ? options.maxBatch : 0);
      observer.onQueue(queue.length);
      if (group.length > 0) void runGroup(group);
    }
  };
  const awaitEngine = async (): Promise<void> => {
    if (awaitingEngine) return;
    awaitingEngine = true;
    const ready = await engine.whenReady();
    awaitingEngine = false;
    if (ready) pump();
    else close();
  };
  const runGroup = async (group: readonly Waiting[]): Promise<void> => {
    running += 1;
    try {
      await compute(group, engine, observer);
    } finally {
      running -= 1;
      pump();
    }
  };
  const sweep = async (): Promise<void> => {
    if (sweeping) return;
    sweeping = true;
    while (queue.length > 0) {
      await clock.sleep(sweepMs);
      dropUseless(queue, clock.monotonicMs());
      observer.onQueue(queue.length);
    }
    sweeping = false;
  };
  const close = (): void => {
    closed = true;
    for (const { settle } of queue.splice(0)) settle(refusal('closed'));
  };
  return {
    submit,
    close,
    get waiting() {
      return queue.length;
    },
    get running() {
      return running;
    },
  };
}

/** The oldest request and, as far as they fit, younger ones of the same shapes. */
function takeGroup(queue: Waiting[], maxRows: number): readonly Waiting[] {
  const first = queue.shift();
  if (first === undefined) return [];
  const group = [first];
  let rows = first.rows;
  for (let at = 0; at < queue.length && rows < maxRows;) {
    const next = queue[at];
    if (next === undefined || next.key !== first.key || rows + next.rows > maxRows) {
      at += 1;
      continue;
    }
    group.push(next);
    rows += next.rows;
    queue.splice(at, 1);
  }
  return group;
}

function dropUseless(queue: Waiting[], nowMs: number): void {
  let kept = 0;
  for (const waiting of queue) {
    const reason = uselessBecause(waiting.job, nowMs);
    if (reason === null) queue[kept++] = waiting;
    else waiting.settle(refusal(reason));
  }
  queue.length = kept;
}

function uselessBecause(job: BatchJob, nowMs: number): 'gone' | 'expired' | null {
  if (job.isGone()) return 'gone';
  return nowMs > job.deadlineMs ? 'expired' : null;
}

async function compute(
  group: readonly Waiting[],
  engine: Engine,
  observer: BatchObserver,
): Promise<void> {
  if (group.length > 1 && (await computeTogether(group, engine, observer))) return;
  for (const one of group) one.settle(await computeAlone(one, engine, observer));
}

/** False when each should be tried alone: one poisoned request must not fail its companions. */
async function computeTogether(
  group: readonly Waiting[],
  engine: Engine,
  observer: BatchObserver,
): Promise<boolean> {
  const outcome = await engine.run(joinRows(group.map(({ job }) => job.inputs)));
  if (outcome.kind === 'failed') {
    if (outcome.reason === 'model') return false;
    for (const { settle } of group) settle(outcome);
    return true;
  }
  const rows = group.map((one) => one.rows);
  const parts = splitRows(outcome.outputs, rows);
  if (parts === null) return false;
  observer.onRun(
    group.length,
    rows.reduce((sum, count) => sum + count, 0),
    outcome.runMs,
  );
  group.forEach(({ settle }, at) => settle({ ...outcome, outputs: parts[at] ?? [] }));
  return true;
}

async function computeAlone(
  { job, rows }: Waiting,
  engine: Engine,
  observer: BatchObserver,
): Promise<RunOutcome> {
  if (!engine.ready()) return runFailure('unavailable', 'the model process is being replaced');
  const outcome = await engine.run(job.inputs);
  if (outcome.kind === 'outputs') observer.onRun(1, rows, outcome.runMs);
  return outcome;
}

function refusal(reason: BatchRefusal['reason']): BatchRefusal {
  return { kind: 'refused', reason };
}
