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
  run(inputs: readonly Tensor[]): Promise<RunOutcome>;
  close(): Promise<void>;
}

export interface InstanceOptions extends ModelProcessOptions {
  /** It died and is being replaced. */
  readonly onDown: (reason: string) => void;
  /** It was replaced. */
  readonly onUp: () => void;
}

const firstBackoffMs = 50;
const maxBackoffMs = 6400;
/** So many breakdowns and starts in a row that fail are no accident. */
const toldAfter = 3;
/** After these the process goes on. */
const survives: ReadonlySet<RunFailure['reason']> = new Set(['model', 'too-large', 'device']);
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
  const { log, load, onDown, onUp } = options;
  const stopping = new AbortController();
  const again = {
    ...options,
    load: { ...load, mustWarmUp: first.report.warm },
    signal: stopping.signal,
  };
  let current: ModelProcess | null = first;
  let restarts = 0;
  /** Breakdowns and failed starts since something was computed last. */
  let failures = 0;
  let problem: string | null = null;
  let replacing: Promise<void> = Promise.resolve();
  let stopBackoff = (): void => undefined;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      stopBackoff = () => {
        clearTimeout(timer);
        resolve();
      };
    });
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
      await pause(backoffMs(failures, firstBackoffMs, maxBackoffMs));
    }
  };
  const failed = (error: unknown): void => {
    failures += 1;
    if (failures >= toldAfter) problem = `it does not start again: ${messageOf(error)}`;
  };
  const adopt = (process: ModelProcess): void => {
    current = process;
    problem = null;
    watch(process);
    onUp();
  };
  const watch = (process: ModelProcess): void => {
    void process.gone.then((reason) => {
      if (isClosed()) return;
      current = null;
      restarts += 1;
      const livedMs = performance.now() - process.startedMs;
      failures = livedMs >= stableMs ? 1 : failures + 1;
      log.warn('the model process ended; starting another', { reason, livedMs });
      onDown(reason);
      const pauseMs =
        livedMs < stableMs ? backoffMs(failures - 1, firstBackoffMs, maxBackoffMs) : 0;
      replacing = pause(pauseMs).then(replace);
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
    run: async (inputs) => {
      const process = current;
      if (process === null) {
        return runFailure('unavailable', 'the model process is being replaced');
      }
      const outcome = await process.run(inputs);
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
      stopBackoff();
      const last = current;
      current = null;
      await last?.kill();
      await replacing;
    },
  };
}
