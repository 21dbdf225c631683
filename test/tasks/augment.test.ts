import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { augment, sinCos } from '../../tasks/augment.ts';
import type { Augmentation, Picture } from '../../tasks/augment.ts';
import { prng } from '../../tasks/prng.ts';
import type { Prng } from '../../tasks/prng.ts';
import vectors from '../vectors/digits-challenge.json' with { type: 'json' };

const nothing: Augmentation = { shiftPixels: 0, rotateDegrees: 0, contrast: 0, noiseSigma: 0 };
const ramp: Picture = {
  planes: 1,
  height: 3,
  width: 3,
  values: Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
};

/** A stream whose `between` gives the upper end, so that each change is the largest. */
const extreme: Prng = { u32: () => 0, below: () => 0, between: (_, high) => high, bell: () => 0 };

const rounded = (values: Float32Array): number[] =>
  [...values].map((x) => Math.round(x * 1e6) / 1e6);

describe('sinCos', () => {
  test.each(vectors.sinCos)(
    'gives the bits of the Python writing at %d degrees',
    (degrees, sin, cos) => {
      expect(sinCos(degrees ?? 0)).toEqual([sin, cos]);
    },
  );

  test('is the sine and the cosine', () => {
    for (let degrees = -180; degrees <= 180; degrees += 0.5) {
      const [sin, cos] = sinCos(degrees);
      expect(Math.abs(sin - Math.sin((degrees * Math.PI) / 180))).toBeLessThan(1e-10);
      expect(Math.abs(cos - Math.cos((degrees * Math.PI) / 180))).toBeLessThan(1e-10);
    }
  });
});

describe('augment', () => {
  test('with nothing to change gives the picture', () => {
    expect(augment(prng(new Uint8Array(1), 'x'), ramp, nothing)).toEqual(
      Float32Array.from(ramp.values),
    );
  });

  test('moves by whole pixels and fills with zero', () => {
    const moved = augment(extreme, ramp, { ...nothing, shiftPixels: 1 });
    expect(rounded(moved)).toEqual([0, 0, 0, 0, 0.1, 0.2, 0, 0.4, 0.5]);
  });

  test('moves by parts of a pixel between neighbours', () => {
    const row: Picture = { planes: 1, height: 1, width: 3, values: Float64Array.of(0, 1, 0) };
    const asked: number[] = [];
    const sideways: Prng = {
      ...extreme,
      // Down, right, turn, brightness: only the second is not at its middle.
      between: (low, high) => (asked.push(high) === 2 ? high : (low + high) / 2),
    };
    const moved = augment(sideways, row, { ...nothing, shiftPixels: 0.25 });
    expect(rounded(moved)).toEqual([0, 0.75, 0.25]);
  });

  test('turns by a right angle, clockwise', () => {
    const turned = augment(extreme, ramp, { ...nothing, rotateDegrees: 90 });
    expect(rounded(turned)).toEqual([0.7, 0.4, 0.1, 0.8, 0.5, 0.2, 0.9, 0.6, 0.3]);
  });

  test('keeps every value a number from 0 to 1, on every plane', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.record({
          shiftPixels: fc.double({ min: 0, max: 32, noNaN: true }),
          rotateDegrees: fc.double({ min: 0, max: 180, noNaN: true }),
          contrast: fc.double({ min: 0, max: 0.95, noNaN: true }),
          noiseSigma: fc.double({ min: 0, max: 10, noNaN: true }),
        }),
        fc.integer({ min: 1, max: 3 }),
        (seed, how, planes) => {
          const values = new Float64Array(planes * 6).fill(0.7);
          const out = augment(prng(seed, 'a'), { planes, height: 2, width: 3, values }, how);
          expect(out.length).toBe(values.length);
          expect(out.every((x) => x >= 0 && x <= 1)).toBe(true);
        },
      ),
    );
  });
});
