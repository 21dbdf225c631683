import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  frameLength,
  frameRow,
  padRows,
  readFrame,
  readPairFrame,
  shareRoom,
} from '../../../miner/models/steps/token-rows.ts';

describe('special tokens around a text', () => {
  it('are read off a probe, alone and as a pair', () => {
    const alone = readFrame([7], { ids: [1, 7, 2], types: [0, 0, 0] });
    expect(alone).not.toBeNull();
    if (alone === null) return;
    expect(frameLength(alone)).toBe(2);
    expect(frameRow(alone, [8, 9], null)).toEqual({ ids: [1, 8, 9, 2], types: [0, 0, 0, 0] });
    const pair = readPairFrame([7], { ids: [1, 7, 2, 7, 2], types: [0, 0, 0, 1, 1] });
    expect(pair).not.toBeNull();
    if (pair === null) return;
    expect(frameRow(pair, [8], [9, 9])).toEqual({
      ids: [1, 8, 2, 9, 9, 2],
      types: [0, 0, 0, 1, 1, 1],
    });
    expect(frameRow(pair, [], [])).toEqual({ ids: [1, 2, 2], types: [0, 0, 1] });
  });

  it('are not found where the probe does not stand in the whole', () => {
    expect(readFrame([7, 7], { ids: [1, 7, 2], types: [0, 0, 0] })).toBeNull();
    expect(readFrame([], { ids: [1, 2], types: [0, 0] })).toBeNull();
    expect(readPairFrame([7], { ids: [1, 7, 2], types: [0, 0, 0] })).toBeNull();
  });
});

describe('room for two texts', () => {
  const length = fc.nat(300);

  it('is used up, cuts the longer first and never invents tokens', () => {
    fc.assert(
      fc.property(length, length, fc.integer({ min: 1, max: 256 }), (first, second, room) => {
        const [one, other] = shareRoom(first, second, room);
        expect(one).toBeLessThanOrEqual(first);
        expect(other).toBeLessThanOrEqual(second);
        expect(one + other).toBe(Math.min(first + second, room));
        if (Math.min(first, second) <= Math.floor(room / 2)) {
          expect(Math.min(one, other)).toBe(Math.min(first, second, room));
        } else if (first + second > room) {
          expect(Math.abs(one - other)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('rows of one length', () => {
  it('are filled behind what is there', () => {
    expect([...padRows([[1, 2, 3], [4], []], 3, 9)]).toEqual([1, 2, 3, 4, 9, 9, 9, 9, 9]);
  });
});
