import type { Datatype, Tensor, TensorData } from '../../tensor.ts';
import { elementCount } from '../../tensor.ts';
import { fromWire, toWire } from '../tensor-codec.ts';
import type { Converted } from '../tensor-codec.ts';

/** Values and shape of an array, without a name. */
export type NumpyArray = Omit<Tensor, 'name'>;

/** numpy's name of a datatype; null for one that bt.Tensor does not know. */
export function numpyName(datatype: Datatype): string | null {
  return dtypes.find((one) => one.datatype === datatype)?.name ?? null;
}

/** The datatype of a dtype as bt.Tensor writes it, `torch.` before it or not. */
export function datatypeOfNumpy(name: string): Datatype | null {
  const bare = name.startsWith('torch.') ? name.slice('torch.'.length) : name;
  return dtypes.find((one) => one.name === bare)?.datatype ?? null;
}

/** The msgpack form that the Python package msgpack-numpy gives an array; null when it has none. */
export function packNumpy(tensor: NumpyArray): Uint8Array | null {
  const descr = dtypes.find((one) => one.datatype === tensor.datatype)?.descr;
  if (descr === undefined) return null;
  const data = toWire({ name: '', ...tensor });
  return joined([
    mapOfFive,
    binary(ascii('nd')),
    trueByte,
    binary(ascii('type')),
    Uint8Array.of(fixText + descr.length),
    ascii(descr),
    binary(ascii('kind')),
    binary(new Uint8Array()),
    binary(ascii('shape')),
    ...shapeWords(tensor.shape),
    binary(ascii('data')),
    binary(data),
  ]);
}

/**
 * Reads that form back; the order of its five keys does not matter. Elements must be little-endian
 * and of one of the dtypes that bt.Tensor knows. The values may be a view of `bytes`.
 */
export function unpackNumpy(bytes: Uint8Array, maxElements: number): Converted<NumpyArray> {
  try {
    return arrayOf(readMap({ bytes, at: 0 }), maxElements);
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message };
    throw error;
  }
}

interface Dtype {
  readonly datatype: Datatype;
  readonly name: string;
  readonly descr: string;
}

const dtypes: readonly Dtype[] = [
  { datatype: 'FP16', name: 'float16', descr: '<f2' },
  { datatype: 'FP32', name: 'float32', descr: '<f4' },
  { datatype: 'FP64', name: 'float64', descr: '<f8' },
  { datatype: 'UINT8', name: 'uint8', descr: '|u1' },
  { datatype: 'INT8', name: 'int8', descr: '|i1' },
  { datatype: 'INT16', name: 'int16', descr: '<i2' },
  { datatype: 'INT32', name: 'int32', descr: '<i4' },
  { datatype: 'INT64', name: 'int64', descr: '<i8' },
  { datatype: 'BOOL', name: 'bool', descr: '|b1' },
];

const mapOfFive = Uint8Array.of(0x85);
const trueByte = Uint8Array.of(0xc3);
const fixText = 0xa0;
const maxRank = 16;

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function binary(data: Uint8Array): Uint8Array {
  return joined([sized(data.length, 0xc4), data]);
}

/** A marker for one, two or four bytes of length, as msgpack numbers them one after the other. */
function sized(length: number, marker: number): Uint8Array {
  if (length <= 0xff) return Uint8Array.of(marker, length);
  if (length <= 0xffff) return Uint8Array.of(marker + 1, length >> 8, length & 0xff);
  const out = new Uint8Array(5);
  out[0] = marker + 2;
  new DataView(out.buffer).setUint32(1, length);
  return out;
}

function shapeWords(shape: readonly number[]): Uint8Array[] {
  const head = shape.length <= 15 ? 0x90 + shape.length : null;
  const start = head === null ? Uint8Array.of(0xdc, 0, shape.length) : Uint8Array.of(head);
  return [
    start,
    ...shape.map((length) => (length < 0x80 ? Uint8Array.of(length) : sized(length, 0xcc))),
  ];
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Ends the reading of a buffer that is not what it should be; never leaves this file. */
class Unreadable extends Error {}

type Word = boolean | number | Uint8Array | readonly number[];

function readMap(cursor: Cursor): ReadonlyMap<string, Word> {
  if (byte(cursor) !== mapOfFive[0]) throw new Unreadable('is no array of msgpack-numpy');
  const map = new Map<string, Word>();
  for (let member = 0; member < 5; member += 1) {
    const key = readWord(cursor);
    map.set(key instanceof Uint8Array ? text(key) : '', readWord(cursor));
  }
  if (cursor.at !== cursor.bytes.length) throw new Unreadable('has bytes behind its array');
  return map;
}

function byte(cursor: Cursor): number {
  const value = cursor.bytes[cursor.at];
  if (value === undefined) throw new Unreadable('is cut off');
  cursor.at += 1;
  return value;
}

function number(cursor: Cursor, width: number): number {
  let value = 0;
  for (let step = 0; step < width; step += 1) value = value * 256 + byte(cursor);
  return value;
}

function take(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length;
  if (end > cursor.bytes.length) throw new Unreadable('is cut off');
  const taken = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return taken;
}

/** Texts and byte strings alike come as bytes: which of the two it is differs between packers. */
function readWord(cursor: Cursor): Word {
  const marker = byte(cursor);
  if (marker < 0x80) return marker;
  if (marker >= 0x90 && marker <= 0x9f) return readShape(cursor, marker - 0x90);
  if (marker >= fixText && marker <= 0xbf) return take(cursor, marker - fixText);
  switch (marker) {
    case 0xc2:
    case 0xc3:
      return marker === 0xc3;
    case 0xc4:
    case 0xd9:
      return take(cursor, number(cursor, 1));
    case 0xc5:
    case 0xda:
      return take(cursor, number(cursor, 2));
    case 0xc6:
      return take(cursor, number(cursor, 4));
    case 0xcc:
    case 0xcd:
    case 0xce:
      return number(cursor, 1 << (marker - 0xcc));
    case 0xdc:
      return readShape(cursor, number(cursor, 2));
    default:
      throw new Unreadable('holds something that arrays do not hold');
  }
}

function readShape(cursor: Cursor, rank: number): number[] {
  if (rank > maxRank) throw new Unreadable(`has more than ${maxRank} axes`);
  return Array.from({ length: rank }, () => {
    const length = readWord(cursor);
    if (typeof length !== 'number') throw new Unreadable('has a shape that is not of numbers');
    return length;
  });
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 16));
}

function arrayOf(map: ReadonlyMap<string, Word>, maxElements: number): Converted<NumpyArray> {
  const [type, shape, data] = [map.get('type'), map.get('shape'), map.get('data')];
  const descr = type instanceof Uint8Array ? text(type) : '';
  const dtype = dtypes.find((one) => one.descr === descr);
  if (map.get('nd') !== true || dtype === undefined) {
    return { problem: 'is no plain little-endian array of a known dtype' };
  }
  if (!isShape(shape) || !(data instanceof Uint8Array)) return { problem: 'has no shape and data' };
  const count = elementCount(shape);
  if (count > maxElements) return { problem: `has more than ${maxElements} elements` };
  const values: Converted<TensorData> = fromWire(dtype.datatype, data, count);
  return 'problem' in values
    ? values
    : { ok: { datatype: dtype.datatype, shape, data: values.ok } };
}

function isShape(word: Word | undefined): word is readonly number[] {
  return Array.isArray(word);
}
