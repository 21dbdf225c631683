import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startDevChain } from '../chain/devchain.ts';
import { quietLibraryLogs } from '../cli/quiet-console.ts';
import { connectChain } from '../common/chain/chain-substrate.ts';
import { readSnapshot } from '../common/chain/snapshot.ts';
import { genesisSchema } from '../common/config/config-schema.ts';
import { createLogger } from '../common/node/log.ts';
import { createPlatform } from '../common/node/platform.ts';
import type { Chain } from '../common/chain-port.ts';
import { limitedTo } from '../test/fakes/limited-view.ts';
import { median } from './row.ts';
import type { BenchRow } from './row.ts';

const netuid = 1;
const neurons = 256;
const rounds = 10;
const heldBlocks = 2000;

const genesis = genesisSchema.parse({
  balances: [{ account: '//Bob', tao: 1000 }],
  beacon: 'quicknet',
  network: { stakeThresholdTao: 0 },
  subnets: [
    {
      netuid,
      owner: '//Alice',
      ownerHotkey: '//Bench//0',
      tempo: 360,
      maxAllowedUids: neurons,
      neurons: Array.from({ length: neurons - 1 }, (_, at) => ({
        hotkey: `//Bench//${at + 1}`,
        coldkey: '//Bob',
        stakeTao: at < 64 ? 1000 + at : 0,
      })),
    },
  ],
});

/**
 * A full subnet decoded and ready, at another block each time, beside the Python SDK on the same
 * chain; and what following the chain keeps in memory.
 */
export async function benchMetagraph(): Promise<BenchRow[]> {
  quietLibraryLogs(console);
  const log = createLogger({ level: 'error' });
  const dev = await startDevChain({ port: 0, blockTimeMs: 250, genesis, manual: true, log });
  const platform = createPlatform();
  const chain = await connectChain({ endpoints: [dev.url], platform, logger: log });
  const nextBlock = (): Promise<void> => dev.newBlock();
  try {
    await nextBlock();
    const ours = await timesOf(nextBlock, () => chain.snapshot(netuid));
    const stored = await timesOf(nextBlock, async () =>
      readSnapshot(limitedTo(await chain.view(), 'storage'), netuid, 250),
    );
    const peer = await peerTimes(dev.url);
    return [
      row('metagraph of 256 neurons, by the selective API', ours, peer),
      row('metagraph of 256 neurons, from storage alone', stored, peer),
      await memoryRow(chain, nextBlock),
    ];
  } finally {
    await chain.close();
    await dev.close();
  }
}

/** Milliseconds of each read, the first one left out: it fetches what is kept afterwards. */
async function timesOf(
  nextBlock: () => Promise<void>,
  read: () => Promise<{ readonly neurons: readonly unknown[] }>,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    await nextBlock();
    const started = performance.now();
    const { neurons: found } = await read();
    times.push(performance.now() - started);
    if (found.length !== neurons) throw new Error(`${found.length} neurons were read`);
  }
  return times.slice(1);
}

/** null where the interop environment of the SDK is not installed. */
async function peerTimes(url: string): Promise<readonly number[] | null> {
  const python = fileURLToPath(new URL('../.venv/interop-sdk10/bin/python', import.meta.url));
  if (!existsSync(python)) return null;
  const script = fileURLToPath(new URL('./metagraph.py', import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify({ url, netuid, neurons, rounds }));
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  return JSON.parse(text) as readonly number[];
}

function row(name: string, ours: readonly number[], peer: readonly number[] | null): BenchRow {
  const value = median(ours);
  const peerValue = peer === null ? null : median(peer);
  const ratio = peerValue === null ? null : peerValue / value;
  // No goal: most of either figure is the chain's executor running the same runtime call.
  return { name, value, unit: 'ms', peer: peerValue, ratio, goal: null, ok: true };
}

/** Heap that two thousand blocks leave behind, each of them heard of and one in ten read. */
async function memoryRow(chain: Chain, nextBlock: () => Promise<void>): Promise<BenchRow> {
  let heard = 0;
  const stop = chain.onHead(() => void (heard += 1));
  let before = 0;
  for (let block = 0; block < heldBlocks; block += 1) {
    // The first tenth fills what is kept on purpose.
    if (block === heldBlocks / 10) before = heapMb();
    await nextBlock();
    if (block % 10 === 0) await chain.snapshot(netuid);
  }
  stop();
  const value = heapMb() - before;
  const name = `following the chain: heap after ${heldBlocks} blocks, ${heard} heads heard`;
  return { name, value, unit: 'MB', peer: null, ratio: null, goal: 10, ok: value <= 10 };
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
