import { SubnetError } from '../common/errors.ts';

declare const brand: unique symbol;

/** A finite number from 0 to 1: what points, scores and shares are made of. */
export type Unit = number & { readonly [brand]: 'unit' };

export const zero = 0 as Unit;

/**
 * The only way in: what lies outside is cut to 0..1. Throws INTERNAL for what is no finite number:
 * taken for 0 it would cost somebody's income, and nobody would know.
 */
export function toUnit(value: number): Unit {
  if (!Number.isFinite(value)) throw new SubnetError('INTERNAL', { detail: `a share is ${value}` });
  if (!(value > 0)) return zero;
  return Math.min(1, value) as Unit;
}
