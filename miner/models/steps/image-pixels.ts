import { floatToHalf } from '../../../common/half.ts';
import type { DecodeImageStep } from '../../../common/model-manifest.ts';
import { elementCount } from '../../../common/tensor.ts';
import type { Tensor } from '../../../common/tensor.ts';

export type ImageFormat = DecodeImageStep['formats'][number];

/** Decoded rows of pixels, channels side by side, 8 bits each. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1 or 3. */
  readonly channels: number;
  readonly bytes: Uint8Array;
}

/** What a file is by its first bytes; null for what is none of these. */
export function imageFormat(bytes: Uint8Array): ImageFormat | null {
  if (startsWith(bytes, signatures.png)) return 'png';
  if (startsWith(bytes, signatures.jpeg)) return 'jpeg';
  const riff = startsWith(bytes, signatures.riff);
  return riff && startsWith(bytes.subarray(8), signatures.webp) ? 'webp' : null;
}

const signatures = {
  png: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  jpeg: [0xff, 0xd8, 0xff],
  riff: [0x52, 0x49, 0x46, 0x46],
  webp: [0x57, 0x45, 0x42, 0x50],
} as const;

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, at) => bytes[at] === byte);
}

/** A tensor of `items` pictures, to be filled one by one. */
export interface PictureTensor {
  readonly tensor: Tensor;
  put(item: number, pixels: Pixels): void;
}

export function createPictureTensor(
  step: DecodeImageStep,
  datatype: 'FP32' | 'FP16' | 'UINT8',
  items: number,
): PictureTensor {
  const { channels, height, width } = step;
  const inner = step.layout === 'nchw' ? [channels, height, width] : [height, width, channels];
  const size = elementCount(inner);
  const data = arrayOf(datatype, items * size);
  const table = valuesOf(step, datatype);
  return {
    tensor: { name: step.output, datatype, shape: [items, ...inner], data },
    put: (item, pixels) => fill(data.subarray(item * size, (item + 1) * size), pixels, step, table),
  };
}

type PixelArray = Float32Array | Uint16Array | Uint8Array;

function arrayOf(datatype: 'FP32' | 'FP16' | 'UINT8', length: number): PixelArray {
  if (datatype === 'FP32') return new Float32Array(length);
  return datatype === 'FP16' ? new Uint16Array(length) : new Uint8Array(length);
}

/** By channel, what each of the 256 values of a pixel becomes. */
function valuesOf(
  { channels, scale, mean, std }: DecodeImageStep,
  datatype: 'FP32' | 'FP16' | 'UINT8',
): readonly Float64Array[] {
  return Array.from({ length: channels }, (_, channel) => {
    const middle = mean[channel] ?? mean[0] ?? 0;
    const spread = std[channel] ?? std[0] ?? 1;
    return Float64Array.from({ length: 256 }, (__, pixel) => {
      if (datatype === 'UINT8') return pixel;
      const value = (pixel * scale - middle) / spread;
      return datatype === 'FP16' ? floatToHalf(value) : value;
    });
  });
}

/** One channel in stands for all that are asked for. */
function fill(
  out: PixelArray,
  { channels: given, bytes }: Pixels,
  { channels, layout, width, height }: DecodeImageStep,
  table: readonly Float64Array[],
): void {
  const count = width * height;
  const planar = layout === 'nchw';
  for (let channel = 0; channel < channels; channel += 1) {
    const values = table[channel] ?? new Float64Array(256);
    const source = given === 1 ? 0 : channel;
    const first = planar ? channel * count : channel;
    const stride = planar ? 1 : channels;
    for (let at = 0; at < count; at += 1) {
      out[first + at * stride] = values[bytes[at * given + source] ?? 0] ?? 0;
    }
  }
}
