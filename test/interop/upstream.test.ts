import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backendSchema } from '../../common/config/backend-schema.ts';
import { createHttpClient } from '../../common/node/http-undici.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import type { InferOutcome, ServedModel } from '../../miner/models/served-model.ts';
import { openUpstreamModel } from '../../miner/upstream/open-upstream-model.ts';
import { createUpstreamMetrics } from '../../miner/upstream/upstream-metrics.ts';
import { startMlserver } from './mlserver.ts';
import type { RunningServer } from './mlserver.ts';
import { python, pythonTriton, titled } from './python.ts';
import { startTriton } from './upstream-triton.ts';
import type { TritonServer } from './upstream-triton.ts';

const sha256 = 'ab'.repeat(32);
const platform = createPlatform();
const addInterface = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, 4] },
    { name: 'y', datatype: 'FP32', shape: [-1, 4] },
  ],
  outputs: [{ name: 'sum', datatype: 'FP32', shape: [-1, 4] }],
};

interface Opened {
  readonly model: ServedModel;
  readonly logged: readonly string[];
}

async function open(urls: readonly string[], backend: object = {}): Promise<Opened> {
  const logged: string[] = [];
  const write = (message: string): void => void logged.push(message);
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  const config = { kind: 'open-inference', urls, model: 'add', sha256, timeoutMs: 20_000 };
  const model = await openUpstreamModel(
    backendSchema.parse({ ...config, healthIntervalMs: 200, ...backend }),
    { name: 'sum', version: '1', apiKey: null, drainMs: 0 },
    {
      http: createHttpClient({ operatorHosts: true }),
      platform,
      log,
      metrics: createUpstreamMetrics(createMetricsRegistry()),
    },
  );
  return { model, logged };
}

function infer(model: ServedModel, inputs: readonly Tensor[]): Promise<InferOutcome> {
  const deadlineMs = platform.clock.monotonicMs() + 60_000;
  return model.infer({ inputs, deadlineMs, isGone: () => false });
}

/** x + y of so many rows, whose values are all different from each other's. */
async function addRows(model: ServedModel, rows: number, seed: number): Promise<void> {
  const x = Float32Array.from({ length: rows * 4 }, (_, at) => seed + at);
  const y = Float32Array.from({ length: rows * 4 }, (_, at) => seed * at);
  const tensor = (name: string, data: Float32Array): Tensor => ({
    name,
    datatype: 'FP32',
    shape: [rows, 4],
    data,
  });
  const outcome = await infer(model, [tensor('x', x), tensor('y', y)]);
  const sum = x.map((value, at) => value + (y[at] ?? 0));
  expect(outcome).toMatchObject({ kind: 'outputs', outputs: [tensor('sum', sum)] });
}

/** Sixteen callers at a time; one server is ended in the middle. All answers must be right. */
async function endUnderLoad(model: ServedModel, end: () => void): Promise<void> {
  const requests = 400;
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < requests) {
      const at = next;
      next += 1;
      if (at === requests / 4) end();
      await addRows(model, 1 + (at % 5), at);
    }
  };
  await Promise.all(Array.from({ length: 16 }, caller));
}

describe.skipIf(pythonTriton === undefined)(titled('upstreams: Triton', pythonTriton), () => {
  let servers: readonly TritonServer[] = [];
  const urls = (): string[] => servers.map(({ url }) => url);
  beforeAll(async () => {
    servers = await Promise.all([1, 2, 3].map(() => startTriton(sha256)));
  });
  afterAll(() => Promise.all(servers.map((server) => server.close())));

  it('says its sha256 and its interface', async () => {
    const { model, logged } = await open(urls(), { pin: { require: 'said' } });
    expect(model.interface).toEqual({ ...addInterface, batchAxis: true });
    expect(logged).toContain('upstream says the sha256 that is pinned');
    await model.close();
  });

  it('is not used when it says another sha256', async () => {
    await expect(open(urls(), { sha256: 'cd'.repeat(32) })).rejects.toMatchObject({
      code: 'UPSTREAM_MODEL',
    });
  });

  it('answers requests of many rows, and texts', async () => {
    const { model } = await open(urls(), { hedge: { maxShare: 0 } });
    await Promise.all([1, 2, 3, 8, 64].map((rows) => addRows(model, rows, rows)));
    await model.close();
    const texts = await open(urls(), { model: 'upper' });
    const data = ['a', 'bc', 'déf'].map((text) => new TextEncoder().encode(text));
    const input: Tensor = { name: 'text', datatype: 'BYTES', shape: [3, 1], data };
    const outcome = await infer(texts.model, [input]);
    const words = outcome.kind === 'outputs' ? [...(outcome.outputs[0]?.data ?? [])] : [];
    expect(words.map((word) => new TextDecoder().decode(word as Uint8Array))).toEqual([
      'A',
      'BC',
      'DÉF',
    ]);
    await texts.model.close();
  });

  it('fails no request when one of two is told to stop under load', async () => {
    const { model } = await open(urls().slice(0, 2));
    await endUnderLoad(model, () => servers[0]?.terminate());
    await model.close();
  });

  it('fails no request when one of two is killed under load', async () => {
    const { model } = await open(urls().slice(1));
    await endUnderLoad(model, () => servers[1]?.kill());
    expect(model.notReady()).toBeNull();
    await model.close();
  });
});

describe.skipIf(python === undefined)(titled('upstreams: MLServer'), () => {
  let servers: readonly RunningServer[] = [];
  const urls = (): string[] => servers.map(({ url }) => url);
  beforeAll(async () => {
    servers = await Promise.all([startMlserver(), startMlserver()]);
  });
  afterAll(() => Promise.all(servers.map((server) => server.close())));

  it('is held to its interface and its answer to the probe, since it says no sha256', async () => {
    const { model, logged } = await open(urls());
    expect(model.interface).toEqual({ ...addInterface, batchAxis: true });
    expect(logged.filter((line) => line.includes('cannot say'))).toHaveLength(2);
    await expect(open(urls(), { pin: { require: 'said' } })).rejects.toMatchObject({
      code: 'UPSTREAM_MODEL',
    });
    await expect(open(urls(), { pin: { fingerprint: Array(8).fill(1) } })).rejects.toMatchObject({
      code: 'UPSTREAM_MODEL',
    });
    await model.close();
  });

  it('answers requests of many rows in JSON', async () => {
    const { model } = await open(urls());
    await Promise.all([1, 2, 3, 8].map((rows) => addRows(model, rows, rows)));
    await model.close();
  });

  it('does not start with a model that nobody has', async () => {
    await expect(open(urls(), { model: 'nobody', startPatienceMs: 300 })).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    });
  });

  it('fails no request when one of two is killed under load', async () => {
    const { model } = await open(urls());
    await endUnderLoad(model, () => servers[0]?.kill());
    await model.close();
  });
});
