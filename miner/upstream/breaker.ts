import { backoffMs } from '../../common/retry.ts';

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open the first time; doubles with each trial that fails. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

/**
 * Whether an upstream is asked.
 *
 *     closed --failures in a row--> open --time is over--> half-open: one trial
 *        ^                           ^                          |       |
 *        |                           +-------- it fails --------+       |
 *        +------------------------------- it succeeds ------------------+
 */
export type Breaker =
  | { readonly state: 'closed'; readonly failures: number }
  /** `trials`: those that failed since it was closed. */
  | { readonly state: 'open'; readonly untilMs: number; readonly trials: number }
  | { readonly state: 'half-open'; readonly trial: boolean; readonly trials: number };

/** `none`: the try tells nothing of the upstream; it was cancelled, or its input was to blame. */
export type Verdict = 'success' | 'failure' | 'none';

export const closedBreaker: Breaker = { state: 'closed', failures: 0 };

export function admits(breaker: Breaker, nowMs: number): boolean {
  switch (breaker.state) {
    case 'closed':
      return true;
    case 'open':
      return nowMs >= breaker.untilMs;
    case 'half-open':
      return !breaker.trial;
  }
}

/** A try begins, which `admits` allowed. It is the trial when the breaker was not closed. */
export function afterBegin(breaker: Breaker): { breaker: Breaker; trial: boolean } {
  if (breaker.state === 'closed') return { breaker, trial: false };
  const { trials } = breaker;
  return { breaker: { state: 'half-open', trial: true, trials }, trial: true };
}

/**
 * A try ended. Once the breaker has opened only the trial decides: what was begun before it opened
 * says nothing of now.
 */
export function afterEnd(
  breaker: Breaker,
  verdict: Verdict,
  trial: boolean,
  nowMs: number,
  options: BreakerOptions,
): Breaker {
  if (breaker.state === 'closed') return afterClosed(breaker.failures, verdict, nowMs, options);
  if (!trial || breaker.state === 'open') return breaker;
  const { trials } = breaker;
  if (verdict === 'success') return closedBreaker;
  if (verdict === 'none') return { state: 'half-open', trial: false, trials };
  return opened(trials + 1, nowMs, options);
}

/** A health check found the upstream well again: the next request may try it. */
export function afterRecovery(breaker: Breaker, nowMs: number): Breaker {
  return breaker.state === 'open' ? { ...breaker, untilMs: nowMs } : breaker;
}

function afterClosed(
  before: number,
  verdict: Verdict,
  nowMs: number,
  options: BreakerOptions,
): Breaker {
  if (verdict === 'none') return { state: 'closed', failures: before };
  const failures = verdict === 'failure' ? before + 1 : 0;
  return failures < options.failures ? { state: 'closed', failures } : opened(0, nowMs, options);
}

function opened(trials: number, nowMs: number, { openMs, maxOpenMs }: BreakerOptions): Breaker {
  return { state: 'open', untilMs: nowMs + backoffMs(trials, openMs, maxOpenMs), trials };
}
