import type { Hotkey } from '../common/brand.ts';
import { isFault } from '../common/fault.ts';
import type { FaultReason } from '../common/fault.ts';
import { addMarks, addTallies, emptyTally, skill } from '../tasks/skill.ts';
import type { Tally } from '../tasks/skill.ts';
import { isUnjudged } from './judge-answer.ts';
import type { Verdict } from './judge-answer.ts';
import type { Outcome } from './outcome.ts';
import type { Board, RoundTally } from './scoreboard.ts';
import { toUnit, zero } from './unit.ts';
import type { Unit } from './unit.ts';

/** What scoring knows of a task. */
export interface ScoredTask {
  readonly name: string;
  /** Expected mark of the best answerer that does not look. */
  readonly chance: number;
  /** Share of this task among all, before normalising. */
  readonly weight: number;
}

export interface LatencyRule {
  /** Share of the points that speed decides, 0 to below 1. */
  readonly weight: number;
  /** Up to here speed counts in full, in milliseconds. */
  readonly goodMs: number;
  /** From here on it counts nothing. */
  readonly badMs: number;
}

export interface ScoreOptions {
  readonly tasks: readonly ScoredTask[];
  /** Of the confidence bound, see `deviationsOf` in tasks/skill.ts. */
  readonly deviations: number;
  readonly latency: LatencyRule;
  /** Rounds, this one included, whose marks are counted together. */
  readonly windowRounds: number;
}

export interface TaskPoints {
  readonly task: string;
  readonly points: Unit;
  /** Skill over the window, before latency. */
  readonly skill: Unit;
  /** Marks of this round; null when there was no answer to judge. */
  readonly tally: Tally | null;
  readonly latencyMs: number | null;
  readonly fault: FaultReason | null;
}

/** One miner's result in one round. */
export interface MinerPoints {
  readonly uid: number;
  readonly hotkey: Hotkey;
  readonly points: Unit;
  readonly tasks: readonly TaskPoints[];
  /** Tasks whose code could not judge its answer: they say nothing, and move nothing. */
  readonly leftOut: readonly string[];
}

/**
 * Points of this round, one entry for each measured miner, in the order of the outcomes. A task
 * without a good answer gives 0 and leaves the window alone: the window measures skill, the
 * moving average on the board measures being there. What a task could not judge is left out: the
 * other tasks count alone, and a miner without any has no points, and does not move.
 */
export function scoreOutcomes(
  board: Board,
  outcomes: readonly Outcome[],
  options: ScoreOptions,
): readonly MinerPoints[] {
  const miners = new Map(outcomes.map(({ hotkey, uid }) => [hotkey, uid]));
  return [...miners].flatMap(([hotkey, uid]) => {
    const own = outcomes.filter((outcome) => outcome.hotkey === hotkey);
    const points = minerPoints(board, { uid, hotkey }, own, options);
    return points.tasks.length === 0 && points.leftOut.length > 0 ? [] : [points];
  });
}

function minerPoints(
  board: Board,
  { uid, hotkey }: { readonly uid: number; readonly hotkey: Hotkey },
  own: readonly Outcome[],
  options: ScoreOptions,
): MinerPoints {
  const window = board.entries.get(hotkey)?.window ?? [];
  const leftOut = own.filter(({ result }) => isUnjudged(result)).map(({ task }) => task);
  const counted = options.tasks.filter(({ name }) => !leftOut.includes(name));
  const tasks = counted.map((task) => {
    const outcome = own.find((one) => one.task === task.name);
    const before = earlier(window, task.name, options.windowRounds);
    return outcome === undefined || isUnjudged(outcome.result)
      ? noOutcome(task.name)
      : taskPoints(task, { ...outcome, result: outcome.result }, before, options);
  });
  return { uid, hotkey, points: mean(tasks, counted), tasks, leftOut };
}

function noOutcome(task: string): TaskPoints {
  return { task, points: zero, skill: zero, tally: null, latencyMs: null, fault: 'cancelled' };
}

/** Marks of the newest rounds that fit into the window beside this one. */
function earlier(window: readonly RoundTally[], task: string, rounds: number): Tally {
  const own = window.filter((one) => one.task === task);
  const kept = rounds > 1 ? own.slice(-(rounds - 1)) : [];
  return addTallies(kept);
}

function taskPoints(
  task: ScoredTask,
  outcome: Outcome & { readonly result: Exclude<Verdict, { kind: 'unjudged' }> },
  before: Tally,
  options: ScoreOptions,
): TaskPoints {
  const { result, got } = outcome;
  const latencyMs = got?.latencyMs ?? null;
  if (isFault(result)) {
    return { ...noOutcome(task.name), latencyMs, fault: result.reason };
  }
  const able = toUnit(skill(addMarks(before, result.marks), task.chance, options.deviations));
  const points = toUnit(able * latencyFactor(latencyMs, options.latency));
  const tally = addMarks(emptyTally, result.marks);
  return { task: task.name, points, skill: able, tally, latencyMs, fault: null };
}

/**
 * 1 for a fast answer, 1 - weight for a slow one, a line in between. It multiplies: speed can
 * never lift an answerer without skill.
 */
export function latencyFactor(latencyMs: number | null, rule: LatencyRule): number {
  const { weight, goodMs, badMs } = rule;
  if (latencyMs === null) return 1 - weight;
  const speed =
    badMs > goodMs ? (badMs - latencyMs) / (badMs - goodMs) : Number(latencyMs <= goodMs);
  return 1 - weight * (1 - toUnit(speed));
}

function mean(points: readonly TaskPoints[], tasks: readonly ScoredTask[]): Unit {
  const all = tasks.reduce((sum, task) => sum + task.weight, 0);
  if (!(all > 0)) return zero;
  const sum = tasks.reduce((total, task, at) => total + task.weight * (points[at]?.points ?? 0), 0);
  return toUnit(sum / all);
}
