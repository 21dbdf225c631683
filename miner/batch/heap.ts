/** The least of many at hand, each put in and taken out in logarithmic time. */
export interface Heap<T> {
  readonly size: number;
  push(item: T): void;
  peek(): T | undefined;
  pop(): T | undefined;
  /** Forgets all that `keep` refuses. */
  filter(keep: (item: T) => boolean): void;
}

/** `isBefore` must be a strict order. */
export function createHeap<T>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  let items: T[] = [];
  const push = (item: T): void => {
    items.push(item);
    rise(items, items.length - 1, item, isBefore);
  };
  const pop = (): T | undefined => {
    const first = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) sink(items, last, isBefore);
    return first;
  };
  return {
    get size() {
      return items.length;
    },
    push,
    pop,
    peek: () => items[0],
    filter: (keep) => {
      const kept = items.filter(keep);
      items = [];
      kept.forEach(push);
    },
  };
}

/** Puts `item` at `at` or above it. */
function rise<T>(items: T[], at: number, item: T, isBefore: (a: T, b: T) => boolean): void {
  let place = at;
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = items[above];
    if (parent === undefined || !isBefore(item, parent)) break;
    items[place] = parent;
    place = above;
  }
  items[place] = item;
}

/** Puts `item` at the top or below it. */
function sink<T>(items: T[], item: T, isBefore: (a: T, b: T) => boolean): void {
  let place = 0;
  for (;;) {
    const left = items[2 * place + 1];
    const right = items[2 * place + 2];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (!isBefore(child, item)) break;
    items[place] = child;
    place = 2 * place + (isRight ? 2 : 1);
  }
  items[place] = item;
}
