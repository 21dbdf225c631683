import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { call, errorOf, infer, modelFile, startRig } from '../rig.ts';
import { addDigits, emptyRepository } from './repository-folder.ts';

const root = emptyRepository();
afterAll(() => rmSync(root, { recursive: true }));

const patient = { timeout: 40_000 };

it('a model that does not start again shuts off no other', async () => {
  addDigits(root, 'digits/1');
  addDigits(root, 'other/1', { file: 'weaker' });
  const rig = await startRig(
    { model: undefined, modelRepository: root, models: { digits: {}, other: {} } },
    { modelRepository: root },
  );
  const statusOf = async (path: string): Promise<number> => (await call(rig.port, { path })).status;
  try {
    copyFileSync(modelFile('weaker').path, join(root, 'digits/1/model.onnx'));
    process.kill(rig.miner.status().enginePid ?? 0, 'SIGKILL');
    await expect.poll(() => rig.miner.status().notReady, patient).not.toBeNull();
    expect((await infer(rig.port, { path: '/v2/models/other/infer' })).status).toBe(200);
    expect(await statusOf('/v2/models/other/ready')).toBe(200);
    const refused = await infer(rig.port);
    expect([refused.status, errorOf(refused)]).toEqual([503, rig.miner.status().notReady]);
    expect(await statusOf('/v2/models/digits/ready')).toBe(503);
    expect(await statusOf('/v2/health/ready')).toBe(503);
    await expect.poll(() => rig.metrics(), patient).toContain('miner_ready 0');
    expect(await rig.metrics()).toContain('miner_model_ready{model="other",version="1"} 1');
  } finally {
    await rig.miner.stop();
  }
});
