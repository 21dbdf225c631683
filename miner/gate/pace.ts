/** How quickly requests are answered, for telling callers truly when to come again. */
export interface Pace {
  /** A request was answered; `left` are still under way. */
  done(nowMs: number, left: number): void;
  /** Milliseconds until `ahead` requests are answered, at the pace of the last ones. */
  waitMs(ahead: number): number;
}

/** Of the newest interval in the average: about the last twenty count. */
const newestPart = 0.05;
const longestMs = 60_000;

export function createPace(): Pace {
  let averageMs = 0;
  /** When the last answer left others under way; the time after a last one is idleness. */
  let lastMs: number | null = null;
  return {
    done: (nowMs, left) => {
      if (lastMs !== null) averageMs += newestPart * (nowMs - lastMs - averageMs);
      lastMs = left > 0 ? nowMs : null;
    },
    waitMs: (ahead) => Math.min(longestMs, Math.ceil(averageMs * ahead)),
  };
}
