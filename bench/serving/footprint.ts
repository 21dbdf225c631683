import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchRow } from '../row.ts';
import { median } from '../row.ts';
import { judged } from './goal-rows.ts';
import { answerOf, cores, cpuMsOf, endProcess, spawnPinned } from './pinned.ts';
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
    const bareMs: number[] = [];
    for (let at = 0; at < starts; at += 1) {
      readyMs.push(await readyAfterMs());
      bareMs.push(await bareNodeMs());
    }
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
      {
        name: 'the same, against a bare node process that says it runs',
        unit: 's',
        value: median(readyMs) / 1000,
        peer: median(bareMs) / 1000,
        ratio: median(readyMs) / median(bareMs),
        goal: null,
        ok: true,
      },
      judged({ ...ceiling, name: 'miner, idle', unit: '% of a core', value: idle * 100, goal: 1 }),
    ];
  });
}

async function readyAfterMs(): Promise<number> {
  const miner = await startOwnMiner({ model: 'echo' });
  await miner.close();
  return miner.readyMs;
}

/** What no node program can be faster than here. */
async function bareNodeMs(): Promise<number> {
  const script = 'process.send(performance.now())';
  const child = spawnPinned(cores.server, process.execPath, ['-e', script], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ms = await answerOf<number>(child);
  await endProcess(child);
  return ms;
}
