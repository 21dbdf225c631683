import type { Datatype, Tensor, TensorData } from '../../common/tensor.ts';
import { elementCount } from '../../common/tensor.ts';
import { arrayTypes, isByteStrings } from '../engine/engine-frames.ts';
import { bucketOf, lengthOf, maskedInputs, paddedLength, withMask } from './padding.ts';
import type { PaddedAxis, PaddingRule } from './padding.ts';

/** Rows of a request: the length of the first axis, the same for all its inputs; at least 1. */
export function rowsOf(inputs: readonly Tensor[]): number {
  return Math.max(1, inputs[0]?.shape[0] ?? 1);
}

/** What a request costs the model: its elements, at least 1. Rows and lengths count alike in it. */
export function costOf(inputs: readonly Tensor[]): number {
  return Math.max(
    1,
    inputs.reduce((sum, { data }) => sum + data.length, 0),
  );
}

/**
 * Requests of equal keys can share a run: same tensors, types and inner shapes, and, where a rule
 * pads, lengths of the same bucket.
 */
export function shapeKey(inputs: readonly Tensor[], rule: PaddingRule | null = null): string {
  const rows = inputs[0]?.shape[0];
  const even = rows !== 0 && inputs.every(({ shape }) => shape[0] === rows);
  if (!even) return `uneven ${JSON.stringify(inputs.map((t) => t.shape))}`;
  const length = rule === null ? null : lengthOf(inputs, rule);
  const bucket = rule === null || length === null ? null : bucketOf(length, rule);
  const padding = rule === null ? {} : maskedInputs(rule);
  let key = '';
  for (const { name, datatype, shape } of inputs) {
    const padded = bucket === null ? undefined : padding[name];
    key += `${name.length}:${name}${datatype}`;
    for (let axis = 1; axis < shape.length; axis += 1) {
      key += axis === padded?.axis ? `,<=${bucket}` : `,${shape[axis]}`;
    }
  }
  return key;
}

/** Requests that are run together, and what is needed to take their answers apart again. */
export interface Joined {
  readonly inputs: readonly Tensor[];
  /** Of each request. */
  readonly rows: readonly number[];
  /** Where a rule padded them: the length of each, and that of the run. */
  readonly lengths: readonly number[] | null;
  readonly runLength: number;
}

/**
 * One request's inputs after the other along the first axis, in one piece of memory for all
 * tensors, which can be sent as it is. All have the same `shapeKey`.
 */
export function joinRows(
  requests: readonly (readonly Tensor[])[],
  rule: PaddingRule | null = null,
): Joined {
  const rows = requests.map(rowsOf);
  const lengths = rule === null ? null : lengthsOf(requests, rule);
  const runLength = rule === null || lengths === null ? 0 : paddedLength(lengths, rule);
  const all =
    rule === null ? requests : requests.map((one, at) => withMask(one, rows[at] ?? 1, rule));
  const [only] = all;
  if (all.length === 1 && only !== undefined && (lengths === null || lengths[0] === runLength)) {
    return { inputs: only, rows, lengths, runLength };
  }
  const padded = rule === null || lengths === null ? {} : maskedInputs(rule);
  return { inputs: joinAll(all, padded, runLength), rows, lengths, runLength };
}

/** null when one has none: then all have the same shape. */
function lengthsOf(
  requests: readonly (readonly Tensor[])[],
  rule: PaddingRule,
): readonly number[] | null {
  const lengths = requests.map((inputs) => lengthOf(inputs, rule));
  return lengths.every((length) => length !== null) ? lengths : null;
}

/** How one tensor of a run is put together. */
interface Plan {
  readonly first: Tensor;
  readonly parts: readonly Tensor[];
  readonly shape: readonly number[];
  readonly padded: PaddedAxis | undefined;
  readonly bytes: number;
}

const alignment = 8;

function joinAll(
  requests: readonly (readonly Tensor[])[],
  padded: PaddingRule['inputs'],
  runLength: number,
): readonly Tensor[] {
  const [firsts = []] = requests;
  const plans = firsts.map((first, at) => {
    const parts = requests.map((inputs) => inputs[at] ?? first);
    return planOf(first, parts, padded, runLength);
  });
  const memory = new ArrayBuffer(plans.reduce((sum, { bytes }) => sum + aligned(bytes), 0));
  let at = 0;
  return plans.map((plan) => {
    const data = fill(plan, memory, at);
    at += aligned(plan.bytes);
    return { name: plan.first.name, datatype: plan.first.datatype, shape: plan.shape, data };
  });
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function planOf(
  first: Tensor,
  parts: readonly Tensor[],
  padded: PaddingRule['inputs'],
  runLength: number,
): Plan {
  const axis = padded[first.name];
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const shape = first.shape.map((length, at) =>
    at === 0 ? rows : at === axis?.axis ? runLength : length,
  );
  const elements = elementCount(shape);
  const width = first.datatype === 'BYTES' ? 0 : arrayTypes[first.datatype].BYTES_PER_ELEMENT;
  return { first, parts, shape, padded: axis, bytes: elements * width };
}

type NumericData = Exclude<TensorData, readonly Uint8Array[]>;

function isNumeric(data: TensorData): data is NumericData {
  return !isByteStrings(data);
}

function fill(plan: Plan, memory: ArrayBuffer, at: number): TensorData {
  const { first, parts, shape, padded } = plan;
  if (first.datatype === 'BYTES') return joinByteStrings(plan);
  const data = new arrayTypes[first.datatype](memory, at, elementCount(shape));
  if (padded !== undefined) fillWith(data, first.datatype, padded.value);
  const target = new Uint8Array(memory, at, plan.bytes);
  let to = 0;
  for (const part of parts) {
    to += padded === undefined ? copyWhole(part, target, to) : copyPadded(part, plan, target, to);
  }
  return data;
}

function copyWhole({ data }: Tensor, target: Uint8Array, to: number): number {
  if (!isNumeric(data)) return 0;
  target.set(bytesOf(data), to);
  return data.byteLength;
}

function bytesOf({ buffer, byteOffset, byteLength }: NumericData): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function fillWith(data: TensorData, datatype: Datatype, value: number): void {
  if (value === 0 || !isNumeric(data)) return;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.fill(BigInt(value));
  else data.fill(datatype === 'BOOL' ? Number(value !== 0) : value);
}

/** Stretches of equal length: what lies before the axis times what lies from it on. */
function stretches(shape: readonly number[], axis: number): { count: number; length: number } {
  return {
    count: elementCount(shape.slice(0, axis)),
    length: elementCount(shape.slice(axis)),
  };
}

function copyPadded(part: Tensor, plan: Plan, target: Uint8Array, to: number): number {
  const { data, shape } = part;
  if (!isNumeric(data)) return 0;
  const axis = plan.padded?.axis ?? 1;
  const width = data.BYTES_PER_ELEMENT;
  const { count, length } = stretches(shape, axis);
  const own = length * width;
  const wide = stretches(plan.shape, axis).length * width;
  const source = bytesOf(data);
  for (let at = 0; at < count; at += 1) {
    target.set(source.subarray(at * own, (at + 1) * own), to + at * wide);
  }
  return count * wide;
}

const emptyString = new Uint8Array();

function joinByteStrings({ parts, padded, shape }: Plan): readonly Uint8Array[] {
  const joined: Uint8Array[] = [];
  for (const { data, shape: own } of parts) {
    if (!isByteStrings(data)) continue;
    const axis = padded?.axis ?? 0;
    const { count, length } = stretches(own, axis);
    const missing = padded === undefined ? 0 : stretches(shape, axis).length - length;
    for (let at = 0; at < count; at += 1) {
      for (let item = 0; item < length; item += 1)
        joined.push(data[at * length + item] ?? emptyString);
      for (let item = 0; item < missing; item += 1) joined.push(emptyString);
    }
  }
  return joined;
}

/**
 * Each request's share of the outputs, in order, cut back to its own length; null when an output
 * is not as long as it should be, so that the shares cannot be told apart.
 */
export function splitRows(
  outputs: readonly Tensor[],
  { rows, lengths, runLength }: Joined,
  rule: PaddingRule | null = null,
): readonly (readonly Tensor[])[] | null {
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (outputs.some(({ shape }) => shape[0] !== total)) return null;
  const cuts = lengths === null ? {} : (rule?.outputs ?? {});
  if (
    outputs.some(({ name, shape }) => cuts[name] !== undefined && shape[cuts[name]] !== runLength)
  ) {
    return null;
  }
  let from = 0;
  return rows.map((count, at) => {
    const start = from;
    from += count;
    const own = lengths?.[at] ?? runLength;
    return outputs.map((tensor) => {
      const share = sliceRows(tensor, start, count, total);
      const axis = cuts[tensor.name];
      return axis === undefined || own === runLength ? share : cutBack(share, axis, own);
    });
  });
}

function sliceRows(tensor: Tensor, start: number, count: number, total: number): Tensor {
  if (count === total) return tensor;
  const width = tensor.data.length / total;
  const [first, last] = [start * width, (start + count) * width];
  const { data } = tensor;
  const part = isByteStrings(data) ? data.slice(first, last) : data.subarray(first, last);
  return { ...tensor, shape: [count, ...tensor.shape.slice(1)], data: part };
}

function cutBack(tensor: Tensor, axis: number, length: number): Tensor {
  const shape = tensor.shape.map((was, at) => (at === axis ? length : was));
  const { count, length: wide } = stretches(tensor.shape, axis);
  const own = stretches(shape, axis).length;
  const { data } = tensor;
  if (isByteStrings(data)) {
    const kept = Array.from({ length: count }, (_, at) => data.slice(at * wide, at * wide + own));
    return { ...tensor, shape, data: kept.flat() };
  }
  const width = data.BYTES_PER_ELEMENT;
  const cut = new Uint8Array(count * own * width);
  const source = bytesOf(data);
  for (let at = 0; at < count; at += 1) {
    cut.set(source.subarray(at * wide * width, (at * wide + own) * width), at * own * width);
  }
  const construct = tensor.datatype === 'BYTES' ? null : arrayTypes[tensor.datatype];
  return {
    ...tensor,
    shape,
    data: construct === null ? data : new construct(cut.buffer, 0, count * own),
  };
}
