import type { BenchRow } from '../row.ts';
import { missingRow, rateRow } from './goal-rows.ts';
import { interleave } from './rounds.ts';
import type { Lane, Measured } from './rounds.ts';
import { isMissing, startMlserver, startOwnMiner } from './servers.ts';
import type { Server } from './servers.ts';
import { withServers } from './with-servers.ts';
import type { Bench } from './with-servers.ts';

const rounds = 5;
const seconds = 1.5;
/** Two processes of the same kind may differ by a fifth for as long as they live: six take turns. */
const order = ['on', 'off', 'off', 'on', 'on', 'off'] as const;

/** What batching costs a caller who is alone. */
export function benchLone(): Promise<readonly BenchRow[]> {
  return withServers('miner, lone caller', async (bench) => {
    const own: Lane[] = [];
    for (const kind of order) {
      const maxBatch = kind === 'on' ? {} : { maxBatch: 1 };
      own.push(lane(kind, bench.keep(await startOwnMiner({ model: 'light', ...maxBatch }))));
    }
    const found = await interleave(bench.load, [...own, ...(await peerLanes(bench))], rounds);
    const [peerOn, peerOff] = found.slice(order.length);
    const ours = found.slice(0, order.length);
    return [
      pair(
        'miner, lone caller, batching on / off',
        together(ours, 'on'),
        together(ours, 'off'),
        0.95,
      ),
      pair('MLServer, lone caller, batching on / off', peerOn, peerOff, null),
    ];
  });
}

/** The processes of one kind as one. */
function together(lanes: readonly Measured[], kind: string): Measured {
  const same = lanes.filter(({ name }) => name === kind);
  return {
    name: kind,
    slices: same.flatMap(({ slices }) => slices),
    strange: Object.assign({}, ...same.map(({ strange }) => strange)) as Measured['strange'],
  };
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
