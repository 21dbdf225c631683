import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../common/node/log.ts';
import type { Tensor } from '../../common/tensor.ts';
import { startOnnxEngine } from '../../miner/engine/engine-onnx.ts';
import type { OnnxEngine, OnnxEngineOptions } from '../../miner/engine/engine-onnx.ts';
import type { PaddingRule } from '../../miner/batch/padding.ts';
import { cpuLoad } from '../fakes/cpu-load.ts';
import { onnxModel } from '../fakes/onnx-model.ts';
import type { OnnxGraph } from '../fakes/onnx-model.ts';

/** Small models of each kind that is served, made when a test needs them. */
const width = 8;
export const vocabulary = 100;

/** Token numbers to states and their mean over the mask; a token beyond the vocabulary fails. */
export const embedding: OnnxGraph = {
  inputs: [
    { name: 'ids', type: 'int64', shape: ['batch', 'length'] },
    { name: 'mask', type: 'int64', shape: ['batch', 'length'] },
  ],
  outputs: [
    { name: 'states', type: 'float', shape: ['batch', 'length', width] },
    { name: 'mean', type: 'float', shape: ['batch', width] },
  ],
  weights: [
    { name: 'table', type: 'float', shape: [vocabulary, width], data: waves(vocabulary * width) },
    { name: 'one', type: 'int64', shape: [1], data: BigInt64Array.of(1n) },
    { name: 'two', type: 'int64', shape: [1], data: BigInt64Array.of(2n) },
  ],
  nodes: [
    { op: 'Gather', inputs: ['table', 'ids'], outputs: ['looked'] },
    { op: 'Cast', inputs: ['mask'], outputs: ['flat'], attributes: { to: 1 } },
    { op: 'Unsqueeze', inputs: ['flat', 'two'], outputs: ['kept'] },
    { op: 'Mul', inputs: ['looked', 'kept'], outputs: ['states'] },
    { op: 'ReduceSum', inputs: ['states', 'one'], outputs: ['sum'], attributes: { keepdims: 0 } },
    { op: 'ReduceSum', inputs: ['kept', 'one'], outputs: ['count'], attributes: { keepdims: 0 } },
    { op: 'Div', inputs: ['sum', 'count'], outputs: ['mean'] },
  ],
};

export const embeddingPadding: PaddingRule = {
  inputs: { ids: { axis: 1, value: 0 } },
  outputs: { states: 1 },
  mask: 'mask',
  buckets: [8, 16, 32],
  to: 'longest',
};

/** What mixed-precision exports look like: FP16 in, FP16 out. */
export const half: OnnxGraph = {
  inputs: [{ name: 'x', type: 'float16', shape: ['batch', 4] }],
  outputs: [{ name: 'y', type: 'float16', shape: ['batch', 2] }],
  weights: [
    // 1, 2, 0.5, -1 in the first column, 0, 1, 1, 4 in the second.
    {
      name: 'w',
      type: 'float16',
      shape: [4, 2],
      data: Uint16Array.of(0x3c00, 0, 0x4000, 0x3c00, 0x3800, 0x3c00, 0xbc00, 0x4400),
    },
  ],
  nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
};

/**
 * Whole numbers all the way: INT8 in, INT8 weights, INT32 out. Two products of larger weights would
 * not fit the 16 bits in which older CPUs add them.
 */
export const int8: OnnxGraph = {
  inputs: [{ name: 'x', type: 'int8', shape: ['batch', 4] }],
  outputs: [{ name: 'y', type: 'int32', shape: ['batch', 2] }],
  weights: [
    { name: 'w', type: 'int8', shape: [4, 2], data: Int8Array.of(1, -1, 2, -2, 3, -3, 60, -60) },
  ],
  nodes: [{ op: 'MatMulInteger', inputs: ['x', 'w'], outputs: ['y'] }],
};

/** As dynamic quantisation leaves a layer: one scale for a whole run, so batches differ a little. */
export const dynamicInt8: OnnxGraph = {
  inputs: [{ name: 'x', type: 'float', shape: ['batch', 4] }],
  outputs: [{ name: 'y', type: 'float', shape: ['batch', 2] }],
  weights: int8.weights ?? [],
  nodes: [
    { op: 'DynamicQuantizeLinear', inputs: ['x'], outputs: ['q', 'scale', 'zero'] },
    { op: 'MatMulInteger', inputs: ['q', 'w', 'zero'], outputs: ['whole'] },
    { op: 'Cast', inputs: ['whole'], outputs: ['float'], attributes: { to: 1 } },
    { op: 'Mul', inputs: ['float', 'scale'], outputs: ['y'] },
  ],
};

/** A softmax over the rows of a run: what one caller gets depends on the others. */
export const mixing: OnnxGraph = {
  inputs: [{ name: 'x', type: 'float', shape: ['batch', 4] }],
  outputs: [{ name: 'y', type: 'float', shape: ['batch', 4] }],
  nodes: [{ op: 'Softmax', inputs: ['x'], outputs: ['y'], attributes: { axis: 0 } }],
};

/** Texts in, the same texts out. */
export const texts: OnnxGraph = {
  inputs: [{ name: 'text', type: 'string', shape: ['batch', 2] }],
  outputs: [{ name: 'same', type: 'string', shape: ['batch', 2] }],
  nodes: [{ op: 'Identity', inputs: ['text'], outputs: ['same'] }],
};

function waves(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => Math.sin(at * 1.37));
}

export function int64(name: string, shape: readonly number[], values: readonly number[]): Tensor {
  return { name, datatype: 'INT64', shape, data: BigInt64Array.from(values.map(BigInt)) };
}

export interface ModelFolder {
  /** Path and hash of the written model. */
  write(graph: OnnxGraph): { readonly modelPath: string; readonly sha256: string };
  start(graph: OnnxGraph, options?: Partial<OnnxEngineOptions>): Promise<OnnxEngine>;
  remove(): void;
}

export function createModelFolder(): ModelFolder {
  const folder = mkdtempSync(join(tmpdir(), 'tiny-models-'));
  let written = 0;
  const write: ModelFolder['write'] = (graph) => {
    const bytes = onnxModel(graph);
    const modelPath = join(folder, `${written++}.onnx`);
    writeFileSync(modelPath, bytes);
    return { modelPath, sha256: createHash('sha256').update(bytes).digest('hex') };
  };
  return {
    write,
    start: (graph, options = {}) =>
      startOnnxEngine({
        load: cpuLoad(write(graph)),
        runTimeoutMs: 20_000,
        log: createLogger({ level: 'silent' }),
        ...options,
      }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
