import type { BenchRow } from '../row.ts';
import { missingRow, rateRow } from './goal-rows.ts';
import { interleave } from './rounds.ts';
import type { Lane, Measured } from './rounds.ts';
import { isMissing, startMlserver, startOwnMiner } from './servers.ts';
import type { Server } from './servers.ts';
import { withServers } from './with-servers.ts';
import type { Bench } from './with-servers.ts';

const rounds = 9;
const seconds = 2;

/** What batching costs a caller who is alone. */
export function benchLone(): Promise<readonly BenchRow[]> {
  return withServers('miner, lone caller', async (bench) => {
    const own = [
      lane('ours, batching', bench.keep(await startOwnMiner({ model: 'light' }))),
      lane('ours, none', bench.keep(await startOwnMiner({ model: 'light', maxBatch: 1 }))),
    ];
    const [on, off, peerOn, peerOff] = await interleave(
      bench.load,
      [...own, ...(await peerLanes(bench))],
      rounds,
    );
    return [
      pair('miner, lone caller, batching on / off', on, off, 0.95),
      pair('MLServer, lone caller, batching on / off', peerOn, peerOff, null),
    ];
  });
}

async function peerLanes({ keep }: Bench): Promise<readonly Lane[]> {
  const mlserver = await startMlserver();
  if (isMissing(mlserver)) return [];
  const server = keep(mlserver);
  return [lane('MLServer, batching', server, 'light-batched'), lane('MLServer, none', server)];
}

function lane(name: string, server: Server, model = 'light'): Lane {
  const traffic = { wire: 'btauth', payload: 'light', model } as const;
  return { name, server, order: { traffic, concurrency: 1, seconds, signing: 'beforehand' } };
}

function pair(
  name: string,
  on: Measured | undefined,
  off: Measured | undefined,
  goal: number | null,
): BenchRow {
  if (on === undefined || off === undefined) return missingRow(name, 'not installed');
  return rateRow(name, on, off, goal);
}
