import type { Datatype, Tensor, TensorData } from '../tensor.ts';

/** Values of one tensor in JSON order, or why there are none. */
export type Converted<T> = { readonly ok: T } | NotConverted;

export interface NotConverted {
  readonly problem: string;
  /** It would be longer than it was allowed to become. */
  readonly isTooLong?: true;
}

type FixedData = Exclude<TensorData, readonly Uint8Array[]>;

interface Layout {
  readonly bytes: number;
  view(buffer: ArrayBufferLike, offset: number, length: number): FixedData;
  /** One more guard for datatypes whose bytes are not all valid values. */
  readonly float?: { readonly exponentMask: number };
}

const u16 = (buffer: ArrayBufferLike, at: number, n: number): FixedData =>
  new Uint16Array(buffer, at, n);
const u8 = (buffer: ArrayBufferLike, at: number, n: number): FixedData =>
  new Uint8Array(buffer, at, n);

const layouts: Readonly<Record<Exclude<Datatype, 'BYTES'>, Layout>> = {
  BOOL: { bytes: 1, view: u8 },
  UINT8: { bytes: 1, view: u8 },
  UINT16: { bytes: 2, view: u16 },
  UINT32: { bytes: 4, view: (buffer, at, n) => new Uint32Array(buffer, at, n) },
  UINT64: { bytes: 8, view: (buffer, at, n) => new BigUint64Array(buffer, at, n) },
  INT8: { bytes: 1, view: (buffer, at, n) => new Int8Array(buffer, at, n) },
  INT16: { bytes: 2, view: (buffer, at, n) => new Int16Array(buffer, at, n) },
  INT32: { bytes: 4, view: (buffer, at, n) => new Int32Array(buffer, at, n) },
  INT64: { bytes: 8, view: (buffer, at, n) => new BigInt64Array(buffer, at, n) },
  FP16: { bytes: 2, view: u16, float: { exponentMask: 0x7c00 } },
  BF16: { bytes: 2, view: u16, float: { exponentMask: 0x7f80 } },
  FP32: { bytes: 4, view: (buffer, at, n) => new Float32Array(buffer, at, n) },
  FP64: { bytes: 8, view: (buffer, at, n) => new Float64Array(buffer, at, n) },
};

const littleEndianMachine = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Bytes of one element on the wire; null for BYTES, whose elements differ in length. */
export function elementBytes(datatype: Datatype): number | null {
  return datatype === 'BYTES' ? null : layouts[datatype].bytes;
}

/**
 * Values of a binary tensor: little-endian, row-major; BYTES elements each behind a 4-byte length.
 * The values may be a view of `bytes`: hand in bytes that nobody writes to afterwards.
 */
export function fromWire(
  datatype: Datatype,
  bytes: Uint8Array,
  count: number,
): Converted<TensorData> {
  if (datatype === 'BYTES') return splitByteStrings(bytes, count);
  const layout = layouts[datatype];
  if (bytes.length !== count * layout.bytes) {
    return { problem: `has ${bytes.length} bytes where its shape takes ${count * layout.bytes}` };
  }
  const data = viewOf(layout, bytes, count);
  const isBool = datatype === 'BOOL' && bytes.some((byte) => byte > 1);
  return isBool ? { problem: 'has a BOOL byte other than 0 and 1' } : { ok: data };
}

/** The binary form of a tensor's values; a view of them where the machine allows it. */
export function toWire(tensor: Tensor): Uint8Array {
  const { data, datatype } = tensor;
  if (isByteStrings(data)) return joinByteStrings(data);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return littleEndianMachine ? bytes : reversedElements(bytes, elementBytes(datatype) ?? 1);
}

/**
 * What is wrong with a tensor that our own code hands over: its array type, its length, or a BOOL
 * that is neither 0 nor 1. Null when all is well.
 */
export function tensorProblem(tensor: Tensor, count: number): string | null {
  const { data, datatype } = tensor;
  if (data.length !== count) return `has ${data.length} values where its shape takes ${count}`;
  return holds(datatype, data) ? null : `holds the wrong kind of array for ${datatype}`;
}

/** False when a floating-point tensor holds a NaN or an infinity; true for all other datatypes. */
export function isFiniteTensor(datatype: Datatype, data: TensorData): boolean {
  if (data instanceof Float32Array || data instanceof Float64Array) return allFinite(data);
  if (datatype !== 'FP16' && datatype !== 'BF16') return true;
  const mask = layouts[datatype].float?.exponentMask ?? 0;
  return !(data instanceof Uint16Array) || data.every((bits) => (bits & mask) !== mask);
}

/** True when the array is of the type that `datatype` is held in. */
function holds(datatype: Datatype, data: TensorData): boolean {
  if (datatype === 'BYTES') return isByteStrings(data);
  if (isByteStrings(data)) return false;
  const like = layouts[datatype].view(new ArrayBuffer(0), 0, 0);
  return like.constructor === data.constructor;
}

export function isByteStrings(data: TensorData): data is readonly Uint8Array[] {
  return Array.isArray(data);
}

/**
 * Differences stay 0 until an infinity or NaN comes by: no branch per element. Each kind of array
 * has its own loop, by index: shared, or by iterator, the loop would make an object of each value.
 */
function allFinite(data: Float32Array | Float64Array): boolean {
  return data instanceof Float32Array ? allFinite32(data) : allFinite64(data);
}

function allFinite32(data: Float32Array): boolean {
  let zero = 0;
  for (let at = 0; at < data.length; at += 1) {
    const value = data[at] ?? 0;
    zero += value - value;
  }
  return zero === 0;
}

function allFinite64(data: Float64Array): boolean {
  let zero = 0;
  for (let at = 0; at < data.length; at += 1) {
    const value = data[at] ?? 0;
    zero += value - value;
  }
  return zero === 0;
}

function viewOf(layout: Layout, bytes: Uint8Array, count: number): FixedData {
  const aligned = bytes.byteOffset % layout.bytes === 0 && littleEndianMachine;
  if (aligned) return layout.view(bytes.buffer, bytes.byteOffset, count);
  // Not `bytes.slice()`: on Node's Buffer that is another view, not a copy.
  const own = littleEndianMachine ? new Uint8Array(bytes) : reversedElements(bytes, layout.bytes);
  return layout.view(own.buffer, 0, count);
}

/** A copy with the bytes of each element reversed: between big-endian machines and the wire. */
export function reversedElements(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes);
  for (let at = 0; at < out.length; at += width) out.subarray(at, at + width).reverse();
  return out;
}

const lengthBytes = 4;

function splitByteStrings(bytes: Uint8Array, count: number): Converted<Uint8Array[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: Uint8Array[] = [];
  let at = 0;
  while (at + lengthBytes <= bytes.length && strings.length < count) {
    const end = at + lengthBytes + view.getUint32(at, true);
    if (end > bytes.length) return { problem: `is cut off in element ${strings.length}` };
    strings.push(bytes.subarray(at + lengthBytes, end));
    at = end;
  }
  return strings.length === count && at === bytes.length
    ? { ok: strings }
    : { problem: `does not hold ${count} byte strings with their lengths` };
}

function joinByteStrings(strings: readonly Uint8Array[]): Uint8Array {
  const total = strings.reduce((sum, string) => sum + lengthBytes + string.length, 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const string of strings) {
    view.setUint32(at, string.length, true);
    bytes.set(string, at + lengthBytes);
    at += lengthBytes + string.length;
  }
  return bytes;
}
