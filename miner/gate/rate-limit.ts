/** A token bucket for each key, in bounded memory. */
export interface RateLimiter {
  /** Takes one token: 0 when there was one, otherwise milliseconds until there will be. */
  take(key: string, nowMs: number): number;
  /** As `take`, without taking. */
  peek(key: string, nowMs: number): number;
}

export interface RateLimit {
  readonly ratePerSecond: number;
  readonly burst: number;
  /** Keys that are remembered; past this, those with the fullest buckets are forgotten. */
  readonly maxKeys: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export function createRateLimiter({ ratePerSecond, burst, maxKeys }: RateLimit): RateLimiter {
  const buckets = new Map<string, Bucket>();
  const fill = (bucket: Bucket, nowMs: number): void => {
    const passedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (passedMs / 1000) * ratePerSecond);
    bucket.atMs = nowMs;
  };
  const missing = (bucket: Bucket): number =>
    bucket.tokens >= 1 ? 0 : Math.ceil(((1 - bucket.tokens) / ratePerSecond) * 1000);
  const forget = (nowMs: number): void => {
    for (const [key, bucket] of buckets) {
      fill(bucket, nowMs);
      if (bucket.tokens >= burst) buckets.delete(key);
    }
    // All in use: the longest unused gives way, so that memory stays bounded under a flood of keys.
    for (const key of buckets.keys()) {
      if (buckets.size < maxKeys) return;
      buckets.delete(key);
    }
  };
  return {
    peek: (key, nowMs) => {
      const bucket = buckets.get(key);
      if (bucket === undefined) return 0;
      fill(bucket, nowMs);
      return missing(bucket);
    },
    take: (key, nowMs) => {
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        if (buckets.size >= maxKeys) forget(nowMs);
        bucket = { tokens: burst, atMs: nowMs };
        buckets.set(key, bucket);
      }
      fill(bucket, nowMs);
      const waitMs = missing(bucket);
      if (waitMs === 0) bucket.tokens -= 1;
      return waitMs;
    },
  };
}
