import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseUpstream } from '../../../miner/upstream/choose-upstream.ts';
import { LatencyWindow } from '../../../miner/upstream/latency-window.ts';
import { ShareBudget } from '../../../miner/upstream/share-budget.ts';

const candidate = fc.record({
  usable: fc.boolean(),
  outstanding: fc.nat(5),
  tried: fc.boolean(),
});

describe('the choice of an upstream', () => {
  it('is usable, untried if any is, and has the least outstanding requests of those', () => {
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 8 }), fc.nat(100), (all, turn) => {
        const chosen = all[chooseUpstream(all, turn)];
        const usable = all.filter((one) => one.usable);
        expect(chosen === undefined).toBe(usable.length === 0);
        if (chosen === undefined) return;
        expect(chosen.usable).toBe(true);
        expect(chosen.tried).toBe(usable.every((one) => one.tried));
        const rivals = usable.filter((one) => one.tried === chosen.tried);
        expect(chosen.outstanding).toBe(Math.min(...rivals.map((one) => one.outstanding)));
      }),
    );
  });

  it('goes round among equals', () => {
    const equals = Array.from({ length: 4 }, () => ({
      usable: true,
      outstanding: 1,
      tried: false,
    }));
    const turns = [0, 1, 2, 3].map((turn) => chooseUpstream(equals, turn));
    expect(new Set(turns).size).toBe(4);
  });
});

describe('a budget of extra requests', () => {
  it('never allows more than its start, its share and its rate earn', () => {
    const event = fc.record({
      ask: fc.boolean(),
      ms: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(20),
        (events, share, initial) => {
          const budget = new ShareBudget({ share, perSecond: 5, burst: 50, initial });
          let [taken, earned, nowMs] = [0, 0, 0];
          for (const { ask, ms } of events) {
            nowMs += ms;
            if (ask) taken += budget.take(nowMs) ? 1 : 0;
            else budget.earn(nowMs);
            earned += ask ? 0 : 1;
            expect(taken).toBeLessThanOrEqual(initial + share * earned + nowMs / 200 + 1e-6);
          }
        },
      ),
    );
  });

  it('keeps no more than its burst', () => {
    const budget = new ShareBudget({ share: 1, perSecond: 0, burst: 2, initial: 0 });
    for (let at = 0; at < 100; at += 1) budget.earn(0);
    expect([1, 2, 3].map(() => budget.take(0))).toEqual([true, true, false]);
  });
});

describe('the window of latencies', () => {
  it('tells the percentile of the latest ones, by nearest rank', () => {
    const latencies = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 32, maxLength: 64 });
    fc.assert(
      fc.property(latencies, fc.integer({ min: 1, max: 99 }), (all, percent) => {
        const window = new LatencyWindow(32, 16);
        for (const ms of all) window.add(ms);
        const kept = all.slice(-32).toSorted((a, b) => a - b);
        const rank = Math.ceil((percent / 100) * kept.length) - 1;
        expect(window.percentile(percent)).toBe(kept[Math.max(0, rank)]);
      }),
    );
  });

  it('tells nothing before it has seen enough', () => {
    const window = new LatencyWindow(32, 4);
    for (const ms of [1, 2, 3]) window.add(ms);
    expect(window.percentile(50)).toBeNull();
    window.add(4);
    expect(window.percentile(50)).toBe(2);
  });
});
