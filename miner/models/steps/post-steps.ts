import { halvesToFloats } from '../../../common/half.ts';
import type { PostStep } from '../../../common/model-manifest.ts';
import { elementCount } from '../../../common/tensor.ts';
import type { Tensor } from '../../../common/tensor.ts';

/** The names of classes that a top-k step answers with, by its place among the steps. */
export type LabelsOfStep = ReadonlyMap<number, readonly Uint8Array[]>;

export interface PostPlan {
  readonly steps: readonly PostStep[];
  readonly labels: LabelsOfStep;
  /** Names of the tensors that callers get, in this order. */
  readonly outputs: readonly string[];
}

/**
 * What callers get of what the network gave. `inputs` are the network's own: masks stand in them.
 * Throws when the tensors are not of the shapes that the plan was checked against.
 */
export function applyPostSteps(
  plan: PostPlan,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): readonly Tensor[] {
  const known = new Map([...inputs, ...outputs].map((tensor) => [tensor.name, tensor]));
  plan.steps.forEach((step, at) => {
    for (const made of applyStep(step, known, plan.labels.get(at))) known.set(made.name, made);
  });
  return plan.outputs.map((name) => named(known, name));
}

type Known = ReadonlyMap<string, Tensor>;

function named(known: Known, name: string): Tensor {
  const found = known.get(name);
  if (found === undefined) throw new Error(`there is no tensor ${name}`);
  return found;
}

function applyStep(
  step: PostStep,
  known: Known,
  labels: readonly Uint8Array[] | undefined,
): readonly Tensor[] {
  const input = named(known, step.input);
  switch (step.step) {
    case 'mean-pool':
      return [meanPool(input, named(known, step.mask), step.output)];
    case 'first-token':
      return [firstToken(input, step.output)];
    case 'l2-normalise':
      return [rowByRow(input, step.output, toUnitLength)];
    case 'softmax':
      return [rowByRow(input, step.output, toShares)];
    case 'top-k':
      return topK(input, step, labels);
  }
}

/** FP16 is widened: answers are FP32. */
function floatsOf({ name, data }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Uint16Array) return halvesToFloats(data);
  throw new Error(`${name} is neither FP32 nor FP16`);
}

/** Lengths of [items, tokens, width]. */
function lengthsOf({ name, shape }: Tensor): readonly [number, number, number] {
  const [items, tokens, width] = shape;
  if (shape.length !== 3 || items === undefined || tokens === undefined || width === undefined) {
    throw new Error(`${name} has not the shape [batch, tokens, width]`);
  }
  return [items, tokens, width];
}

/** A run that was padded for its companions has more tokens than this request's mask. */
function meanPool(input: Tensor, mask: Tensor, name: string): Tensor {
  const values = floatsOf(input);
  const [items, tokens, width] = lengthsOf(input);
  const kept = Math.min(tokens, mask.shape[1] ?? 0);
  const out = new Float32Array(items * width);
  const sums = new Float64Array(width);
  for (let item = 0; item < items; item += 1) {
    sums.fill(0);
    let count = 0;
    for (let token = 0; token < kept; token += 1) {
      if (Number(mask.data[item * (mask.shape[1] ?? 0) + token]) === 0) continue;
      count += 1;
      const from = (item * tokens + token) * width;
      for (let at = 0; at < width; at += 1) sums[at] = (sums[at] ?? 0) + (values[from + at] ?? 0);
    }
    const share = 1 / Math.max(count, 1);
    for (let at = 0; at < width; at += 1) out[item * width + at] = (sums[at] ?? 0) * share;
  }
  return { name, datatype: 'FP32', shape: [items, width], data: out };
}

function firstToken(input: Tensor, name: string): Tensor {
  const values = floatsOf(input);
  const [items, tokens, width] = lengthsOf(input);
  const out = new Float32Array(items * width);
  for (let item = 0; item < items; item += 1) {
    const from = item * tokens * width;
    out.set(values.subarray(from, from + width), item * width);
  }
  return { name, datatype: 'FP32', shape: [items, width], data: out };
}

/** Calls `change` with a copy of each row of the last axis. */
function rowByRow(input: Tensor, name: string, change: (row: Float32Array) => void): Tensor {
  const data = new Float32Array(floatsOf(input));
  const width = Math.max(input.shape.at(-1) ?? 1, 1);
  for (let at = 0; at + width <= data.length; at += width) change(data.subarray(at, at + width));
  return { name, datatype: 'FP32', shape: input.shape, data };
}

const leastNorm = 1e-12;

function toUnitLength(row: Float32Array): void {
  let squares = 0;
  for (const value of row) squares += value * value;
  const norm = Math.max(Math.sqrt(squares), leastNorm);
  for (let at = 0; at < row.length; at += 1) row[at] = (row[at] ?? 0) / norm;
}

function toShares(row: Float32Array): void {
  let largest = -Infinity;
  for (const value of row) largest = Math.max(largest, value);
  const powers = Float64Array.from(row, (value) => Math.exp(value - largest));
  let sum = 0;
  for (const power of powers) sum += power;
  for (let at = 0; at < row.length; at += 1) row[at] = (powers[at] ?? 0) / sum;
}

type TopKStep = Extract<PostStep, { step: 'top-k' }>;

/** Of equal scores the class of the lower number comes first. */
function topK(
  input: Tensor,
  { k, classes, scores }: TopKStep,
  labels: readonly Uint8Array[] | undefined,
): readonly Tensor[] {
  const values = floatsOf(input);
  const width = input.shape.at(-1) ?? 1;
  const rows = elementCount(input.shape.slice(0, -1));
  const taken = Math.min(k, width);
  const best: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    best.push(...largest(values.subarray(row * width, (row + 1) * width), taken));
  }
  const shape = [...input.shape.slice(0, -1), taken];
  const picked = best.map((at, place) => values[Math.floor(place / taken) * width + at] ?? 0);
  return [
    labels === undefined
      ? { name: classes, datatype: 'INT32', shape, data: Int32Array.from(best) }
      : { name: classes, datatype: 'BYTES', shape, data: best.map((at) => labels[at] ?? noLabel) },
    { name: scores, datatype: 'FP32', shape, data: Float32Array.from(picked) },
  ];
}

const noLabel = new Uint8Array();

/** NaN counts as less than any number. */
function largest(row: Float32Array, count: number): readonly number[] {
  const order = Array.from(row, (_, at) => at);
  const rank = (at: number): number => {
    const value = row[at] ?? -Infinity;
    return Number.isNaN(value) ? -Infinity : value;
  };
  return order.sort((a, b) => compare(rank(b), rank(a)) || a - b).slice(0, count);
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
