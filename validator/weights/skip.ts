export type SkipReason =
  | 'none-earn'
  | 'vector-invalid'
  | 'not-registered'
  | 'no-mechanism'
  | 'no-commit-path'
  | 'no-epochs'
  | 'stake-below-threshold'
  | 'version-key'
  | 'rate-limit'
  | 'no-permit'
  | 'too-many-weights'
  | 'too-many-commits'
  | 'much-emptier'
  | 'pending-vector'
  | 'second-vector'
  | 'state-lost'
  | 'epoch-boundary'
  | 'not-due';

/** Why no vector is sent now. An explicit outcome, never an error. */
export interface Skip {
  readonly kind: 'skipped';
  readonly reason: SkipReason;
  readonly detail: string;
  /** From this block on it can work; absent when time alone does not help. */
  readonly clearsAtBlock?: number;
}

export function skip(reason: SkipReason, detail: string, clearsAtBlock?: number): Skip {
  const clears = clearsAtBlock === undefined ? {} : { clearsAtBlock };
  return { kind: 'skipped', reason, detail, ...clears };
}

export function isSkip(value: object): value is Skip {
  return 'kind' in value && value.kind === 'skipped';
}
