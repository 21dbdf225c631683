/** Hex with 0x, lower case. */
export type Hex = `0x${string}`;

/** A change of storage; null deletes. */
export type StorageDiff = readonly (readonly [key: Hex, value: Hex | null])[];

/** Read access to the whole storage at one block. */
export interface StorageView {
  get(key: Hex): Hex | null;
  /** The next key after `key` that starts with `prefix`, in byte order; null at the end. */
  nextKey(prefix: string, key: string): Hex | null;
}

/**
 * The storage of the newest block as one flat, ordered map. What a block changed is kept as the
 * values before it, so that recent blocks can still be read and memory does not grow with the
 * chain.
 */
export class ChainState implements StorageView {
  readonly #values = new Map<Hex, Hex>();
  /** All keys in byte order (hex of lower case sorts like its bytes). */
  #keys: Hex[] = [];

  constructor(entries: Iterable<readonly [Hex, Hex]>) {
    for (const [key, value] of entries) this.#values.set(key, value);
    this.#keys = [...this.#values.keys()].sort();
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: Hex): Hex | null {
    return this.#values.get(key) ?? null;
  }

  nextKey(prefix: string, key: string): Hex | null {
    const next = this.#keys[firstAfter(this.#keys, key)];
    return next !== undefined && next.startsWith(prefix) ? next : null;
  }

  entries(): IterableIterator<[Hex, Hex]> {
    return this.#values.entries();
  }

  /** Applies a block's changes and returns the values from before, which undo them. */
  apply(diff: StorageDiff): Map<Hex, Hex | null> {
    const before = new Map<Hex, Hex | null>();
    for (const [key, value] of diff) {
      if (!before.has(key)) before.set(key, this.get(key));
      if (value === null) this.#delete(key);
      else this.#set(key, value);
    }
    return before;
  }

  #set(key: Hex, value: Hex): void {
    if (!this.#values.has(key)) this.#keys.splice(firstAfter(this.#keys, key), 0, key);
    this.#values.set(key, value);
  }

  #delete(key: Hex): void {
    if (!this.#values.delete(key)) return;
    this.#keys.splice(firstAfter(this.#keys, key) - 1, 1);
  }
}

/** A view with changes on top: a block being built, or an older block by its undo values. */
export class OverlayView implements StorageView {
  readonly #base: StorageView;
  readonly #changes = new Map<Hex, Hex | null>();
  #added: Hex[] | null = null;

  constructor(base: StorageView, changes: StorageDiff = []) {
    this.#base = base;
    this.apply(changes);
  }

  apply(changes: StorageDiff): void {
    for (const [key, value] of changes) this.#changes.set(key, value);
    this.#added = null;
  }

  changes(): StorageDiff {
    return [...this.#changes];
  }

  get(key: Hex): Hex | null {
    const changed = this.#changes.get(key);
    return changed === undefined ? this.#base.get(key) : changed;
  }

  nextKey(prefix: string, key: string): Hex | null {
    const own = this.#nextAdded(prefix, key);
    let below = this.#base.nextKey(prefix, key);
    while (below !== null && this.#changes.get(below) === null) {
      below = this.#base.nextKey(prefix, below);
    }
    if (own === null || below === null) return own ?? below;
    return own < below ? own : below;
  }

  #nextAdded(prefix: string, key: string): Hex | null {
    this.#added ??= [...this.#changes]
      .filter(([, value]) => value !== null)
      .map(([changed]) => changed)
      .sort();
    const next = this.#added[firstAfter(this.#added, key)];
    return next !== undefined && next.startsWith(prefix) ? next : null;
  }
}

/** The state of an old block is asked for that is no longer kept. */
export class StateDiscarded extends Error {
  override readonly name = 'StateDiscarded';

  constructor(block: string) {
    super(`State already discarded for ${block}`);
  }
}

/**
 * The storage of one block for as long as somebody reads it: put together anew, by `viewNow`,
 * whenever the chain has moved on in between.
 */
export class PinnedView implements StorageView {
  readonly #headNumber: () => number;
  readonly #viewNow: () => StorageView;
  #at = -1;
  #view: StorageView | null = null;

  constructor(headNumber: () => number, viewNow: () => StorageView) {
    this.#headNumber = headNumber;
    this.#viewNow = viewNow;
  }

  /** Throws StateDiscarded when the block is too old. */
  check(): void {
    this.#current();
  }

  get(key: Hex): Hex | null {
    return this.#current().get(key);
  }

  nextKey(prefix: string, key: string): Hex | null {
    return this.#current().nextKey(prefix, key);
  }

  #current(): StorageView {
    const head = this.#headNumber();
    if (this.#view === null || head !== this.#at) {
      this.#view = this.#viewNow();
      this.#at = head;
    }
    return this.#view;
  }
}

/** Index of the first key that is greater than `key`. */
function firstAfter(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Up to `count` keys with `prefix`, after `start` when it is given. */
export function keysOf(
  view: StorageView,
  prefix: string,
  count: number,
  start: string | null,
): Hex[] {
  const keys: Hex[] = [];
  if (start === null && view.get(prefix as Hex) !== null) keys.push(prefix as Hex);
  let at = start ?? prefix;
  while (keys.length < count) {
    const next = view.nextKey(prefix, at);
    if (next === null) break;
    keys.push(next);
    at = next;
  }
  return keys;
}
