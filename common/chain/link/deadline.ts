import type { Platform } from '../../platform-port.ts';

/** Something that ends the wait early, and the error that it ends it with. */
export interface Ending {
  readonly signal: AbortSignal;
  readonly error: () => Error;
}

export interface Wait {
  readonly platform: Platform;
  readonly timeoutMs: number;
  readonly late: () => Error;
  readonly endings: readonly Ending[];
}

/** Waits for `work`, not past the deadline; leaves no timer and no listener behind. */
export function within<T>(wait: Wait, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = wait.platform.deadline(wait.timeoutMs);
  const stops: (() => void)[] = [() => deadline.dispose()];
  const waited = new Promise<T>((resolve, reject) => {
    for (const { signal, error } of [
      { signal: deadline.signal, error: wait.late },
      ...wait.endings,
    ]) {
      const fail = (): void => reject(error());
      if (signal.aborted) return fail();
      signal.addEventListener('abort', fail, { once: true });
      stops.push(() => signal.removeEventListener('abort', fail));
    }
    work(deadline.signal).then(resolve, reject);
  });
  return waited.finally(() => {
    for (const stop of stops) stop();
  });
}
