import { seededUniform } from './seeded.ts';

export const arrivalKinds = ['poisson', 'constant'] as const;

/** `poisson`: independent callers, gaps of any length; `constant`: one caller with a metronome. */
export type ArrivalKind = (typeof arrivalKinds)[number];

export interface ArrivalOptions {
  readonly kind: ArrivalKind;
  readonly ratePerSecond: number;
  /** Arrivals lie from 0 to below this. */
  readonly durationMs: number;
  readonly seed: number;
}

/**
 * When requests are meant to be sent, in milliseconds from the start, rising. They are known before
 * the first answer comes, so that a slow server cannot slow down who asks it.
 */
export function* arrivalsMs(options: ArrivalOptions): Generator<number, void, undefined> {
  const nextGapMs = gapsMs(options);
  let atMs = options.kind === 'constant' ? 0 : nextGapMs();
  for (let count = 1; atMs < options.durationMs; count += 1) {
    yield atMs;
    // Multiplied, not added up: a million gaps must not add up to a million rounding errors.
    atMs =
      options.kind === 'constant' ? (count * 1000) / options.ratePerSecond : atMs + nextGapMs();
  }
}

/** Gaps of a Poisson process: exponential, with mean 1 / rate. */
function gapsMs({ ratePerSecond, seed }: ArrivalOptions): () => number {
  const uniform = seededUniform(seed);
  const meanMs = 1000 / ratePerSecond;
  return () => -Math.log(1 - uniform()) * meanMs;
}
