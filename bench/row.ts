/** One measured figure. `ratio` is ours over the peer's, in the sense in which larger is better. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The peer's figure from the same run; null where there is none. */
  readonly peer: number | null;
  readonly ratio: number | null;
  /** What the ratio (or, without a peer, the value) should reach; null where none is set. */
  readonly goal: number | null;
  readonly ok: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
