import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFairShare } from '../../../miner/gate/fair-share.ts';
import type { FairShare } from '../../../miner/gate/fair-share.ts';

function enterMany(shares: FairShare, hotkey: string, weight: number, times: number): number {
  let entered = 0;
  for (let at = 0; at < times; at += 1) {
    if (shares.enter(hotkey, weight) === 'entered') entered += 1;
  }
  return entered;
}

describe('shares of a busy miner', () => {
  it('lets one caller have all that is there as long as nobody else asks', () => {
    const shares = createFairShare({ capacity: 8, maxInFlight: 100 });
    expect(enterMany(shares, 'a', 1, 20)).toBe(8);
    expect(shares.enter('a', 1)).toBe('share');
  });

  it('never lets one have more than any single one may', () => {
    const shares = createFairShare({ capacity: 100, maxInFlight: 3 });
    expect(enterMany(shares, 'a', 1, 20)).toBe(3);
    expect(shares.enter('a', 1)).toBe('own-limit');
  });

  it('keeps half for a second caller, although the first came first', () => {
    const shares = createFairShare({ capacity: 8, maxInFlight: 100 });
    enterMany(shares, 'a', 1, 8);
    expect(enterMany(shares, 'b', 1, 20)).toBe(4);
    for (let at = 0; at < 4; at += 1) shares.leave('a');
    // Four are left of each: all is shared out evenly, and nobody gets more.
    expect([shares.enter('a', 1), shares.enter('b', 1)]).toEqual(['share', 'share']);
  });

  it('weighs by what it is told: three times the stake, three times the room', () => {
    const shares = createFairShare({ capacity: 8, maxInFlight: 100 });
    enterMany(shares, 'small', 1, 8);
    expect(enterMany(shares, 'large', 3, 20)).toBe(6);
  });

  it('a caller with nothing under way always gets in; the whole stays bounded; nothing is left', () => {
    const moves = fc.array(
      fc.record({ who: fc.nat(9), weight: fc.integer({ min: 1, max: 1000 }), leave: fc.boolean() }),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(moves, fc.integer({ min: 1, max: 20 }), (all, capacity) => {
        const shares = createFairShare({ capacity, maxInFlight: 1000 });
        const held = new Map<number, number>();
        for (const { who, weight, leave } of all) {
          const own = held.get(who) ?? 0;
          if (leave) {
            if (own === 0) continue;
            shares.leave(String(who));
            held.set(who, own - 1);
          } else {
            const entered = shares.enter(String(who), weight) === 'entered';
            expect(entered || own > 0).toBe(true);
            if (entered) held.set(who, own + 1);
          }
          const active = [...held.values()].filter((count) => count > 0).length;
          expect(shares.total).toBe([...held.values()].reduce((a, b) => a + b, 0));
          expect(shares.hotkeys).toBe(active);
          expect(shares.total).toBeLessThanOrEqual(10 * (2 * capacity + 1));
        }
        for (const [who, count] of held) {
          for (let at = 0; at < count; at += 1) shares.leave(String(who));
        }
        expect([shares.total, shares.hotkeys]).toEqual([0, 0]);
      }),
    );
  });
});
