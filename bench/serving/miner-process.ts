import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { minerSchema } from '../../common/config/miner-schema.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createLogger } from '../../common/node/log.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';
import { startMiner } from '../../miner/main.ts';
import { createFakeChain } from '../../test/fakes/fake-chain.ts';
import { benchCaller, benchMiner } from './bench-keys.ts';
import type { MinerOrder, MinerWord } from './miner-order.ts';

/**
 * A miner as it ships, in a process of its own, whose chain stands still: the way of a request is
 * measured and nothing else. Only what limits a single caller is set aside. Ends with its parent.
 */
const order = JSON.parse(process.argv[2] ?? '{}') as MinerOrder;
const netuid = 1;
const resolutionMs = 1;
const sr25519 = loadSr25519();
const hotkey = signerFromSuri(sr25519, benchMiner);
const caller = signerFromSuri(sr25519, benchCaller);

function chainWithCaller() {
  const chain = createFakeChain();
  chain.addSubnet(netuid);
  chain.addNeuron(netuid, { hotkey: hotkey.ss58 });
  const totalStakeRao = 10_000_000_000_000n;
  chain.addNeuron(netuid, { hotkey: caller.ss58, validatorPermit: true, totalStakeRao });
  return chain;
}

/** As the axon of the bench has it, which signs no fields; of the heavy model nobody asks it. */
function synapseOf(model: MinerOrder['model']) {
  const input = { tensor: model === 'heavy' ? 'ids' : 'x' };
  const output = { tensor: { light: 'logits', heavy: 'emb', echo: 'y' }[model] };
  return {
    synapse: `${model.charAt(0).toUpperCase()}${model.slice(1)}`,
    fields: [
      { name: 'x', type: 'list[float]', input },
      { name: 'y', type: 'list[float]', output },
    ],
    unsignedBody: 'accept',
  };
}

const config = minerSchema.parse({
  netuid,
  chain: { endpoints: ['ws://127.0.0.1:1'] },
  task: order.model,
  model: { path: order.path, sha256: order.sha256 },
  engine: { provider: 'cpu', maxBatch: order.maxBatch, instances: order.instances },
  server: { host: '127.0.0.1', port: 0 },
  announce: { serve: false },
  admission: {
    ratePerSecond: 1e6,
    burst: 1_000_000,
    addressRatePerSecond: 1e6,
    addressBurst: 1_000_000,
    maxInFlight: 4096,
  },
  entrances: { classic: { routes: [synapseOf(order.model)] } },
  queue: { maxWaitMs: 60_000 },
  metrics: { port: 0 },
});

const miner = await startMiner({
  config,
  modelPath: order.path,
  platform: createPlatform(),
  log: createLogger({ level: 'warn' }),
  registry: createMetricsRegistry(),
  hotkey,
  coldkey: () => hotkey,
  verifier: sr25519,
  chain: chainWithCaller(),
  notBeforeNs: 0n,
});
await miner.announce(new AbortController().signal);

const delay = monitorEventLoopDelay({ resolution: resolutionMs });
if (order.watchesLoop) delay.enable();
const say = (word: MinerWord): void => void process.send?.(word);

/** Any word of the parent asks for the delay since the last. */
process.on('message', () => {
  say({ kind: 'loop-delay', p99Ms: Math.max(0, delay.percentile(99) / 1e6 - resolutionMs) });
  delay.reset();
});
process.once('disconnect', () => void miner.stop().then(() => delay.disable()));
const { port } = miner.status().address;
say({ kind: 'ready', port, readyMs: performance.now() });
