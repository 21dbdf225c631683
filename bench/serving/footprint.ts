import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchRow } from '../row.ts';
import { median } from '../row.ts';
import { judged } from './goal-rows.ts';
import { cpuMsOf } from './pinned.ts';
import { quick } from './quick.ts';
import { startOwnMiner } from './servers.ts';
import { withServers } from './with-servers.ts';

const starts = quick ? 1 : 5;
const settleMs = quick ? 100 : 3_000;
const idleMs = quick ? 500 : 20_000;

/** What a miner costs before anyone calls. */
export function benchFootprint(): Promise<readonly BenchRow[]> {
  return withServers('miner, footprint', async (bench) => {
    const readyMs: number[] = [];
    for (let at = 0; at < starts; at += 1) readyMs.push(await readyAfterMs());
    const miner = bench.keep(await startOwnMiner({ model: 'light' }));
    await sleep(settleMs);
    const beforeMs = cpuMsOf(miner.pid);
    await sleep(idleMs);
    const idle = (cpuMsOf(miner.pid) - beforeMs) / idleMs;
    const ceiling = { sense: 'at-most' } as const;
    return [
      judged({
        ...ceiling,
        name: 'miner, from the start of its process until it serves (a model of 82 bytes)',
        unit: 's',
        value: median(readyMs) / 1000,
        goal: 0.3,
      }),
      judged({ ...ceiling, name: 'miner, idle', unit: '% of a core', value: idle * 100, goal: 1 }),
    ];
  });
}

async function readyAfterMs(): Promise<number> {
  const miner = await startOwnMiner({ model: 'echo' });
  await miner.close();
  return miner.readyMs;
}
