import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../vectors/weights.json' with { type: 'json' };
import {
  capShares,
  chainRow,
  quantise,
  roundHalfEven,
  sameRow,
  toWeights,
} from '../../validator/weights/weights.ts';
import type { WeightPolicy, WeightVector } from '../../validator/weights/weights.ts';
import type { Unit } from '../../validator/unit.ts';
import { fakeHyperparams } from '../fakes/fake-chain.ts';
import { board, entry, hotkey, neuron, scored, snapshot } from './build.ts';

const policy: WeightPolicy = { minScore: 0, exponent: 1, maxShare: 1, whenNoneEarn: 'skip' };
const unit = fc.double({ min: 0, max: 1, noNaN: true });

function vectorOf(scores: readonly number[], more: Partial<WeightPolicy> = {}): WeightVector {
  const made = scored(scores);
  const vector = toWeights(made.board, made.snapshot, { ...policy, ...more });
  if (vector.kind === 'vector') return vector;
  throw new Error(vector.reason);
}

const valueOf = ({ uids, values }: WeightVector, uid: number): number =>
  values[uids.indexOf(uid)] ?? 0;
const shareOf = (vector: WeightVector, uid: number): number =>
  valueOf(vector, uid) / vector.values.reduce((sum, value) => sum + value, 0);

describe('against the Python SDK', () => {
  it.each(vectors.emit)('quantise $weights', ({ weights, uids, values }) => {
    expect(quantise([...weights.keys()], weights)).toEqual({ uids, values });
  });

  // Its epsilon of 1e-7 moves the cut, the more the nearer the limit is to 1 / n.
  it.each(vectors.normalizeMaxWeight.filter(({ weights }) => weights.every((one) => one > 0)))(
    'capShares to $limit',
    ({ weights, limit, shares }) => {
      const own = capShares(weights, limit);
      expect(own).toHaveLength(shares.length);
      own.forEach((share, at) => expect(Math.abs(share - shares[at]!)).toBeLessThan(1e-5));
    },
  );

  it('rounds half to even', () => {
    for (const [value, rounded] of vectors.roundHalfEven) {
      expect(roundHalfEven(value!)).toBe(rounded);
    }
  });
});

describe('a score that is no number', () => {
  it.each([NaN, Infinity, -Infinity])('is named, and pays nobody (%s)', (bad) => {
    for (const scores of [
      [0.5, bad, 1],
      [bad, bad],
    ]) {
      for (const whenNoneEarn of ['skip', 'owner'] as const) {
        const made = scored(scores.map(() => 0));
        const broken = board(
          ...scores.map((score, uid) => entry(uid, 0, { score: score as Unit })),
        );
        const vector = toWeights(broken, made.snapshot, { ...policy, whenNoneEarn });
        expect(vector.suspect).toMatch(/scores of \d neurons are no numbers \(uid \d/);
        if (vector.kind === 'vector') expect(vector.values.every(Number.isInteger)).toBe(true);
      }
    }
    expect(vectorOf([0.5, 1]).suspect).toBeUndefined();
  });
});

describe('against the chain', () => {
  it.each(vectors.chainRow)('upscales $input', ({ input, expected }) => {
    expect(chainRow([...input.keys()], input).map(([, value]) => value)).toEqual(expected);
  });

  it('stores our own vectors as they are', () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 40 }), (weights) => {
        const { uids, values } = quantise([...weights.keys()], weights);
        return sameRow(
          chainRow(uids, values),
          uids.map((uid, at) => [uid, values[at]!] as const),
        );
      }),
    );
  });
});

describe('toWeights', () => {
  it('gives the largest score 65535 and leaves out who earns nothing', () => {
    expect(vectorOf([0.2, 0, 0.8])).toEqual({
      kind: 'vector',
      uids: [0, 2],
      values: [16384, 65535],
    });
  });

  it('makes no vector, and never a uniform one, while nobody earns', () => {
    const made = scored([0, 0, 0]);
    expect(toWeights(made.board, made.snapshot, policy).kind).toBe('no-vector');
    expect(toWeights(board(), snapshot([]), policy).kind).toBe('no-vector');
  });

  it('gives all to the owner when that is the rule, and nothing when there is no owner', () => {
    const owner = { ...policy, whenNoneEarn: 'owner' } as const;
    const made = scored([0, 0, 0], { ownerHotkey: hotkey(1) });
    expect(toWeights(made.board, made.snapshot, owner)).toEqual({
      kind: 'vector',
      uids: [1],
      values: [65535],
    });
    const without = scored([0, 0, 0]);
    expect(toWeights(without.board, without.snapshot, owner).kind).toBe('no-vector');
  });

  it('never hands a score on to who took the uid', () => {
    const taken = neuron(1, { hotkey: hotkey(50), blockAtRegistration: 90 });
    const again = neuron(2, { blockAtRegistration: 90 });
    const from = board(entry(0, 0.3), entry(1, 0.9), entry(2, 0.9));
    const vector = toWeights(from, snapshot([neuron(0), taken, again]), policy);
    expect(vector).toMatchObject({ uids: [0], values: [65535] });
  });

  it('cuts the share of one off where the policy or the chain says', () => {
    expect(shareOf(vectorOf([0.9, 0.05, 0.05], { maxShare: 0.5 }), 0)).toBeCloseTo(0.5, 4);
    const limits = { ...fakeHyperparams, maxWeightsLimit: 32_768 };
    const made = scored([0.9, 0.05, 0.05], { hyperparams: limits });
    const vector = toWeights(made.board, made.snapshot, policy) as WeightVector;
    expect(shareOf(vector, 0)).toBeCloseTo(0.5, 4);
  });

  it('keeps zero at zero under a cap', () => {
    expect(vectorOf([1, 0, 0, 0], { maxShare: 0.5 }).uids).toEqual([0]);
  });

  it('drops what is below the smallest score that counts', () => {
    expect(vectorOf([0.5, 0.01, 0.02], { minScore: 0.02 }).uids).toEqual([0, 2]);
  });

  it('meets the smallest length with entries of zero, which pay nobody', () => {
    const limits = { ...fakeHyperparams, minAllowedWeights: 4 };
    const made = scored([0, 0.5, 0, 0, 0, 0], { hyperparams: limits });
    expect(toWeights(made.board, made.snapshot, policy)).toMatchObject({
      uids: [0, 1, 2, 3],
      values: [0, 65535, 0, 0],
    });
    const few = scored([0, 0.5], { hyperparams: limits });
    expect(toWeights(few.board, few.snapshot, policy)).toMatchObject({ uids: [0, 1] });
  });

  it('survives a large exponent and tiny scores', () => {
    const vector = vectorOf([1e-15, 5e-16, 1e-30], { exponent: 32 });
    expect(vector).toMatchObject({ uids: [0], values: [65535] });
  });

  it('is whole, in range, ascending, topped by 65535, for any scores and policy', () => {
    fc.assert(
      fc.property(
        fc.array(unit, { minLength: 1, maxLength: 64 }),
        fc.double({ min: 0.1, max: 32, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (scores, exponent, maxShare) => {
          fc.pre(scores.some((score) => score > 0));
          const { uids, values } = vectorOf(scores, { exponent, maxShare });
          expect(uids).toEqual([...new Set(uids)].sort((a, b) => a - b));
          expect(values.every((value) => Number.isInteger(value) && value > 0)).toBe(true);
          expect(Math.max(...values)).toBe(65535);
          expect(uids.every((uid) => (scores[uid] ?? 0) > 0)).toBe(true);
        },
      ),
    );
  });

  it('never lowers a share when only that score rises', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 2, maxLength: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        fc.double({ min: 0.5, max: 4, noNaN: true }),
        (scores, rise, maxShare, exponent) => {
          const [first, ...others] = scores as [number, ...number[]];
          const more = { maxShare, exponent };
          const before = shareOf(vectorOf([first, ...others], more), 0);
          const after = shareOf(vectorOf([Math.min(1, first + rise), ...others], more), 0);
          // One step of rounding for each entry of the vector.
          return after >= before - scores.length / 65535;
        },
      ),
    );
  });

  it('ranks as the scores do', () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 2, maxLength: 30 }), (scores) => {
        fc.pre(scores.some((score) => score > 0));
        const vector = vectorOf(scores, { exponent: 2, maxShare: 0.4 });
        return scores.every((one, a) =>
          scores.every((other, b) => one < other || valueOf(vector, a) >= valueOf(vector, b)),
        );
      }),
    );
  });
});

describe('capShares', () => {
  it('sums to 1 and keeps to the limit, for values of any scale', () => {
    const value = fc.oneof(
      fc.double({ min: Number.MIN_VALUE, max: 1, noNaN: true }),
      fc.constantFrom(5e-324, 1e-323, 1e-100, 1e-5, 0.5, 1),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (values, limit) => {
          const shares = capShares(values, limit);
          const sum = shares.reduce((total, share) => total + share, 0);
          expect(Math.abs(sum - 1)).toBeLessThan(1e-9);
          const most = Math.max(limit, 1 / values.length) + 1e-9;
          expect(shares.every((share) => share >= 0 && share <= most)).toBe(true);
        },
      ),
    );
  });
});

describe('sameRow', () => {
  it('looks at pairs, not at their order', () => {
    expect(
      sameRow(
        [
          [1, 2],
          [3, 4],
        ],
        [
          [3, 4],
          [1, 2],
        ],
      ),
    ).toBe(true);
    expect(sameRow([[1, 2]], [[1, 3]])).toBe(false);
    expect(sameRow([[1, 2]], [])).toBe(false);
  });
});
