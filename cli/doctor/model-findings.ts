import { isSubnetError, messageOf } from '../../common/errors.ts';
import { createLogger } from '../../common/node/log.ts';
import { startOnnxEngine } from '../../miner/engine/engine-onnx.ts';
import { checkModelFile } from '../../miner/models/model-file.ts';
import { fail, pass, skipped } from './finding.ts';
import type { Finding } from './finding.ts';
import type { ModelSubject } from './subject.ts';

const loadTimeoutMs = 120_000;

/**
 * The model file against its sha256, and whether its execution provider really runs it: the model
 * is loaded and run once in a process of its own, which ends at once. Never throws.
 */
export async function modelFindings(model: ModelSubject): Promise<readonly Finding[]> {
  const { path, config } = model;
  const hash = await attempt('model.file', () =>
    checkModelFile({ path, sha256: config.model.sha256 }),
  );
  if (hash !== null)
    return [hash, skipped('model.provider', 'the model file is not the right one')];
  const file = pass('model.file', `${path} has the sha256 of the YAML`);
  return [file, await providerFinding(model)];
}

async function providerFinding({ path, config }: ModelSubject): Promise<Finding> {
  const { provider, threads, maxBatch, require: required } = config.engine;
  let provided = '';
  const failed = await attempt('model.provider', async () => {
    const engine = await startOnnxEngine({
      load: {
        modelPath: path,
        sha256: config.model.sha256,
        provider,
        requireProvider: required !== undefined,
        threads,
        batching: config.model.batchAxis && maxBatch > 1,
        warmUpBatches: [1],
      },
      runTimeoutMs: config.engine.runTimeoutMs,
      loadTimeoutMs,
      log: createLogger({ level: 'error' }),
    });
    provided = engine.model.provider;
    await engine.close();
  });
  return failed ?? pass('model.provider', `the model runs on ${provided}`);
}

/** null when it went well. */
async function attempt(id: string, work: () => Promise<void>): Promise<Finding | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const fix = isSubnetError(error) ? error.fix : 'Look at the message; it was not foreseen.';
    return fail(id, messageOf(error), fix);
  }
}
