import { messageOf } from '../../common/errors.ts';
import type { Clock } from '../../common/platform-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import { runFailure } from '../engine/engine-port.ts';
import type { Engine, RunFailure, RunOutcome } from '../engine/engine-port.ts';
import { costOf, rowsOf, shapeKey } from './batch-rows.ts';
import { createFairQueue } from './fair-queue.ts';
import type { Ticket } from './fair-queue.ts';
import type { PaddingRule } from './padding.ts';
import { classAt, sortedClasses } from './priority.ts';
import type { PriorityClass } from './priority.ts';
import { runGroup } from './run-group.ts';
import { createServiceRate } from './service-rate.ts';

/** One caller's inputs, and until when the answer is of use. */
export interface BatchJob {
  /** Checked against the model before. */
  readonly inputs: readonly Tensor[];
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** True once nobody waits for the answer. */
  isGone(): boolean;
  /** Who asks: callers of one class share the model evenly. Those without a name are one caller. */
  readonly caller?: string;
  /** Of the caller: decides the class. */
  readonly stakeRao?: bigint;
}

/**
 * `full`: no place in the queue. `expired`: its deadline passed while it waited. `gone`: its caller
 * left. `closed`: the miner stops.
 */
export interface BatchRefusal {
  readonly kind: 'refused';
  readonly reason: 'full' | 'expired' | 'gone' | 'closed';
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
  onRefused?(reason: BatchRefusal['reason']): void;
}

export interface BatcherDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Runs a function once what arrived at the same time was taken in. */
  readonly defer: (run: () => void) => void;
  readonly observer: BatchObserver;
}

/**
 * What happens to a request that finds the queue full. `refuse`: it is turned away. `displace`: it
 * takes the place of the one whose turn is last, if its own turn comes before that, and that one is
 * turned away: so a caller who fills the queue fills it only until others come.
 */
export const fullPolicies = ['refuse', 'displace'] as const;

export type FullPolicy = (typeof fullPolicies)[number];

export interface BatcherOptions {
  /** Rows of one run; a larger single request runs alone. */
  readonly maxBatch: number;
  /** Requests that may wait. */
  readonly maxWaiting: number;
  /** A free model waits for company at most so long after the first came; default 0: never. */
  readonly maxDelayMs?: number;
  /** Sizes, in rows, that the model likes: runs get the largest that can be filled. */
  readonly preferredBatches?: readonly number[];
  /** By the caller's stake; default one for all. */
  readonly classes?: readonly PriorityClass[];
  /** Default `refuse`. */
  readonly whenFull?: FullPolicy;
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

interface Waiting extends Ticket {
  readonly job: BatchJob;
  readonly arrivedMs: number;
  readonly settle: (outcome: BatchOutcome) => void;
  /** Its model process went before it was begun: once more, not for ever. */
  isSecondTry: boolean;
}

/** How often the queue is looked through for requests that nobody waits for any more. */
const sweepMs = 20;
/** So many are looked at in one go: the queue may be long, the loop must not be held up. */
const sweptAtOnce = 4096;
/** So many of the oldest are looked at when the queue is full. */
const checkedWhenFull = 64;

/**
 * Shares runs of the model between callers. Without `maxDelayMs` it never makes one wait for
 * company: whenever the engine is free it takes all that fits of what waits. Whose turn it is, is
 * the fair queue's to say.
 */
export function createBatcher(deps: BatcherDeps, options: BatcherOptions): Batcher {
  const { engine, clock, defer, observer } = deps;
  const { maxWaiting, maxDelayMs = 0, whenFull = 'refuse', padding = null } = options;
  const maxBatch = engine.model.batchable ? options.maxBatch : 0;
  const sizes = preferredSizes(options.preferredBatches ?? [], maxBatch);
  const classes = sortedClasses(options.classes);
  const queue = createFairQueue<Waiting>({
    weights: classes.map(({ weight }) => weight),
    knowsLast: whenFull === 'displace',
  });
  const rate = createServiceRate();
  let running = 0;
  let pumpDue = false;
  let sweeping = false;
  let awaitingEngine = false;
  let holdUntilMs = -1;
  let closed = false;

  const submit = (job: BatchJob): Promise<BatchOutcome> => {
    if (closed) return Promise.resolve(refuse('closed'));
    return new Promise((settle) => {
      const waiting: Waiting = {
        job,
        caller: job.caller ?? '',
        classAt: classAt(classes, job.stakeRao ?? 0n),
        key: shapeKey(job.inputs, padding),
        rows: rowsOf(job.inputs),
        cost: costOf(job.inputs),
        arrivedMs: clock.monotonicMs(),
        settle,
        isSecondTry: false,
      };
      if (queue.size >= maxWaiting && !makeRoom(waiting)) return settle(refuse('full'));
      queue.push(waiting);
      observer.onQueue(queue.size);
      schedule();
    });
  };
  const refuse = (reason: BatchRefusal['reason']): BatchRefusal => {
    observer.onRefused?.(reason);
    if (reason !== 'full') return { kind: 'refused', reason };
    return {
      kind: 'refused',
      reason,
      retryAfterMs: rate.waitMs(queue.cost, Math.max(engine.slots, running)),
    };
  };
  const makeRoom = (newcomer: Waiting): boolean => {
    dropUseless(queue.tickets(), checkedWhenFull);
    if (queue.size < maxWaiting) return true;
    const last = whenFull === 'displace' ? queue.lastAfter(newcomer) : undefined;
    if (last === undefined) return false;
    queue.remove(last);
    last.settle(refuse('full'));
    return true;
  };
  const schedule = (): void => {
    if (pumpDue) return;
    pumpDue = true;
    defer(() => {
      pumpDue = false;
      pump();
      if (queue.size > 0) void sweep();
    });
  };
  const pump = (): void => {
    for (let next = queue.next(); next !== undefined; next = queue.next()) {
      if (!engine.ready()) return void awaitEngine();
      if (dropIfUseless(next)) continue;
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
      if (closed || waiting.isSecondTry) waiting.settle(closed ? refuse('closed') : failure);
      else queue.push(Object.assign(waiting, { isSecondTry: true }));
    }
    if (queue.size > 0) void sweep();
  };
  const stillWanted = (group: readonly Waiting[]): readonly Waiting[] =>
    group.filter((waiting) => !dropIfUseless(waiting));
  const dropIfUseless = (waiting: Waiting): boolean => {
    const reason = uselessBecause(waiting.job, clock.monotonicMs());
    if (reason === null) return false;
    queue.remove(waiting);
    waiting.settle(refuse(reason));
    return true;
  };
  /** True when it came to the end of them. */
  const dropUseless = (tickets: Iterator<Waiting>, atMost: number): boolean => {
    for (let seen = 0; seen < atMost; seen += 1) {
      const { value, done } = tickets.next();
      if (done === true) return true;
      dropIfUseless(value);
    }
    return false;
  };
  const awaitEngine = async (): Promise<void> => {
    if (awaitingEngine) return;
    awaitingEngine = true;
    const ready = await engine.whenReady();
    awaitingEngine = false;
    if (ready) pump();
    else close();
  };
  const sweep = async (): Promise<void> => {
    if (sweeping) return;
    sweeping = true;
    let tickets = queue.tickets();
    while (queue.size > 0) {
      await clock.sleep(sweepMs);
      if (dropUseless(tickets, sweptAtOnce)) tickets = queue.tickets();
      observer.onQueue(queue.size);
    }
    sweeping = false;
  };
  const close = (): void => {
    closed = true;
    const left = queue.takeAll();
    observer.onQueue(queue.size);
    for (const { settle } of left) settle(refuse('closed'));
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

function uselessBecause(job: BatchJob, nowMs: number): 'gone' | 'expired' | null {
  if (job.isGone()) return 'gone';
  return nowMs > job.deadlineMs ? 'expired' : null;
}
