import type { VersionRef } from './model-names.ts';

/** What an operator asked for by command; it goes before the configuration. */
export type Order = 'loaded' | 'unloaded';

export interface RescanState {
  /** What the configuration asks for, of what is stored now. */
  readonly wanted: readonly VersionRef[];
  /** What it asks for besides, and what is not stored. */
  readonly missing: readonly MissingRef[];
  /** What is loaded, the newest of each name first. */
  readonly kept: readonly VersionRef[];
  orderOf(ref: VersionRef): Order | undefined;
  /** The names that stand for this version. */
  namesOfVersion(ref: VersionRef): readonly string[];
  /** The names that stand for whichever version of the model answers. */
  namesOfModel(name: string): readonly string[];
}

/** Without a version where nothing of that name is stored. */
interface MissingRef {
  readonly name: string;
  readonly version: string | null;
}

/** Something that a rescan leaves as it is although the configuration says otherwise. */
export interface LeftAlone {
  readonly ref: VersionRef;
  readonly reason: string;
}

/** What is asked for and not there; less what an operator unloaded. */
export function versionsToLoad({ wanted, kept, orderOf }: RescanState): {
  readonly load: readonly VersionRef[];
  readonly left: readonly LeftAlone[];
} {
  const missing = wanted.filter((ref) => !isAmong(kept, ref));
  const isUnloaded = (ref: VersionRef): boolean => orderOf(ref) === 'unloaded';
  return {
    load: missing.filter((ref) => !isUnloaded(ref)),
    left: missing.filter(isUnloaded).map((ref) => ({ ref, reason: 'unloaded by command' })),
  };
}

/**
 * What is there and no longer asked for; less what an operator loaded, what a name stands for, and
 * what has no successor: the one that was asked for did not load, or an operator unloaded it.
 */
export function versionsToDrop(state: RescanState): {
  readonly drop: readonly VersionRef[];
  readonly left: readonly LeftAlone[];
} {
  const { kept, namesOfModel } = state;
  const over = kept.filter((ref) => !isAmong(askedFor(state), ref));
  const bereft = namesWithoutSuccessor(state);
  const reasons = new Map(over.map((ref) => [ref, reasonToKeep(state, ref, bereft)]));
  const staying = new Set(kept.filter((ref) => reasons.get(ref) !== null).map(({ name }) => name));
  for (const ref of over) {
    const names = staying.has(ref.name) ? [] : namesOfModel(ref.name);
    if (names.length === 0) continue;
    reasons.set(ref, standsFor(names));
    staying.add(ref.name);
  }
  return {
    drop: over.filter((ref) => reasons.get(ref) === null),
    left: over.flatMap((ref) => {
      const reason = reasons.get(ref) ?? null;
      return reason === null ? [] : [{ ref, reason }];
    }),
  };
}

/** Those of which something is asked for, and nothing that is asked for is there. */
function namesWithoutSuccessor(state: RescanState): ReadonlySet<string> {
  const asked = askedFor(state);
  const names = new Set(asked.map(({ name }) => name));
  for (const ref of state.kept) if (isAmong(asked, ref)) names.delete(ref.name);
  return names;
}

/** What is served and stored no more is asked for all the same. */
function askedFor({ wanted, missing }: RescanState): readonly MissingRef[] {
  return [...wanted, ...missing];
}

function reasonToKeep(
  { orderOf, namesOfVersion }: RescanState,
  ref: VersionRef,
  bereft: ReadonlySet<string>,
): string | null {
  const names = namesOfVersion(ref);
  if (names.length > 0) return standsFor(names);
  if (orderOf(ref) === 'loaded') return 'loaded by command';
  return bereft.has(ref.name) ? 'its successor is not loaded' : null;
}

function standsFor(names: readonly string[]): string {
  return names.length === 1
    ? `${names[0] ?? ''} stands for it`
    : `${names.join(', ')} stand for it`;
}

function isAmong(refs: readonly MissingRef[], { name, version }: VersionRef): boolean {
  return refs.some((one) => one.name === name && one.version === version);
}
