import type { Platform } from '../../platform-port.ts';
import { within } from '../link/deadline.ts';
import type { PoolStatus } from '../link/link-port.ts';

const late = new Error('late');
const down = new Error('down');

/** What a node told of one transaction, in order, for one reader that waits for the next. */
export class StatusQueue {
  #told: PoolStatus[] = [];
  #wake: (() => void) | null = null;

  push(status: PoolStatus): void {
    this.#told.push(status);
    this.#wake?.();
  }

  /** The next one; what was told before a line broke is still given. */
  async next(
    platform: Platform,
    timeoutMs: number,
    endings: readonly AbortSignal[],
  ): Promise<PoolStatus | 'late' | 'down'> {
    const told = this.#told.shift();
    if (told !== undefined) return told;
    try {
      const wait = {
        platform,
        timeoutMs: Math.max(0, timeoutMs),
        late: () => late,
        endings: endings.map((signal) => ({ signal, error: () => down })),
      };
      await within(wait, () => this.#nextPush());
    } catch (error) {
      if (error === late) return 'late';
      if (error === down) return 'down';
      throw error;
    }
    return this.#told.shift() ?? 'down';
  }

  #nextPush(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
