/** How fast the model works off what waits, by what it did lately. */
export interface ServiceRate {
  /** A run of so much cost took so long. */
  record(cost: number, tookMs: number): void;
  /** Until so much cost is worked off by so many runs at a time. */
  waitMs(cost: number, atATime: number): number;
}

/** A run from ten runs ago still counts for a third. */
const memory = 0.9;
const unknownWaitMs = 1000;
const maxWaitMs = 60_000;

export function createServiceRate(): ServiceRate {
  let doneCost = 0;
  let doneMs = 0;
  return {
    record: (cost, tookMs) => {
      doneCost = doneCost * memory + cost;
      doneMs = doneMs * memory + tookMs;
    },
    waitMs: (cost, atATime) => {
      if (doneCost === 0) return unknownWaitMs;
      const waitMs = (cost * doneMs) / (doneCost * Math.max(1, atATime));
      return Math.min(maxWaitMs, Math.ceil(waitMs));
    },
  };
}
