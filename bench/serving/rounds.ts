import { median } from '../row.ts';
import type { Load } from './load.ts';
import type { LoadOrder, LoadResult } from './load-order.ts';
import { quick } from './quick.ts';
import type { Server } from './servers.ts';

/** One server under one kind of load. */
export interface Lane {
  readonly name: string;
  readonly server: Server;
  readonly order: Omit<LoadOrder, 'port' | 'pid' | 'atMost'>;
  /** What every answer must be; anything else spoils the lane. */
  readonly status?: string;
  /** Done after each slice of a round, with the server still awake and all others still. */
  readonly after?: () => Promise<void>;
}

export interface Measured {
  readonly name: string;
  /** One for each round, in order. */
  readonly slices: readonly LoadResult[];
  /** Statuses that should not have been, with their counts; empty when all was well. */
  readonly strange: Readonly<Record<string, number>>;
}

/** Signs no more than a slice can use: so many times what the warm-up reached. */
const reserve = 2;
/** Compilers go on for thousands of requests; whoever is too slow for that has none. */
const warmUp = quick ? { answers: 50, seconds: 1 } : { answers: 20_000, seconds: 15 };

/** Each lane in turn, round after round, so that a busy machine slows all alike. */
export async function interleave(
  load: Load,
  lanes: readonly Lane[],
  wanted: number,
): Promise<readonly Measured[]> {
  const rounds = quick ? 1 : wanted;
  for (const { server } of lanes) server.pause();
  const rates: number[] = [];
  for (const lane of lanes) {
    lane.server.resume();
    rates.push(await warm(load, lane));
    lane.server.pause();
  }
  const slices: LoadResult[][] = lanes.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, lane] of lanes.entries()) {
      const { concurrency } = lane.order;
      const seconds = quick ? 0.3 : lane.order.seconds;
      const atMost = Math.ceil((rates[at] ?? 0) * seconds * reserve) + concurrency;
      lane.server.resume();
      slices[at]?.push(await slice(load, lane, { seconds, atMost }));
      await lane.after?.();
      lane.server.pause();
    }
  }
  for (const { server } of lanes) server.resume();
  return lanes.map((lane, at) => measured(lane, slices[at] ?? []));
}

/** The rate that it reached at last. */
async function warm(load: Load, lane: Lane): Promise<number> {
  let left = warmUp.answers;
  const untilMs = performance.now() + warmUp.seconds * 1000;
  let rate = 0;
  while (left > 0 && performance.now() < untilMs) {
    const bounds = { seconds: warmUp.seconds / 5, atMost: left };
    const { answers, requestsPerSecond } = await slice(load, lane, bounds);
    left -= answers;
    rate = requestsPerSecond;
  }
  return rate;
}

function slice(
  load: Load,
  { server: { port, pid }, order }: Lane,
  bounds: { readonly seconds: number; readonly atMost: number },
): Promise<LoadResult> {
  return load.run({ ...order, ...bounds, port, pid });
}

function measured({ name, status = '200' }: Lane, slices: readonly LoadResult[]): Measured {
  const strange: Record<string, number> = {};
  for (const [seen, count] of slices.flatMap(({ statuses }) => Object.entries(statuses))) {
    if (seen !== status) strange[seen] = (strange[seen] ?? 0) + count;
  }
  const rate = Math.round(middle({ slices }, 'requestsPerSecond'));
  const [p50, p99] = [
    middle({ slices }, 'p50Ms').toFixed(1),
    middle({ slices }, 'p99Ms').toFixed(1),
  ];
  const cpu = middle({ slices }, 'cpuMsPerRequest').toFixed(3);
  const odd = Object.keys(strange).length === 0 ? '' : ` ${JSON.stringify(strange)}`;
  console.error(`  ${name}: ${rate}/s, p50 ${p50} ms, p99 ${p99} ms, CPU ${cpu} ms${odd}`);
  return { name, slices, strange };
}

type Figure = 'requestsPerSecond' | 'p50Ms' | 'p99Ms' | 'cpuMsPerRequest';

export function middle({ slices }: Pick<Measured, 'slices'>, figure: Figure): number {
  return median(slices.map((slice) => slice[figure]));
}

/** Median of the rounds' own ratios: load from elsewhere lasts longer than a round. */
export function middleRatio(ours: Measured, peer: Measured, figure: Figure): number {
  return median(
    ours.slices.map((slice, round) => slice[figure] / (peer.slices[round]?.[figure] ?? NaN)),
  );
}
