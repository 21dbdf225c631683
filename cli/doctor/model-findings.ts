import type { MinerConfig } from '../../common/config/miner-schema.ts';
import { isSubnetError, messageOf } from '../../common/errors.ts';
import { createLogger } from '../../common/node/log.ts';
import { startOnnxEngine } from '../../miner/engine/engine-onnx.ts';
import { engineSettingsOf } from '../../miner/engine/engine-options.ts';
import { checkRepository } from '../../miner/models/check-repository.ts';
import { checkModelFile } from '../../miner/models/model-file.ts';
import { modelSources } from '../../miner/models/model-sources.ts';
import type { LocalModelSource } from '../../miner/models/open-local.ts';
import { fail, pass, skipped } from './finding.ts';
import type { Finding } from './finding.ts';
import type { ModelSubject } from './subject.ts';

const loadTimeoutMs = 120_000;

/**
 * The files of the models against their sha256, and whether the execution provider really runs
 * them: each is loaded and run once in a process of its own, which ends at once. Never throws.
 */
export async function modelFindings({ config, files }: ModelSubject): Promise<readonly Finding[]> {
  let sources: readonly LocalModelSource[] = [];
  const wrong = await attempt('model.file', async () => {
    sources = modelSources(config, files);
    for (const { modelPath: path, sha256 } of sources) await checkModelFile({ path, sha256 });
    if (files.modelRepository !== undefined) {
      await checkRepository(files.modelRepository, config.models);
    }
  });
  if (wrong !== null) {
    return [wrong, skipped('model.provider', 'the model file is not the right one')];
  }
  if (sources.length === 0) return [skipped('model.file', 'the model is on other servers')];
  const names = sources.map(({ modelPath }) => modelPath).join(', ');
  const providers = await Promise.all(sources.map((one) => providerFinding(one, config)));
  return [pass('model.file', `${names}: the sha256 is the configured one`), ...providers];
}

async function providerFinding(
  { name, version, ...source }: LocalModelSource,
  { engine: options }: MinerConfig,
): Promise<Finding> {
  let provided = '';
  const failed = await attempt('model.provider', async () => {
    const settings = engineSettingsOf(source, options);
    const engine = await startOnnxEngine({
      ...settings,
      load: { ...settings.load, warmUpBatches: [1] },
      instances: 1,
      loadTimeoutMs,
      log: createLogger({ level: 'error' }),
    });
    const { provider, rowsMixed } = engine.model;
    provided =
      typeof rowsMixed === 'string' ? `${provider}; ${sharesNone} (${rowsMixed})` : provider;
    await engine.close();
  });
  return failed ?? pass('model.provider', `${name}/${version} runs on ${provided}`);
}

const sharesNone = 'it mixes the rows of a run: requests share no runs';

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
