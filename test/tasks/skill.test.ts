import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addMarks,
  addTallies,
  deviationsOf,
  emptyTally,
  lowerBound,
  skill,
} from '../../tasks/skill.ts';

/** P(X >= from) for X binomial, by the sum of its terms. */
function tail(from: number, total: number, chance: number): number {
  let term = (1 - chance) ** total;
  let sum = 0;
  for (let k = 0; k <= total; k += 1) {
    if (k >= from) sum += term;
    term *= ((total - k) / (k + 1)) * (chance / (1 - chance));
  }
  return sum;
}

/** The fewest right answers that earn anything. */
function threshold(total: number, chance: number, deviations: number): number {
  for (let correct = 0; correct <= total; correct += 1) {
    if (skill({ correct, total }, chance, deviations) > 0) return correct;
  }
  return total + 1;
}

const deviations = deviationsOf(0.99999);
const chances = fc.double({ min: 0, max: 0.9, noNaN: true });
const anyNumber = fc.double({ noNaN: true });
const levels = fc.double({ min: 0, max: 6, noNaN: true });

describe('deviationsOf', () => {
  // scipy.stats.norm.ppf, 1.17.1
  test.each([
    [0.5, 0],
    [0.9, 1.2815515655446004],
    [0.95, 1.6448536269514722],
    [0.99, 2.3263478740408408],
    [0.9999, 3.7190164854556804],
    [0.99999, 4.264890793922602],
    [0.9999999, 5.199337582187471],
  ])('of %d is %d', (confidence, expected) => {
    expect(deviationsOf(confidence)).toBeCloseTo(expected, 7);
  });
});

describe('lowerBound', () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 4 at 95 percent.
  test('is the published figure', () => {
    expect(lowerBound({ correct: 81, total: 263 }, 1.959964)).toBeCloseTo(0.2535, 4);
    expect(lowerBound({ correct: 15, total: 148 }, 1.959964)).toBeCloseTo(0.0598, 4);
    expect(lowerBound({ correct: 1, total: 29 }, 1.959964)).toBeCloseTo(0.0018, 4);
  });

  test('is 0 for no items and for no right answer', () => {
    expect(lowerBound(emptyTally, 3)).toBe(0);
    expect(lowerBound({ correct: 0, total: 50 }, 3)).toBe(0);
  });
});

describe('skill', () => {
  test('is a number from 0 to below 1, whatever the tally', () => {
    fc.assert(
      fc.property(anyNumber, fc.double(), chances, levels, (correct, total, chance, level) => {
        const found = skill({ correct, total }, chance, level);
        expect(found >= 0 && found <= 1).toBe(true);
      }),
    );
  });

  test('is no number for a spoiled tally, never a mark', () => {
    fc.assert(
      fc.property(fc.double(), chances, levels, (total, chance, level) => {
        expect(skill({ correct: Number.NaN, total }, chance, level)).toBeNaN();
      }),
    );
  });

  test('never falls when more answers are right', () => {
    const tallies = fc
      .integer({ min: 1, max: 100_000 })
      .chain((total) => fc.tuple(fc.constant(total), fc.nat(total), fc.nat(total)));
    fc.assert(
      fc.property(tallies, chances, levels, ([total, a, b], chance, level) => {
        const [fewer, more] = [Math.min(a, b), Math.max(a, b)];
        const [low, high] = [fewer, more].map((correct) =>
          skill({ correct, total }, chance, level),
        );
        expect((high ?? -1) >= (low ?? 2)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('rises as evidence grows at the same share', () => {
    const found = [1, 2, 4, 8, 16].map((k) =>
      skill({ correct: 30 * k, total: 32 * k }, 0.1, deviations),
    );
    expect(found).toEqual(found.toSorted((a, b) => a - b));
    expect(new Set(found).size).toBe(5);
  });

  test('is exactly 0 at chance and below', () => {
    for (const total of [10, 64, 640, 6400]) {
      expect(skill({ correct: total / 10, total }, 0.1, deviations)).toBe(0);
    }
  });

  test('gives whoever does not look 0 in all but 1 of 15,000 tallies from 64 items on', () => {
    for (const total of [64, 65, 96, 128, 192, 256, 320, 384, 512, 640, 768, 1024]) {
      const passes = tail(threshold(total, 0.1, deviations), total, 0.1);
      expect(passes).toBeLessThan(1 / 15_000);
    }
  });

  test('takes few right answers of a small tally for luck', () => {
    expect(skill({ correct: 3, total: 3 }, 0.1, deviations)).toBe(0);
    expect(skill({ correct: 2, total: 2 }, 0.5, deviations)).toBe(0);
  });
});

describe('tallies', () => {
  test('add up, with marks cut to 0..1; what is no number is never taken for wrong', () => {
    const tally = addMarks(emptyTally, [1, 0, 0.5, 0, -3, 7]);
    const spoiled = addMarks(tally, [1, Number.NaN]);
    expect([spoiled.correct, skill(spoiled, 0.1, deviations)]).toEqual([NaN, NaN]);
    expect(tally).toEqual({ correct: 2.5, total: 6 });
    expect(addTallies([tally, { correct: 1, total: 2 }])).toEqual({ correct: 3.5, total: 8 });
    expect(addTallies([])).toEqual(emptyTally);
  });
});
