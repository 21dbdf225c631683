import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHistogram } from '../../../common/load/histogram.ts';

const durationMs = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 100, noNaN: true }),
  fc.double({ min: 0, max: 4_000_000, noNaN: true }),
);
const durations = fc.array(durationMs, { minLength: 1, maxLength: 400 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

function filled(values: readonly number[]) {
  const histogram = createHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** The smallest value that `share` of all do not exceed. */
function exactQuantile(values: readonly number[], wanted: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(wanted * sorted.length)) - 1] ?? NaN;
}

describe('the histogram of durations', () => {
  it('is never below the exact quantile, and at most 1/128 or 1 us above it', () => {
    fc.assert(
      fc.property(durations, share, (values, wanted) => {
        const exact = exactQuantile(values, wanted);
        const got = filled(values).quantileMs(wanted);
        expect(got).toBeGreaterThanOrEqual(exact);
        expect(got).toBeLessThanOrEqual(exact * (1 + 1 / 128) + 0.001 + 1e-9);
      }),
      { numRuns: 500 },
    );
  });

  it('knows the largest and the mean exactly', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const histogram = filled(values);
        const sum = values.reduce((total, value) => total + value, 0);
        expect(histogram.count).toBe(values.length);
        expect(histogram.maxMs).toBe(Math.max(...values));
        expect(histogram.quantileMs(1)).toBe(Math.max(...values));
        expect(histogram.meanMs).toBeCloseTo(sum / values.length, 3);
      }),
    );
  });

  it('has a curve that rises in both directions, to the largest value and to 1', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const curve = filled(values).curve();
        for (const [at, point] of curve.entries()) {
          const before = curve[at - 1] ?? { ms: -1, share: 0 };
          expect(point.ms).toBeGreaterThan(before.ms);
          expect(point.share).toBeGreaterThan(before.share);
        }
        expect(curve.at(-1)).toEqual({ ms: Math.max(...values), share: 1 });
      }),
    );
  });

  it('takes what no clock should give: negative, endless, more than an hour', () => {
    const histogram = filled([-5, 1e12]);
    expect(histogram.quantileMs(0.5)).toBe(0.001);
    expect(histogram.maxMs).toBe(1e12);
    expect(createHistogram().quantileMs(0.5)).toBeNaN();
  });
});
