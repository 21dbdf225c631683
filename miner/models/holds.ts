import type { Clock } from '../../common/platform-port.ts';

/**
 * Requests that have found a version: those that are computed, and those whose bodies are still on
 * their way. It answers them until the last has let go.
 */
export interface Holds {
  /** Gives what lets go again; what is called twice counts once. */
  take(): () => void;
  readonly count: number;
}

export function createHolds(): Holds {
  let count = 0;
  return {
    take: () => {
      let held = true;
      count += 1;
      return () => {
        if (held) count -= 1;
        held = false;
      };
    },
    get count() {
      return count;
    },
  };
}

const stepMs = 20;

/**
 * Resolves once nobody holds it, or after `maxMs`, or when the signal aborts. Where nobody counts,
 * anybody may hold it.
 */
export async function letGo(
  clock: Clock,
  holds: Holds | undefined,
  { maxMs, signal }: { readonly maxMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const untilMs = clock.monotonicMs() + maxMs;
  const isHeld = (): boolean => holds === undefined || holds.count > 0;
  while (!signal.aborted && isHeld() && clock.monotonicMs() < untilMs) {
    await clock.sleep(stepMs, signal).catch(() => undefined);
  }
}
