/** Collects what comes in one turn of the event loop, and hands it on together. */
export interface Together<T> {
  push(item: T): void;
}

/** `defer` runs a function once what came at the same time was taken in; at most `atMost` a turn. */
export function createTogether<T>(
  defer: (run: () => void) => void,
  atMost: number,
  work: (items: readonly T[]) => void,
): Together<T> {
  const waiting: T[] = [];
  let due = false;
  const schedule = (): void => {
    if (due) return;
    due = true;
    defer(flush);
  };
  const flush = (): void => {
    due = false;
    const items = waiting.splice(0, atMost);
    if (waiting.length > 0) schedule();
    work(items);
  };
  return {
    push: (item) => {
      waiting.push(item);
      schedule();
    },
  };
}
