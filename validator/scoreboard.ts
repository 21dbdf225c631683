import { z } from 'zod';
import type { Hotkey } from '../common/brand.ts';
import type { Neuron } from '../common/chain-port.ts';
import type { MinerPoints } from './score.ts';
import { parseStored } from './stored.ts';
import { toUnit, zero } from './unit.ts';
import type { Unit } from './unit.ts';

/** Marks of one judged answer. */
export interface RoundTally {
  readonly round: number;
  readonly task: string;
  /** Sum of the marks. */
  readonly correct: number;
  /** Items asked. */
  readonly total: number;
}

export interface BoardEntry {
  readonly hotkey: Hotkey;
  /** Where it stood when it was last seen; for showing, never for looking up. */
  readonly uid: number;
  /** Block of registration: the same hotkey registered anew starts anew. */
  readonly registeredAt: number;
  /** Moving average of the points. */
  readonly score: Unit;
  /** The same average of each task by itself. */
  readonly taskScores: Readonly<Record<string, Unit>>;
  readonly lastPoints: Unit;
  readonly lastRound: number;
  readonly lastLatencyMs: number | null;
  /** Rounds in which it was measured. */
  readonly rounds: number;
  /** Of these, rounds with at least one fault. */
  readonly faults: number;
  readonly lastFault: string | null;
  /** Judged answers, oldest first, of the newest rounds. */
  readonly window: readonly RoundTally[];
}

/** All that a validator knows of its miners, by hotkey. */
export interface Board {
  readonly entries: ReadonlyMap<Hotkey, BoardEntry>;
}

export interface AveragingOptions {
  /** Share of the newest round, above 0 up to 1. */
  readonly alpha: number;
  readonly windowRounds: number;
}

export const emptyBoard: Board = { entries: new Map() };

/**
 * The board after a round: one entry for each eligible hotkey, no more. Only measured miners move;
 * who is new, or registered anew, starts at zero; who is gone, or no longer eligible, leaves.
 */
export function updateBoard(
  board: Board,
  eligible: readonly Neuron[],
  round: number,
  points: readonly MinerPoints[],
  options: AveragingOptions,
): Board {
  const measured = new Map(points.map((one) => [one.hotkey, one]));
  const entries = eligible.map((neuron) => {
    const entry = entryFor(board, neuron);
    const own = measured.get(neuron.hotkey);
    return own === undefined ? entry : moved(entry, round, own, options);
  });
  return { entries: new Map(entries.map((entry) => [entry.hotkey, entry])) };
}

function entryFor(board: Board, neuron: Neuron): BoardEntry {
  const known = board.entries.get(neuron.hotkey);
  const same = known !== undefined && known.registeredAt === neuron.blockAtRegistration;
  return same ? { ...known, uid: neuron.uid } : newcomer(neuron);
}

function newcomer({ hotkey, uid, blockAtRegistration }: Neuron): BoardEntry {
  return {
    hotkey,
    uid,
    registeredAt: blockAtRegistration,
    score: zero,
    taskScores: {},
    lastPoints: zero,
    lastRound: 0,
    lastLatencyMs: null,
    rounds: 0,
    faults: 0,
    lastFault: null,
    window: [],
  };
}

function moved(
  entry: BoardEntry,
  round: number,
  own: MinerPoints,
  options: AveragingOptions,
): BoardEntry {
  const fault = own.tasks.find((task) => task.fault !== null)?.fault ?? null;
  return {
    ...entry,
    score: toUnit(entry.score + options.alpha * (own.points - entry.score)),
    taskScores: movedTasks(entry, own, options.alpha),
    lastPoints: own.points,
    lastRound: round,
    lastLatencyMs: slowest(own),
    rounds: entry.rounds + 1,
    faults: entry.faults + (fault === null ? 0 : 1),
    lastFault: fault ?? entry.lastFault,
    window: grown(entry.window, round, own, options.windowRounds),
  };
}

/** Tasks that are gone leave; those that were left out of this round stay as they are. */
function movedTasks(
  { taskScores }: BoardEntry,
  own: MinerPoints,
  alpha: number,
): Readonly<Record<string, Unit>> {
  const stays = Object.entries(taskScores).filter(([task]) => own.leftOut.includes(task));
  const moved = own.tasks.map(({ task, points }) => {
    const before = taskScores[task] ?? zero;
    return [task, toUnit(before + alpha * (points - before))] as const;
  });
  return Object.fromEntries([...stays, ...moved]);
}

function slowest(own: MinerPoints): number | null {
  const known = own.tasks.flatMap((task) => (task.latencyMs === null ? [] : [task.latencyMs]));
  return known.length === 0 ? null : Math.max(...known);
}

/** The newest `windowRounds` judged answers of each task. */
function grown(
  window: readonly RoundTally[],
  round: number,
  own: MinerPoints,
  windowRounds: number,
): readonly RoundTally[] {
  const stays = window.filter(({ task }) => own.leftOut.includes(task));
  const grown = own.tasks.flatMap(({ task, tally }) => {
    const before = window.filter((one) => one.task === task);
    const all = tally === null ? before : [...before, { round, task, ...tally }];
    return all.slice(-windowRounds);
  });
  return [...stays, ...grown];
}

const unit = z.number().min(0).max(1);
const count = z.int().min(0);
const entrySchema = z.strictObject({
  hotkey: z.string(),
  uid: count,
  registeredAt: count,
  score: unit,
  // Boards of the first release have none: they fill from the next round on.
  taskScores: z.record(z.string(), unit).default({}),
  lastPoints: unit,
  lastRound: count,
  lastLatencyMs: z.number().nullable(),
  rounds: count,
  faults: count,
  lastFault: z.string().nullable(),
  window: z.array(
    z.strictObject({ round: count, task: z.string(), correct: z.number().min(0), total: count }),
  ),
});
const boardSchema = z.strictObject({ version: z.literal(1), entries: z.array(entrySchema) });

/** The board as text, for the store and for the evidence: the same board gives the same text. */
export function encodeBoard(board: Board): string {
  const entries = [...board.entries.values()].sort((a, b) => (a.hotkey < b.hotkey ? -1 : 1));
  return JSON.stringify({ version: 1, entries });
}

/** Throws STATE_UNREADABLE: a board that cannot be understood is never taken for an empty one. */
export function decodeBoard(text: string | Uint8Array): Board {
  const { entries } = parseStored('scoreboard', boardSchema, text);
  const branded = entries as unknown as readonly BoardEntry[];
  return { entries: new Map(branded.map((entry) => [entry.hotkey, entry])) };
}
