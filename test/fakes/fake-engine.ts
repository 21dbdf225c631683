import type { Tensor } from '../../common/tensor.ts';
import { runFailure } from '../../miner/engine/engine-port.ts';
import type { Engine, ModelInfo, RunOutcome } from '../../miner/engine/engine-port.ts';

/** Doubles each value: input `x` and output `y`, FP32, any number of rows of `width`. */
export const fakeModel: ModelInfo = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
  sharesFirstAxis: true,
  batchable: true,
  provider: 'cpu',
};

/** Inputs with this first value are refused by the model. */
export const poison = 666;

export interface FakeEngine extends Engine {
  /** Rows of each run so far. */
  readonly runs: readonly number[];
  /** Runs wait from now on until `release`. */
  hold(): void;
  release(): void;
  /** Runs fail with `unavailable`, what computes now with `crashed`, until `recover`. */
  crash(): void;
  recover(): void;
}

export function createFakeEngine(model: ModelInfo = fakeModel): FakeEngine {
  const runs: number[] = [];
  let up = true;
  let closed = false;
  let held: ((outcome: 'go' | 'crash') => void)[] | null = null;
  let waiting: ((ready: boolean) => void)[] = [];
  const wake = (ready: boolean): void => {
    for (const resolve of waiting.splice(0)) resolve(ready);
  };
  const letGo = (how: 'go' | 'crash'): void => {
    const all = held ?? [];
    held = null;
    for (const resolve of all) resolve(how);
  };
  return {
    model,
    slots: 1,
    runs,
    hold: () => void (held ??= []),
    release: () => letGo('go'),
    crash: () => {
      up = false;
      letGo('crash');
    },
    recover: () => {
      up = true;
      wake(true);
    },
    ready: () => up && !closed,
    whenReady: () =>
      up || closed ? Promise.resolve(!closed) : new Promise((resolve) => waiting.push(resolve)),
    run: async (inputs) => {
      if (!up || closed) return runFailure('unavailable', 'down');
      runs.push(inputs[0]?.shape[0] ?? 0);
      const queue = held;
      if (queue !== null) {
        const how = await new Promise<'go' | 'crash'>((resolve) => queue.push(resolve));
        if (how === 'crash') return runFailure('crashed', 'down');
      }
      return doubled(inputs);
    },
    close: () => {
      closed = true;
      up = false;
      letGo('crash');
      wake(false);
      return Promise.resolve();
    },
  };
}

function doubled([input]: readonly Tensor[]): RunOutcome {
  const values = input?.data;
  if (input === undefined || !(values instanceof Float32Array)) return runFailure('model', 'no x');
  if (values.includes(poison)) return runFailure('model', 'poisoned');
  const data = values.map((value) => value * 2);
  return { kind: 'outputs', outputs: [{ ...input, name: 'y', data }], runMs: 0.5 };
}

export function row(...values: number[]): readonly Tensor[] {
  const data = Float32Array.from(values);
  return [{ name: 'x', datatype: 'FP32', shape: [values.length / 2, 2], data }];
}
