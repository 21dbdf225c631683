import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { ConfigError, loadConfig, resolvePath } from '../common/config/config-load.ts';
import type { ConfigProblem } from '../common/config/config-load.ts';
import { configSchemas } from '../common/config/config-schema.ts';

/** A file that a YAML file names, with where the name stands. */
interface Reference {
  readonly path: string;
  readonly file: string;
  readonly sha256: string | null;
}

/** What is wrong with the files that a valid miner, validator or subnet YAML names. */
export function referenceProblems(
  file: string,
  kind: keyof typeof configSchemas,
): readonly ConfigProblem[] {
  if (kind === 'validator') return validatorProblems(file);
  return referencesOf(file, kind).flatMap((reference) => problemOf(file, reference) ?? []);
}

function validatorProblems(file: string): readonly ConfigProblem[] {
  const { value, baseDir } = loadConfig(file, configSchemas.validator);
  const subnet = resolvePath(baseDir, value.subnet);
  const missing = problemOf(file, { path: 'subnet', file: subnet, sha256: null });
  if (missing !== null) return [missing];
  try {
    loadConfig(subnet, configSchemas.subnet);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return referenceProblems(subnet, 'subnet');
}

function referencesOf(file: string, kind: keyof typeof configSchemas): readonly Reference[] {
  if (kind === 'miner') {
    const { value, baseDir } = loadConfig(file, configSchemas.miner);
    const { modelRepository } = value;
    const named = (path: string, file: string | undefined, sha256: string | null) =>
      file === undefined ? [] : [{ path, file: resolvePath(baseDir, file), sha256 }];
    return [
      ...named('model.path', value.model?.path, value.model?.sha256 ?? null),
      ...named('modelRepository', modelRepository, null),
      ...named('subnet', value.subnet, null),
    ];
  }
  if (kind !== 'subnet') return [];
  const { value, baseDir } = loadConfig(file, configSchemas.subnet);
  return value.tasks.map(({ source }, index) => ({
    path: `tasks.${index}.source.path`,
    file: resolvePath(baseDir, source.path),
    sha256: source.sha256,
  }));
}

function problemOf(file: string, reference: Reference): ConfigProblem | null {
  const at = { file, ...placeOf(file, reference.path), path: reference.path };
  if (!existsSync(reference.file)) {
    return { ...at, message: `names a file that does not exist: ${reference.file}`, hint: '' };
  }
  if (reference.sha256 === null) return null;
  const got = createHash('sha256').update(readFileSync(reference.file)).digest('hex');
  if (got === reference.sha256) return null;
  const message = `the file's sha256 is ${got}, not ${reference.sha256}`;
  return { ...at, message, hint: 'put the right file there, or write the sha256 of this one' };
}

/** Where the last key of the path stands for the first time; the start when it is not found. */
export function placeOf(file: string, path: string): { line: number; column: number } {
  const key = path.split('.').at(-1) ?? path;
  const lines = readFileSync(file, 'utf8').split('\n');
  const columns = lines.map((text) => text.search(new RegExp(`(?<![\\w.])${key}:`)));
  const line = columns.findIndex((column) => column >= 0);
  return { line: Math.max(line, 0) + 1, column: Math.max(columns[line] ?? 0, 0) + 1 };
}
