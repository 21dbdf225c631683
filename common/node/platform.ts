import { hash, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Platform } from '../platform-port.ts';

/** The real world: wall clock, operating system randomness, native SHA-256. */
export function createPlatform(): Platform {
  return {
    clock: createClock(),
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    sha256: (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')),
    deadline,
  };
}

function createClock(): Clock {
  return {
    nowMs: () => Date.now(),
    nowNs: createRisingNs(),
    monotonicMs: () => performance.now(),
    sleep: async (ms, signal) => {
      try {
        await delay(ms, undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        throw signal?.aborted === true ? signal.reason : error;
      }
    },
  };
}

/**
 * Wall clock nanoseconds. The wall clock of JavaScript has microseconds at best, and it can step
 * back: a nonce must not, so each value is at least one above the last.
 */
function createRisingNs(): () => bigint {
  let last = 0n;
  return () => {
    const wall = BigInt(Math.floor((performance.timeOrigin + performance.now()) * 1e3)) * 1000n;
    const adjusted = drifted(wall) ? BigInt(Date.now()) * 1_000_000n : wall;
    last = adjusted > last ? adjusted : last + 1n;
    return last;
  };
}

/** The monotonic clock does not follow corrections of the wall clock; 50 ms apart, trust the wall. */
function drifted(ns: bigint): boolean {
  return Math.abs(Number(ns / 1_000_000n) - Date.now()) > 50;
}

function deadline(ms: number, parent?: AbortSignal): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(timeoutError(ms)), ms);
  const follow = (): void => controller.abort(parent?.reason);
  const dispose = (): void => {
    clearTimeout(timer);
    parent?.removeEventListener('abort', follow);
  };
  if (parent?.aborted === true) follow();
  else parent?.addEventListener('abort', follow, { once: true });
  return { signal: controller.signal, dispose };
}

function timeoutError(ms: number): DOMException {
  return new DOMException(`no result within ${ms} ms`, 'TimeoutError');
}
