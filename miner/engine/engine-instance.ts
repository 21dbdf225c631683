import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../common/errors.ts';
import { backoffMs } from '../../common/retry.ts';
import type { Tensor } from '../../common/tensor.ts';
import { startModelProcess } from './engine-process.ts';
import type { ModelProcess, ModelProcessOptions } from './engine-process.ts';
import { runFailure } from './engine-port.ts';
import type { InstanceState, ModelInfo, RunFailure, RunOutcome } from './engine-port.ts';

/** A model process that is replaced when it dies. */
export interface EngineInstance {
  readonly model: ModelInfo;
  state(): InstanceState;
  ready(): boolean;
  readonly inFlight: number;
  run(inputs: readonly Tensor[], requests?: number): Promise<RunOutcome>;
  close(): Promise<void>;
}

/** Ends early, and does not reject, when the signal says so. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

export interface InstanceOptions extends ModelProcessOptions {
  /** Before a process is started again; default as long as it says. */
  readonly pause?: Pause;
  /** It died and is being replaced. */
  readonly onDown: (reason: string) => void;
  /** It was replaced. */
  readonly onUp: () => void;
}

const firstBackoffMs = 50;
const maxBackoffMs = 6400;
/** So many starts in a row that fail are no accident. */
const toldAfter = 3;
/** After these the process goes on. */
const survives: ReadonlySet<RunFailure['reason']> = new Set([
  'model',
  'too-large',
  'memory',
  'device',
]);
/** A process that lived this long did not die of its model: the next restart is immediate. */
const stableMs = 10_000;

/**
 * A process that dies is replaced after at most `maxBackoffMs`, by the same order: the same hash
 * is checked again, a required provider is required again, and inputs that ran at the first start
 * must run. Throws as `startModelProcess`.
 */
export async function startInstance(options: InstanceOptions): Promise<EngineInstance> {
  const first = await startModelProcess(options);
  return supervise(first, options);
}

function supervise(first: ModelProcess, options: InstanceOptions): EngineInstance {
  const { log, load, onDown, onUp, pause = pauseUnlessStopped } = options;
  const stopping = new AbortController();
  const again = {
    ...options,
    load: { ...load, mustWarmUp: first.report.warm },
    signal: stopping.signal,
  };
  let current: ModelProcess | null = first;
  let restarts = 0;
  /** Breakdowns and failed starts since something was computed last: pauses grow with them. */
  let failures = 0;
  /** In a row; a process that merely died is none of them. */
  let failedStarts = 0;
  let problem: string | null = null;
  let replacing: Promise<void> = Promise.resolve();

  const pauseMs = (): number => backoffMs(failures - 1, firstBackoffMs, maxBackoffMs);
  const isClosed = (): boolean => stopping.signal.aborted;
  const replace = async (): Promise<void> => {
    for (let attempt = 1; !isClosed(); attempt += 1) {
      try {
        adopt(await startModelProcess(again));
        return;
      } catch (error) {
        if (isClosed()) return;
        failed(error);
        log.error('the model process does not start again', { attempt, error });
      }
      await pause(pauseMs(), stopping.signal);
    }
  };
  const failed = (error: unknown): void => {
    failures += 1;
    failedStarts += 1;
    if (failedStarts >= toldAfter) problem = `it does not start again: ${messageOf(error)}`;
  };
  const adopt = (process: ModelProcess): void => {
    current = process;
    failedStarts = 0;
    problem = null;
    watch(process);
    onUp();
  };
  const watch = (process: ModelProcess): void => {
    void process.gone.then((reason) => {
      if (isClosed()) return;
      current = null;
      restarts += 1;
      const livedMs = Math.round(performance.now() - process.startedMs);
      const isStable = livedMs >= stableMs;
      failures = isStable ? 1 : failures + 1;
      log.warn('the model process ended; starting another', { reason, livedMs });
      onDown(reason);
      replacing = pause(isStable ? 0 : pauseMs(), stopping.signal).then(replace);
    });
  };
  watch(first);
  return {
    model: first.report.model,
    state: () => ({
      device: load.device ?? 0,
      pid: current?.pid ?? null,
      provider: current?.report.model.provider ?? null,
      restarts,
      problem,
    }),
    ready: () => current !== null,
    get inFlight() {
      return current?.inFlight ?? 0;
    },
    run: async (inputs, requests) => {
      const process = current;
      if (process === null) {
        return runFailure('unavailable', 'the model process is being replaced');
      }
      const outcome = await process.run(inputs, requests);
      if (outcome.kind === 'outputs') failures = 0;
      else if (current === process && !survives.has(outcome.reason)) {
        // It is as good as dead, though the operating system has not said so yet.
        current = null;
        if (outcome.reason === 'broken') problem = `it computes no more: ${outcome.detail}`;
      }
      return outcome;
    },
    close: async () => {
      stopping.abort();
      const last = current;
      current = null;
      await last?.kill();
      await replacing;
    },
  };
}

function pauseUnlessStopped(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}
