import type { Tensor } from '../../common/tensor.ts';
import { startModelProcess } from './engine-process.ts';
import type { ModelProcess, ModelProcessOptions } from './engine-process.ts';
import { runFailure } from './engine-port.ts';
import type { InstanceState, ModelInfo, RunOutcome } from './engine-port.ts';

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
const maxBackoffMs = 1600;
/** A process that lived this long did not die of its model: the next restart is immediate. */
const stableMs = 10_000;

/**
 * A process that dies is replaced after at most `maxBackoffMs`, by the same order: the same hash
 * is checked again, and a required provider is required again. Throws as `startModelProcess`.
 */
export async function startInstance(options: InstanceOptions): Promise<EngineInstance> {
  const first = await startModelProcess(options);
  return supervise(first, options);
}

function supervise(first: ModelProcess, options: InstanceOptions): EngineInstance {
  const { log, load, onDown, onUp } = options;
  let current: ModelProcess | null = first;
  let restarts = 0;
  let closed = false;
  let stopBackoff = (): void => undefined;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      stopBackoff = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const isClosed = (): boolean => closed;
  const replace = async (): Promise<void> => {
    for (let attempt = 1; !isClosed(); attempt += 1) {
      try {
        adopt(await startModelProcess(options));
        return;
      } catch (error) {
        log.error('the model process does not start again', { attempt, error });
      }
      await pause(Math.min(firstBackoffMs * 2 ** attempt, maxBackoffMs));
    }
  };
  const adopt = (process: ModelProcess): void => {
    if (closed) {
      void process.kill();
      return;
    }
    current = process;
    watch(process);
    onUp();
  };
  const watch = (process: ModelProcess): void => {
    void process.gone.then(async (reason) => {
      if (closed) return;
      current = null;
      restarts += 1;
      const livedMs = performance.now() - process.startedMs;
      log.warn('the model process ended; starting another', { reason, livedMs });
      onDown(reason);
      if (livedMs < stableMs) await pause(firstBackoffMs);
      await replace();
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
      // It is as good as dead, though the operating system has not said so yet.
      const dying = outcome.kind === 'failed' && outcome.reason !== 'model';
      if (dying && current === process) current = null;
      return outcome;
    },
    close: async () => {
      closed = true;
      stopBackoff();
      const last = current;
      current = null;
      await last?.kill();
    },
  };
}
