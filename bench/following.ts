import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { quietLibraryLogs } from '../cli/quiet-console.ts';
import { connectChain } from '../common/chain/chain-substrate.ts';
import type { Chain } from '../common/chain-port.ts';
import { createLogger } from '../common/node/log.ts';
import { createPlatform } from '../common/node/platform.ts';
import type { BenchRow } from './row.ts';

const netuid = 1;
const blocks = 2000;
/** What is kept on purpose is kept by then: decorated metadata, caches of addresses. */
const settledAfter = 200;
const readEvery = 10;

const genesis = {
  balances: [{ account: '//Bob', tao: 1000 }],
  beacon: 'quicknet',
  subnets: [
    {
      netuid,
      owner: '//Alice',
      ownerHotkey: '//Bench//0',
      maxAllowedUids: 64,
      neurons: Array.from({ length: 63 }, (_, at) => ({
        hotkey: `//Bench//${at + 1}`,
        coldkey: '//Bob',
      })),
    },
  ],
};

/** Heap that two thousand blocks leave behind in a client that hears of all and reads one in ten. */
export async function benchFollowing(): Promise<BenchRow[]> {
  quietLibraryLogs(console);
  const dir = mkdtempSync(join(tmpdir(), 'bench-following-'));
  const file = join(dir, 'genesis.json');
  writeFileSync(file, JSON.stringify(genesis));
  const { child, url } = await startChain(file);
  try {
    const logger = createLogger({ level: 'error' });
    const chain = await connectChain({ endpoints: [url], platform: createPlatform(), logger });
    const rows = await follow(chain, url.replace(/^ws/, 'http'));
    await chain.close();
    return rows;
  } finally {
    child.kill('SIGTERM');
    rmSync(dir, { recursive: true, force: true });
  }
}

/** In a process of its own: what the chain keeps is not the client's. */
async function startChain(file: string): Promise<{ child: ChildProcess; url: string }> {
  const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
  const args = ['chain', 'dev', '--genesis', file, '--port', '0', '--manual', '--json'];
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, url: (JSON.parse(line) as { url: string }).url };
  }
  throw new Error('the chain did not start');
}

async function follow(chain: Chain, url: string): Promise<BenchRow[]> {
  let heard = 0;
  const stop = chain.onHead(() => void (heard += 1));
  let before = 0;
  for (let block = 0; block < blocks + settledAfter; block += 1) {
    if (block === settledAfter) before = heapMb();
    await newBlock(url);
    if (block % readEvery === 0) await chain.snapshot(netuid);
  }
  const value = heapMb() - before;
  stop();
  const name = `following the chain: heap after ${blocks} more blocks, ${heard} heads heard`;
  return [{ name, value, unit: 'MB', peer: null, ratio: null, goal: 2, ok: value <= 2 }];
}

async function newBlock(url: string): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'dev_newBlock', params: [] });
  const headers = { 'content-type': 'application/json' };
  await (await fetch(url, { method: 'POST', headers, body })).text();
}

function heapMb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
