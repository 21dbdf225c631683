import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWeights } from '../../../common/operator/weight-input.ts';
import { quantise } from '../../../validator/weights/weights.ts';

describe('weights as a person writes them', () => {
  it('are sorted by uid, the largest 65535, zeros kept', () => {
    expect(parseWeights('7, 3,0', '0,1,0.5')).toEqual({
      uids: [0, 3, 7],
      values: [32_768, 65_535, 0],
    });
  });

  it('become what the node makes of the same weights', () => {
    const weight = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 20 }), (weights) => {
        const uids = weights.map((_, at) => at);
        const written = parseWeights(uids.join(','), weights.join(','));
        if (typeof written === 'string') throw new Error(written);
        const kept = written.values.filter((value) => value > 0);
        expect(kept).toEqual(quantise(uids, weights).values);
      }),
    );
  });

  it.each([
    ['0,1', '1', /2 uids and 1 weights/],
    ['0,0', '1,1', /twice/],
    ['0', '0', /nobody would earn/],
    ['0,x', '1,1', /whole numbers/],
    ['65536', '1', /whole numbers/],
    ['0', 'NaN', /numbers not below 0/],
    ['0', '-1', /numbers not below 0/],
  ])('%s and %s are refused', (uids, weights, words) => {
    expect(parseWeights(uids, weights)).toMatch(words);
  });
});
