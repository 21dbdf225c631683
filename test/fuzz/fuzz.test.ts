import { describe, expect, it } from 'vitest';
import { corpusOf } from './corpus.ts';
import { inputOf } from './execution.ts';
import { createRandom } from './random.ts';
import { promise } from './target.ts';
import type { FuzzTarget } from './target.ts';
import { fuzzTargets } from './targets.ts';

const executions = 200;

describe('the fuzzer', () => {
  it('makes the same input of the same seed and number, and others of others', () => {
    for (const target of fuzzTargets) {
      const input = (seed: number, at: number) =>
        Buffer.from(inputOf(target, [], seed, at)).toString('hex');
      expect(input(7, 3)).toBe(input(7, 3));
      const made = new Set(Array.from({ length: 40 }, (_, at) => input(7, at)));
      expect(made.size, target.name).toBeGreaterThan(10);
    }
  });

  it('finds what is planted', () => {
    const planted: FuzzTarget = {
      name: 'planted',
      make: (random) => Uint8Array.of(1, 2, 3, random.below(256)),
      run: (input) => promise(input[3] !== 77 || input.length < 4, 'no 77 at the fourth place'),
    };
    const broken = Array.from({ length: 5000 }, (_, at) => at).filter((at) => {
      try {
        void planted.run(inputOf(planted, [], 1, at));
        return false;
      } catch {
        return true;
      }
    });
    expect(broken.length).toBeGreaterThan(0);
  });

  it('draws all of its choices', () => {
    const random = createRandom(1, 1);
    const seen = new Set(Array.from({ length: 200 }, () => random.below(8)));
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe.each(fuzzTargets.map((target) => ({ name: target.name, target })))(
  'fuzzing of $name',
  ({ target }) => {
    it('holds for the kept inputs and for some new ones', async () => {
      await target.open?.();
      try {
        for (const input of corpusOf(target.name)) await target.run(input);
        const count = target.lanes === undefined ? executions : 20;
        for (let at = 0; at < count; at += 1) await target.run(inputOf(target, [], 42, at));
      } finally {
        await target.close?.();
      }
    });
  },
);
