import { cleanText, isFault } from '../../common/fault.ts';
import type { Fault } from '../../common/fault.ts';
import type { HttpClient, HttpResponse } from '../../common/http-port.ts';
import { arrivalsMs } from '../../common/load/arrivals.ts';
import type { ArrivalKind } from '../../common/load/arrivals.ts';
import { createHistogram } from '../../common/load/histogram.ts';
import type { Histogram } from '../../common/load/histogram.ts';
import { openLoop } from '../../common/load/open-loop.ts';
import type { Arrival, OpenLoopReport } from '../../common/load/open-loop.ts';
import { createTally } from '../../common/load/tally.ts';
import type { Tally, TallyEntry } from '../../common/load/tally.ts';
import type { Clock } from '../../common/platform-port.ts';
import type { TlsKey } from '../../common/tls-key.ts';
import { readError } from '../../common/wire/inference-protocol.ts';
import type { BenchRequest } from './bench-caller.ts';
import type { AnswerSample, SampleReport } from './bench-sample.ts';

export interface LoadDeps {
  readonly http: Pick<HttpClient, 'request'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly waitUntil: (atMs: number) => Promise<void>;
  readonly prepare: () => BenchRequest;
  readonly sample: AnswerSample;
}

/** Where requests go. */
export interface LoadPeer {
  /** `http://host:port`, or `https://` with the key that its certificate must have. */
  readonly url: string;
  readonly tlsKey?: TlsKey;
}

export interface LoadOptions {
  readonly peer: LoadPeer;
  readonly arrivals: ArrivalKind;
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly maxInFlight: number;
  readonly timeoutMs: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** What came of one rate; the warm-up is left out. */
export interface LoadResult {
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly loop: OpenLoopReport;
  readonly answered: number;
  /** Answers 200 that came while it was measured, by second of it. */
  readonly okPerSecond: number;
  readonly ok: number;
  /** Of answers 200, and of requests that got none in time; from when each was due. */
  readonly latency: Histogram;
  /** By status and reason. */
  readonly failures: readonly TallyEntry[];
  readonly failed: number;
  readonly sample: SampleReport;
}

const maxAnswerBytes = 64 * 1024 * 1024;
const mostFailureKinds = 20;

/** One rate from its first arrival to its last answer. Never rejects for what the miner does. */
export async function applyLoad(deps: LoadDeps, options: LoadOptions): Promise<LoadResult> {
  const { ratePerSecond, seconds, warmUpSeconds, arrivals: kind, seed, signal } = options;
  const durationMs = (warmUpSeconds + seconds) * 1000;
  const record = createMeasurements();
  const loop = await openLoop(
    {
      clock: deps.clock,
      waitUntil: deps.waitUntil,
      prepare: deps.prepare,
      send: (request, arrival) => exchange(deps, options, record, request, arrival),
    },
    arrivalsMs({ kind, ratePerSecond, durationMs, seed }),
    { maxInFlight: options.maxInFlight, warmUpMs: warmUpSeconds * 1000, durationMs, signal },
  );
  const { latency, failures, ok, okInTime } = record;
  return {
    ratePerSecond,
    seconds,
    loop,
    answered: ok + record.refused,
    okPerSecond: loop.measuredMs === 0 ? 0 : (okInTime * 1000) / loop.measuredMs,
    ok,
    latency,
    failures: failures.list(),
    failed: failures.total,
    sample: deps.sample.report(),
  };
}

interface Measurements {
  readonly latency: Histogram;
  readonly failures: Tally;
  ok: number;
  okInTime: number;
  refused: number;
}

function createMeasurements(): Measurements {
  const failures = createTally(mostFailureKinds, 'other reasons');
  return { latency: createHistogram(), failures, ok: 0, okInTime: 0, refused: 0 };
}

async function exchange(
  deps: LoadDeps,
  { peer, timeoutMs, signal }: LoadOptions,
  record: Measurements,
  request: BenchRequest,
  arrival: Arrival,
): Promise<void> {
  const answer = await deps.http.request(httpRequest(request, peer, timeoutMs, signal));
  if (!arrival.counts) return;
  const nowMs = deps.clock.monotonicMs();
  const tookMs = nowMs - arrival.dueMs;
  if (isFault(answer)) return recordFault(record, answer, tookMs);
  if (answer.status !== 200) return recordRefusal(record, answer);
  record.ok += 1;
  record.okInTime += nowMs <= arrival.endMs ? 1 : 0;
  record.latency.record(tookMs);
  deps.sample.offer(request, answer);
}

export function httpRequest(
  { body, headers }: BenchRequest,
  { url, ...tls }: LoadPeer,
  timeoutMs: number,
  signal: AbortSignal,
) {
  return {
    ...tls,
    method: 'POST' as const,
    url: url + body.path,
    headers,
    body: body.body,
    timeoutMs,
    maxBodyBytes: maxAnswerBytes,
    signal,
  };
}

/** A request that was given up counts with all the time that it got: a stall must not vanish. */
function recordFault(record: Measurements, { reason, detail }: Fault, tookMs: number): void {
  if (reason === 'cancelled') return;
  if (reason === 'timeout') record.latency.record(tookMs);
  record.failures.add(reason === 'timeout' || detail === '' ? reason : `${reason}: ${detail}`);
}

/** A refusal is fast, and no answer: among the latencies it would only flatter. */
function recordRefusal(record: Measurements, answer: HttpResponse): void {
  record.refused += 1;
  record.failures.add(refusalText(answer));
}

/** `429 at most 200 requests a second`. */
export function refusalText({ status, body, headers }: HttpResponse): string {
  const classic = headers['bt_header_axon_status_message'];
  const reason = readError(body) ?? (classic === undefined ? null : cleanText(classic));
  return reason === null ? `${status}` : `${status} ${reason}`;
}
