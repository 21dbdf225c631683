import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startDevChain } from '../chain/devchain.ts';
import { quietLibraryLogs } from '../cli/quiet-console.ts';
import { connectChain } from '../common/chain/chain-substrate.ts';
import { readSnapshot } from '../common/chain/snapshot.ts';
import { genesisSchema } from '../common/config/genesis-schema.ts';
import { createLogger } from '../common/node/log.ts';
import { createPlatform } from '../common/node/platform.ts';
import { limitedTo } from '../test/fakes/limited-view.ts';
import { median } from './row.ts';
import type { BenchRow } from './row.ts';
import { startTimedRelay } from './timed-relay.ts';
import type { TimedRelay } from './timed-relay.ts';

const netuid = 1;
const neurons = 256;
const rounds = 10;

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
 * chain.
 */
export async function benchMetagraph(): Promise<BenchRow[]> {
  quietLibraryLogs(console);
  const log = createLogger({ level: 'error' });
  const dev = await startDevChain({ port: 0, blockTimeMs: 250, genesis, manual: true, log });
  const relay = await startTimedRelay(dev.url);
  const platform = createPlatform();
  const chain = await connectChain({ endpoints: [relay.url], platform, logger: log });
  const nextBlock = (): Promise<void> => dev.newBlock();
  const world = { relay, nextBlock };
  try {
    await nextBlock();
    const ours = await timesOf(world, () => ourRead(() => chain.snapshot(netuid)));
    const stored = await timesOf(world, () =>
      ourRead(async () => readSnapshot(limitedTo(await chain.view(), 'storage'), netuid, 250)),
    );
    const peer = await peerTimes(world);
    return [
      ...rows('by the selective API', ours, peer),
      ...rows('from storage alone', stored, peer),
    ];
  } finally {
    await chain.close();
    await relay.close();
    await dev.close();
  }
}

interface BenchWorld {
  readonly relay: TimedRelay;
  readonly nextBlock: () => Promise<void>;
}

interface Times {
  /** Milliseconds of each read. */
  readonly whole: readonly number[];
  /** Without those in which a request to the node was under way. */
  readonly own: readonly number[];
}

/** The first read is left out: it fetches what is kept afterwards. */
async function timesOf(
  { relay, nextBlock }: BenchWorld,
  read: () => Promise<number>,
): Promise<Times> {
  const whole: number[] = [];
  const own: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    await nextBlock();
    relay.takeWaitedMs();
    const took = await read();
    whole.push(took);
    own.push(took - relay.takeWaitedMs());
  }
  return { whole: whole.slice(1), own: own.slice(1) };
}

async function ourRead(
  read: () => Promise<{ readonly neurons: readonly unknown[] }>,
): Promise<number> {
  const started = performance.now();
  const { neurons: found } = await read();
  const took = performance.now() - started;
  if (found.length !== neurons) throw new Error(`${found.length} neurons were read`);
  return took;
}

/** null where the interop environment of the SDK is not installed. */
async function peerTimes(world: BenchWorld): Promise<Times | null> {
  const python = fileURLToPath(new URL('../.venv/interop-sdk10/bin/python', import.meta.url));
  if (!existsSync(python)) return null;
  const script = fileURLToPath(new URL('./metagraph.py', import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`${JSON.stringify({ url: world.relay.url, netuid, neurons })}\n`);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const times = await timesOf(world, async () => {
    child.stdin.write('read\n');
    const { value, done } = await answers.next();
    if (done === true) throw new Error('the SDK ended early');
    return Number(value);
  });
  child.stdin.end();
  return times;
}

/**
 * Most of the whole is the embedded chain's executor running the runtime call, the same for both: what
 * a client adds to it is what can be compared.
 */
function rows(source: string, ours: Times, peer: Times | null): readonly BenchRow[] {
  const name = `metagraph of ${neurons} neurons, ${source}`;
  return [
    row(name, ours.whole, peer?.whole ?? null),
    row(`${name}, without waiting for the node`, ours.own, peer?.own ?? null),
  ];
}

/** No goal: ten times the peer is not to be had where the node's share is most of it. */
function row(name: string, ours: readonly number[], peer: readonly number[] | null): BenchRow {
  const value = median(ours);
  const base = { name, value, unit: 'ms', goal: null, ok: true };
  if (peer === null) return { ...base, peer, ratio: null };
  return { ...base, peer: median(peer), ratio: median(peer) / value };
}
