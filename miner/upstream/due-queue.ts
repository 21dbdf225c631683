import type { Clock } from '../../common/platform-port.ts';

interface Due {
  readonly atMs: number;
  /** Null once it was taken back: what it holds need not wait until it is due. */
  run: (() => void) | null;
}

/** One that is due sooner than those before it, since delays became shorter, is late by this. */
const longestSleepMs = 20;

/**
 * Runs functions later, all by one timer: a timer for each request, nearly always cancelled, would
 * cost more than the request. Meant for delays that are about the same.
 */
export class DueQueue {
  readonly #clock: Clock;
  readonly #waiting: Due[] = [];
  #ticking = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns what takes it back. */
  add(afterMs: number, run: () => void): () => void {
    const atMs = this.#clock.monotonicMs() + afterMs;
    let place = this.#waiting.length;
    while (place > 0 && (this.#waiting[place - 1]?.atMs ?? 0) > atMs) place -= 1;
    const due: Due = { atMs, run };
    this.#waiting.splice(place, 0, due);
    if (!this.#ticking) void this.#tick();
    return () => void (due.run = null);
  }

  async #tick(): Promise<void> {
    this.#ticking = true;
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const leftMs = first.atMs - this.#clock.monotonicMs();
      await this.#clock.sleep(Math.min(Math.max(1, leftMs), longestSleepMs));
      const nowMs = this.#clock.monotonicMs();
      while ((this.#waiting[0]?.atMs ?? Infinity) <= nowMs) this.#waiting.shift()?.run?.();
    }
    this.#ticking = false;
  }
}
