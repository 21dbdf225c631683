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
import { createFakeEngine, poison, row } from '../fakes/fake-engine.ts';
import { modelFile } from './rig.ts';

const log = createLogger({ level: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'engine-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function options(
  load: Partial<OnnxEngineOptions['load']> = {},
  more: Partial<OnnxEngineOptions> = {},
): OnnxEngineOptions {
  const { path, sha256 } = modelFile('weaker');
  const base = {
    modelPath: path,
    sha256,
    provider: 'cpu',
    requireProvider: true,
    threads: 1,
    batching: true,
    warmUpBatches: [1, 4],
  } as const;
  return { load: { ...base, ...load }, runTimeoutMs: 10_000, log, ...more };
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
