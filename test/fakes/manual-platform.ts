import { createHash } from 'node:crypto';
import type { Platform } from '../../common/platform-port.ts';

/** Time that stands still until it is moved. */
export interface ManualPlatform extends Platform {
  /** Moves both clocks on and lets what slept until then run. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock alone. */
  stepWall(ms: number): void;
}

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

const startMs = 1_700_000_000_000;

/** `deadlines`: they fire when the clock is moved past them; otherwise never. */
export function createManualPlatform(options: { deadlines?: boolean } = {}): ManualPlatform {
  let monotonicMs = 0;
  let wallOffsetMs = startMs;
  let lastNs = 0n;
  let sleepers: Sleeper[] = [];
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return {
    clock: {
      nowMs: () => wallOffsetMs + monotonicMs,
      nowNs: () => {
        const now = BigInt(Math.floor(wallOffsetMs + monotonicMs)) * 1_000_000n;
        lastNs = now > lastNs ? now : lastNs + 1n;
        return lastNs;
      },
      monotonicMs: () => monotonicMs,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          sleepers.push({ atMs: monotonicMs + ms, wake: resolve });
        }),
    },
    randomBytes: (length) => Uint8Array.from({ length }, (_, at) => (at * 37 + 11) & 255),
    sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
    deadline: (ms, parent) => {
      if (options.deadlines !== true) {
        return { signal: parent ?? new AbortController().signal, dispose: () => undefined };
      }
      const controller = new AbortController();
      const sleeper = { atMs: monotonicMs + ms, wake: () => controller.abort() };
      sleepers.push(sleeper);
      return {
        signal: controller.signal,
        dispose: () => void (sleepers = sleepers.filter((one) => one !== sleeper)),
      };
    },
    stepWall: (ms) => void (wallOffsetMs += ms),
    advance: async (ms) => {
      monotonicMs += ms;
      const due = sleepers.filter(({ atMs }) => atMs <= monotonicMs);
      sleepers = sleepers.filter(({ atMs }) => atMs > monotonicMs);
      for (const { wake } of due) wake();
      await settle();
    },
  };
}
