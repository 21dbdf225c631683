import type { Batcher } from '../batch/batcher.ts';
import type { Engine } from '../engine/engine-port.ts';
import type { InferJob, InferOutcome, ServedModel } from './served-model.ts';

export interface LocalModelDeps {
  /** Closed with the model. */
  readonly engine: Engine;
  /** In front of that engine; closed with the model. */
  readonly batcher: Batcher;
}

export interface LocalModelOptions {
  readonly name: string;
  readonly version: string;
  /** Of the model file. */
  readonly sha256: string;
}

/** A model that computes in a process of this machine, behind a batcher. */
export function createLocalModel(
  { engine, batcher }: LocalModelDeps,
  { name, version, sha256 }: LocalModelOptions,
): ServedModel {
  let closing: Promise<void> | null = null;
  return {
    name,
    version,
    sha256,
    interface: { inputs: engine.model.inputs, outputs: engine.model.outputs },
    platform: 'onnxruntime_onnx',
    notReady: () => (closing === null ? null : 'the model is being unloaded'),
    infer: (job: InferJob): Promise<InferOutcome> => batcher.submit(job),
    load: () => ({ waiting: batcher.waiting, running: batcher.running }),
    close: () => {
      batcher.close();
      closing ??= engine.close();
      return closing;
    },
  };
}
