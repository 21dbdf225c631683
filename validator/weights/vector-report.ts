import type { CommitPath, VectorRecord, VectorState } from './vector-state.ts';

/** A vector as it is shown: all but what is secret until its reveal, and the commit's bytes. */
export interface VectorReport {
  readonly vector: number;
  readonly mecid: number;
  readonly state: VectorState;
  readonly path: CommitPath;
  readonly round: number;
  readonly epoch: number | null;
  readonly builtBlock: number;
  /** Block in which it was set or committed. */
  readonly block: number | null;
  readonly attempts: number;
  readonly extrinsicHash: string | null;
  readonly commitHash: string | null;
  readonly revealRound: number | null;
  /** First block of the epoch of its reveal: as it came, or as it is expected. */
  readonly dueBlock: number | null;
  readonly revealedBlock: number | null;
  readonly effectiveBlock: number | null;
  readonly uids: readonly number[];
  readonly values: readonly number[];
  readonly reason: string | null;
}

export function vectorReport(record: VectorRecord): VectorReport {
  const { id, mecid, state, path, round, epoch, attempts, extrinsicHash, commit } = record;
  return {
    vector: id,
    mecid,
    state,
    path,
    round,
    epoch,
    builtBlock: record.builtAtBlock,
    block: record.includedAtBlock,
    attempts,
    extrinsicHash,
    commitHash: commit?.hash ?? null,
    revealRound: commit?.revealRound ?? null,
    dueBlock: record.dueAtBlock ?? commit?.revealBlock ?? null,
    revealedBlock: record.revealedAtBlock,
    effectiveBlock: record.effectiveAtBlock,
    uids: record.uids,
    values: record.values,
    reason: record.reason,
  };
}

/** The newest vector of each mechanism, by mecid; `records` come newest first. */
export function newestOfEach(records: readonly VectorRecord[]): readonly VectorRecord[] {
  const newest = new Map<number, VectorRecord>();
  for (const record of records) if (!newest.has(record.mecid)) newest.set(record.mecid, record);
  return [...newest.values()].sort((a, b) => a.mecid - b.mecid);
}
