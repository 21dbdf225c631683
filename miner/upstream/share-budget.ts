export interface ShareBudgetOptions {
  /** Extra requests for each request, on average. */
  readonly share: number;
  /** Earned by time alone, so that few requests can be helped too. */
  readonly perSecond: number;
  /** The most that is kept. */
  readonly burst: number;
  /** What there is at the start. */
  readonly initial: number;
}

/**
 * Bounds the extra load that retries or hedges put on upstreams: never more than
 * `initial + share × requests + perSecond × seconds`, however badly things go.
 */
export class ShareBudget {
  readonly #options: ShareBudgetOptions;
  #tokens: number;
  #atMs: number | null = null;

  constructor(options: ShareBudgetOptions) {
    this.#options = options;
    this.#tokens = Math.min(options.initial, options.burst);
  }

  /** A request came in. */
  earn(nowMs: number): void {
    this.#add(this.#options.share + this.#earnedByTime(nowMs));
  }

  /** True when one more is allowed, which is then spent. */
  take(nowMs: number): boolean {
    this.#add(this.#earnedByTime(nowMs));
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #earnedByTime(nowMs: number): number {
    const passedMs = nowMs - (this.#atMs ?? nowMs);
    this.#atMs = nowMs;
    return (passedMs / 1000) * this.#options.perSecond;
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(this.#options.burst, this.#tokens + tokens);
  }
}
