import { messageOf } from '../../common/errors.ts';
import type { Clock } from '../../common/platform-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import { runFailure } from '../engine/engine-port.ts';
import type { Engine, RunFailure, RunOutcome } from '../engine/engine-port.ts';
import { costOf, rowsOf, shapeKey } from './batch-rows.ts';
import { createBoundedQueue } from './bounded-queue.ts';
import type { AskedTicket, Asker, QueueLimits, RefusalReason } from './bounded-queue.ts';
import type { PaddingRule } from './padding.ts';
import { runGroup } from './run-group.ts';
import { createServiceRate } from './service-rate.ts';

/** One caller's inputs, and until when the answer is of use. */
export interface BatchJob extends Asker {
  /** Checked against the model before. */
  readonly inputs: readonly Tensor[];
}

export interface BatchRefusal {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  /** When full: until what waits now is worked off, by the pace of the last runs. */
  readonly retryAfterMs?: number;
}

export type BatchOutcome = RunOutcome | BatchRefusal;

export interface BatchObserver {
  onQueue(waiting: number): void;
  /** A run of `rows` items of `callers` requests. */
  onRun(callers: number, rows: number, runMs: number): void;
  /** A request was taken to be computed after so long. */
  onWaited?(waitedMs: number): void;
  onRefused?(reason: RefusalReason): void;
}

export interface BatcherDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Runs a function once what arrived at the same time was taken in. */
  readonly defer: (run: () => void) => void;
  readonly observer: BatchObserver;
}

export interface BatcherOptions extends QueueLimits {
  /** Rows of one run; a larger single request runs alone. */
  readonly maxBatch: number;
  /** A free model waits for company at most so long after the first came; default 0: never. */
  readonly maxDelayMs?: number;
  /** Sizes, in rows, that the model likes: runs get the largest that can be filled. */
  readonly preferredBatches?: readonly number[];
  /** How requests of different lengths share a run; default: they do not. */
  readonly padding?: PaddingRule | null;
}

export interface Batcher {
  submit(job: BatchJob): Promise<BatchOutcome>;
  readonly waiting: number;
  /** Runs of the engine under way. */
  readonly running: number;
  /** Refuses what waits; runs that were begun end by themselves. */
  close(): void;
}

interface Waiting extends AskedTicket {
  readonly job: BatchJob;
  readonly arrivedMs: number;
  readonly settle: (outcome: BatchOutcome) => void;
  /** Its model process went before it was begun: once more, not for ever. */
  isSecondTry: boolean;
}

/**
 * Shares runs of the model between callers. Without `maxDelayMs` it never makes one wait for
 * company: whenever the engine is free it takes all that fits of what waits. Whose turn it is, is
 * the fair queue's to say.
 */
export function createBatcher(deps: BatcherDeps, options: BatcherOptions): Batcher {
  const { engine, clock, defer, observer } = deps;
  const { maxDelayMs = 0, padding = null } = options;
  const maxBatch = engine.model.batchable ? options.maxBatch : 0;
  const sizes = preferredSizes(options.preferredBatches ?? [], maxBatch);
  const queue = createBoundedQueue<Waiting>(
    {
      clock,
      refuse: ({ settle }, reason) => settle(refusal(reason)),
      onSwept: () => observer.onQueue(queue.size),
    },
    options,
  );
  const rate = createServiceRate();
  let running = 0;
  let pumpDue = false;
  let awaitingEngine = false;
  let holdUntilMs = -1;

  const submit = (job: BatchJob): Promise<BatchOutcome> =>
    new Promise((settle) => {
      const waiting: Waiting = {
        job,
        caller: job.caller ?? '',
        classAt: queue.classOf(job),
        key: shapeKey(job.inputs, padding),
        rows: rowsOf(job.inputs),
        cost: costOf(job.inputs),
        arrivedMs: clock.monotonicMs(),
        settle,
        isSecondTry: false,
      };
      if (!queue.push(waiting)) return;
      observer.onQueue(queue.size);
      schedule();
    });
  const refusal = (reason: RefusalReason): BatchRefusal => {
    observer.onRefused?.(reason);
    if (reason !== 'full') return { kind: 'refused', reason };
    return {
      kind: 'refused',
      reason,
      retryAfterMs: rate.waitMs(queue.cost, Math.max(engine.slots, running)),
    };
  };
  const schedule = (): void => {
    if (pumpDue) return;
    pumpDue = true;
    defer(() => {
      pumpDue = false;
      pump();
      queue.sweep();
    });
  };
  const pump = (): void => {
    for (let next = queue.next(); next !== undefined; next = queue.next()) {
      if (!engine.ready()) return void awaitEngine();
      if (queue.dropIfUseless(next)) continue;
      const waitingRows = queue.rowsOf(next.key);
      if (!hasPlace(waitingRows)) return;
      const rows = sizeOfRun(waitingRows, next);
      if (rows === null) return;
      start(queue.takeGroup(rows));
    }
  };
  /** A run is sent ahead of the one that computes only when it is full: waiting adds nothing. */
  const hasPlace = (waitingRows: number): boolean => {
    if (running < engine.slots) return true;
    return running < engine.slots + (engine.ahead ?? 0) && waitingRows >= maxBatch;
  };
  /** null: the model is to wait for more. */
  const sizeOfRun = (waitingRows: number, leader: Waiting): number | null => {
    const preferred = sizes.findLast((size) => size <= waitingRows);
    if (preferred !== undefined) return preferred;
    if (maxDelayMs === 0 || maxBatch === 0) return maxBatch;
    const untilMs = Math.min(leader.arrivedMs + maxDelayMs, leader.job.deadlineMs);
    if (clock.monotonicMs() >= untilMs) return maxBatch;
    void holdUntil(untilMs);
    return null;
  };
  const holdUntil = async (untilMs: number): Promise<void> => {
    if (holdUntilMs === untilMs) return;
    holdUntilMs = untilMs;
    await clock.sleep(untilMs - clock.monotonicMs());
    if (holdUntilMs === untilMs) holdUntilMs = -1;
    pump();
  };
  const start = (taken: readonly Waiting[]): void => {
    const nowMs = clock.monotonicMs();
    const group = stillWanted(taken);
    for (const { arrivedMs } of group) observer.onWaited?.(nowMs - arrivedMs);
    observer.onQueue(queue.size);
    if (group.length > 0) void compute(group);
  };
  const compute = async (group: readonly Waiting[]): Promise<void> => {
    running += 1;
    const startedMs = clock.monotonicMs();
    try {
      await runGroup({ engine, padding, stillWanted, putBack, onRun }, group);
    } catch (error) {
      // Too large to be joined or sent, say: whoever was answered already hears nothing of it.
      const failure = runFailure('model', `could not be run: ${messageOf(error)}`);
      for (const { settle } of group) settle(failure);
    } finally {
      rate.record(costOfAll(group), clock.monotonicMs() - startedMs);
      running -= 1;
      pump();
    }
  };
  const onRun = (group: readonly Waiting[], runMs: number): void => {
    observer.onRun(
      group.length,
      group.reduce((sum, { rows }) => sum + rows, 0),
      runMs,
    );
  };
  const putBack = (group: readonly Waiting[], failure: RunFailure): void => {
    for (const waiting of group) {
      if (waiting.isSecondTry && !queue.isClosed) waiting.settle(failure);
      else queue.putBack(Object.assign(waiting, { isSecondTry: true }));
    }
    queue.sweep();
  };
  const stillWanted = (group: readonly Waiting[]): readonly Waiting[] =>
    group.filter((waiting) => !queue.dropIfUseless(waiting));
  const awaitEngine = async (): Promise<void> => {
    if (awaitingEngine) return;
    awaitingEngine = true;
    const ready = await engine.whenReady();
    awaitingEngine = false;
    if (ready) pump();
    else close();
  };
  const close = (): void => {
    queue.close();
    observer.onQueue(queue.size);
  };
  return {
    submit,
    close,
    get waiting() {
      return queue.size;
    },
    get running() {
      return running;
    },
  };
}

/** Rising, the maximum among them; without preferences there is only the maximum to wait for. */
function preferredSizes(preferred: readonly number[], maxBatch: number): readonly number[] {
  const sizes = [...preferred, maxBatch].filter((size) => size > 0 && size <= maxBatch);
  return [...new Set(sizes)].sort((a, b) => a - b);
}

function costOfAll(group: readonly Waiting[]): number {
  return group.reduce((sum, { cost }) => sum + cost, 0);
}
