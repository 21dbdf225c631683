import { readFileSync } from 'node:fs';
import { configSchemas } from '../common/config/config-schema.ts';
import { SubnetError } from '../common/errors.ts';

export type ConfigKind = keyof typeof configSchemas;

/** The kind that is asked for, else the one that the file looks like. Throws USAGE. */
export function kindOf(file: string, wanted: string | undefined): ConfigKind {
  return wanted === undefined ? guessedKind(file) : namedKind(wanted);
}

/**
 * The kind that knows most of the file's top-level keys, and misses the fewest: names and folders of
 * files say little.
 */
function guessedKind(file: string): ConfigKind {
  const keys = topLevelKeys(file);
  const fit = (kind: ConfigKind): number => {
    const known = keys.filter((key) => Object.hasOwn(configSchemas[kind].shape, key));
    const missing = requiredKeys(kind).filter((key) => !keys.includes(key));
    return known.length - missing.length;
  };
  const kinds: readonly ConfigKind[] = ['subnet', 'miner', 'validator', 'genesis', 'model'];
  return kinds.reduce((best, kind) => (fit(kind) > fit(best) ? kind : best));
}

function requiredKeys(kind: ConfigKind): readonly string[] {
  return Object.entries(configSchemas[kind].shape)
    .filter(([, schema]) => !schema.safeParse(undefined).success)
    .map(([key]) => key);
}

/** Of a file that cannot be read none: reading it again to check it says why. */
function topLevelKeys(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').match(/^[a-zA-Z]+(?=\s*:)/gm) ?? [];
  } catch {
    return [];
  }
}

function namedKind(wanted: string): ConfigKind {
  const found = (Object.keys(configSchemas) as ConfigKind[]).find((kind) => kind === wanted);
  if (found !== undefined) return found;
  const detail = `--kind ${wanted} is none of ${Object.keys(configSchemas).join(', ')}`;
  throw new SubnetError('USAGE', { detail });
}
