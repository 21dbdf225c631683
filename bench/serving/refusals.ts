import type { BenchRow } from '../row.ts';
import { judged, missingRow, rateRow } from './goal-rows.ts';
import { notAnswered } from './load-order.ts';
import { interleave } from './rounds.ts';
import type { Lane, Measured } from './rounds.ts';
import { isMissing, startAxon, startFastApi, startOwnMiner } from './servers.ts';
import type { Server } from './servers.ts';
import type { Traffic } from './traffic.ts';
import { withServers } from './with-servers.ts';
import type { Bench } from './with-servers.ts';

const rounds = 5;
const seconds = 2;
const concurrency = 16;
const overlapping = { requests: 10_000, concurrency: 256, seconds: 120 } as const;

/** What it costs to turn away those who should not be served, and that nobody else is. */
export function benchRefusals(): Promise<readonly BenchRow[]> {
  return withServers('miner, refusals', async (bench) => {
    const ours = bench.keep(await startOwnMiner({ model: 'echo' }));
    const axon = await startAxon();
    const fastApi = await startFastApi();
    const lanes = [
      ...flawed('ours', ours, 'btauth', ['signature', 'stale']),
      ...(isMissing(axon) ? [] : flawed('axon', bench.keep(axon), 'classic', flaws)),
      ...(isMissing(fastApi) ? [] : flawed('FastAPI', bench.keep(fastApi), 'btauth', flaws)),
    ];
    const found = await interleave(bench.load, lanes, rounds);
    const of = new Map(found.map((one) => [one.name, one]));
    const axonLost = isMissing(axon) ? null : await lost(bench, axon, 'classic');
    const ownLost = await lost(bench, ours, 'btauth');
    const ownClassicLost = await lost(bench, ours, 'classic');
    return [
      row('wrong signature, ours / axon', of.get('ours signature'), of.get('axon signature'), 20),
      row(
        'wrong signature, ours / FastAPI',
        of.get('ours signature'),
        of.get('FastAPI signature'),
        1.7,
      ),
      row('by headers alone, ours / axon', of.get('ours stale'), of.get('axon stale'), 100),
      row('by headers alone, ours / FastAPI', of.get('ours stale'), of.get('FastAPI stale'), null),
      lostRow('btauth', ownLost, null),
      lostRow('classic wire', ownClassicLost, axonLost),
    ];
  });
}

const flaws = ['signature', 'stale'] as const;

function flawed(
  who: string,
  server: Server,
  wire: Traffic['wire'],
  which: readonly (typeof flaws)[number][],
): readonly Lane[] {
  return which.map((flaw) => {
    const traffic: Traffic = { wire, payload: 'echo', flaw };
    const order = { traffic, concurrency, seconds, signing: 'repeated' } as const;
    return { name: `${who} ${flaw}`, server, status: '401', order };
  });
}

function row(
  what: string,
  ours: Measured | undefined,
  peer: Measured | undefined,
  goal: number | null,
): BenchRow {
  const name = `miner, refusals of 16 callers, ${what}`;
  return ours === undefined || peer === undefined
    ? missingRow(name, 'not installed: bench/peers/setup.sh')
    : rateRow(name, ours, peer, goal);
}

/** Good requests of one hotkey that overtake each other: how many of them are not answered. */
async function lost({ load }: Bench, server: Server, wire: Traffic['wire']): Promise<number> {
  const { requests: atMost, ...bounds } = overlapping;
  const traffic: Traffic = { wire, payload: 'echo', oneCaller: true };
  const { port, pid } = server;
  const order = { port, pid, traffic, ...bounds, atMost, signing: 'shuffled' } as const;
  const { statuses } = await load.run(order);
  console.error(`  overlapping, ${wire}: ${JSON.stringify(statuses)}`);
  return notAnswered(statuses);
}

function lostRow(wire: string, value: number, peer: number | null): BenchRow {
  const name = `miner, ${wire}, 10,000 overlapping requests of one validator, not answered`;
  const figures = { name, unit: 'requests', value, goal: 0, sense: 'at-most' } as const;
  return judged(peer === null ? figures : { ...figures, peer });
}
