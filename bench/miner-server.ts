import process from 'node:process';
import { minerSchema } from '../common/config/config-schema.ts';
import type { Chain, Snapshot } from '../common/chain-port.ts';
import { SubnetError } from '../common/errors.ts';
import { createLogger } from '../common/node/log.ts';
import { createPlatform } from '../common/node/platform.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { createMetricsRegistry } from '../common/node/telemetry.ts';
import { signerFromSuri } from '../common/keys/keys.ts';
import { startMiner } from '../miner/main.ts';

/**
 * A miner as it ships, in a process of its own, whose chain stands still: nothing but the way of a
 * request is measured. The first line on stdout is its port; it ends when stdin does.
 */
const { path, sha256 } = JSON.parse(process.argv[2] ?? '{}') as { path: string; sha256: string };
const sr25519 = loadSr25519();
const hotkey = signerFromSuri(sr25519, '//BenchMiner');
const caller = signerFromSuri(sr25519, '//BenchValidator');

function refuse(): never {
  throw new SubnetError('CHAIN_CLOSED');
}

const head = { number: 1, hash: `0x${'00'.repeat(32)}` };
const snapshot = { netuid: 1, block: head, neurons: [] } as unknown as Snapshot;
const stillChain: Chain = {
  genesisHash: head.hash,
  runtime: {
    specName: 'node-subtensor',
    specVersion: 425,
    epochs: 'stateful',
    metagraph: 'selective',
    mechanisms: true,
    commits: { hash: true, timelocked: true },
  },
  endpoints: () => [],
  head: () => Promise.resolve(head),
  snapshot: () => Promise.resolve(snapshot),
  uidOf: () => Promise.resolve(0),
  onHead: () => () => undefined,
  close: () => Promise.resolve(),
  blockHash: refuse,
  pendingCommits: refuse,
  beacon: refuse,
  hasPulse: refuse,
  eventsAt: refuse,
  weightsOf: refuse,
  account: refuse,
  netuids: refuse,
  submit: refuse,
};

const miner = await startMiner({
  config: minerSchema.parse({
    netuid: 1,
    chain: { endpoints: ['ws://127.0.0.1:1'] },
    task: 'digits',
    model: { path, sha256 },
    engine: { provider: 'cpu' },
    server: { host: '127.0.0.1', port: 0 },
    announce: { serve: false },
    admission: { allow: [caller.ss58], ratePerSecond: 1e6, burst: 1_000_000, maxInFlight: 4096 },
    metrics: { enabled: false },
  }),
  modelPath: path,
  platform: createPlatform(),
  log: createLogger({ level: 'warn' }),
  registry: createMetricsRegistry(),
  hotkey,
  coldkey: () => hotkey,
  verifier: sr25519,
  chain: stillChain,
  notBeforeNs: 0n,
});
await miner.announce(new AbortController().signal);
process.stdout.write(`${miner.status().address.port}\n`);
process.stdin.resume();
process.stdin.once('end', () => void miner.stop());
