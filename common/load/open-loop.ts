import type { Clock } from '../platform-port.ts';
import { createHistogram } from './histogram.ts';
import type { Histogram } from './histogram.ts';

export interface OpenLoopDeps<Request> {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /**
   * Resolves at that moment of the monotonic clock or as soon after it as can be, and not before
   * answers that wait were taken in. Resolves at once when the run is stopped.
   */
  readonly waitUntil: (atMs: number) => Promise<void>;
  /** Makes the next request ready to go, so that its making is not counted as the peer's time. */
  readonly prepare: () => Request;
  /** Resolves with the answer, whatever it is; never rejects. Called at most `maxInFlight` deep. */
  readonly send: (request: Request, arrival: Arrival) => Promise<void>;
}

export interface Arrival {
  /** When it was meant to be sent, on the monotonic clock: what latency is counted from. */
  readonly dueMs: number;
  /** False in the warm-up. */
  readonly counts: boolean;
  /** When the time that is measured is over; what is answered later is no throughput of it. */
  readonly endMs: number;
}

export interface OpenLoopOptions {
  /** More than so many requests are never under way. */
  readonly maxInFlight: number;
  /** Arrivals before this, from the start, only warm up. */
  readonly warmUpMs: number;
  /** Arrivals lie below this. */
  readonly durationMs: number;
  readonly signal: AbortSignal;
}

/** Warm-up left out. */
export interface OpenLoopReport {
  /** Arrivals that came due. */
  readonly due: number;
  readonly sent: number;
  /** Not sent, because `maxInFlight` were under way. */
  readonly shedFull: number;
  /** Not sent, because the sender itself was behind, even a second after the time was over. */
  readonly shedLate: number;
  /** How long after their time requests were sent: what the sender itself adds to latencies. */
  readonly lateness: Histogram;
  readonly mostInFlight: number;
  /** How long was measured: what was asked for, or until it was stopped. */
  readonly measuredMs: number;
}

/** Requests are made ready at most so long ahead: their signatures grow old. */
const aheadMs = 1000;
/** A sender that is behind may go on for so long after its time. */
const graceMs = 1000;
/** Time to get going, so that the first arrivals are not late. */
const leadMs = 20;

/**
 * Sends requests at the times that were set beforehand, whatever the answers do: an open loop. A
 * peer that stalls meets all the requests that its callers would have sent meanwhile, and each
 * counts with the time since it was due. Resolves when the last answer is in.
 */
export async function openLoop<Request>(
  deps: OpenLoopDeps<Request>,
  arrivals: Iterable<number>,
  options: OpenLoopOptions,
): Promise<OpenLoopReport> {
  const { clock, waitUntil, send } = deps;
  const { maxInFlight, warmUpMs, durationMs, signal } = options;
  const ready = readyAhead(deps);
  const underWay = new Set<Promise<void>>();
  const lateness = createHistogram();
  const counted = { due: 0, sent: 0, shedFull: 0, shedLate: 0, mostInFlight: 0 };
  const startMs = clock.monotonicMs() + leadMs;
  const endMs = startMs + durationMs;

  const launch = (arrival: Arrival): void => {
    if (arrival.counts) {
      counted.sent += 1;
      lateness.record(clock.monotonicMs() - arrival.dueMs);
    }
    const answered = send(ready.take(), arrival).finally(() => underWay.delete(answered));
    underWay.add(answered);
    if (arrival.counts) counted.mostInFlight = Math.max(counted.mostInFlight, underWay.size);
  };
  for (const offsetMs of arrivals) {
    const arrival = { dueMs: startMs + offsetMs, counts: offsetMs >= warmUpMs, endMs };
    ready.fill(arrival.dueMs);
    await waitUntil(arrival.dueMs);
    if (signal.aborted) break;
    const units = arrival.counts ? 1 : 0;
    counted.due += units;
    if (clock.monotonicMs() > endMs + graceMs) counted.shedLate += units;
    else if (underWay.size >= maxInFlight) counted.shedFull += units;
    else launch(arrival);
  }
  const stoppedMs = signal.aborted ? Math.min(clock.monotonicMs(), endMs) : endMs;
  await Promise.all(underWay);
  const measuredMs = Math.max(0, stoppedMs - startMs - warmUpMs);
  return { ...counted, lateness, measuredMs };
}

interface Ready<Request> {
  /** Makes one ready for an arrival soon to come. */
  fill(dueMs: number): void;
  take(): Request;
}

function readyAhead<Request>({ clock, prepare }: OpenLoopDeps<Request>): Ready<Request> {
  let kept: { readonly request: Request; readonly madeMs: number } | null = null;
  return {
    fill: (dueMs) => {
      const nowMs = clock.monotonicMs();
      // One that was not sent, for want of room, is good for the next as long as it is young.
      if (kept !== null && nowMs - kept.madeMs < aheadMs) return;
      kept = dueMs - nowMs <= aheadMs ? { request: prepare(), madeMs: nowMs } : null;
    },
    take: () => {
      const request = kept === null ? prepare() : kept.request;
      kept = null;
      return request;
    },
  };
}
