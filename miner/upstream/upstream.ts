import type { Breaker, BreakerOptions, Verdict } from './breaker.ts';
import { admits, afterBegin, afterEnd, afterRecovery, closedBreaker } from './breaker.ts';
import type { UpstreamMetrics } from './upstream-metrics.ts';

/**
 * What the last health check found. `away`: it does not answer, or says that it is not ready.
 * `wrong-model`: it serves another model than the pinned one, and must not be asked.
 */
export type Standing =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'away' | 'wrong-model'; readonly why: string };

export interface UpstreamOptions {
  readonly breaker: BreakerOptions;
  /** Requests that may be outstanding. */
  readonly maxInFlight: number;
  /** Of one try. */
  readonly timeoutMs: number;
}

/** One server that requests are sent to, and what is known of it. */
export class Upstream {
  readonly url: string;
  /** Scheme, host and port: for logs and metrics. */
  readonly name: string;
  readonly #options: UpstreamOptions;
  readonly #metrics: UpstreamMetrics;
  #standing: Standing = { kind: 'unknown' };
  #breaker: Breaker = closedBreaker;
  #outstanding = 0;
  /** For how long, in all, it was asked in vain since it last said anything. */
  #silentMs = 0;
  #silentUntilMs = 0;
  #heardAtMs = -1;

  constructor(url: string, name: string, options: UpstreamOptions, metrics: UpstreamMetrics) {
    this.url = url;
    this.name = name;
    this.#options = options;
    this.#metrics = metrics;
    this.#tell();
  }

  get standing(): Standing {
    return this.#standing;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  /** Well, and its breaker lets a request through. */
  isWell(nowMs: number): boolean {
    return this.#standing.kind === 'ready' && admits(this.#breaker, nowMs);
  }

  hasRoom(): boolean {
    return this.#outstanding < this.#options.maxInFlight;
  }

  /** A try begins; tells whether it is the trial of an open breaker. */
  begin(): boolean {
    const { breaker, trial } = afterBegin(this.#breaker);
    this.#breaker = breaker;
    this.#outstanding += 1;
    this.#tell();
    return trial;
  }

  /** The try is over; `judge` follows, at once or later. */
  end(): void {
    this.#outstanding -= 1;
    this.#tell();
  }

  /** It said something to somebody, were it a refusal. */
  heard(nowMs: number): void {
    this.#silentMs = 0;
    this.#heardAtMs = nowMs;
  }

  /**
   * A try from then till now got no answer. True once it has answered nobody for as long as one try
   * may take: then it hangs, whatever it was asked.
   */
  unanswered(fromMs: number, nowMs: number): boolean {
    if (this.#heardAtMs >= fromMs) return false;
    this.#silentMs += nowMs - Math.max(fromMs, Math.min(this.#silentUntilMs, nowMs));
    this.#silentUntilMs = nowMs;
    return this.#silentMs >= this.#options.timeoutMs;
  }

  judge(verdict: Verdict, trial: boolean, nowMs: number): void {
    this.#breaker = afterEnd(this.#breaker, verdict, trial, nowMs, this.#options.breaker);
    this.#tell();
  }

  stand(standing: Standing, nowMs: number): void {
    const recovered = standing.kind === 'ready' && this.#standing.kind !== 'ready';
    if (recovered) this.#breaker = afterRecovery(this.#breaker, nowMs);
    this.#standing = standing;
    this.#tell();
  }

  #tell(): void {
    const label = { upstream: this.name };
    this.#metrics.outstanding.set(this.#outstanding, label);
    this.#metrics.usable.set(this.#standing.kind === 'ready' ? 1 : 0, label);
    this.#metrics.breakerOpen.set(this.#breaker.state === 'closed' ? 0 : 1, label);
  }
}
