import { mkdtempSync, rmSync, writeFileSync, copyFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SubnetError } from '../../common/errors.ts';
import { createLogger } from '../../common/node/log.ts';
import type { Tensor } from '../../common/tensor.ts';
import { startOnnxEngine } from '../../miner/engine/engine-onnx.ts';
import type { OnnxEngine, OnnxEngineOptions } from '../../miner/engine/engine-onnx.ts';
import { checkModelFile } from '../../miner/models/model-file.ts';
import { engineContract } from '../contract/engine-contract.ts';
import type { OnnxGraph } from '../fakes/onnx-model.ts';
import { createModelFolder, half, int8, texts } from './tiny-models.ts';
import { cpuLoad } from '../fakes/cpu-load.ts';
import { createFakeEngine, poison, row } from '../fakes/fake-engine.ts';
import { modelFile } from './rig.ts';

const log = createLogger({ level: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'engine-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const tiny = createModelFolder();
afterAll(() => tiny.remove());

function options(
  load: Partial<OnnxEngineOptions['load']> = {},
  more: Partial<OnnxEngineOptions> = {},
): OnnxEngineOptions {
  const { path, sha256 } = modelFile('weaker');
  const toLoad = cpuLoad({ modelPath: path, sha256 }, { warmUpBatches: [1, 4], ...load });
  return { load: toLoad, runTimeoutMs: 10_000, log, ...more };
}

function image(rows: number): readonly Tensor[] {
  const data = new Float32Array(rows * 64).fill(0.5);
  return [{ name: 'image', datatype: 'FP32', shape: [rows, 1, 8, 8], data }];
}

const wrongRank: readonly Tensor[] = [
  { name: 'image', datatype: 'FP32', shape: [64], data: new Float32Array(64) },
];

engineContract('onnx, in a process of its own', async () => ({
  engine: await startOnnxEngine(options()),
  good: image,
  bad: wrongRank,
}));

engineContract('onnx, a pool of two processes', async () => ({
  engine: await startOnnxEngine(options({}, { instances: 2 })),
  good: image,
  bad: wrongRank,
}));

engineContract('fake', async () => ({
  engine: createFakeEngine(),
  good: (rows) => row(...Array.from({ length: rows * 2 }, (_, at) => at)),
  bad: row(poison, 1),
}));

async function failure(start: Promise<unknown>): Promise<SubnetError> {
  return start.then(
    () => Promise.reject(new Error('it started')),
    (error: SubnetError) => error,
  );
}

describe('a model that cannot be served', () => {
  it('is refused with path, expected and got hash', async () => {
    const { path, sha256 } = modelFile('best');
    const expected = 'a'.repeat(64);
    const error = await failure(checkModelFile({ path, sha256: expected }));
    expect(error).toMatchObject({
      code: 'MODEL_HASH_MISMATCH',
      facts: { path, expected, got: sha256 },
    });
    const again = await failure(startOnnxEngine(options({ sha256: expected })));
    expect(again.code).toBe('MODEL_HASH_MISMATCH');
  });

  it('is refused when missing or truncated', async () => {
    const missing = join(folder, 'none.onnx');
    const error = await failure(checkModelFile({ path: missing, sha256: '' }));
    expect(error.code).toBe('MODEL_UNREADABLE');
    expect((await failure(startOnnxEngine(options({ modelPath: missing })))).code).toBe(
      'MODEL_UNREADABLE',
    );
    const broken = join(folder, 'broken.onnx');
    const bytes = new TextEncoder().encode('not a model');
    writeFileSync(broken, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const invalid = await failure(startOnnxEngine(options({ modelPath: broken, sha256 })));
    expect(invalid.code).toBe('MODEL_INVALID');
  });

  it.each([
    ['operators', { opset: 99 }, /opset 99/i],
    ['file format', { irVersion: 99 }, /IR version: 99/i],
  ])('is refused when the runtime does not know its %s, and says which', async (_, of, says) => {
    const error = await failure(tiny.start({ ...int8, ...of }));
    expect(error.code).toBe('MODEL_INVALID');
    expect(error.facts['detail']).toMatch(says);
    expect(error.message).toMatch(says);
  });

  it('is given up when its process does not get ready in time', async () => {
    const error = await failure(startOnnxEngine(options({}, { loadTimeoutMs: 1 })));
    expect(error).toMatchObject({ code: 'ENGINE_FAILED', facts: { detail: 'too slow' } });
  });

  it.skipIf(process.env['SUBNET_CUDA'] === '1')(
    'is refused where CUDA is required and missing, naming what is missing',
    async () => {
      const error = await failure(startOnnxEngine(options({ provider: 'cuda' })));
      expect(error.code).toBe('ENGINE_CUDA_MISSING');
      expect(error.message).toMatch(/librar/i);
    },
  );

  it.skipIf(process.env['SUBNET_CUDA'] === '1')(
    'runs on the CPU where CUDA is only preferred, and says so',
    async () => {
      const lines: string[] = [];
      const log = createLogger({ format: 'json', write: (line) => lines.push(line) });
      const load = { provider: 'cuda', requireProvider: false } as const;
      const engine = await startOnnxEngine(options(load, { log }));
      expect(engine.model.provider).toBe('cpu');
      expect(lines.join()).toContain('the model runs on the CPU');
      expect(lines.join()).toMatch(/"notice":"cuda is not available: [^"]*"/);
      expect(lines.join()).not.toContain('profile');
      await engine.close();
    },
  );
});

async function recovered(engine: OnnxEngine): Promise<void> {
  expect(await engine.whenReady()).toBe(true);
  expect((await engine.run(image(1))).kind).toBe('outputs');
}

describe('a model process that dies', () => {
  it('fails what it computed, is replaced, and later runs succeed', async () => {
    const reasons: string[] = [];
    const engine = await startOnnxEngine(options({}, { onRestart: (why) => reasons.push(why) }));
    const first = engine.pid();
    process.kill(first ?? 0, 'SIGSTOP');
    const doomed = engine.run(image(2));
    process.kill(first ?? 0, 'SIGKILL');
    expect(await doomed).toMatchObject({ kind: 'failed', reason: 'crashed' });
    await recovered(engine);
    expect(engine.pid()).not.toBe(first);
    expect(reasons).toEqual(['SIGKILL']);
    await engine.close();
  });

  it('is killed when it hangs, and replaced', async () => {
    const engine = await startOnnxEngine(options({}, { runTimeoutMs: 200 }));
    process.kill(engine.pid() ?? 0, 'SIGSTOP');
    expect(await engine.run(image(1))).toMatchObject({ kind: 'failed', reason: 'timeout' });
    expect(await engine.whenReady()).toBe(true);
    await engine.close();
  });

  it('is not replaced by another model that was put in its place', async () => {
    const path = join(folder, 'swapped.onnx');
    copyFileSync(modelFile('weaker').path, path);
    const lines: string[] = [];
    const log = createLogger({ format: 'json', write: (line) => lines.push(line) });
    const engine = await startOnnxEngine(options({ modelPath: path }, { log }));
    copyFileSync(modelFile('constant').path, path);
    expect((await engine.run(image(1))).kind).toBe('outputs');
    process.kill(engine.pid() ?? 0, 'SIGKILL');
    await expect.poll(() => lines.join(), { timeout: 10_000 }).toContain('MODEL_HASH_MISMATCH');
    expect(engine.ready()).toBe(false);
    copyFileSync(modelFile('weaker').path, path);
    await recovered(engine);
    await engine.close();
  });
});

async function outputOf(graph: OnnxGraph, input: Tensor): Promise<Tensor | undefined> {
  const engine = await tiny.start(graph);
  const outcome = await engine.run([input]);
  await engine.close();
  return outcome.kind === 'outputs' ? outcome.outputs[0] : undefined;
}

describe('datatypes', () => {
  it('FP16 goes in and comes out as its raw 16 bits', async () => {
    // 1, 2, 0.5, -1 and, in the second row, twice that.
    const data = Uint16Array.of(0x3c00, 0x4000, 0x3800, 0xbc00, 0x4000, 0x4400, 0x3c00, 0xc000);
    const output = await outputOf(half, { name: 'x', datatype: 'FP16', shape: [2, 4], data });
    // 6.25 and -1.5; 12.5 and -3.
    expect(output).toMatchObject({ datatype: 'FP16', shape: [2, 2] });
    expect(output?.data).toEqual(Uint16Array.of(0x4640, 0xbe00, 0x4a40, 0xc200));
  });

  it('INT8 models compute with whole numbers', async () => {
    const data = Int8Array.of(1, 2, 3, -128);
    const output = await outputOf(int8, { name: 'x', datatype: 'INT8', shape: [1, 4], data });
    expect(output?.data).toEqual(Int32Array.of(1 + 4 + 9 - 128 * 60, -1 - 4 - 9 + 128 * 60));
  });

  it('BYTES are texts, of any length, none left out', async () => {
    const data = ['', 'ä', 'x'.repeat(100_000), '𝄞'].map((text) => new TextEncoder().encode(text));
    const input = { name: 'text', datatype: 'BYTES', shape: [2, 2], data } as const;
    const output = await outputOf(texts, input);
    expect(output?.data).toEqual(data);
  });

  it('a run larger than any buffer on the way arrives whole', async () => {
    const engine = await tiny.start(int8);
    const rows = 1_000_000;
    const data = Int8Array.from({ length: rows * 4 }, (_, at) => at % 128);
    const outcome = await engine.run([{ name: 'x', datatype: 'INT8', shape: [rows, 4], data }]);
    if (outcome.kind !== 'outputs') throw new Error(outcome.detail);
    const got = outcome.outputs[0]?.data as Int32Array;
    expect(got.length).toBe(rows * 2);
    const last = data.subarray(-4);
    expect(got.at(-2)).toBe(
      (last[0] ?? 0) + 2 * (last[1] ?? 0) + 3 * (last[2] ?? 0) + 60 * (last[3] ?? 0),
    );
    await engine.close();
  });
});

describe('the first axis', () => {
  it('is found shared where it is, whether or not requests may share a run', async () => {
    const engine = await tiny.start(int8);
    const { sharesFirstAxis, batchable } = engine.model;
    expect([sharesFirstAxis, batchable]).toEqual([true, true]);
    await engine.close();
    const alone = await startOnnxEngine(options({ batching: false }));
    expect(alone.model).toMatchObject({ sharesFirstAxis: true, batchable: false });
    await alone.close();
  });

  it('is not shared where inputs and outputs have different ones', async () => {
    const [output] = int8.outputs;
    const outputs = output === undefined ? [] : [{ ...output, shape: ['boxes', 2] }];
    const engine = await tiny.start({ ...int8, outputs });
    expect(engine.model).toMatchObject({ sharesFirstAxis: false, batchable: false });
    await engine.close();
  });
});

describe('a pool of model processes', () => {
  it('goes on with the others while one is replaced, and takes it back', async () => {
    const engine = await startOnnxEngine(options({}, { instances: 2 }));
    const [first, second] = engine.instances();
    expect([engine.slots, first?.provider, second?.provider]).toEqual([2, 'cpu', 'cpu']);
    process.kill(first?.pid ?? 0, 'SIGSTOP');
    process.kill(first?.pid ?? 0, 'SIGKILL');
    await expect.poll(() => engine.instances()[0]?.pid, { timeout: 10_000 }).not.toBe(first?.pid);
    expect(engine.ready()).toBe(true);
    const outcomes = await Promise.all([1, 2, 3].map((rows) => engine.run(image(rows))));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['outputs', 'outputs', 'outputs']);
    await expect.poll(() => engine.instances()[0]?.pid ?? null, { timeout: 10_000 }).not.toBeNull();
    expect(engine.instances().map(({ restarts }) => restarts)).toEqual([1, 0]);
    expect(engine.instances()[1]?.pid).toBe(second?.pid);
    await engine.close();
  });

  it('gives runs to the process that has least to do', async () => {
    const engine = await startOnnxEngine(options({}, { instances: 2 }));
    const [first] = engine.instances();
    process.kill(first?.pid ?? 0, 'SIGSTOP');
    const stuck = engine.run(image(1));
    expect((await engine.run(image(2))).kind).toBe('outputs');
    expect((await engine.run(image(3))).kind).toBe('outputs');
    process.kill(first?.pid ?? 0, 'SIGCONT');
    expect((await stuck).kind).toBe('outputs');
    await engine.close();
  });

  it('tells what was begun from what was not when a process dies', async () => {
    const engine = await startOnnxEngine(options());
    const pid = engine.pid() ?? 0;
    process.kill(pid, 'SIGSTOP');
    const doomed = [engine.run(image(1)), engine.run(image(2))];
    process.kill(pid, 'SIGKILL');
    const reasons = (await Promise.all(doomed)).map((one) =>
      one.kind === 'failed' ? one.reason : one.kind,
    );
    expect(reasons).toEqual(['crashed', 'unavailable']);
    await engine.close();
  });

  it('counts the time of a run from when the process comes to it', async () => {
    const engine = await startOnnxEngine(options({}, { runTimeoutMs: 300 }));
    process.kill(engine.pid() ?? 0, 'SIGSTOP');
    const hung = [engine.run(image(1)), engine.run(image(1))];
    const reasons = (await Promise.all(hung)).map((one) =>
      one.kind === 'failed' ? one.reason : one.kind,
    );
    expect(reasons).toEqual(['timeout', 'unavailable']);
    await engine.close();
  });

  it('starts whole or not at all', async () => {
    const missing = join(folder, 'never.onnx');
    const load = { modelPath: missing };
    const error = await failure(startOnnxEngine(options(load, { instances: 2 })));
    expect(error.code).toBe('MODEL_UNREADABLE');
  });

  it('keeps serving what is loaded when the file is truncated', async () => {
    const path = join(folder, 'cut.onnx');
    copyFileSync(modelFile('weaker').path, path);
    const engine = await startOnnxEngine(options({ modelPath: path }, { instances: 2 }));
    writeFileSync(path, '');
    process.kill(engine.pid() ?? 0, 'SIGKILL');
    await expect.poll(() => engine.instances()[0]?.pid, { timeout: 10_000 }).toBeNull();
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => engine.run(image(1))));
    expect(outcomes.every(({ kind }) => kind === 'outputs')).toBe(true);
    await engine.close();
  });
});
