import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fault } from '../../common/fault.ts';
import { deviationsOf } from '../../tasks/skill.ts';
import type { Outcome } from '../../validator/outcome.ts';
import { latencyFactor, scoreOutcomes } from '../../validator/score.ts';
import type { ScoreOptions } from '../../validator/score.ts';
import { updateBoard } from '../../validator/scoreboard.ts';
import { toUnit } from '../../validator/unit.ts';
import { board, entry, hotkey, neuron } from './build.ts';

const options: ScoreOptions = {
  tasks: [{ name: 'digits', chance: 0.1, weight: 1 }],
  deviations: deviationsOf(0.99999),
  latency: { weight: 0.05, goodMs: 100, badMs: 2000 },
  windowRounds: 4,
};

const marksOf = (correct: number, total: number): number[] =>
  Array.from({ length: total }, (_, at) => (at < correct ? 1 : 0));

function outcome(
  uid: number,
  marks: readonly number[] | null,
  more: { latencyMs?: number; task?: string } = {},
): Outcome {
  const result =
    marks === null ? fault('timeout', 'too late') : { kind: 'judgement' as const, marks };
  const body = new Uint8Array();
  const latencyMs = more.latencyMs ?? 10;
  const got = { status: 200, sha256: '', body, latencyMs, receipt: null };
  return { uid, hotkey: hotkey(uid), task: more.task ?? 'digits', sent: null, got, result };
}

function pointsOf(one: Outcome, from = board()): number {
  return scoreOutcomes(from, [one], options)[0]!.points;
}

describe('scoreOutcomes', () => {
  it('gives nothing to a fault, a constant and a lucky answerer', () => {
    expect(pointsOf(outcome(1, null))).toBe(0);
    expect(pointsOf(outcome(1, marksOf(7, 64)))).toBe(0);
    expect(pointsOf(outcome(1, marksOf(12, 64)))).toBe(0);
  });

  it('orders by quality', () => {
    const points = [20, 35, 51, 63, 64].map((right) => pointsOf(outcome(1, marksOf(right, 64))));
    expect(points).toEqual([...points].sort((a, b) => a - b));
    expect(new Set(points).size).toBe(points.length);
  });

  it('counts this round together with the window, and no further back', () => {
    const round = (n: number, correct: number) => ({
      round: n,
      task: 'digits',
      correct,
      total: 64,
    });
    const good = entry(1, 0.5, { window: [1, 2, 3].map((n) => round(n, 63)) });
    const alone = pointsOf(outcome(1, marksOf(63, 64)));
    expect(pointsOf(outcome(1, marksOf(63, 64)), board(good))).toBeGreaterThan(alone);
    const long = entry(1, 0.5, { window: [round(0, 0), ...[1, 2, 3].map((n) => round(n, 63))] });
    expect(pointsOf(outcome(1, marksOf(63, 64)), board(long))).toBe(
      pointsOf(outcome(1, marksOf(63, 64)), board(good)),
    );
  });

  it('is never lowered by one more right answer, whatever window and speed', () => {
    const tally = fc.record({ correct: fc.nat(64), total: fc.constant(64) });
    fc.assert(
      fc.property(
        fc.nat(63),
        fc.array(tally, { maxLength: 5 }),
        fc.double({ min: 0, max: 5000, noNaN: true }),
        (right, before, latencyMs) => {
          const window = before.map((one, round) => ({ round, task: 'digits', ...one }));
          const from = board(entry(1, 0, { window }));
          const less = pointsOf(outcome(1, marksOf(right, 64), { latencyMs }), from);
          const more = pointsOf(outcome(1, marksOf(right + 1, 64), { latencyMs }), from);
          return more >= less;
        },
      ),
    );
  });

  it('stays finite and within 0..1 for any marks and latencies that are numbers', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(number, { maxLength: 70 }), number, (marks, latencyMs) => {
        const points = pointsOf(outcome(1, marks, { latencyMs }));
        return points >= 0 && points <= 1;
      }),
    );
    const marks = [...marksOf(63, 63), Number.NaN];
    expect(() => pointsOf(outcome(1, marks))).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });

  it('lets speed never lift who has no skill, and move who has it by its share at most', () => {
    expect(pointsOf(outcome(1, marksOf(6, 64), { latencyMs: 0 }))).toBe(0);
    const fast = pointsOf(outcome(1, marksOf(64, 64), { latencyMs: 1 }));
    const slow = pointsOf(outcome(1, marksOf(64, 64), { latencyMs: 1e9 }));
    expect(slow).toBeCloseTo(fast * 0.95, 12);
  });

  it('weighs tasks, and counts a task without an outcome as nothing', () => {
    const two: ScoreOptions = {
      ...options,
      tasks: [
        { name: 'digits', chance: 0.1, weight: 3 },
        { name: 'other', chance: 0.5, weight: 1 },
      ],
    };
    const full = marksOf(64, 64);
    const both = [outcome(1, full), outcome(1, full, { task: 'other' })];
    const [one] = scoreOutcomes(board(), both, two);
    const [first, second] = one!.tasks;
    expect(one!.points).toBeCloseTo((3 * first!.points + second!.points) / 4, 12);
    const [half] = scoreOutcomes(board(), [outcome(1, full)], two);
    expect(half!.points).toBeCloseTo((3 * first!.points) / 4, 12);
  });

  it('leaves out what a task could not judge, and moves nothing by it', () => {
    const two: ScoreOptions = {
      ...options,
      tasks: [
        { name: 'digits', chance: 0.1, weight: 3 },
        { name: 'other', chance: 0.5, weight: 1 },
      ],
    };
    const good = outcome(1, marksOf(64, 64));
    const result = {
      kind: 'unjudged',
      detail: 'mark 1 of 64 is NaN, not a finite number',
    } as const;
    const unjudged = { ...outcome(1, null, { task: 'other' }), result };
    const [alone] = scoreOutcomes(board(), [good], options);
    const [both] = scoreOutcomes(board(), [good, unjudged], two);
    expect(both).toMatchObject({ points: expect.closeTo(alone!.points, 12), leftOut: ['other'] });
    expect(scoreOutcomes(board(), [{ ...unjudged, task: 'digits' }], options)).toEqual([]);
    const tally = { round: 1, task: 'other', correct: 60, total: 64 };
    const before = entry(1, 0.5, { window: [tally], taskScores: { other: toUnit(0.7) } });
    const averaging = { alpha: 0.5, windowRounds: 4 };
    const after = updateBoard(board(before), [neuron(1)], 2, [both!], averaging);
    const [moved] = [...after.entries.values()];
    expect(moved?.taskScores).toMatchObject({ other: 0.7, digits: expect.any(Number) });
    expect(moved?.window).toEqual([tally, expect.objectContaining({ task: 'digits', round: 2 })]);
    expect(moved?.score).toBeGreaterThan(0.5);
  });

  it('keeps miners apart, in the order of their outcomes', () => {
    const found = scoreOutcomes(
      board(),
      [outcome(5, null), outcome(2, marksOf(60, 64)), outcome(9, marksOf(64, 64))],
      options,
    );
    expect(found.map(({ uid, points }) => [uid, points > 0])).toEqual([
      [5, false],
      [2, true],
      [9, true],
    ]);
  });
});

describe('latencyFactor', () => {
  it('falls along a line between good and bad', () => {
    const rule = { weight: 0.1, goodMs: 100, badMs: 300 };
    const factors = [0, 100, 200, 300, 9000].map((ms) => latencyFactor(ms, rule));
    const rounded = factors.map((factor) => Math.round(factor * 1e6) / 1e6);
    expect(rounded).toEqual([1, 1, 0.95, 0.9, 0.9]);
    expect(latencyFactor(null, rule)).toBe(0.9);
  });
});
