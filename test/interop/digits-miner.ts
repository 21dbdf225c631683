import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { restartFloorNs } from '../../common/wire/btauth.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { ReplayMemory } from '../../common/wire/replay.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';
import { createBatcher } from '../../miner/batch/batcher.ts';
import { startOnnxEngine } from '../../miner/engine/engine-onnx.ts';
import type { OnnxEngine } from '../../miner/engine/engine-onnx.ts';
import { createHandle } from '../../miner/gate/handle.ts';
import type { Handle } from '../../miner/gate/handle.ts';
import { createMinerMetrics } from '../../miner/metrics.ts';
import { startMinerServer } from '../../miner/gate/server.ts';
import { createVerifyQueue } from '../../miner/gate/verify-queue.ts';
import { alice, bob, sr25519 } from '../common/wire-keys.ts';
import type { EchoServer } from './echo-server.ts';

const models = new URL('../../examples/digits/models/', import.meta.url);
const defer = (run: () => void): void => void setImmediate(run);

export interface DigitsMiner extends EchoServer {
  readonly modelSha256: string;
}

/** //Alice serves the best digits model without a chain; //Bob is the one caller it admits. */
export async function startDigitsMiner(): Promise<DigitsMiner> {
  const sha256 = sha256Of('best');
  const engine = await startOnnxEngine({
    load: {
      modelPath: fileURLToPath(new URL('best.onnx', models)),
      sha256,
      provider: 'cpu',
      requireProvider: false,
      threads: 1,
      batching: true,
      warmUpBatches: [1],
    },
    runTimeoutMs: 10_000,
    log: silent,
  });
  const server = await startMinerServer({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 16,
    requestTimeoutMs: 10_000,
    handle: handleOf(engine, sha256),
    log: silent,
  });
  const close = async (): Promise<void> => {
    await server.drain(100);
    await engine.close();
  };
  return { host: `127.0.0.1:${server.port}`, modelSha256: sha256, close };
}

function handleOf(engine: OnnxEngine, modelSha256: string): Handle {
  const platform = createPlatform();
  const { clock } = platform;
  const observer = { onQueue: () => undefined, onRun: () => undefined };
  return createHandle(
    {
      platform,
      signer: alice,
      replay: new ReplayMemory(),
      verifyQueue: createVerifyQueue({ verifier: sr25519, clock, defer, onBatch: () => undefined }),
      batcher: createBatcher({ engine, clock, defer, observer }, { maxBatch: 64, maxWaiting: 64 }),
      model: engine.model,
      metrics: createMinerMetrics(createMetricsRegistry()),
      directory: () => new Map(),
      notReady: () => null,
    },
    {
      task: 'digits',
      modelSha256,
      version: 'test',
      // No earlier life of this miner could have answered anything.
      notBeforeNs: restartFloorNs(0n),
      maxBodyBytes: 1_000_000,
      maxWaitMs: 5_000,
      admission: {
        requireValidatorPermit: true,
        minStakeRao: 0n,
        allow: new Set([bob.ss58]),
        deny: new Set(),
      },
      ratePerSecond: 1_000,
      burst: 1_000,
      maxInFlight: 64,
    },
  );
}

function sha256Of(name: string): string {
  const list = JSON.parse(readFileSync(new URL('models.json', models), 'utf8')) as {
    models: { name: string; sha256: string }[];
  };
  return list.models.find((model) => model.name === name)?.sha256 ?? '';
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};
