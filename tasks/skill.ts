/** Marks over items: `correct` is their sum. */
export interface Tally {
  readonly correct: number;
  readonly total: number;
}

export const emptyTally: Tally = { correct: 0, total: 0 };

/** Marks are finite numbers, cut to 0..1; one that is not spoils the sum, so that it shows. */
export function addMarks(tally: Tally, marks: readonly number[]): Tally {
  const sum = marks.reduce((all, mark) => all + Math.min(1, Math.max(0, mark)), 0);
  return { correct: tally.correct + sum, total: tally.total + marks.length };
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (a, b) => ({ correct: a.correct + b.correct, total: a.total + b.total }),
    emptyTally,
  );
}

/** e^-x for 0 <= x <= 50 as 1 over the Taylor sum, whose terms are all positive. */
function expOfMinus(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; k <= 250; k += 1) {
    term *= x / k;
    sum += term;
  }
  return 1 / sum;
}

/** Share of a normal distribution below z, 0 <= z <= 8 (Abramowitz and Stegun 26.2.11). */
function normalShare(z: number): number {
  let [sum, term] = [z, z];
  for (let k = 1; k <= 250; k += 1) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + 0.3989422804014327 * expOfMinus((z * z) / 2) * sum;
}

/**
 * Standard deviations that a normal distribution stays below with this one-sided confidence
 * (0.5 to 0.9999999), to ten digits. Basic arithmetic only, for the same bits in every engine.
 */
export function deviationsOf(confidence: number): number {
  let [low, high] = [0, 8];
  for (let i = 0; i < 50; i += 1) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < confidence) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Lower end of Wilson's score interval with continuity correction (Wilson 1927; Newcombe 1998,
 * method 4) for the true share of right answers, `deviations` standard deviations down. 0..1; 0 for
 * an empty tally, NaN for one that is spoiled; rises with `correct`. Basic arithmetic and a square
 * root, which IEEE 754 rounds exactly: auditors get the same bits.
 */
export function lowerBound({ correct, total }: Tally, deviations: number): number {
  if (Number.isNaN(correct)) return correct;
  if (!(total >= 1 && Number.isFinite(total)) || !(correct > 0.5)) return 0;
  const seen = (Math.min(correct, total) - 0.5) / total;
  const pull = (deviations * deviations) / total;
  const spread = deviations * Math.sqrt((seen * (1 - seen) + pull / 4) / total);
  return Math.max(0, (seen + pull / 2 - spread) / (1 + pull));
}

/**
 * What the answers prove beyond chance, 0..1: exactly 0 while luck may explain them, rising with
 * the share of right answers and with the number of items. `chance` from 0 to below 1. NaN for a
 * spoiled tally.
 *
 * In numbers, for ten classes and confidence 0.99999: whoever answers without looking passes a
 * tally of 64 items or more in fewer than 1 of 15,000 cases (by the exact binomial tail; with 0.1
 * of a chance the tail is fatter than the normal one that the confidence speaks of). The models of
 * examples/digits, right on 98.9 and 79.6 percent, tie or change places in 1 of 250 tallies of 32
 * items, in 1 of 10,000 of 64, and in none of 20,000 simulated ones of 128.
 */
export function skill(tally: Tally, chance: number, deviations: number): number {
  return Math.max(0, (lowerBound(tally, deviations) - chance) / (1 - chance));
}
