import type { LosslessJson } from '../../common/wire/json-lossless.ts';
import type { ReplayFormula } from './yuma-api.ts';
import { asInteger, asNumber, CaseProblem, shown, type Fields, type Place } from './yuma-read.ts';

/** Computes a formula in the runtime. */
export type Compute = (formula: ReplayFormula) => Promise<readonly bigint[]>;

/** Names under which a row may state a result, and the values that are right. */
export type Expectation = readonly [names: readonly string[], ...right: (bigint | undefined)[]];

const u64Max = (1n << 64n) - 1n;

/** At least one of the named results must stand in the row, and all that do must agree. */
export function expectAny(row: Fields, expectations: readonly Expectation[]): void {
  const granted = row.optional('tolerance');
  const tolerance = granted === undefined ? 0n : BigInt(Math.floor(asNumber(granted)));
  const present = expectations.flatMap(([names, ...right]) => {
    const place = row.optional(...names);
    return place === undefined ? [] : [{ place, right }];
  });
  if (present.length === 0) throw new CaseProblem(`${row.path}: nothing to compare with`);
  for (const { place, right } of present) expectNear(place, right, tolerance);
}

/** Null stands for what never happens, which the runtime gives as nothing or the largest number. */
export function expectNear(
  place: Place,
  right: readonly (bigint | undefined)[],
  tolerance: bigint,
): void {
  const agrees = right.some((value) => isNear(place, value, tolerance));
  if (!agrees) differ(place.path, place.json, right[0]);
}

function isNear(place: Place, actual: bigint | undefined, tolerance: bigint): boolean {
  if (place.json === null) return actual === undefined || actual === u64Max;
  const wanted = typeof place.json === 'boolean' ? BigInt(place.json) : asInteger(place);
  if (actual === undefined) return false;
  const distance = wanted > actual ? wanted - actual : actual - wanted;
  return distance <= tolerance;
}

export function differ(
  path: string,
  expected: Place['json'],
  actual: LosslessJson | undefined,
): never {
  throw new CaseProblem(`${path}: expected ${shown(expected)}, got ${shown(actual)}`);
}
