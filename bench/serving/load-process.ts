import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { closedLoop } from './closed-loop.ts';
import { watchHealth } from './health-watch.ts';
import type { LoadOrder, LoadResult } from './load-order.ts';
import { cpuMsOf } from './pinned.ts';
import { makerOf } from './traffic.ts';
import type { Prepared } from './traffic.ts';

/** Requests live for ten seconds: signing must end well before the first grow old. */
const signingMs = 3_000;
const settleMs = 50;
const few = 8;

/** The load generator: a process of its own that takes orders from its parent, one at a time. */
process.on('message', (order: LoadOrder) => {
  void carryOut(order).then((result) => process.send?.(result));
});

async function carryOut(order: LoadOrder): Promise<LoadResult> {
  const { port, pid, concurrency, seconds, healthPerSecond } = order;
  const next = supplyOf(order);
  await sleep(settleMs);
  const health = healthPerSecond === undefined ? null : watchHealth(port, healthPerSecond);
  const cpuBeforeMs = cpuMsOf(pid);
  const result = await closedLoop({ port, concurrency, seconds, next });
  const cpuMs = cpuMsOf(pid) - cpuBeforeMs;
  const answers = result.latenciesMs.length;
  return {
    answers,
    requestsPerSecond: answers / result.seconds,
    p50Ms: quantile(result.latenciesMs, 0.5),
    p99Ms: quantile(result.latenciesMs, 0.99),
    cpuMsPerRequest: cpuMs / answers,
    statuses: result.statuses,
    healthP99Ms: health === null ? null : quantile((await health.stop()).sort(), 0.99),
  };
}

function supplyOf({ traffic, signing, atMost = Infinity }: LoadOrder): () => Prepared | null {
  const make = makerOf(traffic);
  if (signing === 'beforehand') return supplyFrom(signedBeforehand(make, atMost));
  if (signing === 'shuffled') return supplyFrom(shuffled(signedBeforehand(make, atMost)));
  let left = atMost;
  const one = make();
  return () => (left-- > 0 ? (signing === 'repeated' ? one : make()) : null);
}

function signedBeforehand(make: () => Prepared, atMost: number): readonly Prepared[] {
  const endMs = performance.now() + signingMs;
  const requests: Prepared[] = [];
  while (requests.length < atMost && performance.now() < endMs) requests.push(make());
  return requests;
}

/** As a pool of connections does it: within each few, the last goes first. */
function shuffled(requests: readonly Prepared[]): readonly Prepared[] {
  const starts = Array.from({ length: Math.ceil(requests.length / few) }, (_, at) => at * few);
  return starts.flatMap((start) => requests.slice(start, start + few).reverse());
}

function supplyFrom(requests: readonly Prepared[]): () => Prepared | null {
  let at = 0;
  return () => requests[at++] ?? null;
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
