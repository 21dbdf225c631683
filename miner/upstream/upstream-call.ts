import { messageOf } from '../../common/errors.ts';
import { fault } from '../../common/fault.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../common/http-port.ts';
import type { Clock } from '../../common/platform-port.ts';
import type { BatchRefusal } from '../batch/batcher.ts';
import type { RunFailure } from '../engine/engine-port.ts';
import { runFailure } from '../engine/engine-port.ts';
import type { Verdict } from './breaker.ts';
import type { TryResult, Unreadable } from './try-result.ts';
import { mayPass, tryResult, wasNeverSent } from './try-result.ts';
import type { UpstreamMetrics } from './upstream-metrics.ts';
import type { Upstream } from './upstream.ts';

/** How a request is put to an upstream, and how its answer is read. */
export interface Exchange<A extends object> {
  requestTo(upstream: Upstream): Omit<HttpRequest, 'timeoutMs' | 'signal'>;
  read(response: HttpResponse): A | Unreadable;
}

/** Who waits for the answer, and how long. */
export interface Asker {
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  isGone(): boolean;
}

export interface UpstreamAnswer<A> {
  readonly kind: 'answer';
  readonly answer: A;
  /** Of the try that was answered, network included. */
  readonly latencyMs: number;
}

export type CallOutcome<A> = UpstreamAnswer<A> | RunFailure | BatchRefusal;

/** What a call may do, decided for all calls of a pool together. */
export interface CallPolicy {
  /** A new call: budgets are a share of these. */
  onCall(): void;
  /** One that was not tried if there is any; `fresh` takes no other. */
  choose(tried: ReadonlySet<Upstream>, fresh: boolean): Upstream | 'full' | 'none';
  mayRetry(): boolean;
  mayHedge(): boolean;
  /** Calls `ask` when it is time to ask a second upstream, if that is ever done, until taken back. */
  hedgeLater(ask: () => void): () => void;
  /** How long the first try of a call took, or at least took when it was given up. */
  onFirstTry(ms: number): void;
}

export interface CallDeps {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly metrics: UpstreamMetrics;
  readonly policy: CallPolicy;
}

export interface CallOptions {
  /** Of one try. */
  readonly timeoutMs: number;
  /** In all, hedges included. */
  readonly maxTries: number;
  /** Sending a request twice does no harm. */
  readonly idempotent: boolean;
}

interface Suspect {
  readonly upstream: Upstream;
  readonly trial: boolean;
}

/**
 * One request on its way to an answer, over as many tries as its policy allows. The first answer
 * wins; what is then still under way is cancelled.
 */
export class UpstreamCall<A extends object> {
  readonly #deps: CallDeps;
  readonly #options: CallOptions;
  readonly #exchange: Exchange<A>;
  readonly #asker: Asker;
  readonly #settle: (outcome: CallOutcome<A>) => void;
  readonly #stop = new AbortController();
  readonly #tried = new Set<Upstream>();
  readonly #suspects: Suspect[] = [];
  #tries = 0;
  #open = 0;
  #firstTimed = false;
  #done = false;
  /** Its caller's time was over. */
  #expired = false;
  #takeBackHedge: () => void = () => undefined;

  constructor(
    deps: CallDeps,
    options: CallOptions,
    exchange: Exchange<A>,
    asker: Asker,
    settle: (outcome: CallOutcome<A>) => void,
  ) {
    this.#deps = deps;
    this.#options = options;
    this.#exchange = exchange;
    this.#asker = asker;
    this.#settle = settle;
  }

  start(): void {
    this.#deps.policy.onCall();
    const upstream = this.#deps.policy.choose(this.#tried, false);
    if (upstream === 'full') return this.end({ kind: 'refused', reason: 'full' });
    if (upstream === 'none') return this.end(runFailure('unavailable', 'no upstream is well'));
    void this.#try(upstream);
    if (!this.#options.idempotent || this.#options.maxTries === 1) return;
    this.#takeBackHedge = this.#deps.policy.hedgeLater(() => this.#hedge());
  }

  /** Ends it when nobody waits any more. */
  sweep(nowMs: number): void {
    if (this.#asker.isGone()) return this.end({ kind: 'refused', reason: 'gone' });
    if (nowMs > this.#asker.deadlineMs) this.end(runFailure('timeout', 'no answer in time'));
  }

  /** The first outcome counts; tries under way are cancelled. */
  end(outcome: CallOutcome<A>): void {
    if (this.#done) return;
    this.#done = true;
    this.#expired = outcome.kind === 'failed' && outcome.reason === 'timeout';
    this.#takeBackHedge();
    const nowMs = this.#deps.clock.monotonicMs();
    // An upstream is to blame only if another one answered the same request: inputs that crash,
    // stall or overfill whoever computes them must not shut off one upstream after the other.
    const verdict = outcome.kind === 'answer' ? 'failure' : 'none';
    for (const { upstream, trial } of this.#suspects) upstream.judge(verdict, trial, nowMs);
    if (this.#open > 0) this.#stop.abort();
    this.#settle(outcome);
  }

  async #try(upstream: Upstream): Promise<void> {
    const { clock, http } = this.#deps;
    const first = this.#tries === 0;
    const startMs = clock.monotonicMs();
    const leftMs = Math.max(1, this.#asker.deadlineMs - startMs);
    const timeoutMs = Math.min(this.#options.timeoutMs, Math.ceil(leftMs));
    this.#tries += 1;
    this.#open += 1;
    this.#tried.add(upstream);
    const trial = upstream.begin();
    const request = this.#exchange.requestTo(upstream);
    const reply = await http
      .request({ ...request, timeoutMs, signal: this.#stop.signal })
      .catch((error: unknown) => fault('reset', messageOf(error)));
    const result = this.#done
      ? ({ kind: 'cancelled' } as const)
      : tryResult(reply, (response) => this.#exchange.read(response));
    const nowMs = clock.monotonicMs();
    const tookMs = nowMs - startMs;
    if (reply.kind === 'response') upstream.heard(nowMs);
    this.#open -= 1;
    if (first) this.#timeFirst(result, tookMs);
    this.#account(upstream, result, tookMs);
    const hung = this.#ranOut(result) && upstream.unanswered(startMs, nowMs);
    const hurried = timeoutMs < this.#options.timeoutMs;
    this.#judge(upstream, trial, hung ? 'failure' : verdictOf(result, hurried));
    this.#next(result, tookMs);
  }

  /**
   * A first try that lost to its hedge counts with the time it had: leaving it out would pull the
   * percentile down and make for ever more hedges.
   */
  #timeFirst(result: TryResult<A>, tookMs: number): void {
    if (this.#firstTimed) return;
    this.#firstTimed = true;
    const { kind } = result;
    if (kind === 'answer' || kind === 'cancelled') this.#deps.policy.onFirstTry(tookMs);
  }

  #account(upstream: Upstream, { kind }: TryResult<A>, tookMs: number): void {
    const { tries, trySeconds } = this.#deps.metrics;
    upstream.end();
    tries.inc({ upstream: upstream.name, result: kind });
    if (kind === 'answer') trySeconds.observe(tookMs / 1000, { upstream: upstream.name });
  }

  #ranOut(result: TryResult<A>): boolean {
    if (result.kind === 'cancelled') return this.#expired;
    return result.kind === 'failed' && result.fault.reason === 'timeout';
  }

  #judge(upstream: Upstream, trial: boolean, verdict: Verdict | 'later'): void {
    if (verdict === 'later' && !this.#done) this.#suspects.push({ upstream, trial });
    else {
      const now = verdict === 'later' ? 'none' : verdict;
      upstream.judge(now, trial, this.#deps.clock.monotonicMs());
    }
  }

  #next(result: TryResult<A>, latencyMs: number): void {
    if (this.#done) return;
    if (result.kind === 'answer') {
      return this.end({ kind: 'answer', answer: result.answer, latencyMs });
    }
    if (this.#open > 0) return;
    const upstream = this.#retryOn(result);
    if (upstream === null) return this.end(failureOf(result));
    this.#deps.metrics.extraTries.inc({ kind: 'retry' });
    void this.#try(upstream);
  }

  #retryOn(result: TryResult<A>): Upstream | null {
    const { clock, metrics, policy } = this.#deps;
    const { idempotent, maxTries } = this.#options;
    if (!idempotent && !wasNeverSent(result)) return null;
    if (this.#tries >= maxTries || clock.monotonicMs() >= this.#asker.deadlineMs) return null;
    const upstream = policy.choose(this.#tried, !mayPass(result));
    if (typeof upstream === 'string') return null;
    if (policy.mayRetry()) return upstream;
    metrics.budgetRefusals.inc({ kind: 'retry' });
    return null;
  }

  #hedge(): void {
    const { metrics, policy } = this.#deps;
    // A retry is under way already: no third upstream is loaded for one request.
    if (this.#done || this.#tries !== 1 || this.#open !== 1) return;
    const upstream = policy.choose(this.#tried, true);
    if (typeof upstream === 'string') return;
    if (!policy.mayHedge()) return metrics.budgetRefusals.inc({ kind: 'hedge' });
    metrics.extraTries.inc({ kind: 'hedge' });
    void this.#try(upstream);
  }
}

/**
 * `later`: once it is known whether another upstream answers. `hurried`: the try had less time than
 * an upstream is normally given.
 */
function verdictOf(result: TryResult<unknown>, hurried: boolean): Verdict | 'later' {
  if (result.kind === 'answer') return 'success';
  if (wasNeverSent(result)) return 'failure';
  if (result.kind === 'suspect') return 'later';
  if (result.kind !== 'failed') return 'none';
  return hurried && result.fault.reason === 'timeout' ? 'none' : 'later';
}

function failureOf(result: Exclude<TryResult<unknown>, { kind: 'answer' }>): RunFailure {
  switch (result.kind) {
    case 'suspect':
      return runFailure('model', result.detail);
    case 'busy':
      return runFailure('unavailable', 'the upstreams have too much to do');
    case 'cancelled':
      return runFailure('unavailable', 'the miner stops');
    case 'failed':
      return runFailure(
        result.fault.reason === 'timeout' ? 'timeout' : 'unavailable',
        result.fault.detail,
      );
  }
}
