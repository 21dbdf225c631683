/** One measured figure, beside a peer's where there is one. */
export interface BenchRow {
  readonly name: string;
  /** NaN where it could not be measured here; `note` says why. */
  readonly value: number;
  readonly unit: string;
  /** The peer's figure from the same run; null where there is none. */
  readonly peer: number | null;
  /** Ours over the peer's. */
  readonly ratio: number | null;
  /** What the ratio (or, without a peer, the value) should reach; null where none is set. */
  readonly goal: number | null;
  /** Where the goal is a ceiling. */
  readonly sense?: 'at-most';
  readonly ok: boolean;
  readonly note?: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
