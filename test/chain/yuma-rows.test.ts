import { describe, expect, it } from 'vitest';
import type { LosslessJson } from '../../common/wire/json-lossless.ts';
import type { ReplayFormula } from '../../chain/yuma/yuma-api.ts';
import type { Compute } from '../../chain/yuma/yuma-expect.ts';
import { checkRows } from '../../chain/yuma/yuma-rows.ts';

const one = 1n << 32n;

/** Answers formulas by their kind and remembers them. */
function answering(answers: Readonly<Record<string, readonly bigint[]>>) {
  const asked: ReplayFormula[] = [];
  const compute: Compute = (formula) => {
    asked.push(formula);
    const answer = answers[formula.kind];
    return answer === undefined
      ? Promise.reject(new Error(`not expected: ${formula.kind}`))
      : Promise.resolve(answer);
  };
  return { asked, compute };
}

/** Prices that fall by one a block and double with a registration. */
function pricing() {
  const asked: ReplayFormula[] = [];
  const compute: Compute = (formula) => {
    asked.push(formula);
    const { kind, value } = formula;
    if (kind === 'BurnAfterBlocks') return Promise.resolve([value.burn.burn - value.blocks]);
    if (kind === 'BurnAfterRegistrations') return Promise.resolve([value.burn.burn * 2n]);
    return Promise.resolve([1n]);
  };
  return { asked, compute };
}

function check(id: string, row: LosslessJson, compute: Compute): Promise<void> {
  return checkRows(id, { json: [row], path: 'case.rows' }, compute);
}

describe('rows of a case', () => {
  it('hands numbers on as bits with 32 fraction bits', async () => {
    const { asked, compute } = answering({ WeightedMedian: [one / 2n] });
    const row = { stake: [1, 0.25], score: [0, 0.5], majority: 0.5, expected: 0.5 };
    await check('weighted_median', row, compute);
    const value = { stake: [one, one / 4n], score: [0n, one / 2n], majority: one / 2n };
    expect(asked).toEqual([{ kind: 'WeightedMedian', value }]);
  });

  it('reads sparse scores like dense ones', async () => {
    const { asked, compute } = answering({ WeightedMedianColumns: [0n, one] });
    const row = { stake: [1], scores: [[[1, 1]]], majority: 0.5, expected: [0, 1] };
    await check('weighted_median_columns', row, compute);
    expect(asked[0]?.value).toMatchObject({ score: [[0n, one]], columns: 2 });
  });

  it('is exact to the last bit unless a tolerance is granted', async () => {
    const { compute } = answering({ Interpolate: [one + 1n] });
    const row = { a: [1], b: [1], ratio: 0, expected: [1] };
    await expect(check('interpolate', row, compute)).rejects.toThrow('rows[0].expected[0]');
    await check('interpolate', { ...row, tolerance: 1e-6 }, compute);
  });

  it('takes null for an epoch that never comes', async () => {
    const row = { tempo: 0, last_epoch_block: 0, expected: null };
    await check('next_epoch_block', row, answering({ NextEpoch: [] }).compute);
    const wrong = check('next_epoch_block', row, answering({ NextEpoch: [7n] }).compute);
    await expect(wrong).rejects.toThrow('rows[0].expected: expected null, got 7');
  });

  it('compares every part of a split that the row names', async () => {
    const { asked, compute } = answering({ SplitAlpha: [10n, 45n, 40n, 5n] });
    const row = { alpha_out: 100, owner_cut: 0.1, owner: 10, validator_plus_root: 45 };
    await check('owner_cut_extremes', row, compute);
    expect(asked[0]?.value).toMatchObject({ ownerCut: 6553, rootProportion: 0n });
    const wrong = check('owner_cut_extremes', { ...row, server: 44 }, compute);
    await expect(wrong).rejects.toThrow('rows[0].server: expected 44, got 45');
    await check('owner_cut_extremes', { ...row, server: 44, tolerance: 1 }, compute);
  });

  it('follows a price through its events', async () => {
    const { asked, compute } = pricing();
    const events = ['register', { op: 'advance', blocks: 3 }];
    const row = { burn: 600, half_life: 3, mult: 2, events, expected: [1200, 1197] };
    await check('burn_price', row, compute);
    expect(asked.at(-1)?.value).toMatchObject({ burn: { burn: 1200n }, blocks: 3n });
    await expect(check('burn_price', { ...row, events: ['rain'] }, compute)).rejects.toThrow(
      'rows[0].events[0]: unknown event rain',
    );
  });

  it('accepts both orders of decay and registration when the row has none', async () => {
    const row = { burn: 600, half_life: 3, blocks: 3, mult: 2 };
    await check('burn_price', { ...row, expected: 1194 }, pricing().compute);
    await check('burn_price', { ...row, expected: 1197 }, pricing().compute);
    await check('burn_price', { ...row, after_decay: 597 }, pricing().compute);
    const wrong = check('burn_price', { ...row, expected: 600 }, pricing().compute);
    await expect(wrong).rejects.toThrow('rows[0].expected: expected 600, got 1194');
  });

  it('derives the older schedule from block and tempo', async () => {
    const { compute } = answering({ LegacyBlocksUntilEpoch: [0n], LegacyEpochIndex: [3n] });
    const row = {
      netuid: 1,
      tempo: 9,
      block: 28,
      expected: 0,
      epoch_index: 3,
      run: true,
      next: 28,
    };
    await check('legacy_epoch_formula', row, compute);
    await expect(check('legacy_epoch_formula', { ...row, run: false }, compute)).rejects.toThrow(
      'rows[0].run: expected false, got 1',
    );
  });

  it.each<[string, LosslessJson, string]>([
    ['conjure', {}, 'unknown id of a case with rows: conjure'],
    ['constructor', {}, 'unknown id of a case with rows: constructor'],
    ['topk', { k: 1, vector: [1], expected: [true], colour: 1 }, 'rows[0].colour: unknown field'],
    ['topk', { k: 1, expected: [true] }, 'rows[0].vector: expected a value'],
    ['topk', { k: 1, vector: [1e300], expected: [true] }, 'expected a smaller number'],
    ['topk', { k: 1, vector: ['x'], expected: [true] }, 'rows[0].vector[0]: expected a number'],
    ['topk', { k: 1, vector: [1], expected: [true, true] }, 'rows[0].expected: expected 2 values'],
    ['burn_price', { burn: 1 }, 'rows[0]: nothing to compare with'],
    ['topk', 5, 'rows[0]: expected an object, got 5'],
  ])('names what is wrong with %s: %j', async (id, row, message) => {
    const { compute } = answering({ TopK: [1n] });
    await expect(check(id, row, compute)).rejects.toThrow(message);
  });

  it('waits for every row before it reports the first', async () => {
    const { compute } = answering({ TopK: [1n] });
    const wrong = { k: 1, vector: [1], expected: [false] };
    const rows = { json: [wrong, 5], path: 'rows' };
    await expect(checkRows('topk', rows, compute)).rejects.toThrow('rows[0].expected[0]');
  });

  it('refuses a case without rows', async () => {
    const { compute } = answering({});
    await expect(checkRows('topk', { json: [], path: 'rows' }, compute)).rejects.toThrow(
      'rows: there are no rows',
    );
  });
});
