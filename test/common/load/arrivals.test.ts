import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivalKinds, arrivalsMs } from '../../../common/load/arrivals.ts';
import type { ArrivalOptions } from '../../../common/load/arrivals.ts';
import { seededUniform } from '../../../common/load/seeded.ts';

const options = fc.record({
  kind: fc.constantFrom(...arrivalKinds),
  ratePerSecond: fc.double({ min: 0.5, max: 5000, noNaN: true }),
  durationMs: fc.double({ min: 0, max: 2000, noNaN: true }),
  seed: fc.integer(),
});

function times(some: ArrivalOptions): readonly number[] {
  return [...arrivalsMs(some)];
}

describe('arrivals', () => {
  it('rise, lie within the time, and are the same again', () => {
    fc.assert(
      fc.property(options, (some) => {
        const all = times(some);
        expect(all.every((at) => at >= 0 && at < some.durationMs)).toBe(true);
        expect(all.every((at, index) => index === 0 || at >= (all[index - 1] ?? 0))).toBe(true);
        expect(times(some)).toEqual(all);
      }),
    );
  });

  it('are, when constant, as many as the rate says, evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4000 }), (ratePerSecond) => {
        const all = times({ kind: 'constant', ratePerSecond, durationMs: 1000, seed: 0 });
        expect(all).toHaveLength(ratePerSecond);
        expect(all.at(-1)).toBeCloseTo(((ratePerSecond - 1) * 1000) / ratePerSecond, 6);
      }),
    );
  });

  it('are, when Poisson, as many as the rate says give or take five deviations', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 50, max: 5000 }), (seed, ratePerSecond) => {
        const all = times({ kind: 'poisson', ratePerSecond, durationMs: 2000, seed });
        const expected = ratePerSecond * 2;
        expect(Math.abs(all.length - expected)).toBeLessThan(5 * Math.sqrt(expected) + 1);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('have, when Poisson, gaps as exponential as they should be: 1/e of them above the mean', () => {
    const all = times({ kind: 'poisson', ratePerSecond: 1000, durationMs: 60_000, seed: 5 });
    const gaps = all.map((at, index) => at - (all[index - 1] ?? 0));
    const above = gaps.filter((gap) => gap > 1).length / gaps.length;
    expect(above).toBeCloseTo(Math.exp(-1), 2);
  });
});

describe('seeded numbers', () => {
  it('lie from 0 to below 1, evenly, and differ by seed', () => {
    const uniform = seededUniform(42);
    const values = Array.from({ length: 20_000 }, uniform);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(seededUniform(42)()).toBe(values[0]);
    expect(seededUniform(43)()).not.toBe(values[0]);
  });
});
