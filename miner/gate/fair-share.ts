export interface FairShareOptions {
  /** Requests under way from which on each hotkey keeps to its share. */
  readonly capacity: number;
  /** Of one hotkey, however much room there is. */
  readonly maxInFlight: number;
}

/** `own-limit`: more than one hotkey ever may. `share`: more than its part of a busy miner. */
export type ShareVerdict = 'entered' | 'own-limit' | 'share';

/**
 * Who may have how many requests under way. As long as fewer than `capacity` are, each hotkey may
 * have `maxInFlight`. From then on a hotkey gets in only below its share: the capacity by its weight
 * over the weights of all that have requests under way, itself counted, and one at least. So a
 * caller with little under way is never refused for what others do, and all together have at most
 * twice the capacity and one for each.
 */
export interface FairShare {
  enter(hotkey: string, weight: number): ShareVerdict;
  /** Once for each `entered`. */
  leave(hotkey: string): void;
  /** Requests under way. */
  readonly total: number;
  /** Hotkeys that have some. */
  readonly hotkeys: number;
}

interface Part {
  count: number;
  /** As it was when the hotkey came in: stake may change while its requests are under way. */
  readonly weight: number;
}

export function createFairShare({ capacity, maxInFlight }: FairShareOptions): FairShare {
  const parts = new Map<string, Part>();
  let total = 0;
  let weights = 0;
  const shareOf = (weight: number, others: number): number =>
    Math.max(1, (capacity * weight) / (others + weight));
  const judge = (part: Part | undefined, weight: number): ShareVerdict => {
    const count = part?.count ?? 0;
    if (count >= maxInFlight) return 'own-limit';
    if (total < capacity) return 'entered';
    const others = weights - (part?.weight ?? 0);
    return count < shareOf(part?.weight ?? weight, others) ? 'entered' : 'share';
  };
  const enter = (hotkey: string, weight: number): ShareVerdict => {
    const part = parts.get(hotkey);
    const verdict = judge(part, weight);
    if (verdict !== 'entered') return verdict;
    total += 1;
    if (part !== undefined) part.count += 1;
    else {
      parts.set(hotkey, { count: 1, weight });
      weights += weight;
    }
    return verdict;
  };
  const leave = (hotkey: string): void => {
    const part = parts.get(hotkey);
    if (part === undefined) return;
    total -= 1;
    part.count -= 1;
    if (part.count > 0) return;
    parts.delete(hotkey);
    // Sums of fractions drift; when nobody is there, the sum is nothing again.
    weights = parts.size === 0 ? 0 : weights - part.weight;
  };
  return {
    enter,
    leave,
    get total() {
      return total;
    },
    get hotkeys() {
      return parts.size;
    },
  };
}
