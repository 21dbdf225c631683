import type { Clock } from './platform-port.ts';

export interface RetryOptions {
  readonly clock: Clock;
  /** Calls in all, the first included. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly signal?: AbortSignal;
  /** Errors for which another attempt makes no sense are thrown at once. */
  readonly worthwhile?: (error: unknown) => boolean;
}

/** Doubles from `firstMs` on, up to `maxMs`; `attempt` counts from 0. */
export function backoffMs(attempt: number, firstMs: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 52));
}

/** Repeats a failing operation with growing pauses; throws the last error, or the abort reason. */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    options.signal?.throwIfAborted();
    try {
      return await operation(attempt);
    } catch (error) {
      const last = attempt + 1 >= options.attempts || options.worthwhile?.(error) === false;
      if (last) throw error;
      const pauseMs = backoffMs(attempt, options.firstDelayMs, options.maxDelayMs);
      await options.clock.sleep(pauseMs, options.signal);
    }
  }
}
