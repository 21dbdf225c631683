import type { Logger } from '../../common/telemetry-port.ts';

/**
 * Tells the log what is refused, without letting those who are refused fill it: the first of each
 * reason at once, then one line with the count for each stretch of time that has more.
 */
export interface RefusalLog {
  note(status: number, reason: string, nowMs: number): void;
}

interface Tally {
  count: number;
  toldMs: number;
}

const tellEveryMs = 60_000;
/** Reasons are words from a small fixed set; this holds even if one should come from elsewhere. */
const maxReasons = 100;

export function createRefusalLog(log: Logger): RefusalLog {
  const tallies = new Map<string, Tally>();
  return {
    note: (status, reason, nowMs) => {
      if (status < 400) return;
      const key = `${status} ${reason}`;
      const tally = tallies.get(key);
      if (tally === undefined && tallies.size >= maxReasons) return;
      const counted = { count: (tally?.count ?? 0) + 1, toldMs: tally?.toldMs ?? -Infinity };
      tallies.set(key, counted);
      if (nowMs - counted.toldMs < tellEveryMs) return;
      tell(log, status, { status, reason, requests: counted.count });
      tallies.set(key, { count: 0, toldMs: nowMs });
    },
  };
}

function tell(log: Logger, status: number, fields: Readonly<Record<string, unknown>>): void {
  if (status >= 500) log.warn('requests were not answered', fields);
  else log.info('requests were refused', fields);
}
