import type { Tensor } from '../../common/tensor.ts';
import { isByteStrings } from '../engine/engine-frames.ts';

/**
 * How far an answer out of a shared run may be from the one that the request gets alone; both 0:
 * equal. Kernels sum in another order for other sizes, so most float models are not exact.
 */
export interface Tolerance {
  readonly absolute: number;
  /** Of the value alone. */
  readonly relative: number;
}

export const exact: Tolerance = { absolute: 0, relative: 0 };

/**
 * What rounding explains where nothing is stated, of the largest value: half floats, and devices
 * that take other kernels for other sizes, stay well below. What mixes rows does not.
 */
const roundingShare = 0.01;

/**
 * As `difference`, by the one number that a manifest states: of the value where that is above 1.
 * Where it states none, by what rounding explains.
 */
export function answerDifference(
  alone: readonly Tensor[],
  shared: readonly Tensor[],
  stated: number | undefined,
): string | null {
  if (stated !== undefined) {
    return difference(alone, shared, { absolute: stated, relative: stated });
  }
  if (alone.length !== shared.length) return difference(alone, shared, exact);
  for (const [at, one] of alone.entries()) {
    const tolerance = { absolute: roundingShare * largestOf(one), relative: 0 };
    const why = difference([one], shared.slice(at, at + 1), tolerance);
    if (why !== null) return why;
  }
  return null;
}

/** Of the finite numbers, without their signs; 0 where there is none. */
function largestOf(tensor: Tensor): number {
  const values = numbersOf(tensor);
  let largest = 0;
  for (let at = 0; at < values.length; at += 1) {
    const size = Math.abs(Number(values[at]));
    if (typeof values[at] === 'number' && Number.isFinite(size)) largest = Math.max(largest, size);
  }
  return largest;
}

/** The first thing by which they differ, in words, or null. */
export function difference(
  alone: readonly Tensor[],
  shared: readonly Tensor[],
  tolerance: Tolerance,
): string | null {
  if (alone.length !== shared.length) return `${shared.length} outputs instead of ${alone.length}`;
  for (const [at, one] of alone.entries()) {
    const other = shared[at];
    const why = other === undefined ? 'missing' : tensorDifference(one, other, tolerance);
    if (why !== null) return `${one.name}: ${why}`;
  }
  return null;
}

function tensorDifference(one: Tensor, other: Tensor, tolerance: Tolerance): string | null {
  const [wanted, got] = [describe(one), describe(other)];
  if (wanted !== got) return `${got} instead of ${wanted}`;
  const [a, b] = [numbersOf(one), numbersOf(other)];
  for (let at = 0; at < a.length; at += 1) {
    const why = valueDifference(a[at], b[at], tolerance);
    if (why !== null) return `${why} at ${at}`;
  }
  return null;
}

function describe({ name, datatype, shape }: Tensor): string {
  return `${name} ${datatype} [${shape.join(', ')}]`;
}

type Value = number | bigint | string | undefined;

function valueDifference(a: Value, b: Value, { absolute, relative }: Tolerance): string | null {
  if (Object.is(a, b)) return null;
  const close =
    typeof a === 'number' &&
    typeof b === 'number' &&
    Math.abs(a - b) <= absolute + relative * Math.abs(a);
  return close ? null : `${String(b)} instead of ${String(a)}`;
}

/** FP16 and BF16 as what they stand for; byte strings as text that is equal when they are. */
function numbersOf({ datatype, data }: Tensor): ArrayLike<number | bigint | string> {
  if (isByteStrings(data)) return data.map((item) => item.join(','));
  if (datatype === 'FP16') return Array.from(data as ArrayLike<number>, halfToNumber);
  if (datatype === 'BF16') return Array.from(data as ArrayLike<number>, brainToNumber);
  return data;
}

/** The number that 16 bits of IEEE binary16 stand for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function brainToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}
