import type { Traffic } from './traffic.ts';

/** One slice of load, as plain data for the process that makes it. */
export interface LoadOrder {
  readonly port: number;
  /** Whose processor time is counted, with that of its children. */
  readonly pid: number;
  readonly traffic: Traffic;
  readonly concurrency: number;
  readonly seconds: number;
  /** No more than so many requests. */
  readonly atMost?: number;
  /**
   * `beforehand`: the load only sends. `shuffled`: and later ones may go first. `repeated`: one request over and over, for those that are
   * refused anyway. `as-sent`: where signatures would grow too old before their turn.
   */
  readonly signing: 'beforehand' | 'shuffled' | 'repeated' | 'as-sent';
  /** Ask for the server's health beside it, so many times a second. */
  readonly healthPerSecond?: number;
}

export interface LoadResult {
  readonly answers: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMsPerRequest: number;
  /** Answers by status; `dropped` where a connection ended without one. */
  readonly statuses: Readonly<Record<string, number>>;
  /** From when it was due to its answer; null when it was not asked for. */
  readonly healthP99Ms: number | null;
}

/** How many were not answered with 200. */
export function notAnswered(statuses: LoadResult['statuses']): number {
  const others = Object.entries(statuses).filter(([status]) => status !== '200');
  return others.reduce((total, [, count]) => total + count, 0);
}
