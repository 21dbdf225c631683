import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { ConfigError, loadConfig, resolvePath } from '../../common/config/config-load.ts';
import type { ConfigProblem } from '../../common/config/config-load.ts';
import { minerSchema } from '../../common/config/miner-schema.ts';
import { SubnetError, isSubnetError } from '../../common/errors.ts';
import { repositoryProblems } from '../../miner/models/check-repository.ts';
import type { RepositoryProblem } from '../../miner/models/check-repository.ts';
import { scanRepository } from '../../miner/models/repository.ts';
import { findWanted } from '../../miner/models/wanted-versions.ts';
import { placeOf } from '../config-references.ts';
import type { ConfigKind } from '../config-kind.ts';

/**
 * What is wrong with the models that a valid miner YAML names: with every manifest and every file
 * of its repository; or with the files that a valid manifest names.
 */
export async function modelProblems(
  file: string,
  kind: ConfigKind,
): Promise<readonly ConfigProblem[]> {
  if (kind === 'model') return problemsIn([versionOf(file)]);
  if (kind !== 'miner') return [];
  const { value, baseDir } = loadConfig(file, minerSchema);
  if (value.modelRepository === undefined) return [];
  const root = resolvePath(baseDir, value.modelRepository);
  // That it is missing is told with the other files that are named.
  if (!existsSync(root)) return [];
  try {
    const stored = scanRepository(root);
    const problems = await problemsIn(stored);
    const { missing } = findWanted(stored, value.models);
    const at = placed(file, 'modelRepository');
    const absent = missing.map(
      ({ reason: detail }) => new SubnetError('MODEL_UNKNOWN', { detail }),
    );
    return [...problems, ...absent.map((error) => ({ ...at, ...told(error) }))];
  } catch (error) {
    if (!isSubnetError(error)) throw error;
    return [{ ...placed(file, 'modelRepository'), ...told(error) }];
  }
}

/** The folders above a manifest say what it is of. */
function versionOf(file: string) {
  const folder = dirname(resolve(file));
  return { name: basename(dirname(folder)), version: basename(folder), folder };
}

async function problemsIn(
  stored: Parameters<typeof repositoryProblems>[0],
): Promise<readonly ConfigProblem[]> {
  return (await repositoryProblems(stored)).flatMap(configProblems);
}

function configProblems({ file, path, error }: RepositoryProblem): readonly ConfigProblem[] {
  if (error instanceof ConfigError) return error.problems;
  return [{ ...placed(file, path), ...told(error) }];
}

function placed(file: string, path: string) {
  return { file, path, ...placeOf(file, path) };
}

function told(error: SubnetError): Pick<ConfigProblem, 'message' | 'hint'> {
  return { message: error.message, hint: error.fix };
}
