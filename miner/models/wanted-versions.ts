import type { ModelsConfig } from '../../common/config/models-schema.ts';
import { SubnetError } from '../../common/errors.ts';

interface VersionOf {
  readonly name: string;
  readonly version: string;
}

/**
 * Of what is stored (the newest of each name first) what shall be served. Throws MODEL_UNKNOWN when
 * the configuration names what is not there.
 */
export function wantedVersions<T extends VersionOf>(
  stored: readonly T[],
  config: ModelsConfig | undefined,
): readonly T[] {
  const names = [...new Set(stored.map(({ name }) => name))];
  const wanted = config ?? Object.fromEntries(names.map((name) => [name, onlyNewest]));
  return Object.entries(wanted).flatMap(([name, how]) => {
    const own = stored.filter((one) => one.name === name);
    if (own.length === 0) throw unknown(name, null);
    const chosen = chosenOf(own, name, how.versions);
    checkLoaded(chosen, name, how.default);
    checkLoaded(chosen, name, how.canary?.version);
    return chosen;
  });
}

const onlyNewest: ModelsConfig[string] = { versions: 'newest', aliases: [] };

function chosenOf<T extends VersionOf>(
  own: readonly T[],
  name: string,
  versions: ModelsConfig[string]['versions'],
): readonly T[] {
  if (versions === 'all') return own;
  if (versions === 'newest') return own.slice(0, 1);
  return versions.map((version) => {
    const found = own.find((one) => one.version === version);
    if (found === undefined) throw unknown(name, version);
    return found;
  });
}

function checkLoaded(
  chosen: readonly VersionOf[],
  name: string,
  version: string | undefined,
): void {
  if (version === undefined || chosen.some((one) => one.version === version)) return;
  const detail = `${name}/${version} is not among the versions that are loaded`;
  throw new SubnetError('MODEL_UNKNOWN', { detail });
}

function unknown(name: string, version: string | null): SubnetError {
  const detail = version === null ? `the repository has no ${name}` : `no ${name}/${version}`;
  return new SubnetError('MODEL_UNKNOWN', { detail });
}
