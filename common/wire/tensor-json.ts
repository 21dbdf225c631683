import type { Converted } from './tensor-codec.ts';
import { isByteStrings, isFiniteTensor } from './tensor-codec.ts';
import type { Datatype, Tensor, TensorData } from '../tensor.ts';

/**
 * The JSON held an integer that a double cannot hold, where a 64-bit tensor wants it whole: read
 * the text again with `parseLossless`.
 */
export const needsLossless = 'needs-lossless';

/**
 * Values from the `data` of a JSON tensor: flat, or nested to any depth, in row-major order.
 * Numbers must fit the datatype; FP16 and BF16 have no JSON form.
 */
export function fromJson(
  datatype: Datatype,
  json: unknown,
  count: number,
): Converted<TensorData> | typeof needsLossless {
  if (!Array.isArray(json)) return { problem: 'has no "data" array' };
  const flat = isNested(json) ? flatten(json, count) : json;
  if (flat === null) return { problem: 'has an unevenly nested "data" array' };
  if (flat.length !== count) {
    const has = flat.length > count ? `more than ${count}` : flat.length;
    return { problem: `has ${has} values where its shape takes ${count}` };
  }
  return convert(datatype, flat);
}

/** As `fromJson`, of a flat array whose numbers were read already. They are copied. */
export function fromNumbers(
  datatype: Datatype,
  numbers: Float64Array,
  count: number,
): Converted<TensorData> | typeof needsLossless {
  const quick = numbers.length === count ? quickly(datatype, numbers) : null;
  return quick === null ? fromJson(datatype, Array.from(numbers), count) : { ok: quick };
}

/** Null where something is wrong, or not to be had as quickly. */
function quickly(datatype: Datatype, numbers: Float64Array): TensorData | null {
  switch (datatype) {
    case 'FP32':
      return finite(datatype, new Float32Array(numbers));
    case 'FP64':
      return finite(datatype, new Float64Array(numbers));
    case 'INT8':
      return whole(numbers, new Int8Array(numbers));
    case 'INT16':
      return whole(numbers, new Int16Array(numbers));
    case 'INT32':
      return whole(numbers, new Int32Array(numbers));
    case 'UINT8':
      return whole(numbers, new Uint8Array(numbers));
    case 'UINT16':
      return whole(numbers, new Uint16Array(numbers));
    case 'UINT32':
      return whole(numbers, new Uint32Array(numbers));
    case 'INT64':
    case 'UINT64':
    case 'BOOL':
    case 'BYTES':
    case 'FP16':
    case 'BF16':
      return null;
  }
}

function finite(datatype: Datatype, data: Float32Array | Float64Array): TensorData | null {
  return isFiniteTensor(datatype, data) ? data : null;
}

/** A store wraps what does not fit, and cuts fractions: reading it back tells. */
function whole(numbers: Float64Array, stored: IntArray): TensorData | null {
  for (let at = 0; at < numbers.length; at += 1) {
    if (stored[at] !== numbers[at]) return null;
  }
  return stored;
}

/**
 * JSON text of a tensor's values as one flat array, or why there is none: above `maxChars` it is not
 * written to its end.
 */
export function toJson(tensor: Tensor, maxChars = Infinity): Converted<string> {
  const { data, datatype } = tensor;
  if (isByteStrings(data)) return byteStringsToJson(data, maxChars);
  if (datatype === 'FP16' || datatype === 'BF16') return { problem: binaryOnly(datatype) };
  if (!isFiniteTensor(datatype, data)) {
    return { problem: 'holds NaN or infinity, which JSON cannot carry' };
  }
  const textOf =
    datatype === 'BOOL'
      ? (from: number, to: number) => Array.from<unknown>(data.slice(from, to)).map(Boolean).join()
      : (from: number, to: number) => data.subarray(from, to).join();
  return inStretches(data.length, textOf, maxChars);
}

/** Whole values of so many at a time are written before the length of it all is looked at. */
const stretchLength = 65_536;

const tooLongForJson = { problem: 'is too long as JSON', isTooLong: true } as const;

function inStretches(
  count: number,
  textOf: (from: number, to: number) => string,
  maxChars: number,
): Converted<string> {
  // A digit and a comma each, at least.
  if (2 * count > maxChars) return tooLongForJson;
  if (count <= stretchLength) return withinLength(`[${textOf(0, count)}]`, maxChars);
  const texts: string[] = [];
  let chars = 1;
  for (let from = 0; from < count && chars <= maxChars; from += stretchLength) {
    const text = textOf(from, from + stretchLength);
    texts.push(text);
    chars += text.length + 1;
  }
  return chars > maxChars ? tooLongForJson : { ok: `[${texts.join()}]` };
}

function withinLength(text: string, maxChars: number): Converted<string> {
  return text.length > maxChars ? tooLongForJson : { ok: text };
}

type Row = readonly unknown[];

function convert(datatype: Datatype, flat: Row): Converted<TensorData> | typeof needsLossless {
  switch (datatype) {
    case 'BOOL':
      return fillBools(flat);
    case 'BYTES':
      return fillStrings(flat);
    case 'FP16':
    case 'BF16':
      return { problem: binaryOnly(datatype) };
    case 'FP32':
      return fillFloats(datatype, flat, new Float32Array(flat.length));
    case 'FP64':
      return fillFloats(datatype, flat, new Float64Array(flat.length));
    case 'INT64':
      return fillBigs(datatype, flat, new BigInt64Array(flat.length));
    case 'UINT64':
      return fillBigs(datatype, flat, new BigUint64Array(flat.length));
    case 'INT8':
      return fillInts(datatype, flat, new Int8Array(flat.length));
    case 'INT16':
      return fillInts(datatype, flat, new Int16Array(flat.length));
    case 'INT32':
      return fillInts(datatype, flat, new Int32Array(flat.length));
    case 'UINT8':
      return fillInts(datatype, flat, new Uint8Array(flat.length));
    case 'UINT16':
      return fillInts(datatype, flat, new Uint16Array(flat.length));
    case 'UINT32':
      return fillInts(datatype, flat, new Uint32Array(flat.length));
  }
}

function binaryOnly(datatype: Datatype): string {
  return `is ${datatype}, which has no JSON form: use the binary tensor data extension`;
}

function isNested(row: Row): boolean {
  return Array.isArray(row[0]);
}

/** Null when some siblings are arrays and some are not. Stops soon after `count` values. */
function flatten(row: Row, count: number): Row | null {
  const flat: unknown[] = [];
  return collect(row, flat, count) ? flat : null;
}

function collect(row: Row, flat: unknown[], count: number): boolean {
  const nested = isNested(row);
  for (const item of row) {
    if (Array.isArray(item) !== nested) return false;
    if (flat.length > count) return true;
    if (!Array.isArray(item)) flat.push(item);
    else if (!collect(item, flat, count)) return false;
  }
  return true;
}

function badElement(datatype: Datatype, at: number): { problem: string } {
  return { problem: `has a value at ${at} that is no ${datatype}` };
}

function fillBools(flat: Row): Converted<Uint8Array> {
  const at = flat.findIndex((value) => typeof value !== 'boolean');
  return at === -1
    ? { ok: Uint8Array.from(flat, (value) => (value === true ? 1 : 0)) }
    : badElement('BOOL', at);
}

/** Above the range of the array's type a store gives infinity, as 1e999 does in `JSON.parse`. */
function fillFloats<T extends Float32Array | Float64Array>(
  datatype: Datatype,
  flat: Row,
  out: T,
): Converted<T> {
  for (let at = 0; at < out.length; at += 1) {
    const value = flat[at];
    if (typeof value === 'number') out[at] = value;
    else if (typeof value === 'bigint') out[at] = Number(value);
    else return badElement(datatype, at);
  }
  if (isFiniteTensor(datatype, out)) return { ok: out };
  return badElement(
    datatype,
    out.findIndex((value) => !Number.isFinite(value)),
  );
}

type IntArray = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;

/** A store wraps what does not fit, and cuts fractions: reading it back tells. */
function fillInts<T extends IntArray>(datatype: Datatype, flat: Row, out: T): Converted<T> {
  for (let at = 0; at < out.length; at += 1) {
    const value = flat[at];
    if (typeof value !== 'number') return badElement(datatype, at);
    out[at] = value;
    if (out[at] !== value) return badElement(datatype, at);
  }
  return { ok: out };
}

function fillBigs<T extends BigInt64Array | BigUint64Array>(
  datatype: Datatype,
  flat: Row,
  out: T,
): Converted<T> | typeof needsLossless {
  for (let at = 0; at < out.length; at += 1) {
    const value = flat[at];
    if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      return Number.isFinite(value) ? needsLossless : badElement(datatype, at);
    }
    if (!storeBig(out, at, value)) return badElement(datatype, at);
  }
  return { ok: out };
}

function storeBig(out: BigInt64Array | BigUint64Array, at: number, value: unknown): boolean {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return false;
  const big = BigInt(value as bigint | number);
  out[at] = big;
  return out[at] === big;
}

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function fillStrings(flat: Row): Converted<Uint8Array[]> {
  const at = flat.findIndex((value) => typeof value !== 'string' || hasLoneSurrogate(value));
  return at === -1
    ? { ok: flat.map((value) => encoder.encode(String(value))) }
    : badElement('BYTES', at);
}

/** True for text that has no UTF-8 form. */
export function hasLoneSurrogate(text: string): boolean {
  return /[\ud800-\udfff]/u.test(text);
}

function byteStringsToJson(strings: readonly Uint8Array[], maxChars: number): Converted<string> {
  let chars = 0;
  // Quotes and a comma each, and a character for three bytes of UTF-8 at least.
  for (const { length } of strings) chars += Math.ceil(length / 3) + 3;
  if (chars > maxChars) return tooLongForJson;
  try {
    const text = JSON.stringify(strings.map((string) => strictDecoder.decode(string)));
    return withinLength(text, maxChars);
  } catch {
    return { problem: 'holds bytes that are no UTF-8 text, which JSON cannot carry' };
  }
}
