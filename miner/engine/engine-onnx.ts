import { allOrNone } from '../../common/all-or-none.ts';
import type { LoadOrder } from './engine-load.ts';
import { startInstance } from './engine-instance.ts';
import type { EngineInstance, Pause } from './engine-instance.ts';
import type { ModelProcessOptions } from './engine-process.ts';
import { providers, runFailure } from './engine-port.ts';
import type { Engine, InstanceState, Provider } from './engine-port.ts';

export interface OnnxEngineOptions extends ModelProcessOptions {
  readonly load: Omit<LoadOrder, 'scratchDir'>;
  /** Model processes on each device; default 1. */
  readonly instances?: number;
  /** Numbers of the devices; default the one of `load`. */
  readonly devices?: readonly number[];
  /** Called each time a model process had to be replaced. */
  readonly onRestart?: (reason: string) => void;
  /** Called once one was replaced: where it computes may have changed. */
  readonly onReplaced?: () => void;
  /** Before a process is started again; default as long as it says. */
  readonly pause?: Pause;
}

/** For tests and for looking at it from outside. */
export interface OnnxEngine extends Engine {
  /** Process id of the first instance that is there; null while all are being replaced. */
  pid(): number | null;
  instances(): readonly InstanceState[];
  /** Why nothing is computed and hardly will be soon; null otherwise, and for a mere restart. */
  notReady(): string | null;
}

/** While one run computes the next may lie in the socket: the process has not to wait for it. */
const runsAheadOfEach = 1;

/**
 * Starts the model processes and resolves once all are loaded and warm; each is watched, and
 * replaced, on its own. Throws MODEL_UNREADABLE, MODEL_HASH_MISMATCH, MODEL_INVALID,
 * ENGINE_CUDA_MISSING, ENGINE_MEMORY, ENGINE_FAILED.
 */
export async function startOnnxEngine(options: OnnxEngineOptions): Promise<OnnxEngine> {
  let closed = false;
  let waiting: ((ready: boolean) => void)[] = [];
  const wake = (ready: boolean): void => {
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve(ready);
  };
  const pool = await startAll(options, () => wake(true));
  const [first] = pool;
  if (first === undefined) throw new RangeError('an engine has at least one instance');
  const ready = (): boolean => pool.some((instance) => instance.ready());
  const fails = (instance: EngineInstance): boolean =>
    !instance.ready() && instance.state().problem !== null;
  return {
    get model() {
      return { ...first.model, provider: slowestProvider(pool, first.model.provider) };
    },
    slots: pool.length,
    ahead: pool.length * runsAheadOfEach,
    instances: () => pool.map((instance) => instance.state()),
    pid: () => pool.map((instance) => instance.state().pid).find((pid) => pid !== null) ?? null,
    ready,
    notReady: () => (!closed && pool.every(fails) ? 'the device of the model fails' : null),
    whenReady: () => {
      if (ready() || closed) return Promise.resolve(!closed);
      return new Promise((resolve) => waiting.push(resolve));
    },
    run: (inputs, requests) => {
      const instance = leastBusy(pool);
      if (instance !== null) return instance.run(inputs, requests);
      return Promise.resolve(runFailure('unavailable', 'the model process is being replaced'));
    },
    close: async () => {
      closed = true;
      wake(false);
      await Promise.all(pool.map((instance) => instance.close()));
    },
  };
}

/**
 * A provider that is only preferred may be missing when a process is replaced: what is said of the
 * model is true of all its instances.
 */
function slowestProvider(pool: readonly EngineInstance[], atStart: Provider): Provider {
  const used = new Set(pool.map((instance) => instance.state().provider));
  return providers.find((provider) => used.has(provider)) ?? atStart;
}

function leastBusy(pool: readonly EngineInstance[]): EngineInstance | null {
  let found: EngineInstance | null = null;
  for (const instance of pool) {
    const isLess = found === null || instance.inFlight < found.inFlight;
    if (isLess && instance.ready()) found = instance;
  }
  return found;
}

async function startAll(
  options: OnnxEngineOptions,
  onUp: () => void,
): Promise<readonly EngineInstance[]> {
  const pending: Promise<EngineInstance>[] = [];
  for (const device of placesOf(options)) {
    const instance = startInstance({
      ...options,
      load: { ...options.load, device },
      onUp: () => {
        onUp();
        options.onReplaced?.();
      },
      onDown: (reason) => options.onRestart?.(reason),
    });
    pending.push(instance);
    // What one takes of a device's memory can be measured only while no other loads.
    if (options.load.memoryLimitMib !== undefined) await instance.catch(() => undefined);
  }
  return allOrNone(pending, (instance) => instance.close());
}

/** The device of each instance, one device after the other: the first runs go to different ones. */
function placesOf({ instances = 1, devices, load }: OnnxEngineOptions): readonly number[] {
  const each = devices ?? [load.device ?? 0];
  return Array.from({ length: instances }, () => each).flat();
}
