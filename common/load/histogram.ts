/**
 * Durations in bounded memory, however many there are: log-linear buckets, 128 to each power of two
 * of microseconds. What is read from it is never below the exact value and at most 1/128 (0.8 %) or
 * one microsecond above it.
 */
export interface Histogram {
  readonly count: number;
  /** Exact; 0 while it is empty. */
  readonly maxMs: number;
  readonly meanMs: number;
  /** Negative values count as 0. */
  record(ms: number): void;
  /** The smallest value that `share` of all do not exceed; NaN while it is empty. */
  quantileMs(share: number): number;
  /** For each bucket that is not empty: its upper end, and the share of all up to it. */
  curve(): readonly CurvePoint[];
}

export interface CurvePoint {
  readonly ms: number;
  readonly share: number;
}

const subBits = 7;
const perOctave = 2 ** subBits;
/** More than an hour: 2^32 microseconds. */
const bucketCount = perOctave + (32 - subBits) * perOctave;
const largestUs = 2 ** 32 - 1;

export function createHistogram(): Histogram {
  const buckets = new Float64Array(bucketCount);
  let count = 0;
  let maxMs = 0;
  let sumMs = 0;
  return {
    get count() {
      return count;
    },
    get maxMs() {
      return maxMs;
    },
    get meanMs() {
      return count === 0 ? NaN : sumMs / count;
    },
    record: (ms) => {
      const value = Math.max(0, ms);
      const at = bucketOf(value);
      buckets[at] = (buckets[at] ?? 0) + 1;
      count += 1;
      sumMs += value;
      maxMs = Math.max(maxMs, value);
    },
    quantileMs: (share) => {
      const rank = Math.max(1, Math.ceil(share * count));
      return count === 0 ? NaN : Math.min(maxMs, upperMs(bucketOfRank(buckets, rank)));
    },
    curve: () => curveOf(buckets, count, maxMs),
  };
}

function bucketOf(ms: number): number {
  const us = Math.min(largestUs, Math.floor(ms * 1000));
  if (us < perOctave) return us;
  const octave = 31 - Math.clz32(us) - subBits;
  return octave * perOctave + Math.floor(us / 2 ** octave);
}

/** The end of a bucket, which no value in it reaches. */
function upperMs(bucket: number): number {
  if (bucket < perOctave) return (bucket + 1) / 1000;
  const octave = Math.floor(bucket / perOctave) - 1;
  return ((bucket - octave * perOctave + 1) * 2 ** octave) / 1000;
}

function bucketOfRank(buckets: Float64Array, rank: number): number {
  let seen = 0;
  const at = buckets.findIndex((inside) => (seen += inside) >= rank);
  return at === -1 ? bucketCount - 1 : at;
}

function curveOf(buckets: Float64Array, count: number, maxMs: number): readonly CurvePoint[] {
  const points: CurvePoint[] = [];
  let seen = 0;
  buckets.forEach((inside, bucket) => {
    seen += inside;
    if (inside > 0) points.push({ ms: Math.min(maxMs, upperMs(bucket)), share: seen / count });
  });
  return points;
}
