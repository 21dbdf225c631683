/** Called once, when the signal aborts. */
export type OnAbort = () => void;

/** Many who wait for a few signals. */
export interface AbortWatch {
  /** Of a signal that has not aborted. */
  add(signal: AbortSignal, onAbort: OnAbort): void;
  remove(signal: AbortSignal, onAbort: OnAbort): void;
}

/**
 * One listener on each signal, however many wait for it: a thousand requests of one run are no leak,
 * and Node's warning of one would hide the real ones.
 */
export function createAbortWatch(): AbortWatch {
  const waiting = new Map<AbortSignal, Group>();
  const watch = (signal: AbortSignal): Group => {
    const all = new Set<OnAbort>();
    const tell = (): void => {
      waiting.delete(signal);
      for (const onAbort of all) onAbort();
    };
    const group = { all, tell };
    waiting.set(signal, group);
    signal.addEventListener('abort', tell, { once: true });
    return group;
  };
  return {
    add: (signal, onAbort) => {
      (waiting.get(signal) ?? watch(signal)).all.add(onAbort);
    },
    remove: (signal, onAbort) => {
      const group = waiting.get(signal);
      if (group?.all.delete(onAbort) !== true || group.all.size > 0) return;
      waiting.delete(signal);
      signal.removeEventListener('abort', group.tell);
    },
  };
}

interface Group {
  readonly all: Set<OnAbort>;
  readonly tell: () => void;
}
