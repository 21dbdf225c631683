declare const brand: unique symbol;

/** A finite number from 0 to 1: what points, scores and shares are made of. */
export type Unit = number & { readonly [brand]: 'unit' };

export const zero = 0 as Unit;

/** The only way in: what is no number becomes 0, what lies outside is cut to 0..1. */
export function toUnit(value: number): Unit {
  if (!(value > 0)) return zero;
  return Math.min(1, value) as Unit;
}
