import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../common/config/config-load.ts';
import { SubnetError, messageOf } from '../../common/errors.ts';
import { modelManifestSchema, modelName, modelVersion } from '../../common/model-manifest.ts';
import type { ModelManifest } from '../../common/model-manifest.ts';
import { compareVersions } from './catalogue.ts';

/** One version in a repository: `{folder}/manifest.yaml` and the files beside it. */
export interface StoredVersion {
  readonly name: string;
  readonly version: string;
  /** Absolute. */
  readonly folder: string;
}

export const manifestName = 'manifest.yaml';

/**
 * Versions in a repository, by name, the newest of each first; manifests are not read yet. Folders
 * and files whose names begin with a dot or an underscore are passed over: they are somebody's work.
 * Throws MODEL_REPOSITORY_INVALID.
 */
export function scanRepository(root: string): readonly StoredVersion[] {
  return foldersIn(root).flatMap((name) => {
    checkName(modelName.safeParse(name).success, join(root, name), 'is no name of a model');
    return versionsIn(join(root, name), name);
  });
}

function versionsIn(folder: string, name: string): readonly StoredVersion[] {
  return foldersIn(folder)
    .map((version) => {
      const at = join(folder, version);
      checkName(modelVersion.safeParse(version).success, at, 'is no version: 1, 2, 3 and so on');
      checkName(existsSync(join(at, manifestName)), at, `has no ${manifestName}`);
      return { name, version, folder: at };
    })
    .sort((a, b) => compareVersions(b.version, a.version));
}

function checkName(fine: boolean, path: string, detail: string): void {
  if (!fine) throw new SubnetError('MODEL_REPOSITORY_INVALID', { path, detail });
}

/** Names of folders (and of links to them), in order. */
function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !/^[._]/.test(name) && statSync(join(folder, name)).isDirectory())
      .sort();
  } catch (cause) {
    const detail = messageOf(cause);
    throw new SubnetError('MODEL_REPOSITORY_INVALID', { path: folder, detail }, { cause });
  }
}

/** Throws CONFIG_NOT_FOUND, CONFIG_INVALID. */
export function readManifest({ folder }: StoredVersion): ModelManifest {
  return loadConfig(join(folder, manifestName), modelManifestSchema).value;
}
