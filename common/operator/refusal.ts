import type { ErrorCode } from '../errors.ts';

/** What the chain would answer to a call if it were sent now, told before anything is signed. */
export interface Refusal {
  readonly code: ErrorCode;
  /** Name of the chain's own error, e.g. `NotEnoughBalanceToStake`. */
  readonly chainError: string;
  readonly detail: string;
  /** From this block on it can work; absent when time alone does not help. */
  readonly clearsAtBlock?: number;
}

export function refusal(
  code: ErrorCode,
  chainError: string,
  detail: string,
  clearsAtBlock?: number,
): Refusal {
  const clears = clearsAtBlock === undefined ? {} : { clearsAtBlock };
  return { code, chainError, detail, ...clears };
}

/** Keeps what is a refusal, in the order given: that of the chain's own checks. */
export function refusals(...checks: readonly (Refusal | null)[]): readonly Refusal[] {
  return checks.filter((one) => one !== null);
}
