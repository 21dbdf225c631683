import type { ModelsConfig } from '../../common/config/models-schema.ts';
import { SubnetError } from '../../common/errors.ts';

interface VersionOf {
  readonly name: string;
  readonly version: string;
}

/** Something that a configuration names and that is not there, or not among what it loads. */
export interface MissingVersion {
  readonly name: string;
  /** Null where nothing of that name is stored. */
  readonly version: string | null;
  readonly reason: string;
}

export interface WantedVersions<T extends VersionOf> {
  readonly found: readonly T[];
  /** Each once. */
  readonly missing: readonly MissingVersion[];
}

/**
 * Of what is stored (the newest of each name first) what shall be served. Throws MODEL_UNKNOWN when
 * the configuration names what is not there.
 */
export function wantedVersions<T extends VersionOf>(
  stored: readonly T[],
  config: ModelsConfig | undefined,
): readonly T[] {
  const { found, missing } = findWanted(stored, config);
  const [first] = missing;
  if (first !== undefined) throw new SubnetError('MODEL_UNKNOWN', { detail: first.reason });
  return found;
}

/** The same, where one name that stands for nothing shall hold up no other. */
export function findWanted<T extends VersionOf>(
  stored: readonly T[],
  config: ModelsConfig | undefined,
): WantedVersions<T> {
  const names = [...new Set(stored.map(({ name }) => name))];
  const wanted = config ?? Object.fromEntries(names.map((name) => [name, onlyNewest]));
  const all = Object.entries(wanted).map(([name, how]) => findOfName(stored, name, how));
  return {
    found: all.flatMap(({ found }) => found),
    missing: all.flatMap(({ missing }) => missing),
  };
}

const onlyNewest: ModelsConfig[string] = { versions: 'newest', aliases: [] };

function findOfName<T extends VersionOf>(
  stored: readonly T[],
  name: string,
  { versions, default: chosen, canary }: ModelsConfig[string],
): WantedVersions<T> {
  const own = stored.filter((one) => one.name === name);
  if (own.length === 0) {
    return {
      found: [],
      missing: [{ name, version: null, reason: `the repository has no ${name}` }],
    };
  }
  const asked = askedFor(own, versions);
  const found = asked.flatMap((version) => own.filter((one) => one.version === version));
  const absent = asked.filter((version) => !found.some((one) => one.version === version));
  const named = [chosen, canary?.version].filter((version) => version !== undefined);
  const unloaded = [...new Set(named)].filter((version) => !asked.includes(version));
  const notStored = absent.map((version) => ({ name, version, reason: `no ${name}/${version}` }));
  const notAsked = unloaded.map((version) => {
    const reason = `${name}/${version} is not among the versions that are loaded`;
    return { name, version, reason };
  });
  return { found, missing: [...notStored, ...notAsked] };
}

function askedFor(
  own: readonly VersionOf[],
  versions: ModelsConfig[string]['versions'],
): readonly string[] {
  if (versions === 'all') return own.map(({ version }) => version);
  if (versions === 'newest') return own.slice(0, 1).map(({ version }) => version);
  return [...new Set(versions)];
}
