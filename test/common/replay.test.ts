import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayMemory } from '../../common/wire/replay.ts';

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;
const limits = { retentionNs: 15n * second, maxPerHotkey: 100, maxTotal: 250 };

describe('the replay memory', () => {
  it('tells hotkeys apart', () => {
    const memory = new ReplayMemory(limits);
    expect(memory.spend('a', start, start)).toBe('fresh');
    expect(memory.spend('b', start, start)).toBe('fresh');
    expect(memory.spend('a', start, start)).toBe('repeated');
    expect(memory.size).toBe(2);
  });

  it('tells requests of one nonce apart by their marks', () => {
    const memory = new ReplayMemory(limits);
    expect(memory.spend('a', start, start, 'one')).toBe('fresh');
    expect(memory.spend('a', start, start, 'two')).toBe('fresh');
    expect(memory.spend('a', start, start)).toBe('fresh');
    expect(memory.spend('a', start, start, 'one')).toBe('repeated');
    expect(memory.spend('a', start, start)).toBe('repeated');
    expect(memory.size).toBe(3);
    memory.spend('b', start + 20n * second, start + 20n * second);
    expect(memory.size).toBe(1);
    expect(memory.spend('a', start, start, 'one')).toBe('forgotten');
  });

  it('counts marks against the bound of a hotkey', () => {
    const memory = new ReplayMemory(limits);
    const verdicts = Array.from({ length: 101 }, (_, at) =>
      memory.spend('a', start, start, `mark ${at}`),
    );
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(1);
  });

  it('keeps what the window may still let in, and forgets what it cannot', () => {
    const memory = new ReplayMemory(limits);
    memory.spend('a', start, start);
    expect(memory.spend('a', start, start + 14n * second)).toBe('repeated');
    expect(memory.spend('a', start + 20n * second, start + 20n * second)).toBe('fresh');
    expect(memory.size).toBe(1);
    expect(memory.spend('a', start, start + 20n * second)).toBe('forgotten');
  });

  it('opens no door when the clock steps back after a sweep', () => {
    const memory = new ReplayMemory(limits);
    memory.spend('a', start, start);
    memory.spend('b', start + 3_600n * second, start + 3_600n * second);
    expect(memory.spend('a', start, start + second)).toBe('forgotten');
    expect(memory.spend('a', start + 2n * second, start + second)).toBe('fresh');
  });

  it('refuses rather than drop an entry that is still needed', () => {
    const memory = new ReplayMemory(limits);
    const spendMany = (hotkey: string, count: number): string[] =>
      Array.from({ length: count }, (_, at) => memory.spend(hotkey, start + BigInt(at), start));
    expect(spendMany('a', 101).filter((verdict) => verdict === 'busy')).toHaveLength(1);
    expect(spendMany('b', 100)).not.toContain('busy');
    expect(spendMany('c', 100).filter((verdict) => verdict === 'busy')).toHaveLength(50);
    expect(memory.size).toBe(250);
    expect(memory.spend('a', start, start)).toBe('repeated');
    expect(memory.spend('c', start + 17n * second, start + 17n * second)).toBe('fresh');
    expect(memory.size).toBe(1);
  });

  it('stays within its bound over a long run', () => {
    const memory = new ReplayMemory(limits);
    let largest = 0;
    for (let step = 0n; step < 20_000n; step += 1n) {
      const now = start + (step * second) / 10n;
      memory.spend(`hotkey ${step % 7n}`, now, now);
      largest = Math.max(largest, memory.size);
    }
    expect(largest).toBeLessThanOrEqual(170);
  });

  it('never takes one pair twice, whatever the order of nonces and clocks', () => {
    const step = fc.record({
      hotkey: fc.constantFrom('a', 'b', 'c'),
      nonce: fc.bigInt({ min: 0n, max: 40n }),
      now: fc.bigInt({ min: 0n, max: 40n }),
      mark: fc.constantFrom('', 'x', 'y'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const memory = new ReplayMemory(limits);
        const taken = new Set<string>();
        for (const { hotkey, nonce, now, mark } of steps) {
          const nowNs = start + now * second;
          const verdict = memory.spend(hotkey, start + nonce * second, nowNs, mark);
          const pair = `${hotkey} ${nonce} ${mark}`;
          if (verdict === 'fresh') expect(taken.has(pair)).toBe(false);
          if (verdict === 'fresh') taken.add(pair);
        }
      }),
      { seed: 11 },
    );
  });
});
