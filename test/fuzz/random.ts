/** Random numbers that a seed decides: the same seed, the same inputs, on every machine. */
export interface Random {
  /** 0 up to and without `end`. */
  below(end: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly [T, ...T[]]): T;
  bytes(length: number): Uint8Array;
  /** A length: mostly small, seldom up to `most`. */
  length(most: number): number;
}

/** Mixes a seed and a number of an execution, so that each execution can be repeated alone. */
export function createRandom(seed: number, execution: number): Random {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(execution, 0xc2b2ae35)) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (end: number): number => (end <= 1 ? 0 : next() % end);
  return {
    below,
    chance: (probability) => next() / 2 ** 32 < probability,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    length: (most) => below(below(below(most + 1) + 1) + 1),
  };
}
