import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFairTurnstile } from '../../miner/batch/fair-turnstile.ts';
import type { Entered, FairTurnstile } from '../../miner/batch/fair-turnstile.ts';
import type { BatchRefusal } from '../../miner/batch/batcher.ts';
import type { Asker, QueueLimits } from '../../miner/batch/bounded-queue.ts';
import { createManualPlatform } from '../fakes/manual-platform.ts';

function world(places: number, options: Partial<QueueLimits> = {}) {
  const platform = createManualPlatform();
  const turnstile = createFairTurnstile(platform.clock, places, { maxWaiting: 1000, ...options });
  const asker = (changes: Partial<Asker> = {}): Asker => ({
    deadlineMs: Infinity,
    isGone: () => false,
    ...changes,
  });
  return { platform, turnstile, asker };
}

function said(outcome: Entered | BatchRefusal): string {
  return outcome.kind === 'refused' ? outcome.reason : outcome.kind;
}

/** Comes in, writes its name down, and leaves. */
async function visit(turnstile: FairTurnstile, asker: Asker, names: string[]): Promise<void> {
  const outcome = await turnstile.enter(asker, 1);
  if (outcome.kind === 'refused') return;
  names.push(asker.caller ?? '');
  await Promise.resolve();
  outcome.leave();
}

describe('a fair turnstile', () => {
  it('lets callers in by turns, not by who came first', async () => {
    const { turnstile, asker } = world(1);
    const names: string[] = [];
    const visits = [...Array.from({ length: 100 }, () => 'flood'), 'a', 'b'].map((caller) =>
      visit(turnstile, asker({ caller }), names),
    );
    await Promise.all(visits);
    expect(names.slice(0, 4).toSorted()).toEqual(['a', 'b', 'flood', 'flood']);
    expect(names).toHaveLength(102);
  });

  it('never has more inside than places, and lets all in that wait', async () => {
    const comers = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), comers, async (places, callers) => {
        const { turnstile, asker } = world(places);
        let inside = 0;
        const visits = callers.map(async (caller) => {
          const outcome = await turnstile.enter(asker({ caller }), 1);
          if (outcome.kind === 'refused') throw new Error(outcome.reason);
          inside += 1;
          expect(inside).toBeLessThanOrEqual(places);
          await Promise.resolve();
          inside -= 1;
          outcome.leave();
          outcome.leave();
        });
        await Promise.all(visits);
        expect([inside, turnstile.waiting]).toEqual([0, 0]);
      }),
    );
  });

  it('answers those who left and whose time is over while nobody moves', async () => {
    const { platform, turnstile, asker } = world(1);
    await turnstile.enter(asker(), 1);
    let left = false;
    const gone = turnstile.enter(asker({ isGone: () => left }), 1);
    const expired = turnstile.enter(asker({ deadlineMs: 30 }), 1);
    const patient = turnstile.enter(asker(), 1);
    left = true;
    for (let passed = 0; passed < 100; passed += 10) await platform.advance(10);
    expect([said(await gone), said(await expired)]).toEqual(['gone', 'expired']);
    expect(turnstile.waiting).toBe(1);
    turnstile.close();
    expect(said(await patient)).toBe('closed');
    expect(said(await turnstile.enter(asker(), 1))).toBe('closed');
  });

  it('turns away what is too much, or who has most where that is asked for', async () => {
    const fill = async (whenFull: 'refuse' | 'displace') => {
      const { turnstile, asker } = world(1, { maxWaiting: 2, whenFull });
      const flood = [1, 2, 3].map(() => turnstile.enter(asker({ caller: 'flood' }), 1));
      const other = turnstile.enter(asker({ caller: 'other' }), 1);
      const first = await flood[0];
      if (first?.kind !== 'entered') throw new Error('the first came in at once');
      first.leave();
      turnstile.close();
      return [said(await other), ...(await Promise.all(flood.slice(1))).map(said)];
    };
    expect((await fill('refuse'))[0]).toBe('full');
    const [other, ...flood] = await fill('displace');
    expect(other).not.toBe('full');
    expect(flood).toContain('full');
  });
});
