import type { Datatype, Tensor, TensorData, TensorSpec } from '../../common/tensor.ts';
import { elementCount } from '../../common/tensor.ts';
import type { ModelInterface } from '../../common/wire/inference-types.ts';

/**
 * A fixed question to a model and the fingerprint of its answer. Two servers of one model answer
 * alike up to rounding, and another model practically never does: so a fingerprint tells models
 * apart where a server cannot say which one it has. A digest would not do: the last bits of floats
 * differ from machine to machine.
 */
export type Fingerprint = readonly number[];

/** The norm of the answer and so many projections of it. */
export const fingerprintLength = 8;

/** Lengths of axes that the model leaves free; the first is the batch. */
const freeLength = 8;
/** Answers are projected up to here. */
const maxElements = 65_536;

/** The same for every server of this interface. */
export function probeInputs({ inputs }: ModelInterface): readonly Tensor[] {
  return inputs.map((spec, at) => probeTensor(spec, at + 1));
}

/** Of answers whose values are finite, in the order of the interface. */
export function fingerprintOf(
  outputs: readonly Tensor[],
  sha256: (bytes: Uint8Array) => Uint8Array,
): Fingerprint {
  const random = randomBits(0x5eed);
  const sums = new Float64Array(fingerprintLength - 1);
  let squares = 0;
  for (const output of outputs) {
    for (const value of numbersOf(output, sha256)) {
      squares += value * value;
      for (let at = 0; at < sums.length; at += 1) {
        sums[at] = (sums[at] ?? 0) + signed(value, random());
      }
    }
  }
  return [Math.sqrt(squares), ...sums].map((value) => Number(value.toPrecision(6)));
}

/** `tolerance`: of the answer's norm. */
export function isSameFingerprint(a: Fingerprint, b: Fingerprint, tolerance: number): boolean {
  const scale = Math.max(Math.abs(a[0] ?? 0), Math.abs(b[0] ?? 0));
  return (
    a.length === b.length &&
    a.every((value, at) => Math.abs(value - (b[at] ?? Number.NaN)) <= tolerance * scale)
  );
}

function probeTensor({ name, datatype, shape }: TensorSpec, seed: number): Tensor {
  const lengths = shape.map((length, axis) => (length >= 0 ? length : axis === 0 ? 1 : freeLength));
  const random = randomBits(seed);
  const data = probeData(datatype, elementCount(lengths), random);
  return { name, datatype, shape: lengths, data };
}

const probeWords = ['the', 'probe'].map((word) => new TextEncoder().encode(word));
/** 1 in half and in brain floats. */
const oneHalf = 0x3c00;
const oneBrain = 0x3f80;

/**
 * Whole numbers are 0 and 1: they are token ids, masks and type ids, and one of another size may
 * not exist in the model.
 */
function probeData(datatype: Datatype, count: number, random: () => number): TensorData {
  const bit = (): number => random() & 1;
  const filled = <T extends { [at: number]: number }>(data: T, value: () => number): T => {
    for (let at = 0; at < count; at += 1) data[at] = value();
    return data;
  };
  switch (datatype) {
    case 'BOOL':
    case 'UINT8':
      return filled(new Uint8Array(count), bit);
    case 'UINT16':
      return filled(new Uint16Array(count), bit);
    case 'UINT32':
      return filled(new Uint32Array(count), bit);
    case 'INT8':
      return filled(new Int8Array(count), bit);
    case 'INT16':
      return filled(new Int16Array(count), bit);
    case 'INT32':
      return filled(new Int32Array(count), bit);
    case 'UINT64':
      return BigUint64Array.from({ length: count }, () => BigInt(bit()));
    case 'INT64':
      return BigInt64Array.from({ length: count }, () => BigInt(bit()));
    case 'FP16':
      return filled(new Uint16Array(count), () => bit() * oneHalf);
    case 'BF16':
      return filled(new Uint16Array(count), () => bit() * oneBrain);
    case 'FP32':
      return filled(new Float32Array(count), () => random() / 2 ** 32);
    case 'FP64':
      return filled(new Float64Array(count), () => random() / 2 ** 32);
    case 'BYTES':
      return Array.from({ length: count }, () => probeWords[bit()] ?? new Uint8Array());
  }
}

/** Texts count as a number made of their hash: they are the same or they are not. */
function* numbersOf(
  { datatype, data }: Tensor,
  sha256: (bytes: Uint8Array) => Uint8Array,
): Generator<number> {
  const length = Math.min(data.length, maxElements);
  for (let at = 0; at < length; at += 1) {
    const value = data[at] ?? 0;
    yield typeof value === 'object' ? hashedNumber(sha256(value)) : number(datatype, Number(value));
  }
}

/** Floats of 16 bits come as their bits. */
function number(datatype: Datatype, value: number): number {
  if (datatype === 'FP16') return fromHalf(value);
  return datatype === 'BF16' ? fromBrain(value) : value;
}

function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const size = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
  return bits >= 0x8000 ? -size : size;
}

function fromBrain(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0] ?? 0;
}

function hashedNumber(hash: Uint8Array): number {
  return ((hash[0] ?? 0) * 256 + (hash[1] ?? 0)) / 32_768 - 1;
}

function signed(value: number, bits: number): number {
  return bits < 2 ** 31 ? value : -value;
}

/** Marsaglia's xorshift: 32 bits a call, the same on every machine. */
function randomBits(seed: number): () => number {
  let state = (seed * 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
