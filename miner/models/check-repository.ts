import { join } from 'node:path';
import type { ModelsConfig } from '../../common/config/models-schema.ts';
import { isSubnetError } from '../../common/errors.ts';
import type { SubnetError } from '../../common/errors.ts';
import { filesOf } from '../../common/model-manifest.ts';
import { checkModelFile } from './model-file.ts';
import { manifestName, readManifest, scanRepository } from './repository.ts';
import type { StoredVersion } from './repository.ts';
import { wantedVersions } from './wanted-versions.ts';

/** Something wrong in a repository, and where. */
export interface RepositoryProblem {
  readonly name: string;
  readonly version: string;
  /** Of the manifest. */
  readonly file: string;
  /** Dotted path of the file's entry in the manifest; empty for the manifest itself. */
  readonly path: string;
  readonly error: SubnetError;
}

/**
 * Every manifest and the hash of every file that one names. Throws MODEL_REPOSITORY_INVALID when
 * there is no repository to look through.
 */
export async function repositoryProblems(
  stored: readonly StoredVersion[],
  signal?: AbortSignal,
): Promise<readonly RepositoryProblem[]> {
  const found: RepositoryProblem[] = [];
  for (const one of stored) found.push(...(await versionProblems(one, signal)));
  return found;
}

async function versionProblems(
  stored: StoredVersion,
  signal: AbortSignal | undefined,
): Promise<readonly RepositoryProblem[]> {
  const { name, version, folder } = stored;
  const at = { name, version, file: join(folder, manifestName) };
  const found: RepositoryProblem[] = [];
  const attempt = async (path: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isSubnetError(error)) throw error;
      found.push({ ...at, path, error });
    }
  };
  await attempt('', async () => {
    for (const { file, sha256, path } of filesOf(readManifest(stored))) {
      await attempt(path, () => checkModelFile({ path: join(folder, file), sha256 }, signal));
    }
  });
  return found;
}

/** Throws the first thing that keeps a wanted version from being loaded. */
export async function checkRepository(
  root: string,
  models: ModelsConfig | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const wanted = wantedVersions(scanRepository(root), models);
  const [first] = await repositoryProblems(wanted, signal);
  if (first !== undefined) throw first.error;
}
