import { checkBurn } from './yuma-burn.ts';
import { differ, expectAny, type Compute } from './yuma-expect.ts';
import {
  asBoolean,
  asFixed,
  asInteger,
  asList,
  asNumber,
  asU16,
  asU32,
  CaseProblem,
  complain,
  Fields,
  type Place,
} from './yuma-read.ts';

type RowCheck = (row: Fields, compute: Compute) => Promise<void>;

const one = 1n << 32n;
const u64Max = (1n << 64n) - 1n;

/** Every family of rows by the id of its case. */
const families: Readonly<Record<string, RowCheck>> = {
  u16_max_upscale: async (row, compute) => {
    const input = asList(row.required('input', 'vector', 'values')).map(asU16);
    expectIntegers(row, await compute({ kind: 'MaxUpscaleU16', value: input }));
  },
  max_upscale_fixed: async (row, compute) => {
    const input = fixedVector(row.required('input', 'vector', 'values'));
    expectIntegers(row, await compute({ kind: 'MaxUpscale', value: input }));
  },
  max_weight_limited: async (row, compute) => {
    const values = asList(row.required('input', 'vector', 'values', 'weights')).map(asU16);
    const limit = asU16(row.required('max_limit', 'limit', 'max_limit_u16', 'limit_u16'));
    expectFlags(row, await compute({ kind: 'WithinLimit', value: { values, limit } }));
  },
  weighted_median: async (row, compute) => {
    const value = {
      stake: fixedVector(row.required('stake', 'stakes')),
      score: fixedVector(row.required('score', 'scores')),
      majority: fixed(row.required('majority', 'kappa')),
    };
    expectFixed(row, await compute({ kind: 'WeightedMedian', value }));
  },
  weighted_median_columns: async (row, compute) => {
    const matrix = row.required('score', 'scores', 'weights', 'matrix');
    const columns = row.optional('columns', 'n');
    const { score, width } = scoreMatrix(matrix);
    const value = {
      stake: fixedVector(row.required('stake', 'stakes')),
      score,
      columns: columns === undefined ? width : asU16(columns),
      majority: fixed(row.required('majority', 'kappa')),
    };
    expectFixed(row, await compute({ kind: 'WeightedMedianColumns', value }));
  },
  topk: async (row, compute) => {
    const nonzero = row.optional('nonzero', 'non_zero');
    const value = {
      vector: fixedVector(row.required('vector', 'input', 'values')),
      k: asU32(row.required('k')),
      nonzero: nonzero !== undefined && asBoolean(nonzero),
    };
    expectFlags(row, await compute({ kind: 'TopK', value }));
  },
  ema_alpha: async (row, compute) => {
    const value = {
      fresh: fixedMatrix(row.required('new')),
      old: fixedMatrix(row.required('old')),
      alpha: fixedMatrix(row.required('alpha')),
    };
    expectFixed(row, await compute({ kind: 'EmaPerCell', value }));
  },
  interpolate: async (row, compute) => {
    const value = {
      a: fixedVector(row.required('a')),
      b: fixedVector(row.required('b')),
      ratio: fixed(row.required('ratio')),
    };
    expectFixed(row, await compute({ kind: 'Interpolate', value }));
  },
  column_max_upscale: async (row, compute) => {
    const column = fixedVector(row.required('column', 'input'));
    expectFixed(row, await compute({ kind: 'ColumnMaxUpscale', value: column }));
  },
  next_epoch_block: async (row, compute) => {
    expectIntegers(row, await compute({ kind: 'NextEpoch', value: clockOf(row) }));
  },
  blocks_until_next_epoch: async (row, compute) => {
    const value = { clock: clockOf(row), block: blockOf(row) };
    expectIntegers(row, await compute({ kind: 'BlocksUntilEpoch', value }));
  },
  legacy_epoch_formula: checkLegacyEpoch,
  pending_emission_split: checkSplit,
  owner_cut_split_default: checkSplit,
  owner_cut_extremes: checkSplit,
  burn_price: checkBurn,
};

/**
 * Throws a CaseProblem for the first row that does not agree. All rows ask at once, so that their
 * formulas can be computed together.
 */
export async function checkRows(id: string, rows: Place, compute: Compute): Promise<void> {
  const check = Object.hasOwn(families, id) ? families[id] : undefined;
  if (check === undefined) throw new CaseProblem(`unknown id of a case with rows: ${id}`);
  const places = asList(rows);
  if (places.length === 0) throw new CaseProblem(`${rows.path}: there are no rows`);
  const checks = places.map((place) => checkRow(place, check, compute));
  const outcomes = await Promise.allSettled(checks);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

async function checkRow(place: Place, check: RowCheck, compute: Compute): Promise<void> {
  const row = new Fields(place);
  await check(row, compute);
  row.done();
}

async function checkLegacyEpoch(row: Fields, compute: Compute): Promise<void> {
  const value = {
    netuid: asU16(row.required('netuid')),
    tempo: asU16(row.required('tempo')),
    block: blockOf(row),
  };
  const [until = 0n] = await compute({ kind: 'LegacyBlocksUntilEpoch', value });
  const [index = 0n] = await compute({ kind: 'LegacyEpochIndex', value });
  expectAny(row, [
    [['expected', 'blocks_until', 'expected_blocks_until', 'blocks_until_next_epoch'], until],
    [['epoch', 'epoch_index', 'expected_epoch', 'expected_epoch_index', 'expected_index'], index],
    [['next_epoch_block', 'next_block', 'expected_next_block', 'next'], value.block + until],
    [['run', 'runs', 'runs_epoch', 'epoch_runs', 'is_epoch', 'expected_run'], flag(until === 0n)],
    [['period', 'expected_period'], BigInt(value.tempo) + 1n],
  ]);
}

async function checkSplit(row: Fields, compute: Compute): Promise<void> {
  const rootSell = row.optional('root_sell');
  const value = {
    alphaOut: asInteger(row.required('alpha_out', 'alpha')),
    ownerCut: ownerCut(row),
    rootProportion: rootProportion(row),
  };
  const parts = await compute({ kind: 'SplitAlpha', value });
  const [owner = 0n, server = 0n, validator = 0n, root = 0n] = parts;
  const paidRoot = rootSell === undefined || asBoolean(rootSell) ? root : 0n;
  expectAny(row, [
    [['owner', 'pending_owner', 'pending_owner_cut', 'owner_alpha'], owner],
    [['server', 'pending_server', 'server_alpha'], server],
    [['validator', 'pending_validator', 'validator_alpha'], validator],
    [['root', 'pending_root', 'pending_root_alpha', 'root_alpha'], paidRoot],
    [['validator_plus_root'], validator + root],
    [['expected', 'expected_owner', 'expected_owner_cut'], owner],
  ]);
}

/** Either as 65535ths or as a fraction of one. */
function ownerCut(row: Fields): number {
  const place = row.optional('owner_cut_u16');
  if (place !== undefined) return asU16(place);
  const enabled = row.optional('owner_cut_enabled');
  if (enabled !== undefined && !asBoolean(enabled)) return 0;
  const cut = row.required('owner_cut', 'owner_cut_fraction');
  const value = asNumber(cut);
  return value > 0 && value <= 1 ? Math.floor(value * 65_535) : asU16(cut);
}

function rootProportion(row: Fields): bigint {
  const place = row.optional('root_proportion');
  return place === undefined ? 0n : fixed(place);
}

function clockOf(row: Fields) {
  const pending = row.optional('pending_epoch_at', 'pending');
  const since = row.optional('blocks_since_last_step');
  return {
    tempo: asU16(row.required('tempo')),
    lastEpochBlock: asInteger(row.required('last_epoch_block', 'last_epoch')),
    pendingEpochAt: pending === undefined ? 0n : asInteger(pending),
    blocksSinceLastStep: since === undefined ? 0n : asInteger(since),
  };
}

function blockOf(row: Fields): bigint {
  return asInteger(row.required('block', 'current_block', 'block_number'));
}

function flag(value: boolean): bigint {
  return value ? 1n : 0n;
}

/** Bits with 32 fraction bits, to nearest. */
function fixed(place: Place): bigint {
  return asFixed(place, 2 ** 32, 2 ** 31);
}

function fixedVector(place: Place): readonly bigint[] {
  return asList(place).map(fixed);
}

function fixedMatrix(place: Place): readonly (readonly bigint[])[] {
  return asList(place).map(fixedVector);
}

/** Rows either dense or as lists of `[column, value]`. */
function scoreMatrix(place: Place) {
  const rows = asList(place).map((row) => asList(row));
  const isSparse = rows.some((row) => Array.isArray(row[0]?.json));
  const dense = isSparse ? rows.map(denseRow) : rows.map((row) => row.map(fixed));
  return { score: dense, width: Math.max(0, ...dense.map((row) => row.length)) };
}

function denseRow(entries: readonly Place[]): readonly bigint[] {
  const row: bigint[] = [];
  for (const entry of entries) {
    const [column, value] = asList(entry);
    if (column === undefined || value === undefined) {
      return complain(entry.path, 'a column and a value', entry.json);
    }
    const at = asU16(column);
    while (row.length <= at) row.push(0n);
    row[at] = fixed(value);
  }
  return row;
}

function expectIntegers(row: Fields, actual: readonly bigint[]): void {
  const expected = row.required('expected');
  if (expected.json === null) return expectAbsent(expected, actual);
  const wanted = Array.isArray(expected.json) ? asList(expected) : [expected];
  expectLength(expected, wanted.length, actual.length);
  for (const [index, place] of wanted.entries()) {
    if (asInteger(place) !== actual[index]) differ(place.path, place.json, actual[index]);
  }
}

/** No epoch: the runtime answers with nothing or with the largest number. */
function expectAbsent(expected: Place, actual: readonly bigint[]): void {
  const [value] = actual;
  if (value !== undefined && value !== u64Max) differ(expected.path, null, value);
}

function expectFlags(row: Fields, actual: readonly bigint[]): void {
  const expected = row.required('expected');
  const wanted = Array.isArray(expected.json) ? asList(expected) : [expected];
  expectLength(expected, wanted.length, actual.length);
  for (const [index, place] of wanted.entries()) {
    if (flag(asBoolean(place)) !== actual[index]) {
      differ(place.path, place.json, actual[index] === 1n);
    }
  }
}

/** Exact to the last bit unless the row grants a tolerance. */
function expectFixed(row: Fields, actual: readonly bigint[]): void {
  const expected = row.required('expected', 'median');
  const granted = row.optional('tolerance');
  const tolerance = granted === undefined ? 0 : asNumber(granted);
  const wanted = flattened(expected);
  expectLength(expected, wanted.length, actual.length);
  for (const [index, place] of wanted.entries()) {
    const bits = actual[index] ?? 0n;
    const exact = fixed(place) === bits;
    const close = Math.abs(asNumber(place) - Number(bits) / Number(one)) <= tolerance;
    if (!exact && !close) differ(place.path, place.json, Number(bits) / Number(one));
  }
}

function flattened(place: Place): readonly Place[] {
  return Array.isArray(place.json) ? asList(place).flatMap(flattened) : [place];
}

function expectLength(place: Place, wanted: number, actual: number): void {
  if (wanted !== actual) {
    throw new CaseProblem(`${place.path}: expected ${wanted} values, got ${actual}`);
  }
}
