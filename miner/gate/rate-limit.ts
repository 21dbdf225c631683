import { createOldestFirst } from '../../common/oldest-first.ts';

/** A token bucket for each key, in bounded memory. */
export interface RateLimiter {
  /**
   * Takes `cost` tokens (one, when it is left out): 0 when they were there, otherwise milliseconds
   * until they will be. What costs more than a whole bucket waits for a full one, and the bucket is
   * in debt afterwards.
   */
  take(key: string, nowMs: number, cost?: number): number;
  /** As `take`, without taking. */
  peek(key: string, nowMs: number, cost?: number): number;
  /**
   * Takes one token although there may be none: for what was done already. Many that were let in at
   * the same moment are paid for afterwards.
   */
  charge(key: string, nowMs: number): void;
  /** Keys that are remembered. */
  readonly size: number;
}

export interface RateLimit {
  readonly ratePerSecond: number;
  readonly burst: number;
  /** Keys that are remembered; past this, the one that was longest not used is forgotten. */
  readonly maxKeys: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** How many times a full bucket somebody can owe. */
const mostDebt = 10;

/** Against the rounding of binary fractions: who waited as long as was said must be let in. */
const epsilon = 1e-6;

export function createRateLimiter({ ratePerSecond, burst, maxKeys }: RateLimit): RateLimiter {
  /** In the order of use, the longest unused first. */
  const buckets = createOldestFirst<string, Bucket>();
  const fill = (bucket: Bucket, nowMs: number): void => {
    const passedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (passedMs / 1000) * ratePerSecond);
    bucket.atMs = nowMs;
  };
  const missingMs = ({ tokens }: Bucket, cost: number): number => {
    const lacking = Math.min(cost, burst) - tokens;
    return lacking <= epsilon ? 0 : Math.ceil((lacking / ratePerSecond) * 1000);
  };
  const touch = (key: string, nowMs: number): Bucket => {
    const bucket = buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    buckets.delete(key);
    if (buckets.size >= maxKeys) buckets.takeOldest();
    buckets.set(key, bucket);
    return bucket;
  };
  return {
    peek: (key, nowMs, cost = 1) => {
      const bucket = buckets.get(key);
      if (bucket === undefined) return 0;
      fill(bucket, nowMs);
      return missingMs(bucket, cost);
    },
    take: (key, nowMs, cost = 1) => {
      const bucket = touch(key, nowMs);
      fill(bucket, nowMs);
      const waitMs = missingMs(bucket, cost);
      if (waitMs === 0) bucket.tokens -= cost;
      return waitMs;
    },
    charge: (key, nowMs) => {
      const bucket = touch(key, nowMs);
      fill(bucket, nowMs);
      bucket.tokens = Math.max(-mostDebt * burst, bucket.tokens - 1);
    },
    get size() {
      return buckets.size;
    },
  };
}
