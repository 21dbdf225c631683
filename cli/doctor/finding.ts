export type FindingStatus = 'pass' | 'warn' | 'fail' | 'skip';

/** One thing that the doctor looked at. */
export interface Finding {
  /** Stable, for scripts: `wallet.hotkey`, `chain.endpoint`. */
  readonly id: string;
  readonly status: FindingStatus;
  /** What was seen, with figures. */
  readonly detail: string;
  /** What to do; null when nothing has to be done. */
  readonly fix: string | null;
}

export function pass(id: string, detail: string): Finding {
  return { id, status: 'pass', detail, fix: null };
}

export function warn(id: string, detail: string, fix: string): Finding {
  return { id, status: 'warn', detail, fix };
}

export function fail(id: string, detail: string, fix: string): Finding {
  return { id, status: 'fail', detail, fix };
}

/** Not looked at, and why. */
export function skipped(id: string, why: string): Finding {
  return { id, status: 'skip', detail: why, fix: null };
}
