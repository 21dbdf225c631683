/** What is known of an upstream when one is chosen. */
export interface Candidate {
  /** Well, not shut off by its breaker, and with room for one more request. */
  readonly usable: boolean;
  /** Requests that it has not answered yet. */
  readonly outstanding: number;
  /** It was asked for this very request before. */
  readonly tried: boolean;
}

/**
 * The index of the usable upstream with the least outstanding requests, one that was not tried if
 * there is any; -1 when none is usable. `turn` rotates the choice among equals.
 */
export function chooseUpstream(candidates: readonly Candidate[], turn: number): number {
  let best = -1;
  for (let step = 0; step < candidates.length; step += 1) {
    const at = (turn + step) % candidates.length;
    const one = candidates[at];
    if (one?.usable === true && isBetter(one, candidates[best])) best = at;
  }
  return best;
}

function isBetter(one: Candidate, best: Candidate | undefined): boolean {
  if (best === undefined) return true;
  if (one.tried !== best.tried) return best.tried;
  return one.outstanding < best.outstanding;
}
