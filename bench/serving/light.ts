import type { BenchRow } from '../row.ts';
import { missingRow, p99Row, rateRow } from './goal-rows.ts';
import { interleave } from './rounds.ts';
import type { Lane, Measured } from './rounds.ts';
import { isMissing, startAxon, startFastApi, startMlserver, startOwnMiner } from './servers.ts';
import type { Missing, Server } from './servers.ts';
import type { Traffic } from './traffic.ts';
import { withServers } from './with-servers.ts';
import type { Bench } from './with-servers.ts';

const rounds = 5;
const seconds = 3;
const concurrency = 64;
const echoName = 'echo (ours: an ONNX Identity in the model process; peer: in its handler)';

/**
 * The small convolutional net behind our miner and its peers, each with the same bytes: all
 * processes of a server on one core, the load on the other.
 */
export function benchLight(): Promise<readonly BenchRow[]> {
  return withServers('miner, light model', async (bench) => {
    const own = await ownLanes(bench);
    const peers = await peerLanes(bench);
    const found = await interleave(bench.load, [...own, ...peers.lanes], rounds);
    return rowsOf(new Map(found.map((one) => [one.name, one])), peers.why);
  });
}

async function ownLanes({ keep }: Bench): Promise<Lane[]> {
  const light = keep(await startOwnMiner({ model: 'light' }));
  const echo = keep(await startOwnMiner({ model: 'echo' }));
  return [
    lane('ours', light, { wire: 'btauth', payload: 'light' }),
    lane('ours binary', light, { wire: 'btauth', payload: 'light', binary: true }),
    lane('ours classic', light, { wire: 'classic', payload: 'light' }),
    lane('ours echo', echo, { wire: 'btauth', payload: 'echo' }),
  ];
}

interface PeerLanes {
  readonly lanes: readonly Lane[];
  /** Why a peer is not there, by its name. */
  readonly why: ReadonlyMap<string, string>;
}

type Traffics = Readonly<Record<string, Traffic>>;

async function peerLanes(bench: Bench): Promise<PeerLanes> {
  const lanes: Lane[] = [];
  const why = new Map<string, string>();
  const add = (server: Server | Missing, traffics: Traffics): void => {
    const names = Object.keys(traffics);
    if (isMissing(server)) for (const name of names) why.set(name, server.missing);
    else {
      const kept = bench.keep(server);
      lanes.push(...Object.entries(traffics).map(([name, traffic]) => lane(name, kept, traffic)));
    }
  };
  add(await startFastApi(), {
    FastAPI: { wire: 'btauth', payload: 'light' },
    'FastAPI echo': { wire: 'btauth', payload: 'echo' },
  });
  add(await startAxon(), { axon: { wire: 'classic', payload: 'light' } });
  add(await startMlserver(), {
    MLServer: { wire: 'btauth', payload: 'light' },
    'MLServer batched': { wire: 'btauth', payload: 'light', model: 'light-batched' },
  });
  return { lanes, why };
}

function lane(name: string, server: Server, traffic: Traffic): Lane {
  return { name, server, order: { traffic, concurrency, seconds, signing: 'beforehand' } };
}

function rowsOf(
  found: ReadonlyMap<string, Measured>,
  why: ReadonlyMap<string, string>,
): readonly BenchRow[] {
  const against = (
    what: string,
    [name, peerName]: readonly [string, string],
    row: (name: string, ours: Measured, peer: Measured) => BenchRow,
  ): BenchRow => {
    const [ours, peer] = [found.get(name), found.get(peerName)];
    const title = `miner, ${what}, 64 callers`;
    if (ours === undefined) return missingRow(title, 'not served');
    return peer === undefined ? missingRow(title, why.get(peerName) ?? '') : row(title, ours, peer);
  };
  const rate =
    (goal: number | null) =>
    (name: string, ours: Measured, peer: Measured): BenchRow =>
      rateRow(name, ours, peer, goal);
  const p99 = (name: string, ours: Measured, peer: Measured) => p99Row(name, ours, peer, 0.3);
  return [
    against('light, btauth JSON / FastAPI', ['ours', 'FastAPI'], rate(2.6)),
    against('light, btauth JSON / FastAPI, p99', ['ours', 'FastAPI'], p99),
    against('light, btauth JSON / axon of SDK 10.5', ['ours', 'axon'], rate(25)),
    against('light, btauth JSON / MLServer, unsigned', ['ours', 'MLServer'], rate(2.8)),
    against('light, btauth JSON / MLServer in batches', ['ours', 'MLServer batched'], rate(null)),
    against('light, btauth binary / our JSON', ['ours binary', 'ours'], rate(1.5)),
    against('light, classic wire / axon of SDK 10.5', ['ours classic', 'axon'], rate(13)),
    against(`${echoName}, btauth / FastAPI`, ['ours echo', 'FastAPI echo'], rate(2.3)),
  ];
}
