import { placesOf } from '../../common/endpoint-name.ts';
import type { HttpClient } from '../../common/http-port.ts';
import type { Clock } from '../../common/platform-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { BatchRefusal } from '../batch/batcher.ts';
import type { BreakerOptions } from './breaker.ts';
import { chooseUpstream } from './choose-upstream.ts';
import { DueQueue } from './due-queue.ts';
import { LatencyWindow } from './latency-window.ts';
import { ShareBudget } from './share-budget.ts';
import { UpstreamCall } from './upstream-call.ts';
import type { Asker, CallOutcome, CallPolicy, Exchange } from './upstream-call.ts';
import type { UpstreamMetrics } from './upstream-metrics.ts';
import { Upstream } from './upstream.ts';
import { watchUpstream } from './watch-upstream.ts';
import type { CheckUpstream } from './watch-upstream.ts';

export interface PoolDeps {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: UpstreamMetrics;
}

export interface PoolOptions {
  readonly urls: readonly string[];
  readonly healthIntervalMs: number;
  /** Of one try. */
  readonly timeoutMs: number;
  /** Of one request, hedges included. */
  readonly maxTries: number;
  /** Outstanding at one upstream. */
  readonly maxInFlight: number;
  readonly idempotent: boolean;
  readonly hedge: HedgeOptions;
  readonly breaker: BreakerOptions;
  readonly retryBudget: {
    readonly share: number;
    readonly perSecond: number;
    readonly burst: number;
  };
}

export interface HedgeOptions {
  /** A second upstream is asked once the first took longer than so many in a hundred answers. */
  readonly percentile: number;
  /** Of all requests; 0 switches hedging off. */
  readonly maxShare: number;
}

/** Hedges that may be saved up: a burst of slow answers must not double the load. */
const hedgeBurst = 8;
/** How often it is looked whether callers still wait. */
const sweepMs = 20;

/** A call of any kind of answer. */
interface OpenCall {
  sweep(nowMs: number): void;
  end(outcome: BatchRefusal): void;
}

/** Several servers of one model, asked as if they were one. */
export class UpstreamPool {
  readonly upstreams: readonly Upstream[];
  readonly #deps: PoolDeps;
  readonly #options: PoolOptions;
  readonly #policy: CallPolicy;
  readonly #calls = new Set<OpenCall>();
  /** One for each upstream: a signal that many wait for is slow to add to, and warned of. */
  readonly #watches: AbortController[] = [];
  #closed = false;
  #sweeping = false;

  constructor(deps: PoolDeps, options: PoolOptions) {
    this.#deps = deps;
    this.#options = options;
    const names = placesOf(options.urls);
    this.upstreams = [...names].map(
      ([url, name]) => new Upstream(url, name, options, deps.metrics),
    );
    this.#policy = createPolicy(deps.clock, options, this.upstreams);
  }

  /** Checks every upstream now and from then on; resolves when each was looked at once. */
  async watch(check: CheckUpstream): Promise<void> {
    const { healthIntervalMs } = this.#options;
    const look = (upstream: Upstream): Promise<void> => {
      const watch = new AbortController();
      this.#watches.push(watch);
      const options = { intervalMs: healthIntervalMs, signal: watch.signal };
      return watchUpstream(this.#deps, upstream, check, options);
    };
    await Promise.all(this.upstreams.map(look));
  }

  /** Never rejects. */
  ask<A extends object>(exchange: Exchange<A>, asker: Asker): Promise<CallOutcome<A>> {
    if (this.#closed) {
      return Promise.resolve({ kind: 'refused', reason: 'closed' });
    }
    return new Promise((resolve) => {
      const deps = { ...this.#deps, policy: this.#policy };
      const call = new UpstreamCall(deps, this.#options, exchange, asker, (outcome) => {
        this.#calls.delete(call);
        resolve(outcome);
      });
      this.#calls.add(call);
      call.start();
      if (this.#calls.size > 0) void this.#sweep();
    });
  }

  /** Requests that wait for an answer. */
  get running(): number {
    return this.#calls.size;
  }

  /** Why none can be asked now, or null. */
  notReady(): string | null {
    if (this.upstreams.some(({ standing }) => standing.kind === 'ready')) return null;
    return this.upstreams.every(({ standing }) => standing.kind === 'wrong-model')
      ? 'the upstreams serve another model'
      : 'no upstream answers';
  }

  /** Resolves when nothing is under way, or after `ms`. */
  async drain(ms: number): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + ms;
    while (this.#calls.size > 0 && clock.monotonicMs() < untilMs) await clock.sleep(sweepMs);
  }

  close(): void {
    this.#closed = true;
    for (const watch of this.#watches) watch.abort();
    for (const call of this.#calls) call.end({ kind: 'refused', reason: 'closed' });
  }

  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    const { clock } = this.#deps;
    while (this.#calls.size > 0) {
      await clock.sleep(sweepMs);
      for (const call of this.#calls) call.sweep(clock.monotonicMs());
    }
    this.#sweeping = false;
  }
}

function createPolicy(
  clock: Clock,
  { hedge, retryBudget }: PoolOptions,
  upstreams: readonly Upstream[],
): CallPolicy {
  const retries = new ShareBudget({ ...retryBudget, initial: retryBudget.burst });
  const hedges = new ShareBudget({
    share: hedge.maxShare,
    perSecond: 0,
    burst: hedgeBurst,
    initial: 0,
  });
  const latencies = new LatencyWindow();
  const slow = new DueQueue(clock);
  const nowMs = (): number => clock.monotonicMs();
  let turn = 0;
  return {
    onCall: () => [retries, hedges].forEach((budget) => budget.earn(nowMs())),
    choose: (tried, fresh) => {
      turn = (turn + 1) % upstreams.length;
      return choose(upstreams, tried, fresh, turn, nowMs());
    },
    mayRetry: () => retries.take(nowMs()),
    mayHedge: () => hedges.take(nowMs()),
    hedgeLater: (ask) => {
      const never = (): void => undefined;
      if (hedge.maxShare === 0 || upstreams.length < 2) return never;
      const afterMs = latencies.percentile(hedge.percentile);
      return afterMs === null ? never : slow.add(afterMs, ask);
    },
    onFirstTry: (ms) => latencies.add(ms),
  };
}

function choose(
  upstreams: readonly Upstream[],
  tried: ReadonlySet<Upstream>,
  fresh: boolean,
  turn: number,
  nowMs: number,
): Upstream | 'full' | 'none' {
  const well = upstreams.filter((one) => one.isWell(nowMs) && !(fresh && tried.has(one)));
  const candidates = well.map((one) => ({
    usable: one.hasRoom(),
    outstanding: one.outstanding,
    tried: tried.has(one),
  }));
  return well[chooseUpstream(candidates, turn)] ?? (well.length > 0 ? 'full' : 'none');
}
