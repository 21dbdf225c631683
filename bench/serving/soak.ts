import process from 'node:process';
import type { BenchRow } from '../row.ts';
import { median } from '../row.ts';
import { judged } from './goal-rows.ts';
import { notAnswered } from './load-order.ts';
import { residentBytesOf } from './pinned.ts';
import { quick } from './quick.ts';
import { startOwnMiner } from './servers.ts';
import { withServers } from './with-servers.ts';

/** `SUBNET_SOAK_REQUESTS` asks for fewer. */
const asked = Number(process.env['SUBNET_SOAK_REQUESTS'] ?? 1_000_000);
const total = quick ? 1_000 : asked;
/** Few enough that the last is sent before it is ten seconds old, on a slow machine too. */
const slice = { requests: quick ? 100 : 5_000, seconds: 60, concurrency: 64 } as const;
/** Heaps find their size, caches and the replay window fill up. */
const warmUp = quick ? 1_000 : 200_000;
const window = quick ? 4 : 20;

/** Resident size over a million requests, JSON and binary by turns. */
export function benchSoak(): Promise<readonly BenchRow[]> {
  return withServers('miner, soak', async ({ load, keep }) => {
    const { port, pid } = keep(await startOwnMiner({ model: 'light' }));
    const sizes: number[] = [];
    let lost = 0;
    for (let sent = 0; sent < warmUp + total; sent += slice.requests) {
      const traffic = {
        wire: 'btauth',
        payload: 'light',
        binary: sent % (2 * slice.requests) === 0,
      } as const;
      const { requests: atMost, ...bounds } = slice;
      const order = { port, pid, traffic, ...bounds, atMost, signing: 'beforehand' } as const;
      const { statuses } = await load.run(order);
      const missed = notAnswered(statuses);
      lost += missed;
      if (missed > 0) console.error(`  after ${sent}: ${JSON.stringify(statuses)}`);
      if (sent >= warmUp - window * slice.requests) sizes.push(residentBytesOf(pid));
    }
    const [first, last] = [median(sizes.slice(0, window)), median(sizes.slice(-window))];
    const name = `miner, growth of its resident size over ${total.toLocaleString('en')} requests`;
    const value = (last / first - 1) * 100;
    const shown = sizes.filter((_, at) => at % window === 0 || at === sizes.length - 1);
    console.error(`  ${shown.map((size) => Math.round(size / 1e6)).join(' ')} MB`);
    return [
      judged({ name, unit: '%', value, goal: 1, sense: 'at-most' }),
      judged({
        name: `${name}: not answered`,
        unit: 'requests',
        value: lost,
        goal: 0,
        sense: 'at-most',
      }),
    ];
  });
}
