import type { LosslessJson } from '../../common/wire/json-lossless.ts';
import type { ReplayOutcome } from './yuma-api.ts';
import {
  asBoolean,
  asInteger,
  asList,
  asNumber,
  asObject,
  asU16,
  CaseProblem,
  complain,
  isObject,
  shown,
  uidEntries,
  type Place,
} from './yuma-read.ts';
import { expectationNames, type EpochPlace } from './yuma-sequence.ts';

type Vector = readonly (number | bigint | boolean)[];
type BondRow = readonly (readonly [number, number])[];

/** How far a fraction (of one) and an amount (in RAO) may lie from what is asserted. */
interface Tolerance {
  readonly fraction: number;
  readonly amount: bigint;
}

const vectors = {
  active: (outcome) => outcome.active,
  stake_weight: (outcome) => outcome.stakeWeight,
  consensus: (outcome) => outcome.consensus,
  incentive: (outcome) => outcome.incentive,
  dividends: (outcome) => outcome.dividends,
  validator_trust: (outcome) => outcome.validatorTrust,
  validator_permit: (outcome) => outcome.validatorPermit,
  server_emission: (outcome) => outcome.serverEmission,
  validator_emission: (outcome) => outcome.validatorEmission,
  emission: (outcome) => outcome.emission,
} as const satisfies Record<string, (outcome: ReplayOutcome) => Vector>;

const otherNames: Readonly<Record<string, keyof typeof vectors>> = {
  incentives: 'incentive',
  dividend: 'dividends',
  vtrust: 'validator_trust',
  permits: 'validator_permit',
  validator_permits: 'validator_permit',
  combined_emission: 'emission',
};

/** Whether the case says anything about what the epoch gives. */
export function expectsAnything(epoch: EpochPlace): boolean {
  const step = asObject(epoch.step);
  return expectationNames.some((name) => Object.keys(step[name] ?? {}).length > 0);
}

/** Throws a CaseProblem at the first expectation of the epoch that does not hold. */
export function compareEpoch(epoch: EpochPlace, outcome: ReplayOutcome, fraction: number): void {
  const step = asObject(epoch.step);
  const tolerance = toleranceOf(epoch.step, fraction);
  for (const name of expectationNames) {
    const json = step[name];
    if (json === undefined) continue;
    const isModel = name === 'model';
    const place = { json, path: `${epoch.step.path}.${name}` };
    compareFields(place, outcome, epoch, isModel ? exact : tolerance);
  }
}

const exact: Tolerance = { fraction: 0, amount: 0n };

function toleranceOf(step: Place, fraction: number): Tolerance {
  const object = asObject(step);
  const own = object['tolerance_absolute_on_fractions'];
  const amount = object['tolerance'];
  return {
    fraction: own === undefined ? fraction : asNumber({ json: own, path: step.path }),
    amount: amount === undefined ? 0n : asInteger({ json: amount, path: `${step.path}.tolerance` }),
  };
}

function compareFields(
  place: Place,
  outcome: ReplayOutcome,
  epoch: EpochPlace,
  tolerance: Tolerance,
): void {
  for (const [name, json] of Object.entries(asObject(place))) {
    const field = { json, path: `${place.path}.${name}` };
    if (/^bonds(_|$)/.test(name)) compareBonds(name, field, outcome.bonds, tolerance);
    else compareVector(name, field, outcome, epoch, tolerance);
  }
}

const suffixes = ['_fraction_at', '_at_fraction', '_fraction', '_at', '_sum', ''] as const;

function compareVector(
  name: string,
  place: Place,
  outcome: ReplayOutcome,
  epoch: EpochPlace,
  tolerance: Tolerance,
): void {
  const found = suffixes
    .filter((suffix) => name.endsWith(suffix))
    .map((suffix) => ({ suffix, vector: vectorName(name.slice(0, name.length - suffix.length)) }))
    .find(({ vector }) => vector !== undefined);
  if (found?.vector === undefined) throw new CaseProblem(`${place.path}: unknown result`);
  const actual = vectors[found.vector](outcome);
  if (found.suffix === '_sum') return compareSum(place, actual, tolerance);
  const isFraction = found.suffix.includes('fraction');
  const expected = expectedByUid(place, actual.length);
  if (expected.length === 0 && actual.length > 0) complain(place.path, 'a value', place.json);
  for (const [uid, item] of expected) {
    if (isFraction) compareFraction(item, actual[uid], tolerance);
    else if (!isForgotten(found.vector, uid, item, epoch)) {
      compareValue(item, actual[uid], tolerance);
    }
  }
}

function vectorName(name: string): keyof typeof vectors | undefined {
  const known = otherNames[name] ?? name;
  return isVector(known) ? known : undefined;
}

function isVector(name: string): name is keyof typeof vectors {
  return Object.hasOwn(vectors, name);
}

/**
 * The reference model keeps its permit vector by reference, so that a uid replaced before the
 * next epoch already shows without its permit there.
 */
function isForgotten(vector: string, uid: number, item: Place, epoch: EpochPlace): boolean {
  return vector === 'validator_permit' && item.json === false && epoch.replacedAfter.has(uid);
}

/** A list of all values (null: not asserted), an object by uid, or one value for every uid. */
function expectedByUid(place: Place, n: number): readonly (readonly [number, Place])[] {
  if (isObject(place.json)) return uidEntries(place);
  if (!Array.isArray(place.json)) return Array.from({ length: n }, (_item, uid) => [uid, place]);
  const items = asList(place);
  if (items.length !== n) complain(place.path, `${n} values`, place.json);
  return [...items.entries()].filter(([, item]) => item.json !== null);
}

function compareSum(place: Place, actual: Vector, tolerance: Tolerance): void {
  const sum = actual.reduce<bigint>((total, value) => total + BigInt(value), 0n);
  compareValue(place, sum, tolerance);
}

function compareValue(place: Place, actual: Vector[number] | undefined, by: Tolerance): void {
  const agrees =
    typeof actual === 'boolean' ? asBoolean(place) === actual : isNear(place, actual, by);
  if (!agrees) differ(place, actual);
}

function isNear(place: Place, actual: number | bigint | undefined, by: Tolerance): boolean {
  if (actual === undefined) return false;
  const distance = asInteger(place) - BigInt(actual);
  return (distance < 0n ? -distance : distance) <= by.amount;
}

function compareFraction(place: Place, actual: Vector[number] | undefined, by: Tolerance): void {
  const fraction = actual === undefined ? Number.NaN : Number(actual) / 65_535;
  if (!(Math.abs(asNumber(place) - fraction) <= by.fraction)) differ(place, fraction);
}

function compareBonds(
  name: string,
  place: Place,
  rows: readonly BondRow[],
  tolerance: Tolerance,
): void {
  if (name === 'bonds') return compareBondRows(place, rows);
  if (name === 'bonds_at') return compareBondCells(place, rows, compareValueOf(tolerance));
  if (name === 'bonds_fraction') return compareBondCells(place, rows, compareFractionOf(tolerance));
  if (name === 'bonds_fraction_at' || name === 'bonds_at_fraction') {
    return compareBondCells(place, rows, compareFractionOf(tolerance));
  }
  throw new CaseProblem(`${place.path}: unknown result`);
}

type CellCheck = (place: Place, actual: number) => void;

function compareValueOf(tolerance: Tolerance): CellCheck {
  return (place, actual) => compareValue(place, actual, tolerance);
}

function compareFractionOf(tolerance: Tolerance): CellCheck {
  return (place, actual) => compareFraction(place, actual, tolerance);
}

/** Whole rows: the stored pairs in the stored order, or an object that names every bond. */
function compareBondRows(place: Place, rows: readonly BondRow[]): void {
  const expected = isObject(place.json) ? uidEntries(place) : fullList(place, rows.length);
  for (const [uid, item] of expected) compareBondRow(item, rows[uid] ?? []);
}

function fullList(place: Place, n: number): readonly (readonly [number, Place])[] {
  const items = asList(place);
  if (items.length !== n) complain(place.path, `${n} rows`, place.json);
  return [...items.entries()];
}

function compareBondRow(place: Place, row: BondRow): void {
  const expected = isObject(place.json)
    ? uidEntries(place).map(([uid, item]) => [uid, asU16(item)])
    : asList(place).map((entry) => asList(entry).map(asU16));
  const agrees =
    expected.length === row.length &&
    row.every(([uid, value], at) => expected[at]?.[0] === uid && expected[at]?.[1] === value);
  if (!agrees)
    differ(
      place,
      row.map(([uid, value]) => [uid, value]),
    );
}

/** Triples of row, column and value; or rows, each an object by column or a dense list. */
function compareBondCells(place: Place, rows: readonly BondRow[], check: CellCheck): void {
  if (isObject(place.json)) {
    for (const [uid, row] of uidEntries(place)) compareCellsOfRow(row, rows[uid] ?? [], check);
    return;
  }
  for (const [index, item] of asList(place).entries()) {
    if (isTriple(item)) compareTriple(item, rows, check);
    else compareCellsOfRow(item, rows[index] ?? [], check);
  }
}

function isTriple(place: Place): boolean {
  const isList = Array.isArray(place.json) && place.json.length === 3;
  return isList && asList(place).every((item) => !Array.isArray(item.json)) && isCell(place);
}

/** A dense row of three fractions is no triple: its first two values are no uids. */
function isCell(place: Place): boolean {
  const [row, column] = asList(place);
  return Number.isInteger(row?.json) && Number.isInteger(column?.json);
}

function compareTriple(place: Place, rows: readonly BondRow[], check: CellCheck): void {
  const [row, column, value] = asList(place);
  if (row === undefined || column === undefined || value === undefined) return;
  check(value, bondOf(rows[asU16(row)] ?? [], asU16(column)));
}

function compareCellsOfRow(place: Place, row: BondRow, check: CellCheck): void {
  const cells = isObject(place.json) ? uidEntries(place) : [...asList(place).entries()];
  for (const [column, item] of cells) check(item, bondOf(row, column));
}

function bondOf(row: BondRow, column: number): number {
  return row.find(([uid]) => uid === column)?.[1] ?? 0;
}

function differ(place: Place, actual: LosslessJson | undefined): never {
  throw new CaseProblem(`${place.path}: expected ${shown(place.json)}, got ${shown(actual)}`);
}
