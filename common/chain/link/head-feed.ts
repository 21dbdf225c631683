import type { BlockRef } from '../../chain-port.ts';
import type { Clock } from '../../platform-port.ts';

const intervalsKept = 8;
const shortestPatienceMs = 200;
/** A chain that stands still for good is looked at this often at last. */
const longestPauseMs = 12_000;

/** Tells heads to listeners, once each, whichever endpoint they come from; and notices their absence. */
export class HeadFeed {
  readonly #clock: Clock;
  readonly #listeners = new Set<(head: BlockRef) => void>();
  #last: BlockRef | null = null;
  #lastAtMs: number;
  #intervals: number[] = [];
  #slotMs = 12_000;
  /** Looks in a row that found the same head. */
  #stalls = 0;
  #stallTold = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastAtMs = clock.monotonicMs();
  }

  get last(): BlockRef | null {
    return this.#last;
  }

  listen(listener: (head: BlockRef) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  clear(): void {
    this.#listeners.clear();
  }

  /** A new connection: blocks are awaited from now on, this far apart until they are measured. */
  expect(slotMs: number): void {
    this.#slotMs = slotMs;
    this.#lastAtMs = this.#clock.monotonicMs();
  }

  tell(head: BlockRef): void {
    if (this.#isOld(head)) return;
    const now = this.#clock.monotonicMs();
    if (this.#last !== null && head.number === this.#last.number + 1) {
      this.#intervals = [...this.#intervals, now - this.#lastAtMs].slice(-intervalsKept);
    }
    this.#last = head;
    this.#lastAtMs = now;
    this.#stalls = 0;
    this.#stallTold = false;
    for (const listener of this.#listeners) listener(head);
  }

  /** Another endpoint may be a little behind; one that is far behind was set back. */
  #isOld(head: BlockRef): boolean {
    if (this.#last === null) return false;
    if (head.hash === this.#last.hash) return true;
    const behind = this.#last.number - head.number;
    return behind > 0 && behind <= 8;
  }

  /** Between two blocks: the median of the last ones, the runtime's aim while there are too few. */
  blockTimeMs(): number {
    if (this.#intervals.length < 3) return this.#slotMs;
    const sorted = [...this.#intervals].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? this.#slotMs;
  }

  /** Until it would be worth looking whether the heads are late. */
  patienceMs(): number {
    const sinceMs = this.#clock.monotonicMs() - this.#lastAtMs;
    const repeat = Math.min(longestPauseMs, this.#limitMs() * 2 ** Math.min(this.#stalls, 10));
    return Math.max(shortestPatienceMs, this.#stalls > 0 ? repeat : this.#limitMs() - sinceMs);
  }

  isLate(): boolean {
    return this.#clock.monotonicMs() - this.#lastAtMs >= this.#limitMs();
  }

  /** True once for each head, when it is later than a late block by this much. */
  noteStall(graceMs: number): boolean {
    this.#stalls += 1;
    const sinceMs = this.#clock.monotonicMs() - this.#lastAtMs;
    if (this.#stallTold || sinceMs < this.#limitMs() + graceMs) return false;
    this.#stallTold = true;
    return true;
  }

  #limitMs(): number {
    return 2 * this.blockTimeMs();
  }
}
