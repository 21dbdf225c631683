import { parseAmount } from './amount.ts';

/** Weights as a person wrote them, ready for the chain. */
export interface WrittenWeights {
  /** Ascending. */
  readonly uids: readonly number[];
  /** 0..65535; the largest is 65535. */
  readonly values: readonly number[];
}

const u16Max = 65_535n;

/**
 * `0,3,7` and `0.2,1,0.5` to what the chain takes: the largest weight becomes 65535, the others in
 * proportion, rounded half to even; exact, without floating point. Zeros stay, since the chain
 * counts them. A text says what is wrong.
 */
export function parseWeights(uids: string, weights: string): WrittenWeights | string {
  const uidList = uids.split(',').map((text) => readUid(text.trim()));
  const weightList = weights.split(',').map(parseAmount);
  if (uidList.includes(null)) return '--uids takes whole numbers from 0 to 65535, as in 0,3,7';
  if (weightList.includes(null)) {
    return '--weights takes numbers not below 0 with at most nine decimals, as in 0.2,1,0.5';
  }
  const pairs = uidList.map((uid, at) => ({ uid: uid ?? 0, weight: weightList[at] ?? 0n }));
  if (uidList.length !== weightList.length) {
    return `${uidList.length} uids and ${weightList.length} weights: one weight for each uid`;
  }
  if (new Set(uidList).size !== uidList.length) return 'a uid stands in --uids twice';
  const largest = pairs.reduce((top, { weight }) => (weight > top ? weight : top), 0n);
  if (largest === 0n) return 'every weight is 0: nobody would earn';
  const sorted = pairs.sort((a, b) => a.uid - b.uid);
  return {
    uids: sorted.map(({ uid }) => uid),
    values: sorted.map(({ weight }) => Number(dividedHalfEven(weight * u16Max, largest))),
  };
}

function readUid(text: string): number | null {
  return /^\d{1,5}$/.test(text) && Number(text) <= Number(u16Max) ? Number(text) : null;
}

/** Both positive. */
function dividedHalfEven(value: bigint, by: bigint): bigint {
  const [whole, rest] = [value / by, (value % by) * 2n];
  if (rest === by) return whole + (whole % 2n);
  return rest > by ? whole + 1n : whole;
}
