const secondNs = 1_000_000_000n;

export interface ReplayLimits {
  /** How long after its nonce's time an entry is kept; at least the age window plus the skew. */
  readonly retentionNs: bigint;
  readonly maxPerHotkey: number;
  readonly maxTotal: number;
}

export const defaultReplayLimits: ReplayLimits = {
  // The widest window is that of the classic wire: 16 s back and 2 s ahead.
  retentionNs: 20n * secondNs,
  maxPerHotkey: 200_000,
  maxTotal: 1_000_000,
};

/**
 * `fresh`: never seen, now remembered. `repeated`: seen before. `forgotten`: so old that it may
 * have been seen and dropped. `busy`: the memory is full of entries that must not be dropped yet.
 */
export type ReplayVerdict = 'fresh' | 'repeated' | 'forgotten' | 'busy';

/** The nonces of one second, by hotkey; with its mark where a nonce has one. */
type Bucket = Map<string, Set<bigint | string>>;

/**
 * Which pairs of hotkey and nonce were spent. Entries leave by the age of their nonce alone, whole
 * seconds at a time, and everything at or before the youngest second that ever left is refused:
 * even a clock that steps back cannot open the door to a pair that was dropped.
 */
export class ReplayMemory {
  readonly #limits: ReplayLimits;
  readonly #buckets = new Map<bigint, Bucket>();
  readonly #perHotkey = new Map<string, number>();
  #total = 0;
  /** Seconds up to and including this one were dropped. */
  #droppedSecond = -1n;
  /** The last second for which a sweep was done, so that most calls do none. */
  #sweptSecond = -1n;

  constructor(limits: ReplayLimits = defaultReplayLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#total;
  }

  /**
   * `mark` tells requests of one nonce apart, where a scheme signs such a thing beside it; the same
   * nonce with another mark is another request. Bound its length: it is kept as it is.
   */
  spend(hotkey: string, nonceNs: bigint, nowNs: bigint, mark = ''): ReplayVerdict {
    this.#sweep(nowNs);
    const second = nonceNs / secondNs;
    if (second <= this.#droppedSecond) return 'forgotten';
    const key = mark === '' ? nonceNs : `${nonceNs} ${mark}`;
    if (this.#buckets.get(second)?.get(hotkey)?.has(key) === true) return 'repeated';
    if (this.#isFull(hotkey)) return 'busy';
    this.#remember(hotkey, key, second);
    return 'fresh';
  }

  #isFull(hotkey: string): boolean {
    const own = this.#perHotkey.get(hotkey) ?? 0;
    return this.#total >= this.#limits.maxTotal || own >= this.#limits.maxPerHotkey;
  }

  #remember(hotkey: string, key: bigint | string, second: bigint): void {
    const bucket = entry(this.#buckets, second, (): Bucket => new Map());
    entry(bucket, hotkey, () => new Set<bigint | string>()).add(key);
    this.#perHotkey.set(hotkey, (this.#perHotkey.get(hotkey) ?? 0) + 1);
    this.#total += 1;
  }

  /** Drops the seconds that lie wholly before `nowNs - retentionNs`. */
  #sweep(nowNs: bigint): void {
    const keepFrom = (nowNs - this.#limits.retentionNs) / secondNs;
    if (keepFrom === this.#sweptSecond) return;
    this.#sweptSecond = keepFrom;
    for (const [second, bucket] of this.#buckets) {
      if (second < keepFrom) this.#drop(second, bucket);
    }
  }

  #drop(second: bigint, bucket: Bucket): void {
    for (const [hotkey, nonces] of bucket) this.#release(hotkey, nonces.size);
    this.#buckets.delete(second);
    if (second > this.#droppedSecond) this.#droppedSecond = second;
  }

  #release(hotkey: string, count: number): void {
    const left = (this.#perHotkey.get(hotkey) ?? 0) - count;
    if (left > 0) this.#perHotkey.set(hotkey, left);
    else this.#perHotkey.delete(hotkey);
    this.#total -= count;
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
