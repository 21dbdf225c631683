import { afterEach, describe, expect, it } from 'vitest';
import { createPreciseWait } from '../../../cli/miner/precise-wait.ts';
import type { PreciseWait } from '../../../cli/miner/precise-wait.ts';

describe('waiting to fractions of a millisecond', () => {
  let wait: PreciseWait | null = null;
  const started = (signal = new AbortController().signal): PreciseWait => {
    wait = createPreciseWait(signal);
    return wait;
  };
  afterEach(() => wait?.close());

  it('never ends too soon, and ends every time', async () => {
    const precise = started();
    for (let turn = 0; turn < 50; turn += 1) {
      const atMs = performance.now() + (turn % 5) * 0.7;
      await precise.until(atMs);
      // The two clocks are read one after the other.
      expect(performance.now()).toBeGreaterThan(atMs - 0.1);
    }
  });

  it('lets the event loop have a turn, also when the moment has passed', async () => {
    const precise = started();
    const seen = { turn: false };
    setImmediate(() => (seen.turn = true));
    // One may come before the other in the first round of the loop.
    await precise.until(performance.now() - 1);
    await precise.until(performance.now() - 1);
    expect(seen.turn).toBe(true);
  });

  it('ends at once when it is stopped, and closes while somebody waits', async () => {
    const stop = new AbortController();
    const precise = started(stop.signal);
    const waiting = precise.until(performance.now() + 60_000);
    stop.abort();
    await waiting;
    await precise.until(performance.now() + 60_000);
    await precise.close();
  });
});
