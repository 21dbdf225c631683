import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../common/node/log.ts';
import { startOnnxEngine } from '../../miner/engine/engine-onnx.ts';
import type { OnnxEngine, OnnxEngineOptions } from '../../miner/engine/engine-onnx.ts';
import { causeOf } from '../../miner/engine/run-cause.ts';
import { cpuLoad } from '../fakes/cpu-load.ts';
import { row } from '../fakes/fake-engine.ts';
import type { OnnxGraph } from '../fakes/onnx-model.ts';
import type { DeviceScript } from '../fakes/scripted-engine.ts';
import { createModelFolder, embedding, int64 } from './tiny-models.ts';

const folder = mkdtempSync(join(tmpdir(), 'engine-faults-'));
afterAll(() => rmSync(folder, { recursive: true }));
const models = createModelFolder();
afterAll(() => models.remove());

const path = join(folder, 'device.json');
const well: DeviceScript = { starts: true, runs: true };

function device(script: DeviceScript): void {
  writeFileSync(path, JSON.stringify(script));
}

async function start(
  lines: string[] = [],
  more: Partial<OnnxEngineOptions> = {},
): Promise<OnnxEngine> {
  device(well);
  return startOnnxEngine({
    load: cpuLoad({ modelPath: path, sha256: '' }),
    runTimeoutMs: 10_000,
    program: 'test/fakes/scripted-engine.ts',
    log: createLogger({ format: 'json', write: (line) => lines.push(line) }),
    ...more,
  });
}

const patient = { timeout: 20_000 };

describe('a device that fails', () => {
  it('is told from inputs that are refused, and the model is not ready until it computes again', async () => {
    const engine = await start();
    expect((await engine.run(row(1, 2))).kind).toBe('outputs');
    device({ starts: false, runs: false });
    const outcomes = await Promise.all([engine.run(row(1, 2)), engine.run(row(3, 4))]);
    // What lay behind it was not begun: another process may still compute it.
    expect(outcomes.map((one) => (one.kind === 'failed' ? one.reason : one.kind))).toEqual([
      'broken',
      'unavailable',
    ]);
    expect(engine.notReady()).toBe('the device of the model fails');
    expect(engine.instances()[0]?.problem).toContain('CUDA failure 700');
    await expect
      .poll(() => engine.instances()[0]?.problem, patient)
      .toContain('the device is gone');
    expect(engine.ready()).toBe(false);
    device(well);
    expect(await engine.whenReady()).toBe(true);
    expect([engine.notReady(), engine.instances()[0]?.problem]).toEqual([null, null]);
    expect((await engine.run(row(1, 2))).kind).toBe('outputs');
    await engine.close();
  });

  it('is started again and again, less and less often, while it breaks at each run', async () => {
    const pausesMs: number[] = [];
    const engine = await start([], { pause: async (ms) => void pausesMs.push(ms) });
    const breaks = async (): Promise<void> => {
      device({ starts: true, runs: false });
      expect(await engine.run(row(1, 2))).toMatchObject({ kind: 'failed', reason: 'broken' });
      expect(await engine.whenReady()).toBe(true);
    };
    for (let restarts = 1; restarts <= 4; restarts += 1) {
      await breaks();
      expect(engine.instances()[0]?.restarts).toBe(restarts);
    }
    device(well);
    expect((await engine.run(row(1, 2))).kind).toBe('outputs');
    await breaks();
    expect(pausesMs).toEqual([50, 100, 200, 400, 50]);
    await engine.close();
  });

  it('is no reason to be away while a process is replaced that merely died', async () => {
    const engine = await start();
    process.kill(engine.pid() ?? 0, 'SIGKILL');
    await expect.poll(() => engine.ready(), patient).toBe(false);
    expect(engine.notReady()).toBeNull();
    expect(await engine.whenReady()).toBe(true);
    await engine.close();
  });

  it('is one once three starts in a row failed; the death before them is not counted', async () => {
    const told: (string | null)[] = [];
    const engine = await start([], {
      // After the death, and after each start that failed.
      pause: async () => {
        told.push(engine.notReady());
        if (told.length === 4) device(well);
      },
    });
    device({ ...well, starts: false });
    process.kill(engine.pid() ?? 0, 'SIGKILL');
    await expect.poll(() => told.length, patient).toBe(4);
    expect(told).toEqual([null, null, null, 'the device of the model fails']);
    expect(await engine.whenReady()).toBe(true);
    expect(engine.notReady()).toBeNull();
    await engine.close();
  });
});

describe('a model process that writes what is no frame', () => {
  it('is ended and replaced, and the log says why', async () => {
    const lines: string[] = [];
    const engine = await start(lines);
    device({ ...well, garbage: true });
    expect(await engine.run(row(1, 2))).toMatchObject({ kind: 'failed', reason: 'crashed' });
    expect(lines.join()).toContain('the model process wrote what is no frame');
    device(well);
    expect(await engine.whenReady()).toBe(true);
    expect((await engine.run(row(1, 2))).kind).toBe('outputs');
    await engine.close();
  });
});

/** Makes as many numbers as its input says. */
const greedy: OnnxGraph = {
  inputs: [{ name: 'count', type: 'int64', shape: ['batch'] }],
  outputs: [{ name: 'zeros', type: 'float', shape: ['length'] }],
  nodes: [{ op: 'ConstantOfShape', inputs: ['count'], outputs: ['zeros'] }],
};

describe('ONNX Runtime', () => {
  it('refuses inputs, or has no memory for them, and computes the next', async () => {
    const engine = await models.start(greedy);
    const ask = (count: number) => engine.run([int64('count', [1], [count])]);
    expect(await ask(-1)).toMatchObject({ kind: 'failed', reason: 'model' });
    expect(await ask(2 ** 44)).toMatchObject({ kind: 'failed', reason: 'memory' });
    expect(await ask(3)).toMatchObject({ kind: 'outputs' });
    expect(engine.instances()[0]?.restarts).toBe(0);
    await engine.close();
  });

  it('is not blamed for a token that no vocabulary has', async () => {
    const engine = await models.start(embedding);
    const inputs = (id: number) => [int64('ids', [1, 1], [id]), int64('mask', [1, 1], [1])];
    expect(await engine.run(inputs(5000))).toMatchObject({ kind: 'failed', reason: 'model' });
    expect((await engine.run(inputs(5))).kind).toBe('outputs');
    await engine.close();
  });
});

describe('the cause of a run that failed', () => {
  it.each([
    ['indices element out of data bounds', true, 'inputs'],
    ['indices element out of data bounds', null, 'inputs'],
    ['indices element out of data bounds', false, 'broken'],
    ['Failed to allocate memory for requested buffer', true, 'memory'],
    ['Failed to allocate memory for requested buffer', null, 'memory'],
    ['CUBLAS failure 13', true, 'device'],
    ['CUDA failure 700: an illegal memory access', null, 'broken'],
  ] as const)('%s, and what ran before still runs: %s: %s', (detail, stillRuns, cause) =>
    expect(causeOf(detail, stillRuns)).toBe(cause),
  );
});
