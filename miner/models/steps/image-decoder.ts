import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { messageOf } from '../../../common/errors.ts';
import type { DecodeImageStep } from '../../../common/model-manifest.ts';
import { imageFormat } from './image-pixels.ts';
import type { Pixels } from './image-pixels.ts';

/** The picture, or what is wrong with the file. */
export type DecodedImage =
  | { readonly kind: 'pixels'; readonly pixels: Pixels }
  | { readonly kind: 'invalid'; readonly detail: string };

const decodeSeconds = 10;

// Each picture is small work: threads of libvips for one of them would only stand in each other's way.
sharp.concurrency(1);
sharp.cache(false);
// Strangers' files reach three loaders; the others (vector graphics, documents) are not there.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadPng', 'VipsForeignLoadJpeg', 'VipsForeignLoadWebp'],
});

/**
 * Decodes one file in threads of its own; never rejects. Its size is known from its head before a
 * pixel is decoded.
 */
export async function decodeImage(file: Uint8Array, step: DecodeImageStep): Promise<DecodedImage> {
  const before = headProblem(file, step);
  if (before !== null) return invalid(before);
  try {
    const { autoOrient: size } = await sharp(file, { limitInputPixels: false }).metadata();
    const wrong = sizeProblem(size.width, size.height, step);
    return wrong === null ? { kind: 'pixels', pixels: await pixelsOf(file, step) } : invalid(wrong);
  } catch (error) {
    return invalid(`cannot be decoded: ${reasonOf(error)}`);
  }
}

function invalid(detail: string): DecodedImage {
  return { kind: 'invalid', detail };
}

function headProblem(file: Uint8Array, { formats, maxBytes }: DecodeImageStep): string | null {
  if (file.length > maxBytes) return `has ${file.length} bytes; at most ${maxBytes}`;
  const format = imageFormat(file);
  if (format !== null && formats.includes(format)) return null;
  return `is no ${formats.join(', ')} file`;
}

function sizeProblem(
  width: number,
  height: number,
  { resize, width: wide, height: high, maxPixels }: DecodeImageStep,
): string | null {
  if (width * height > maxPixels) {
    return `has ${width} x ${height} pixels; at most ${maxPixels} in all`;
  }
  const fits = resize !== 'none' || (width === wide && height === high);
  return fits ? null : `has ${width} x ${height} pixels; ${wide} x ${high} are asked for`;
}

function open(file: Uint8Array, { maxPixels }: DecodeImageStep): Sharp {
  return sharp(file, {
    limitInputPixels: maxPixels,
    failOn: 'error',
    pages: 1,
    sequentialRead: true,
  });
}

async function pixelsOf(file: Uint8Array, step: DecodeImageStep): Promise<Pixels> {
  const upright = open(file, step).autoOrient().timeout({ seconds: decodeSeconds });
  const sized = cropped(resized(upright, step), step).removeAlpha();
  const coloured =
    step.channels === 1 ? sized.greyscale().toColourspace('b-w') : sized.toColourspace('srgb');
  const { data, info } = await coloured
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { width, height, channels, bytes: data };
}

function resized(image: Sharp, step: DecodeImageStep): Sharp {
  const { resize: fit, kernel } = step;
  if (fit === 'none') return image;
  const { width, height } = step.resizeTo ?? step;
  return image.resize(width, height, {
    fit,
    kernel,
    position: 'centre',
    background: { r: 0, g: 0, b: 0, alpha: 1 },
    fastShrinkOnLoad: false,
  });
}

function cropped(image: Sharp, { resizeTo, width, height }: DecodeImageStep): Sharp {
  if (resizeTo === undefined) return image;
  const left = Math.round((resizeTo.width - width) / 2);
  const top = Math.round((resizeTo.height - height) / 2);
  return image.extract({ left, top, width, height });
}

/** The first line, without what a path or a pointer could be. */
function reasonOf(error: unknown): string {
  const [line = ''] = messageOf(error).split('\n');
  return line.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 120);
}
