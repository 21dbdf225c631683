import { SubnetError, isSubnetError, messageOf } from './errors.ts';
import type { ErrorCode } from './errors.ts';
import type { Clock } from './platform-port.ts';
import { backoffMs } from './retry.ts';
import type { Logger } from './telemetry-port.ts';

export interface PatientOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Tries go on for so long; 0 is one try. */
  readonly patienceMs: number;
}

/** Time heals these; whatever else is wrong, another try finds the same. */
const passing: readonly ErrorCode[] = ['CHAIN_UNREACHABLE', 'CHAIN_TIMEOUT'];
const firstPauseMs = 1000;
const longestPauseMs = 30_000;

/**
 * A node is often started together with its chain, or before it: tries again with growing pauses
 * and says so each time. Throws what the last try threw, and CHAIN_CLOSED when the signal aborts.
 */
export async function connectPatiently<T>(
  connect: () => Promise<T>,
  { clock, log, signal, patienceMs }: PatientOptions,
): Promise<T> {
  const startMs = clock.monotonicMs();
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await connect();
    } catch (error) {
      const leftMs = patienceMs - (clock.monotonicMs() - startMs);
      const heals = isSubnetError(error) && passing.includes(error.code);
      if (!heals || leftMs <= 0) throw error;
      if (signal.aborted) throw closed();
      const pauseMs = Math.min(leftMs, backoffMs(attempt, firstPauseMs, longestPauseMs));
      const next = { nextTryMs: Math.round(pauseMs), givesUpInMs: Math.round(leftMs) };
      log.warn('the chain cannot be reached yet', { detail: messageOf(error), ...next });
      await pause(clock, pauseMs, signal);
      if (signal.aborted) throw closed();
    }
  }
}

function closed(): SubnetError {
  return new SubnetError('CHAIN_CLOSED', { what: 'connecting' });
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
