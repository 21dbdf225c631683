import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MinerPoints } from '../../validator/score.ts';
import { decodeBoard, emptyBoard, encodeBoard, updateBoard } from '../../validator/scoreboard.ts';
import type { Board } from '../../validator/scoreboard.ts';
import { toUnit } from '../../validator/unit.ts';
import { board, entry, hotkey, neuron } from './build.ts';

const averaging = { alpha: 0.5, windowRounds: 3 };

function points(uid: number, value: number, more: { fault?: boolean } = {}): MinerPoints {
  const faulty = more.fault === true;
  return {
    uid,
    hotkey: hotkey(uid),
    points: toUnit(value),
    tasks: [
      {
        task: 'digits',
        points: toUnit(value),
        skill: toUnit(value),
        tally: faulty ? null : { correct: 60, total: 64 },
        latencyMs: faulty ? null : 12,
        fault: faulty ? 'timeout' : null,
      },
    ],
    leftOut: [],
  };
}

const scoreOf = (from: Board, uid: number): number | undefined =>
  from.entries.get(hotkey(uid))?.score;

describe('updateBoard', () => {
  it('moves the measured by alpha and nobody else', () => {
    const before = board(entry(1, 0.2), entry(2, 0.6));
    const after = updateBoard(before, [neuron(1), neuron(2)], 3, [points(1, 1)], averaging);
    expect(scoreOf(after, 1)).toBeCloseTo(0.6, 12);
    expect(after.entries.get(hotkey(2))).toEqual(before.entries.get(hotkey(2)));
  });

  it('starts who is new at zero, also one who took the uid of a good one', () => {
    const before = board(entry(1, 0.9));
    const newcomer = neuron(1, { hotkey: hotkey(77), blockAtRegistration: 60 });
    const after = updateBoard(before, [newcomer], 3, [], averaging);
    expect(scoreOf(after, 77)).toBe(0);
    expect(scoreOf(after, 1)).toBeUndefined();
  });

  it('starts a hotkey that was registered anew at zero', () => {
    const again = neuron(1, { blockAtRegistration: 60 });
    const after = updateBoard(board(entry(1, 0.9)), [again], 3, [], averaging);
    expect(scoreOf(after, 1)).toBe(0);
    expect(after.entries.get(hotkey(1))?.window).toEqual([]);
  });

  it('keeps the score of one who moved to another uid', () => {
    const moved = { ...neuron(1), uid: 8 };
    const after = updateBoard(board(entry(1, 0.9)), [moved], 3, [], averaging);
    expect(after.entries.get(hotkey(1))).toMatchObject({ score: 0.9, uid: 8 });
  });

  it('never holds more than the eligible', () => {
    const many = board(...Array.from({ length: 50 }, (_, uid) => entry(uid, 0.5)));
    const after = updateBoard(many, [neuron(3)], 3, [points(9, 1)], averaging);
    expect([...after.entries.keys()]).toEqual([hotkey(3)]);
  });

  it('keeps the newest answers of each task, and lets a fault leave them alone', () => {
    let state: Board = emptyBoard;
    for (let round = 1; round <= 5; round += 1) {
      state = updateBoard(state, [neuron(1)], round, [points(1, 1)], averaging);
    }
    const window = state.entries.get(hotkey(1))?.window;
    expect(window?.map(({ round }) => round)).toEqual([3, 4, 5]);
    const after = updateBoard(state, [neuron(1)], 6, [points(1, 0, { fault: true })], averaging);
    const own = after.entries.get(hotkey(1));
    expect(own).toMatchObject({ faults: 1, rounds: 6, lastFault: 'timeout', lastLatencyMs: null });
    expect(own?.window).toEqual(window);
    expect(own?.score).toBeLessThan(scoreOf(state, 1) ?? 0);
  });

  it('stays within 0..1 and moves towards the points, whatever comes', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(unit, unit, fc.double({ min: 0.001, max: 1, noNaN: true }), (was, got, alpha) => {
        const after = updateBoard(board(entry(1, was)), [neuron(1)], 2, [points(1, got)], {
          alpha,
          windowRounds: 3,
        });
        const now = scoreOf(after, 1) ?? NaN;
        return now >= Math.min(was, got) - 1e-12 && now <= Math.max(was, got) + 1e-12;
      }),
    );
  });
});

describe('the board as text', () => {
  it('comes back as it was, and the same board gives the same text', () => {
    const some = updateBoard(
      board(entry(4, 0.123456789)),
      [neuron(4), neuron(2)],
      2,
      [points(2, 0.7)],
      averaging,
    );
    expect(decodeBoard(encodeBoard(some)).entries).toEqual(
      new Map([...some.entries].sort(([a], [b]) => (a < b ? -1 : 1))),
    );
    const other = { entries: new Map([...some.entries].reverse()) };
    expect(encodeBoard(other)).toBe(encodeBoard(some));
  });

  it.each([
    '',
    '{}',
    'null',
    '{"version":2,"entries":[]}',
    encodeBoard(board(entry(1, 0.5))).replace('0.5', 'null'),
    encodeBoard(board(entry(1, 0.5))).replace('0.5', '1.5'),
  ])('is refused when it cannot be right: %s', (text) => {
    expect(() => decodeBoard(text)).toThrowError(
      expect.objectContaining({ code: 'STATE_UNREADABLE' }),
    );
  });
});
