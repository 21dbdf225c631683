import { elementCount } from '../tensor.ts';
import type { Datatype, Tensor, TensorData, TensorSpec } from '../tensor.ts';
import { elementBytes, fromWire } from '../wire/tensor-codec.ts';
import type { Uniform } from './seeded.ts';

export interface SyntheticSizes {
  /** Length of a free first axis. */
  readonly rows: number;
  /** Length of the other free axes. */
  readonly freeAxis: number;
}

/**
 * Tensors of the right names, types and shapes: floating-point values from 0 to below 1, whole
 * numbers 0 and 1 (valid as tokens, masks and types alike), byte strings of some words.
 */
export function syntheticTensors(
  specs: readonly TensorSpec[],
  sizes: SyntheticSizes,
  uniform: Uniform,
): readonly Tensor[] {
  return specs.map(({ name, datatype, shape: free }) => {
    const shape = free.map((length, axis) => lengthOf(length, axis, sizes));
    return { name, datatype, shape, data: valuesOf(datatype, elementCount(shape), uniform) };
  });
}

function lengthOf(length: number, axis: number, { rows, freeAxis }: SyntheticSizes): number {
  if (length >= 0) return length;
  return axis === 0 ? rows : freeAxis;
}

function valuesOf(datatype: Datatype, count: number, uniform: Uniform): TensorData {
  if (datatype === 'BYTES') return Array.from({ length: count }, () => words(uniform));
  if (datatype === 'FP32') return Float32Array.from({ length: count }, uniform);
  if (datatype === 'FP64') return Float64Array.from({ length: count }, uniform);
  if (datatype === 'FP16') return halves(count, 0x3800, 10, uniform);
  if (datatype === 'BF16') return halves(count, 0x3f00, 7, uniform);
  return zerosAndOnes(datatype, count, uniform);
}

/** 16-bit floats from 0.5 to below 1: one exponent, random bits behind it. */
function halves(count: number, exponent: number, bits: number, uniform: Uniform): Uint16Array {
  return Uint16Array.from({ length: count }, () => exponent | Math.floor(uniform() * 2 ** bits));
}

function zerosAndOnes(datatype: Datatype, count: number, uniform: Uniform): TensorData {
  const width = elementBytes(datatype) ?? 1;
  const bytes = new Uint8Array(count * width);
  // Little-endian, as on the wire: the lowest byte comes first.
  for (let at = 0; at < bytes.length; at += width) bytes[at] = uniform() < 0.5 ? 0 : 1;
  const values = fromWire(datatype, bytes, count);
  return 'ok' in values ? values.ok : [];
}

const vocabulary = ['a', 'quick', 'miner', 'answers', 'with', 'weights', 'of', 'its', 'own'];
const encoder = new TextEncoder();

function words(uniform: Uniform): Uint8Array {
  const count = 4 + Math.floor(uniform() * 12);
  const chosen = Array.from(
    { length: count },
    () => vocabulary[Math.floor(uniform() * vocabulary.length)],
  );
  return encoder.encode(chosen.join(' '));
}
