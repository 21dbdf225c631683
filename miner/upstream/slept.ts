import type { Clock } from '../../common/platform-port.ts';

/** True after `ms`; false when the signal aborted before. */
export async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(ms, signal).then(
    () => !signal.aborted,
    () => false,
  );
}
