import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueQueue } from '../../../miner/upstream/due-queue.ts';
import { collectGarbage } from '../../fakes/collect-garbage.ts';
import { createManualPlatform } from '../../fakes/manual-platform.ts';

describe('the queue of what is due', () => {
  it('runs each once, never before its time and at most 20 ms after it', async () => {
    const delays = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(delays, fc.integer({ min: 0, max: 30 }), async (all, gapMs) => {
        const platform = createManualPlatform();
        const { clock } = platform;
        const queue = new DueQueue(clock);
        const late: number[] = [];
        for (const ms of all) {
          const dueMs = clock.monotonicMs() + ms;
          queue.add(ms, () => late.push(clock.monotonicMs() - dueMs));
          for (let passed = 0; passed < gapMs; passed += 1) await platform.advance(1);
        }
        for (let passed = 0; passed < 250; passed += 1) await platform.advance(1);
        expect(late.length).toBe(all.length);
        expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...late)).toBeLessThanOrEqual(20);
      }),
      { numRuns: 30 },
    );
  });

  it('forgets what was taken back, before it is due', async () => {
    const platform = createManualPlatform();
    const queue = new DueQueue(platform.clock);
    const ran: string[] = [];
    const addOne = (): WeakRef<object> => {
      const body = { name: 'a large body' };
      queue.add(1000, () => ran.push(body.name))();
      return new WeakRef(body);
    };
    const bodies = Array.from({ length: 20 }, addOne);
    queue.add(1000, () => ran.push('kept'));
    await collectGarbage();
    // The last one may still lie in a register of the interpreter.
    expect(bodies.filter((body) => body.deref() !== undefined).length).toBeLessThan(3);
    for (let passed = 0; passed < 1100; passed += 10) await platform.advance(10);
    expect(ran).toEqual(['kept']);
  });
});
