import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../common/hex.ts';
import { challengeSeed, prng, roundSecret, secretCommitment } from '../../tasks/prng.ts';
import vectors from '../vectors/digits-challenge.json' with { type: 'json' };

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe('the stream', () => {
  test.each(vectors.prng)('agrees with the independent Python writing: $seed', (vector) => {
    const fresh = () => prng(bytes(vector.seed), vector.label);
    expect(times(8, fresh().u32)).toEqual(vector.u32);
    const below = fresh();
    expect(times(16, () => below.below(10))).toEqual(vector.below10);
    expect(times(6, fresh().bell)).toEqual(vector.bell);
  });

  test('is another one for another label', () => {
    const seed = new Uint8Array(32);
    expect(times(4, prng(seed, 'draw').u32)).not.toEqual(times(4, prng(seed, 'augment').u32));
  });

  test('stays below its bound and between its ends', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 1, max: 2 ** 32 }),
        fc.double({ min: -100, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (seed, bound, low, width) => {
          const random = prng(seed, 'range');
          const whole = random.below(bound);
          const real = random.between(low, low + width);
          expect(Number.isInteger(whole) && whole >= 0 && whole < bound).toBe(true);
          expect(real >= low && real <= low + width).toBe(true);
        },
      ),
    );
  });

  test('has a bell of mean 0 and variance 1', () => {
    const { bell } = prng(new Uint8Array(32), 'bell');
    const drawn = times(20_000, bell);
    const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
    const variance = drawn.reduce((sum, x) => sum + x * x, 0) / drawn.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
  });

  test('gives each number below ten its share', () => {
    const { below } = prng(new Uint8Array(32), 'share');
    const drawn = times(20_000, () => below(10));
    for (let digit = 0; digit < 10; digit += 1) {
      const count = drawn.filter((each) => each === digit).length;
      // 2,000 are expected; five standard deviations are 212.
      expect(Math.abs(count - 2000)).toBeLessThan(212);
    }
  });
});

describe('seeds', () => {
  test.each(vectors.seeds)('agree with the independent Python writing: $task', (vector) => {
    const secret = roundSecret(bytes(vector.secret), vector.round);
    const { blockHash, round, hotkey, task } = vector;
    expect(toHex(secret)).toBe(vector.roundSecret);
    expect(toHex(secretCommitment(secret))).toBe(vector.commitment);
    expect(toHex(challengeSeed({ blockHash, secret, round, hotkey, task }))).toBe(vector.seed);
  });

  test('differ when any one part differs', () => {
    const secret = new Uint8Array(32).fill(7);
    const parts = { blockHash: '0xab', secret, round: 1, hotkey: 'key', task: 'digits' };
    const others = [
      parts,
      { ...parts, blockHash: '0xac' },
      { ...parts, secret: new Uint8Array(32).fill(8) },
      { ...parts, round: 2 },
      { ...parts, hotkey: 'other' },
      { ...parts, task: 'other' },
      // The same letters, divided elsewhere.
      { ...parts, hotkey: 'keyd', task: 'igits' },
    ];
    const seeds = others.map((each) => toHex(challengeSeed(each)));
    expect(new Set(seeds).size).toBe(others.length);
  });

  test('do not depend on the case of the block hash', () => {
    const parts = { secret: new Uint8Array(32), round: 1, hotkey: 'key', task: 'digits' };
    const seed = (blockHash: string): string => toHex(challengeSeed({ ...parts, blockHash }));
    expect(seed('0xAB')).toBe(seed('0xab'));
  });
});
