import type { BenchRow } from '../row.ts';
import { median } from '../row.ts';
import { judged, missingRow } from './goal-rows.ts';
import { cores } from './pinned.ts';
import { rawSession } from './raw-session.ts';
import { interleave, middle, middleRatio } from './rounds.ts';
import type { Lane, Measured } from './rounds.ts';
import { isMissing, startFastApi, startMlserver, startOwnMiner } from './servers.ts';
import type { Missing, OwnMiner, Server } from './servers.ts';
import { withServers } from './with-servers.ts';
import type { Bench } from './with-servers.ts';

const rounds = 3;
const seconds = 15;
const concurrency = 64;
const healthPerSecond = 50;
const batches = [1, 2, 4, 8, 16, 32] as const;
const rawSeconds = 2;
const maxBatch = 8;
const title = 'miner, heavy, 64 callers';

/** The 12-layer encoder behind our miner, saturated: what is left beside the model's own time. */
export function benchHeavy(): Promise<readonly BenchRow[]> {
  return withServers(title, async (bench) => {
    const delaysMs: number[] = [];
    const one = bench.keep(await startOwnMiner({ model: 'heavy', maxBatch, watchesLoop: true }));
    const choice = { model: 'heavy', maxBatch, instances: 2, onCores: cores.both } as const;
    const two = bench.keep(await startOwnMiner(choice));
    const raw: RawRates[] = [];
    const lanes = [
      { ...lane('ours, one core', one), after: () => note(one, delaysMs, raw) },
      lane('ours, two cores', two),
      ...(await peerLanes(bench)),
    ];
    const [single, double, ...peers] = await interleave(bench.load, lanes, rounds);
    if (single === undefined || double === undefined) throw new Error('a lane was lost');
    return [...ownRows(single, double, median(delaysMs), bestOf(raw)), ...peers.map(evenness)];
  });
}

/** Requests a second by the size of the batch. */
type RawRates = ReadonlyMap<number, number>;

/** In the miner's place on its core, within the same round. */
async function note(miner: OwnMiner, delaysMs: number[], raw: RawRates[]): Promise<void> {
  delaysMs.push(await miner.loopDelayP99Ms());
  const choice = {
    model: 'heavy',
    threads: 1,
    onCores: cores.server,
    seconds: rawSeconds,
    batches,
  };
  const rates = await rawSession(choice);
  if (rates !== null) raw.push(rates);
}

/** Of the size that does best over all rounds: the best of each round would be the luckiest. */
function bestOf(rounds: readonly RawRates[]): number {
  if (rounds.length === 0) return NaN;
  return Math.max(...batches.map((size) => median(rounds.map((rates) => rates.get(size) ?? NaN))));
}

async function peerLanes({ keep }: Bench): Promise<readonly Lane[]> {
  const found = (name: string, server: Server | Missing, model?: string): readonly Lane[] =>
    isMissing(server) ? [] : [lane(name, keep(server), model)];
  return [
    ...found('FastAPI', await startFastApi()),
    ...found('MLServer batched', await startMlserver(), 'heavy-batched'),
  ];
}

function lane(name: string, server: Server, model = 'heavy'): Lane {
  const traffic = { wire: 'btauth', payload: 'heavy', model } as const;
  const signing = 'as-sent';
  return { name, server, order: { traffic, concurrency, seconds, signing, healthPerSecond } };
}

function ownRows(
  single: Measured,
  double: Measured,
  loopDelayMs: number,
  rawRate: number,
): readonly BenchRow[] {
  const value = middle(single, 'requestsPerSecond');
  const [ours, both] = [[single], [single, double]] as const;
  const healthMs = median(single.slices.map(({ healthP99Ms }) => healthP99Ms ?? NaN));
  const ceiling = { unit: 'ms', sense: 'at-most' } as const;
  const raw = { name: `${title} / best raw session.run`, unit: 'req/s', goal: 0.95 } as const;
  const twice = { name: `${title}, second core`, unit: 'req/s', goal: 1.85 } as const;
  return [
    evenness(single),
    Number.isNaN(rawRate)
      ? missingRow(raw.name, 'not installed: bench/peers/setup.sh')
      : judged({ ...raw, value, peer: rawRate, ratio: value / rawRate }, ours),
    judged(
      {
        ...twice,
        value: middle(double, 'requestsPerSecond'),
        peer: value,
        ratio: middleRatio(double, single, 'requestsPerSecond'),
      },
      both,
    ),
    judged({ ...ceiling, name: `${title}, health p99`, value: healthMs, goal: 20 }, ours),
    judged({ ...ceiling, name: `${title}, event-loop delay p99`, value: loopDelayMs, goal: 5 }),
  ];
}

/** p99 over p50 of one server; the peers' are shown beside ours. */
function evenness(lane: Measured): BenchRow {
  const [value, p50] = [middle(lane, 'p99Ms'), middle(lane, 'p50Ms')];
  const own = lane.name.startsWith('ours');
  const name = own ? `${title}, p99 / p50` : `${lane.name}, heavy, 64 callers, p99 / p50`;
  const figures = { name, unit: 'ms', value, peer: p50, ratio: value / p50 };
  return judged({ ...figures, goal: own ? 1.5 : null, sense: 'at-most' }, [lane]);
}
