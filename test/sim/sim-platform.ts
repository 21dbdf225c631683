import { sha256 } from '@noble/hashes/sha2.js';
import type { Platform } from '../../common/platform-port.ts';
import { prng } from '../../tasks/prng.ts';

export interface SimPlatform extends Platform {
  /** Moves time on, as a sleep does. */
  pass(ms: number): void;
  /** Moves the wall clock alone, as a correction of the system's time does. */
  stepWallClock(ms: number): void;
}

/** Time that only moves when someone sleeps, and randomness from a seed. */
export function createSimPlatform(
  seed: string,
  onPass: (ms: number) => void = () => undefined,
): SimPlatform {
  const random = prng(sha256(new TextEncoder().encode(seed)), 'platform');
  let monotonicMs = 0;
  let wallOffsetMs = 1_700_000_000_000;
  let lastNs = 0n;
  const wallMs = (): number => wallOffsetMs + monotonicMs;
  const pass = (ms: number): void => {
    monotonicMs += ms;
    onPass(ms);
  };
  return {
    pass,
    stepWallClock: (ms) => void (wallOffsetMs += ms),
    sha256: (bytes) => sha256(bytes),
    randomBytes: (length) => Uint8Array.from({ length }, () => random.below(256)),
    deadline: (ms, parent) => {
      const signal = parent ?? new AbortController().signal;
      return { signal, dispose: () => void ms };
    },
    clock: {
      nowMs: wallMs,
      nowNs: () => {
        const now = BigInt(Math.floor(wallMs())) * 1_000_000n;
        lastNs = now > lastNs ? now : lastNs + 1n;
        return lastNs;
      },
      monotonicMs: () => monotonicMs,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        pass(ms);
        await Promise.resolve();
        signal?.throwIfAborted();
      },
    },
  };
}
