/**
 * A map whose keys stand in the order in which they came, the oldest taken first, each step in the
 * same short time. A `Map` has that order too, but not the step: an iterator begun anew walks over
 * the places of all that was taken out before, and one that is kept while the map changes keeps
 * every table that the map ever had.
 */
export interface OldestFirst<K, V> {
  readonly size: number;
  has(key: K): boolean;
  get(key: K): V | undefined;
  /** A key that is there keeps its place. */
  set(key: K, value: V): void;
  /** False when it was not there. */
  delete(key: K): boolean;
  /** Takes the oldest away and names it; undefined when there is none. */
  takeOldest(): K | undefined;
}

interface Link<K, V> {
  readonly key: K;
  value: V;
  before: Link<K, V> | null;
  after: Link<K, V> | null;
}

export function createOldestFirst<K, V>(): OldestFirst<K, V> {
  const links = new Map<K, Link<K, V>>();
  let oldest: Link<K, V> | null = null;
  let newest: Link<K, V> | null = null;
  const append = (key: K, value: V): void => {
    const link: Link<K, V> = { key, value, before: newest, after: null };
    if (newest === null) oldest = link;
    else newest.after = link;
    newest = link;
    links.set(key, link);
  };
  const take = (link: Link<K, V>): void => {
    const { key, before, after } = link;
    links.delete(key);
    // Or what is old and gone would hold what is younger, until all is collected.
    link.before = link.after = null;
    if (before === null) oldest = after;
    else before.after = after;
    if (after === null) newest = before;
    else after.before = before;
  };
  return {
    get size() {
      return links.size;
    },
    has: (key) => links.has(key),
    get: (key) => links.get(key)?.value,
    set: (key, value) => {
      const link = links.get(key);
      if (link === undefined) append(key, value);
      else link.value = value;
    },
    delete: (key) => {
      const link = links.get(key);
      if (link !== undefined) take(link);
      return link !== undefined;
    },
    takeOldest: () => {
      if (oldest === null) return undefined;
      const { key } = oldest;
      take(oldest);
      return key;
    },
  };
}
