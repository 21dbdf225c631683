import type { OnnxEngineOptions } from '../../miner/engine/engine-onnx.ts';

type Load = OnnxEngineOptions['load'];

/** What an engine is told to load: on one thread of the CPU, where the test does not say otherwise. */
export function cpuLoad(model: Pick<Load, 'modelPath' | 'sha256'>, more: Partial<Load> = {}): Load {
  return {
    ...model,
    provider: 'cpu',
    requireProvider: true,
    threads: 1,
    batching: true,
    warmUpBatches: [1],
    ...more,
  };
}
