import type { Datatype, Tensor, TensorData } from '../../common/tensor.ts';
import { arrayTypes, isByteStrings } from '../engine/engine-frames.ts';

/** Rows of a request: the length of the first axis, the same for all its inputs; at least 1. */
export function rowsOf(inputs: readonly Tensor[]): number {
  return Math.max(1, inputs[0]?.shape[0] ?? 1);
}

/** Requests of equal keys can share a run: same tensors, types and inner shapes. */
export function shapeKey(inputs: readonly Tensor[]): string {
  const rows = inputs[0]?.shape[0];
  const even = inputs.every(({ shape }) => shape[0] === rows && rows !== 0);
  const parts = inputs.map(({ name, datatype, shape }) => [name, datatype, ...shape.slice(1)]);
  return even ? JSON.stringify(parts) : `uneven ${JSON.stringify(inputs.map((t) => t.shape))}`;
}

/** One request's inputs after the other along the first axis. All have the same `shapeKey`. */
export function joinRows(requests: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const [first = []] = requests;
  return first.map((tensor, at) => {
    const parts = requests.map((inputs) => inputs[at] ?? tensor);
    const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    const data = joinData(
      tensor.datatype,
      parts.map((part) => part.data),
    );
    return { ...tensor, shape: [rows, ...tensor.shape.slice(1)], data };
  });
}

type NumericData = Exclude<TensorData, readonly Uint8Array[]>;

function isNumeric(data: TensorData): data is NumericData {
  return !isByteStrings(data);
}

function joinData(datatype: Datatype, parts: readonly TensorData[]): TensorData {
  if (datatype === 'BYTES') return parts.filter(isByteStrings).flat();
  const arrays = parts.filter(isNumeric);
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  const count = arrays.reduce((sum, { length }) => sum + length, 0);
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return new arrayTypes[datatype](bytes.buffer, 0, count);
}

/**
 * Each request's share of the outputs, in order; null when an output's first axis is not the sum of
 * the rows, so that the shares cannot be told apart.
 */
export function splitRows(
  outputs: readonly Tensor[],
  rows: readonly number[],
): readonly (readonly Tensor[])[] | null {
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (outputs.some(({ shape }) => shape[0] !== total)) return null;
  let from = 0;
  return rows.map((count) => {
    const start = from;
    from += count;
    return outputs.map((tensor) => sliceRows(tensor, start, count, total));
  });
}

function sliceRows(tensor: Tensor, start: number, count: number, total: number): Tensor {
  const width = tensor.data.length / total;
  const [first, last] = [start * width, (start + count) * width];
  const { data } = tensor;
  const part = isByteStrings(data) ? data.slice(first, last) : data.subarray(first, last);
  return { ...tensor, shape: [count, ...tensor.shape.slice(1)], data: part };
}
