import { SubnetError } from '../../common/errors.ts';
import type { HttpClient } from '../../common/http-port.ts';
import type { Clock, Platform } from '../../common/platform-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { ModelInterface } from '../../common/wire/inference-types.ts';
import { rowsOf } from '../batch/batch-rows.ts';
import { createHolds } from '../models/holds.ts';
import { createStatistics } from '../models/model-statistics.ts';
import type { StatisticsRecorder } from '../models/model-statistics.ts';
import type { InferJob, InferOutcome, InvalidInput, ServedModel } from '../models/served-model.ts';
import type { PoolDeps, UpstreamPool } from './upstream-pool.ts';
import type { UpstreamMetrics } from './upstream-metrics.ts';
import type { CheckUpstream } from './watch-upstream.ts';

export interface UpstreamModelDeps {
  /** Dials the addresses that the operator names: host names and TLS. Closed with the model. */
  readonly http: HttpClient;
  readonly platform: Platform;
  readonly log: Logger;
  readonly metrics: UpstreamMetrics;
  /** Ends a start that still waits for upstreams. */
  readonly signal?: AbortSignal;
}

/** What the model is called here; upstreams may know it by another name. */
export interface UpstreamModelOptions {
  readonly name: string;
  readonly version: string;
  /** Sent as a bearer token; null: none. */
  readonly apiKey: string | null;
  /** How long requests that are under way may take when the model is closed. */
  readonly drainMs: number;
}

export interface ServedParts {
  readonly options: UpstreamModelOptions;
  readonly sha256: string;
  readonly platform: string;
  readonly interface: ModelInterface;
  readonly pool: UpstreamPool;
  readonly http: HttpClient;
  readonly clock: Clock;
  infer(job: InferJob): Promise<InferOutcome>;
}

const pollMs = 250;

export function servedModel(parts: ServedParts): ServedModel {
  const { options, pool, http, sha256, platform } = parts;
  const { name, version } = options;
  const statistics = createStatistics();
  let closing: Promise<void> | null = null;
  const shutDown = async (): Promise<void> => {
    await pool.drain(options.drainMs);
    pool.close();
    await http.close();
  };
  return {
    name,
    version,
    sha256,
    interface: parts.interface,
    platform,
    holds: createHolds(),
    notReady: () => pool.notReady(),
    infer: (job) => measured(parts, statistics, job),
    load: () => ({ waiting: 0, running: pool.running }),
    statistics: () => ({ name, version, ...statistics.read() }),
    close: () => (closing ??= shutDown()),
  };
}

/** Batches are counted by their rows, of which callers decide: up to here, to bound the counts. */
const mostRows = 1024;

/** What an upstream does within its time is not known here: all of it counts as inference. */
async function measured(
  { clock, infer }: ServedParts,
  statistics: StatisticsRecorder,
  job: InferJob,
): Promise<InferOutcome> {
  const startMs = clock.monotonicMs();
  const outcome = await infer(job);
  const totalMs = clock.monotonicMs() - startMs;
  if (outcome.kind !== 'outputs') {
    statistics.failed(totalMs);
    return outcome;
  }
  const rows = rowsOf(job.inputs);
  const { runMs: inferMs } = outcome;
  const times = { totalMs, inputMs: 0, queueMs: totalMs - inferMs, inferMs, outputMs: 0 };
  statistics.succeeded(times, rows, clock.nowMs());
  statistics.ran(Math.min(rows, mostRows), inferMs);
  return outcome;
}

export function poolDeps({ http, platform, log, metrics }: UpstreamModelDeps): PoolDeps {
  return { http, clock: platform.clock, log, metrics };
}

export function keyHeaders({ apiKey }: UpstreamModelOptions): Readonly<Record<string, string>> {
  return apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
}

/** What was asked cannot be put to an upstream. */
export function misfit(detail: string): InvalidInput {
  return { kind: 'invalid', detail };
}

export interface StartOptions {
  readonly clock: Clock;
  /** How long to wait for a first upstream; 0 where it can be done without. */
  readonly patienceMs: number;
  /** Whether it is known which model is the right one, when upstreams differ. */
  readonly knowsRight: () => boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Begins to watch the upstreams. Throws UPSTREAM_UNREACHABLE when none is ready in time, and
 * UPSTREAM_MODEL when one serves another model, unless there is one that serves the right model; or
 * the reason of the signal.
 */
export async function watchFromStart(
  pool: UpstreamPool,
  check: CheckUpstream,
  { clock, patienceMs, knowsRight, signal }: StartOptions,
): Promise<void> {
  const untilMs = clock.monotonicMs() + patienceMs;
  const stop = (): void => pool.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await pool.watch(check);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  signal?.throwIfAborted();
  refuseWrong(pool, knowsRight());
  if (patienceMs === 0) return;
  while (pool.notReady() !== null) {
    if (clock.monotonicMs() >= untilMs) {
      throw new SubnetError('UPSTREAM_UNREACHABLE', { upstreams: namesOf(pool) });
    }
    await clock.sleep(pollMs, signal);
    refuseWrong(pool, knowsRight());
  }
}

function refuseWrong({ upstreams }: UpstreamPool, knowsRight: boolean): void {
  if (knowsRight && upstreams.some(({ standing }) => standing.kind === 'ready')) return;
  for (const { name, standing } of upstreams) {
    if (standing.kind !== 'wrong-model') continue;
    throw new SubnetError('UPSTREAM_MODEL', { detail: standing.why, upstream: name });
  }
}

function namesOf({ upstreams }: UpstreamPool): string {
  return upstreams.map(({ name }) => name).join(' ');
}
