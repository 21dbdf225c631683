/**
 * The keys of a map or set in the order in which they came, the oldest taken first. One iterator
 * goes on where it was: begun anew each time, it would walk over all that was taken before, and a
 * flood would make each step cost thousands.
 */
export interface OldestFirst<K> {
  /** Takes the oldest away and names it; undefined when there is none. */
  takeOldest(): K | undefined;
}

interface Ordered<K> {
  keys(): IterableIterator<K>;
  delete(key: K): boolean;
}

export function oldestFirst<K>(ordered: Ordered<K>): OldestFirst<K> {
  let keys = ordered.keys();
  const next = (): IteratorResult<K> => {
    const found = keys.next();
    if (found.done !== true) return found;
    // It had come to the end before; what came since is at its beginning.
    keys = ordered.keys();
    return keys.next();
  };
  return {
    takeOldest: () => {
      const found = next();
      if (found.done === true) return undefined;
      ordered.delete(found.value);
      return found.value;
    },
  };
}
