/** Pseudo-random numbers from 0 to below 1; the same seed gives the same stream. Not for keys. */
export type Uniform = () => number;

/** The mulberry32 generator (Tommy Ettinger, public domain). `seed` counts modulo 2^32. */
export function seededUniform(seed: number): Uniform {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
