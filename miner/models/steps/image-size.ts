import { imageFormat } from './image-pixels.ts';
import type { ImageFormat } from './image-pixels.ts';

/** Opening a file takes as long as decoding about so many pixels. */
export const openingPixels = 500_000;

/**
 * How many pixels decoding the file takes, by its head alone: the decoder goes by the same fields, so
 * a head that lies helps nobody. 0 for what is no picture; `most` where the head tells more, or does
 * not tell.
 */
export function picturePixels(file: Uint8Array, most: number): number {
  const format = imageFormat(file);
  if (format === null) return 0;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  return Math.min(pixelsIn[format](view) ?? most, most);
}

const pixelsIn: Readonly<Record<ImageFormat, (head: DataView) => number | null>> = {
  png: pngPixels,
  jpeg: jpegPixels,
  webp: webpPixels,
};

/** Its first chunk holds the size. */
function pngPixels(head: DataView): number | null {
  return head.byteLength < 24 ? null : head.getUint32(16) * head.getUint32(20);
}

const markerStart = 0xff;
/** Files in use have some dozens of segments; more than this is made to be searched for long. */
const maxSteps = 1024;

/** The size stands in the first frame header, after any number of other segments. */
function jpegPixels(head: DataView): number | null {
  let at = 2;
  for (let step = 0; step < maxSteps && at + 9 <= head.byteLength; step += 1) {
    const marker = head.getUint8(at + 1);
    // As decoders do: what is no marker, and what fills up before one, is stepped over.
    if (head.getUint8(at) !== markerStart || marker === markerStart) at += 1;
    else if (isFrame(marker)) return head.getUint16(at + 5) * head.getUint16(at + 7);
    else if (isEnd(marker)) return null;
    else at += 2 + (isBare(marker) ? 0 : head.getUint16(at + 2));
  }
  return null;
}

/** Start of frame in any coding; three numbers among them are tables and extensions. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** End of the image, or start of its data. */
function isEnd(marker: number): boolean {
  return marker === 0xd9 || marker === 0xda;
}

/** Without a length behind it. */
function isBare(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

/** By the first chunk: lossy, lossless, or extended with a canvas. */
function webpPixels(head: DataView): number | null {
  if (head.byteLength < 30) return null;
  switch (head.getUint32(12)) {
    case 0x56503820:
      return (head.getUint16(26, true) & 0x3fff) * (head.getUint16(28, true) & 0x3fff);
    case 0x5650384c: {
      const sizes = head.getUint32(21, true);
      return ((sizes & 0x3fff) + 1) * (((sizes >>> 14) & 0x3fff) + 1);
    }
    case 0x56503858:
      return (threeBytes(head, 24) + 1) * (threeBytes(head, 27) + 1);
    default:
      return null;
  }
}

function threeBytes(view: DataView, at: number): number {
  return view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;
}
