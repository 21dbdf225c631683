/** Callers of at least this stake share the model by this weight with the other classes. */
export interface PriorityClass {
  readonly minStakeRao: bigint;
  readonly weight: number;
}

const oneForAll: readonly PriorityClass[] = [{ minStakeRao: 0n, weight: 1 }];

/** The lowest class first; without any there is one for all. */
export function sortedClasses(
  classes: readonly PriorityClass[] | undefined,
): readonly PriorityClass[] {
  if (classes === undefined || classes.length === 0) return oneForAll;
  return [...classes].sort((a, b) =>
    a.minStakeRao < b.minStakeRao ? -1 : Number(a.minStakeRao > b.minStakeRao),
  );
}

/** Index of the highest class whose stake the caller has; the lowest for one who has none's. */
export function classAt(classes: readonly PriorityClass[], stakeRao: bigint): number {
  let at = 0;
  classes.forEach(({ minStakeRao }, index) => {
    if (stakeRao >= minStakeRao) at = index;
  });
  return at;
}
