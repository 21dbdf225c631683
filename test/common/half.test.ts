import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatToHalf, floatsToHalves, halfToFloat, halvesToFloats } from '../../common/half.ts';

const all = Uint16Array.from({ length: 65_536 }, (_, half) => half);
const isNaNHalf = (half: number): boolean => (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0;

describe('sixteen-bit floats', () => {
  it('are known values', () => {
    const known = [
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65_504],
      [0x0001, 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3555, 0.333251953125],
      [0x7c00, Infinity],
    ] as const;
    for (const [half, value] of known) {
      expect(halfToFloat(half)).toBe(value);
      expect(floatToHalf(value)).toBe(half);
    }
    expect(halfToFloat(0x7e00)).toBeNaN();
    expect(Object.is(halfToFloat(0x8000), -0)).toBe(true);
  });

  it('come back from floats as they were, all of them', () => {
    const back = floatsToHalves(halvesToFloats(all));
    const wrong = [...all].filter((half) => !isNaNHalf(half) && back[half] !== half);
    expect(wrong).toEqual([]);
    expect([...all].filter((half) => isNaNHalf(half) && !isNaNHalf(back[half] ?? 0))).toEqual([]);
  });

  it('are the nearest ones, ties to even', () => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true, min: -65_504, max: 65_504 });
    fc.assert(
      fc.property(value, (number) => {
        const half = floatToHalf(number);
        const own = Math.abs(halfToFloat(half) - number);
        for (const other of [half - 1, half + 1]) {
          const beside = halfToFloat(other & 0xffff);
          if (!Number.isFinite(beside)) continue;
          const distance = Math.abs(beside - number);
          expect(own).toBeLessThanOrEqual(distance);
          if (own === distance && own > 0) expect(half & 1).toBe(0);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
