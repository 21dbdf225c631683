import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SubnetError } from '../../../common/errors.ts';
import { onnxModel } from '../../fakes/onnx-model.ts';
import { addDigits, emptyRepository } from '../models/repository-folder.ts';
import { errorOf, infer, modelFile, startRig } from '../rig.ts';
import type { Answer, MinerRig } from '../rig.ts';
import { createModelFolder, embedding, int8, vocabulary } from '../tiny-models.ts';
import { expectUnharmed, statusesOf } from './bar.ts';

const tiny = createModelFolder();
const root = emptyRepository();
afterAll(() => {
  tiny.remove();
  rmSync(root, { recursive: true });
});

const patient = { timeout: 40_000 };

describe('25. one poisoned item in a batch', () => {
  const tokens = (id: number): Uint8Array => {
    const tensor = (name: string, value: number) => ({
      name,
      datatype: 'INT64',
      shape: [1, 2],
      data: [value, value],
    });
    return new TextEncoder().encode(
      JSON.stringify({ inputs: [tensor('ids', id), tensor('mask', 1)] }),
    );
  };

  it('fails alone, and is the only one that is told so', async () => {
    const { modelPath, sha256 } = tiny.write(embedding);
    const rig = await startRig({ model: { path: modelPath, sha256 } }, { modelPath });
    try {
      const pid = rig.miner.status().enginePid ?? 0;
      process.kill(pid, 'SIGSTOP');
      const first = infer(rig.port, { body: tokens(1) });
      await expect.poll(() => rig.miner.status().running, patient).toBe(1);
      const ids = Array.from({ length: 16 }, (_, at) => (at === 11 ? vocabulary + 1 : at));
      const batch = ids.map((id) => infer(rig.port, { body: tokens(id) }));
      await expect.poll(() => rig.miner.status().waiting, patient).toBe(16);
      process.kill(pid, 'SIGCONT');
      const answers = await Promise.all(batch);
      expect(answers.map(({ status }) => status)).toEqual(
        ids.map((_, at) => (at === 11 ? 422 : 200)),
      );
      expect((await first).status).toBe(200);
      expect(rig.miner.status().models[0]?.instances[0]?.restarts).toBe(0);
    } finally {
      await rig.miner.stop();
    }
  });
});

interface Broken {
  readonly name: string;
  readonly code: string;
  /** Damages the version in this folder. */
  readonly damage: (folder: string) => void;
}

function replaceModel(folder: string, bytes: Uint8Array): void {
  writeFileSync(join(folder, 'model.onnx'), bytes);
  const manifest = join(folder, 'manifest.yaml');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const text = readFileSync(manifest, 'utf8').replace(
    /sha256: "[0-9a-f]{64}"/,
    `sha256: "${sha256}"`,
  );
  writeFileSync(manifest, text);
}

const broken: readonly Broken[] = [
  {
    name: 'missing',
    code: 'MODEL_UNREADABLE',
    damage: (folder) => rmSync(join(folder, 'model.onnx')),
  },
  {
    name: 'truncated',
    code: 'MODEL_HASH_MISMATCH',
    damage: (folder) => truncateSync(join(folder, 'model.onnx'), 1000),
  },
  {
    name: 'of operators that the runtime does not know',
    code: 'MODEL_INVALID',
    damage: (folder) => replaceModel(folder, onnxModel({ ...int8, opset: 99 })),
  },
];

describe('26. a model file that is', () => {
  it.each(broken)(
    '$name: the old version goes on answering, and nothing starts with it',
    async ({ name, code, damage }) => {
      const folder = join(root, name.slice(0, 7));
      addDigits(folder, 'digits/1');
      const config = { model: undefined, modelRepository: folder, models: { digits: {} } };
      const rig = await startRig(config, { modelRepository: folder });
      try {
        addDigits(folder, 'digits/2', { file: 'weaker' });
        damage(join(folder, 'digits/2'));
        const { failed, loaded } = await rig.miner.models.rescan();
        expect([failed.map(({ model }) => model), loaded]).toEqual([['digits/2'], []]);
        expect((await infer(rig.port)).status).toBe(200);
        expect(rig.miner.status().models.map(({ version }) => version)).toEqual(['1']);
        rmSync(join(folder, 'digits/1'), { recursive: true });
        await expectUnharmed(rig);
      } finally {
        await rig.miner.stop();
      }
      const error = await startRig(config, { modelRepository: folder }).then(
        () => null,
        (cause: SubnetError) => cause,
      );
      expect(error?.code).toBe(code);
    },
  );

  it('swapped while it is served: what was loaded answers, and no other takes its place', async () => {
    const path = join(root, 'swapped.onnx');
    const { path: own, sha256 } = modelFile('best');
    copyFileSync(own, path);
    const rig: MinerRig = await startRig({ model: { path, sha256 } }, { modelPath: path });
    try {
      copyFileSync(modelFile('weaker').path, path);
      expect(statusesOf([await infer(rig.port), await infer(rig.port)])).toEqual({ 200: 2 });
      process.kill(rig.miner.status().enginePid ?? 0, 'SIGKILL');
      const notReady = (): string | null => rig.miner.status().notReady;
      await expect.poll(notReady, patient).not.toBeNull();
      expect(rig.miner.status().models[0]?.instances[0]?.problem).toContain('sha256');
      const answer: Answer = await infer(rig.port);
      expect([answer.status, errorOf(answer)]).toEqual([503, notReady()]);
      expect(answer.headers['retry-after']).toBeDefined();
      const away = 'miner_model_ready{model="digits",version="1"} 0';
      await expect.poll(() => rig.metrics(), patient).toContain(away);
      copyFileSync(own, path);
      await expect.poll(notReady, patient).toBeNull();
      expect((await infer(rig.port)).status).toBe(200);
    } finally {
      await rig.miner.stop();
    }
  });
});
