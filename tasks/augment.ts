import type { TaskConfig } from '../common/config/subnet-schema.ts';
import type { Prng } from './prng.ts';

export type Augmentation = TaskConfig['augmentation'];

/** Planes of height × width, row-major, values 0 to 1. */
export interface Picture {
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

interface Placement {
  readonly dy: number;
  readonly dx: number;
  readonly sin: number;
  readonly cos: number;
}

/**
 * Sine and cosine of up to 180 degrees: Taylor sums at a quarter of the angle, doubled twice, less
 * than 1e-10 off. Math.sin may differ in the last bit between engines; sums and products may not.
 */
export function sinCos(degrees: number): readonly [sin: number, cos: number] {
  const x = (degrees * 0.017453292519943295) / 4;
  const q = x * x;
  const sin = x * (1 - (q / 6) * (1 - (q / 20) * (1 - (q / 42) * (1 - (q / 72) * (1 - q / 110)))));
  const cos =
    1 - (q / 2) * (1 - (q / 12) * (1 - (q / 30) * (1 - (q / 56) * (1 - (q / 90) * (1 - q / 132)))));
  return doubled(doubled([sin, cos]));
}

function doubled([sin, cos]: readonly [number, number]): readonly [number, number] {
  return [2 * sin * cos, 1 - 2 * sin * sin];
}

function drawPlacement(prng: Prng, how: Augmentation): Placement {
  const dy = prng.between(-how.shiftPixels, how.shiftPixels);
  const dx = prng.between(-how.shiftPixels, how.shiftPixels);
  const [sin, cos] = sinCos(prng.between(-how.rotateDegrees, how.rotateDegrees));
  return { dy, dx, sin, cos };
}

/** Zero outside of the picture. */
function pixel(picture: Picture, plane: number, row: number, col: number): number {
  const { height, width, values } = picture;
  if (row < 0 || row >= height || col < 0 || col >= width) return 0;
  return values[(plane * height + row) * width + col] ?? 0;
}

function bilinear(picture: Picture, plane: number, y: number, x: number): number {
  const row = Math.floor(y);
  const col = Math.floor(x);
  const right = x - col;
  const down = y - row;
  const top =
    pixel(picture, plane, row, col) * (1 - right) + pixel(picture, plane, row, col + 1) * right;
  const bottom =
    pixel(picture, plane, row + 1, col) * (1 - right) +
    pixel(picture, plane, row + 1, col + 1) * right;
  return top * (1 - down) + bottom * down;
}

/** The value that the moved and turned picture has at (row, col). */
function moved(
  picture: Picture,
  place: Placement,
  plane: number,
  row: number,
  col: number,
): number {
  const midY = (picture.height - 1) / 2;
  const midX = (picture.width - 1) / 2;
  const y = row - midY - place.dy;
  const x = col - midX - place.dx;
  return bilinear(
    picture,
    plane,
    place.cos * y - place.sin * x + midY,
    place.sin * y + place.cos * x + midX,
  );
}

/**
 * Moves, turns, brightens and spoils a picture; all planes the same way, the noise apart.
 * Only +, -, *, / and whole numbers: the same stream gives the same bits in every engine.
 */
export function augment(prng: Prng, picture: Picture, how: Augmentation): Float32Array {
  const place = drawPlacement(prng, how);
  const gain = prng.between(1 - how.contrast, 1 + how.contrast);
  const out = new Float32Array(picture.values.length);
  let at = 0;
  for (let plane = 0; plane < picture.planes; plane += 1) {
    for (let row = 0; row < picture.height; row += 1) {
      for (let col = 0; col < picture.width; col += 1) {
        const value = moved(picture, place, plane, row, col) * gain + how.noiseSigma * prng.bell();
        out[at] = Math.min(1, Math.max(0, value));
        at += 1;
      }
    }
  }
  return out;
}
