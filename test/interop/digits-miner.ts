import { minerSchema } from '../../common/config/miner-schema.ts';
import { createLogger } from '../../common/node/log.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';
import { startMiner } from '../../miner/main.ts';
import { alice, bob, sr25519 } from '../common/wire-keys.ts';
import { createFakeChain } from '../fakes/fake-chain.ts';
import { modelFile } from '../miner/rig.ts';
import type { EchoServer } from './echo-server.ts';

const netuid = 2;

export interface DigitsMiner extends EchoServer {
  readonly modelSha256: string;
}

/** //Alice serves the best digits model, with a chain in memory; //Bob is the one caller it admits. */
export async function startDigitsMiner(
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<DigitsMiner> {
  const chain = createFakeChain();
  chain.addSubnet(netuid);
  chain.addNeuron(netuid, { hotkey: alice.ss58 });
  const model = modelFile('best');
  const config = minerSchema.parse({
    netuid,
    chain: { endpoints: ['ws://127.0.0.1:1'] },
    task: 'digits',
    model,
    engine: { provider: 'cpu' },
    server: { host: '127.0.0.1', port: 0, drainMs: 100 },
    admission: { allow: [bob.ss58], ratePerSecond: 1000, burst: 1000 },
    announce: { serve: false },
    metrics: { enabled: false },
    ...overrides,
  });
  const miner = await startMiner({
    config,
    modelPath: model.path,
    platform: createPlatform(),
    log: createLogger({ level: 'error', format: 'json' }),
    registry: createMetricsRegistry(),
    hotkey: alice,
    coldkey: () => alice,
    verifier: sr25519,
    chain,
    // No earlier life of this miner could have answered anything.
    notBeforeNs: 0n,
  });
  await miner.announce(new AbortController().signal);
  const { port } = miner.status().address;
  return { host: `127.0.0.1:${port}`, modelSha256: model.sha256, close: () => miner.stop() };
}
