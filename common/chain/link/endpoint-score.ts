import type { EndpointState } from '../../chain-port.ts';
import { backoffMs } from '../../retry.ts';

/** What is known of one endpoint, from every answer and failure so far. */
export interface EndpointRecord extends Omit<EndpointState, 'score'> {
  /** Moving average of answers (1) and failures (0). */
  readonly reliability: number;
  readonly failuresInRow: number;
  /** Monotonic: not tried again before. */
  readonly notBeforeMs: number;
}

const weightOfNewest = 0.3;
const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** An endpoint that answers in this time loses half of what latency counts for. */
const halfLatencyMs = 1000;

export function newRecord(url: string): EndpointRecord {
  return {
    url,
    state: 'untried',
    latencyMs: null,
    headBlock: null,
    failures: 0,
    problem: null,
    reliability: 1,
    failuresInRow: 0,
    notBeforeMs: 0,
  };
}

export function afterAnswer(record: EndpointRecord, latencyMs: number): EndpointRecord {
  const known = record.latencyMs ?? latencyMs;
  return {
    ...record,
    latencyMs: known + weightOfNewest * (latencyMs - known),
    reliability: record.reliability + weightOfNewest * (1 - record.reliability),
    failuresInRow: 0,
    notBeforeMs: 0,
  };
}

/** The pauses grow with each failure in a row, up to ten seconds. */
export function afterFailure(
  record: EndpointRecord,
  problem: string,
  nowMs: number,
): EndpointRecord {
  const pauseMs = backoffMs(record.failuresInRow, firstPauseMs, longestPauseMs);
  return {
    ...record,
    state: 'failed',
    problem,
    failures: record.failures + 1,
    failuresInRow: record.failuresInRow + 1,
    reliability: record.reliability * (1 - weightOfNewest),
    notBeforeMs: nowMs + pauseMs,
  };
}

/** 0..1: mostly how reliably it answers, then how quickly, then how fresh its head is. */
export function scoreOf(record: EndpointRecord, highestBlock: number): number {
  if (record.state === 'wrong-chain') return 0;
  const speed = halfLatencyMs / (halfLatencyMs + (record.latencyMs ?? halfLatencyMs));
  const behind = record.headBlock === null ? 0 : Math.max(0, highestBlock - record.headBlock);
  const freshness = 1 / (1 + Math.max(0, behind - 1));
  return record.reliability * (0.6 + 0.2 * speed + 0.2 * freshness);
}

/** How much worse an endpoint that stands earlier in the configuration may be, and be preferred. */
const orderCounts = 0.1;
/** How much better one that stands later must be. */
const changeCosts = 0.3;

/** Whether to move from one endpoint that works to another one that does. */
export function isBetter(
  other: { readonly score: number; readonly position: number },
  inUse: { readonly score: number; readonly position: number },
): boolean {
  const isEarlier = other.position < inUse.position;
  return other.score > inUse.score + (isEarlier ? -orderCounts : changeCosts);
}
