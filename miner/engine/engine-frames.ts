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
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The frame in parts: tensor bytes are passed on, not copied. Write them in order. */
export function encodeFrame(frame: Frame): readonly Uint8Array[] {
  const blobs = frame.tensors.map(tensorBytes);
  const head: Head = {
    header: frame.header,
    tensors: frame.tensors.map((t, i) => headOf(t, blobs[i]?.length ?? 0)),
  };
  const headText = encoder.encode(JSON.stringify(head));
  const parts = [headText, ...blobs].flatMap(padded);
  const payload = parts.reduce((sum, part) => sum + part.length, 0);
  return [prefixOf(frame, payload, headText.length), ...parts];
}

function headOf({ name, datatype, shape }: Tensor, bytes: number): TensorHead {
  return { name, datatype, shape, bytes };
}

function prefixOf(frame: Frame, payload: number, head: number): Uint8Array {
  const bytes = new Uint8Array(prefixBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload, true);
  view.setUint32(4, frameKinds.indexOf(frame.kind), true);
  view.setUint32(8, frame.id, true);
  view.setUint32(12, head, true);
  return bytes;
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

export function isByteStrings(data: TensorData): data is readonly Uint8Array[] {
  return Array.isArray(data);
}

function joinByteStrings(items: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(items.reduce((sum, item) => sum + 4 + item.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const item of items) {
    view.setUint32(at, item.length, true);
    out.set(item, at + 4);
    at += 4 + item.length;
  }
  return out;
}

/** Cuts a byte stream into frames. `push` returns those that the chunk completed. */
export function createFrameReader(): { push(chunk: Uint8Array): readonly Frame[] } {
  let prefix = new Uint8Array(prefixBytes);
  let payload: Uint8Array | null = null;
  let filled = 0;

  const take = (chunk: Uint8Array, from: number): number => {
    const target = payload ?? prefix;
    const count = Math.min(target.length - filled, chunk.length - from);
    target.set(chunk.subarray(from, from + count), filled);
    filled += count;
    return from + count;
  };
  const finish = (): Frame | null => {
    if (payload === null) {
      payload = new Uint8Array(new DataView(prefix.buffer).getUint32(0, true));
      filled = 0;
      if (payload.length > 0) return null;
    }
    const frame = decodeFrame(prefix, payload);
    prefix = new Uint8Array(prefixBytes);
    payload = null;
    filled = 0;
    return frame;
  };
  return {
    push: (chunk) => {
      const frames: Frame[] = [];
      for (let at = 0; at < chunk.length;) {
        at = take(chunk, at);
        const frame = filled === (payload ?? prefix).length ? finish() : null;
        if (frame !== null) frames.push(frame);
      }
      return frames;
    },
  };
}

function decodeFrame(prefix: Uint8Array, payload: Uint8Array): Frame {
  const view = new DataView(prefix.buffer);
  const headLength = view.getUint32(12, true);
  const head: Head = JSON.parse(decoder.decode(payload.subarray(0, headLength)));
  let at = pad(headLength);
  const tensors = head.tensors.map((tensor) => {
    const start = at;
    at += pad(tensor.bytes);
    return decodeTensor(tensor, payload.subarray(start, start + tensor.bytes));
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
    items.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return items;
}
