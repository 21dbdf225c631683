import { join } from 'node:path';
import type { MinerConfig } from '../../common/config/miner-schema.ts';
import type { ModelFiles } from './model-files.ts';
import type { LocalModelSource } from './open-local.ts';
import { readManifest, scanRepository } from './repository.ts';
import type { StoredVersion } from './repository.ts';
import { wantedVersions } from './wanted-versions.ts';

/** The only version of a model that is no repository's. */
export const onlyVersion = '1';

/** Throws CONFIG_NOT_FOUND, CONFIG_INVALID. */
export function storedSource(stored: StoredVersion): LocalModelSource {
  const manifest = readManifest(stored);
  const { name, version, folder } = stored;
  const { file, sha256 } = manifest.model;
  return {
    name,
    version,
    modelPath: join(folder, file),
    sha256,
    batchAxis: manifest.batch.axis,
    stored: { folder, manifest },
  };
}

/** What a configuration asks to be loaded on this machine: nothing when other servers compute. */
export function modelSources(
  { task, model, models }: MinerConfig,
  { modelPath, modelRepository }: ModelFiles,
): readonly LocalModelSource[] {
  if (modelRepository !== undefined) {
    return wantedVersions(scanRepository(modelRepository), models).map(storedSource);
  }
  if (model === undefined || modelPath === undefined) return [];
  const { sha256, batchAxis } = model;
  return [{ name: task, version: onlyVersion, modelPath, sha256, batchAxis, stored: null }];
}
