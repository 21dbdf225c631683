import type { Datatype, Tensor, TensorData } from '../../common/tensor.ts';
import { elementCount } from '../../common/tensor.ts';

/**
 * Messages between the miner and its model process. A frame is 16 bytes of prefix (payload
 * length, kind, id, header length; u32 little endian each), then a JSON header and the tensors'
 * bytes, each part padded to 8 bytes so that typed arrays can look into the payload unmoved.
 */
export interface Frame {
  readonly kind: FrameKind;
  readonly id: number;
  readonly header: unknown;
  readonly tensors: readonly Tensor[];
}

export const frameKinds = ['load', 'loaded', 'run', 'outputs', 'failed'] as const;

export type FrameKind = (typeof frameKinds)[number];

interface TensorHead {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly bytes: number;
}

interface Head {
  readonly header: unknown;
  readonly tensors: readonly TensorHead[];
}

const prefixBytes = 16;
const alignment = 8;
/** A frame up to this size is put into one piece: a copy is cheaper than more pieces to write. */
const onePieceBytes = 16_384;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Its length stands in 32 bits. */
const maxPayloadBytes = 0xffff_ffff;
/** Of the values in a frame; the rest is room for its header and for what pads them. */
export const maxTensorsBytes = maxPayloadBytes - 1_048_576;

/**
 * The frame in parts: the bytes of larger tensors are passed on, not copied, and those that lie
 * behind each other in memory are one part. Write them in order, at once. Throws RangeError when it
 * is longer than a frame can be, before anything is copied.
 */
export function encodeFrame(frame: Frame): readonly Uint8Array[] {
  const lengths = frame.tensors.map(tensorLength);
  const head: Head = {
    header: frame.header,
    tensors: frame.tensors.map((tensor, at) => headOf(tensor, lengths[at] ?? 0)),
  };
  const headText = encoder.encode(JSON.stringify(head));
  const headBytes = prefixBytes + pad(headText.length);
  const payload = headBytes - prefixBytes + lengths.reduce((sum, length) => sum + pad(length), 0);
  if (payload > maxPayloadBytes) throw tooLongFrame(payload);
  const blobs = frame.tensors.map(tensorBytes);
  const isOnePiece = prefixBytes + payload <= onePieceBytes;
  const first = new Uint8Array(isOnePiece ? prefixBytes + payload : headBytes);
  writePrefix(first, frame, payload, headText.length);
  first.set(headText, prefixBytes);
  if (!isOnePiece) return [first, ...mergeNeighbours(blobs).flatMap(padded)];
  let at = headBytes;
  for (const blob of blobs) {
    first.set(blob, at);
    at += pad(blob.length);
  }
  return [first];
}

function tooLongFrame(payload: number): RangeError {
  return new RangeError(`tensors of ${payload} bytes at once: a frame holds ${maxPayloadBytes}`);
}

function headOf({ name, datatype, shape }: Tensor, bytes: number): TensorHead {
  return { name, datatype, shape, bytes };
}

function writePrefix(target: Uint8Array, frame: Frame, payload: number, head: number): void {
  const view = new DataView(target.buffer, target.byteOffset, prefixBytes);
  view.setUint32(0, payload, true);
  view.setUint32(4, frameKinds.indexOf(frame.kind), true);
  view.setUint32(8, frame.id, true);
  view.setUint32(12, head, true);
}

/** Blobs of one piece of memory whose padded ends are where the next begins. */
function mergeNeighbours(blobs: readonly Uint8Array[]): readonly Uint8Array[] {
  const merged: Uint8Array[] = [];
  for (const blob of blobs) {
    const last = merged.at(-1);
    const follows =
      last !== undefined &&
      last.buffer === blob.buffer &&
      last.byteOffset + pad(last.length) === blob.byteOffset;
    if (!follows) merged.push(blob);
    else {
      const length = blob.byteOffset + blob.length - last.byteOffset;
      merged[merged.length - 1] = new Uint8Array(last.buffer, last.byteOffset, length);
    }
  }
  return merged;
}

function padded(part: Uint8Array): readonly Uint8Array[] {
  const missing = pad(part.length) - part.length;
  return missing === 0 ? [part] : [part, new Uint8Array(missing)];
}

function pad(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}

/** The bytes of a tensor's values, without a copy save for byte strings. */
export function tensorBytes(tensor: Tensor): Uint8Array {
  const { data } = tensor;
  if (isByteStrings(data)) return joinByteStrings(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Bytes of the tensor in a frame, without making them. */
function tensorLength({ data }: Tensor): number {
  return isByteStrings(data)
    ? data.reduce((sum, { length }) => sum + 4 + length, 0)
    : data.byteLength;
}

/** Bytes of all values, without padding. */
export function tensorsLength(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, tensor) => sum + tensorLength(tensor), 0);
}

export function isByteStrings(data: TensorData): data is readonly Uint8Array[] {
  return Array.isArray(data);
}

function joinByteStrings(items: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(items.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const item of items) {
    view.setUint32(at, item.length, true);
    out.set(item, at + 4);
    at += 4 + item.length;
  }
  return out;
}

/** Cuts a byte stream into frames, which come out as soon as they are whole. */
export interface FrameReader {
  /** Takes bytes that were read; frames that lie in them whole look into them. */
  push(chunk: Uint8Array): readonly Frame[];
  /** Where the next bytes should be read to; then tell how many came. */
  place(): Uint8Array;
  filled(count: number): readonly Frame[];
}

const readAtOnceBytes = 65_536;

interface Assembly {
  readonly bytes: Uint8Array;
  filled: number;
}

export function createFrameReader(): FrameReader {
  /** A frame of which a part is there, its prefix at least. */
  let frame: Assembly | null = null;
  let prefix: Assembly = begin(prefixBytes);
  let target: Uint8Array = new Uint8Array(0);

  /** Of a chunk that begins with a new frame: how much of it was used. */
  const takeFrom = (chunk: Uint8Array, at: number, frames: Frame[]): number => {
    const left = chunk.length - at;
    if (frame === null && prefix.filled === 0 && left >= prefixBytes) {
      const size = frameSize(chunk, at);
      const isAligned = (chunk.byteOffset + at) % alignment === 0;
      if (isAligned && left >= size) {
        frames.push(decodeFrame(chunk.subarray(at, at + size)));
        return size;
      }
    }
    if (frame === null) return fillPrefix(chunk, at, frames);
    const taken = fill(frame, chunk, at);
    endFrame(frames);
    return taken;
  };
  const fillPrefix = (chunk: Uint8Array, at: number, frames: Frame[]): number => {
    const taken = fill(prefix, chunk, at);
    if (prefix.filled < prefixBytes) return taken;
    frame = begin(frameSize(prefix.bytes, 0));
    fill(frame, prefix.bytes, 0);
    prefix = begin(prefixBytes);
    endFrame(frames);
    return taken;
  };
  const endFrame = (frames: Frame[]): void => {
    if (frame === null || frame.filled < frame.bytes.length) return;
    frames.push(decodeFrame(frame.bytes));
    frame = null;
  };
  const push = (chunk: Uint8Array): readonly Frame[] => {
    const frames: Frame[] = [];
    for (let at = 0; at < chunk.length;) at += takeFrom(chunk, at, frames);
    return frames;
  };
  return {
    push,
    place: () => {
      const rest = frame?.bytes.subarray(frame.filled);
      target = rest === undefined || rest.length < readAtOnceBytes ? fresh() : rest;
      return target;
    },
    filled: (count) => {
      if (frame === null || target.buffer !== frame.bytes.buffer) {
        return push(target.subarray(0, count));
      }
      const frames: Frame[] = [];
      frame.filled += count;
      endFrame(frames);
      return frames;
    },
  };
}

/** Frames look into it for as long as they live: it is never used again. */
function fresh(): Uint8Array {
  return new Uint8Array(readAtOnceBytes);
}

function begin(length: number): Assembly {
  return { bytes: new Uint8Array(length), filled: 0 };
}

function fill(assembly: Assembly, chunk: Uint8Array, at: number): number {
  const count = Math.min(assembly.bytes.length - assembly.filled, chunk.length - at);
  assembly.bytes.set(chunk.subarray(at, at + count), assembly.filled);
  assembly.filled += count;
  return count;
}

/** Prefix and payload, by the prefix. Throws for what is none: no memory is set aside for that. */
function frameSize(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, prefixBytes);
  const payload = view.getUint32(0, true);
  const isPrefix =
    view.getUint32(4, true) < frameKinds.length && view.getUint32(12, true) <= payload;
  if (!isPrefix) throw new RangeError('bytes that begin no frame');
  return prefixBytes + payload;
}

function decodeFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, prefixBytes);
  const headLength = view.getUint32(12, true);
  const head: Head = JSON.parse(
    decoder.decode(bytes.subarray(prefixBytes, prefixBytes + headLength)),
  );
  let at = prefixBytes + pad(headLength);
  const tensors = head.tensors.map((tensor) => {
    const start = at;
    at += pad(tensor.bytes);
    return decodeTensor(tensor, bytes.subarray(start, start + tensor.bytes));
  });
  const kind = frameKinds[view.getUint32(4, true)] ?? 'failed';
  return { kind, id: view.getUint32(8, true), header: head.header, tensors };
}

function decodeTensor({ name, datatype, shape }: TensorHead, bytes: Uint8Array): Tensor {
  return { name, datatype, shape, data: dataOf(datatype, elementCount(shape), bytes) };
}

function dataOf(datatype: Datatype, count: number, bytes: Uint8Array): TensorData {
  if (datatype === 'BYTES') return splitByteStrings(count, bytes);
  const construct = arrayTypes[datatype];
  // A longer shape would look into what lies behind: other tensors, other frames.
  if (bytes.length !== count * construct.BYTES_PER_ELEMENT) throw misfit(datatype, count);
  return new construct(bytes.buffer, bytes.byteOffset, count);
}

interface TypedArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, at: number, length: number): TensorData;
}

/** The typed array of each datatype; BYTES has none. */
export const arrayTypes: Readonly<Record<Exclude<Datatype, 'BYTES'>, TypedArrayType>> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  BF16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

function splitByteStrings(count: number, bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: Uint8Array[] = [];
  for (let at = 0; items.length < count;) {
    const length = view.getUint32(at, true);
    if (at + 4 + length > bytes.length) throw misfit('BYTES', count);
    items.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return items;
}

function misfit(datatype: Datatype, count: number): RangeError {
  return new RangeError(`a tensor in a frame does not hold ${count} values of ${datatype}`);
}
