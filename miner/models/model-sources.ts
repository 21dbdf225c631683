import { join } from 'node:path';
import type { MinerConfig } from '../../common/config/miner-schema.ts';
import type { VersionRef } from './model-names.ts';
import type { ModelFiles } from './model-files.ts';
import type { LocalModelSource } from './open-local.ts';
import { readManifest, scanRepository } from './repository.ts';
import type { StoredVersion } from './repository.ts';
import { findWanted, wantedVersions } from './wanted-versions.ts';
import type { MissingVersion } from './wanted-versions.ts';

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
    tolerance: manifest.batch.tolerance,
    stored: { folder, manifest },
  };
}

/**
 * What a configuration asks to be loaded on this machine: nothing when other servers compute. Throws
 * MODEL_*, CONFIG_* for the first that is wrong.
 */
export function modelSources(config: MinerConfig, files: ModelFiles): readonly LocalModelSource[] {
  const { modelRepository } = files;
  if (modelRepository === undefined) return bareSource(config, files);
  return wantedVersions(scanRepository(modelRepository), config.models).map(storedSource);
}

/** One that is asked for, whose manifest is not read yet. */
export interface SourceRef extends VersionRef {
  /** Throws CONFIG_NOT_FOUND, CONFIG_INVALID. */
  readonly read: () => LocalModelSource;
}

/** The same for a look at one of them, which the others' mistakes shall not hold up. */
export function findModelSources(
  config: MinerConfig,
  files: ModelFiles,
): { readonly found: readonly SourceRef[]; readonly missing: readonly MissingVersion[] } {
  const { modelRepository } = files;
  if (modelRepository === undefined) {
    const found = bareSource(config, files).map((source) => ({ ...source, read: () => source }));
    return { found, missing: [] };
  }
  const { found, missing } = findWanted(scanRepository(modelRepository), config.models);
  const refs = found.map((one) => ({ ...one, read: () => storedSource(one) }));
  return { found: refs, missing };
}

function bareSource(
  { task, model }: MinerConfig,
  { modelPath }: ModelFiles,
): readonly LocalModelSource[] {
  if (model === undefined || modelPath === undefined) return [];
  const { sha256, batchAxis } = model;
  return [{ name: task, version: onlyVersion, modelPath, sha256, batchAxis, stored: null }];
}
