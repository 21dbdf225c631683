import type { Hotkey } from '../common/brand.ts';
import type { BlockRef, EndpointState, Snapshot } from '../common/chain-port.ts';
import type { Alert } from './alerts.ts';
import type { VoidRound } from './outcome.ts';
import type { Board, BoardEntry } from './scoreboard.ts';
import type { Skip } from './weights/skip.ts';
import type { MechanismReport, WeightsReport } from './weights/tend.ts';
import { vectorReport } from './weights/vector-report.ts';
import type { VectorReport } from './weights/vector-report.ts';
import type { VectorRecord } from './weights/vector-state.ts';

/** Why a miner has what it has. */
export interface MinerStatus {
  readonly uid: number;
  readonly hotkey: Hotkey;
  readonly score: number;
  /** Share in the newest vector; 0 when it is not in it. */
  readonly weight: number;
  readonly lastPoints: number;
  readonly lastRound: number;
  readonly rounds: number;
  readonly faults: number;
  readonly lastFault: string | null;
  readonly lastLatencyMs: number | null;
  /** Judged items in the window, and the marks on them. */
  readonly items: number;
  readonly correct: number;
  /** One line for people. */
  readonly note: string;
}

/** Where the weights of one mechanism stand. */
export interface MechanismStatus {
  readonly mecid: number;
  /** Newest vector of the journal. */
  readonly newest: VectorReport | null;
  /** Why the newest look sent no vector. */
  readonly skipped: Skip | null;
  /** Block at which it is looked after next, if before the next round. */
  readonly wakeAtBlock: number | null;
}

export interface ProposedWeights {
  readonly uids: readonly number[];
  readonly values: readonly number[];
  readonly blocked: Skip | null;
}

export interface ValidatorStatus {
  readonly ok: boolean;
  readonly netuid: number;
  readonly hotkey: Hotkey;
  readonly uid: number | null;
  readonly vtrust: number | null;
  /** Newest finished round; 0 before the first. */
  readonly round: number;
  /** Newest block seen; null when the node does not run. */
  readonly head: BlockRef | null;
  readonly running: boolean;
  /** Why the newest round moved no score; null when it did, or when the node does not run. */
  readonly voided: VoidRound | null;
  readonly miners: readonly MinerStatus[];
  /** Newest vector of the journal, of the first mechanism. */
  readonly weights: VectorReport | null;
  /** Why the newest round sent no vector, of the first mechanism. */
  readonly skipped: Skip | null;
  readonly mechanisms: readonly MechanismStatus[];
  /** Chain endpoints in the order of the configuration, addresses without paths. */
  readonly endpoints: readonly EndpointState[];
  /** What a dry run would have sent, and what the chain would have refused it for. */
  readonly proposed: ProposedWeights | null;
  readonly alerts: readonly Alert[];
}

export interface StatusFacts {
  readonly netuid: number;
  readonly hotkey: Hotkey;
  readonly round: number;
  readonly board: Board;
  /** Newest of each mechanism. */
  readonly vectors: readonly VectorRecord[];
  readonly snapshot: Snapshot | null;
  readonly head: BlockRef | null;
  readonly voided: VoidRound | null;
  /** Of the newest look after the weights; empty before the first. */
  readonly reports: readonly MechanismReport[];
  readonly endpoints: readonly EndpointState[];
  readonly alerts: readonly Alert[];
  readonly running: boolean;
}

export function explain(facts: StatusFacts): ValidatorStatus {
  const { netuid, hotkey, round, board, vectors, snapshot, reports, alerts, running } = facts;
  const [vector = null] = vectors;
  const report = reports[0]?.report;
  const own = snapshot?.neurons.find((neuron) => neuron.hotkey === hotkey);
  const entries = [...board.entries.values()].sort((a, b) => a.uid - b.uid);
  const shares = vector === null ? new Map<number, number>() : sharesOf(vector);
  return {
    ok: alerts.length === 0,
    netuid,
    hotkey,
    uid: own?.uid ?? null,
    vtrust: own?.validatorTrust ?? null,
    round,
    head: facts.head,
    running,
    voided: facts.voided,
    miners: entries.map((entry) => minerStatus(entry, shares)),
    weights: vector === null ? null : vectorReport(vector),
    skipped: report?.kind === 'skipped' ? report : null,
    proposed: report?.kind === 'dry-run' ? proposedBy(report) : null,
    mechanisms: mechanismsOf(facts),
    endpoints: facts.endpoints,
    alerts,
  };
}

function mechanismsOf({ vectors, reports }: StatusFacts): readonly MechanismStatus[] {
  const known = new Set([...vectors, ...reports].map(({ mecid }) => mecid));
  return [...known]
    .sort((a, b) => a - b)
    .map((mecid) => {
      const newest = vectors.find((one) => one.mecid === mecid);
      const found = reports.find((one) => one.mecid === mecid);
      return {
        mecid,
        newest: newest === undefined ? null : vectorReport(newest),
        skipped: found?.report.kind === 'skipped' ? found.report : null,
        wakeAtBlock: found?.wakeAtBlock ?? null,
      };
    });
}

function proposedBy(report: Extract<WeightsReport, { kind: 'dry-run' }>): ProposedWeights {
  const { uids, values } = report.vector;
  return { uids, values, blocked: report.blocked };
}

/** Each uid's part of the whole. */
export function sharesOf({
  uids,
  values,
}: Pick<VectorRecord, 'uids' | 'values'>): ReadonlyMap<number, number> {
  const sum = values.reduce((total, value) => total + value, 0);
  return new Map(uids.map((uid, at) => [uid, sum === 0 ? 0 : (values[at] ?? 0) / sum]));
}

function minerStatus(entry: BoardEntry, shares: ReadonlyMap<number, number>): MinerStatus {
  const { uid, hotkey, score, lastPoints, lastRound, rounds, faults, lastFault } = entry;
  const items = entry.window.reduce((sum, one) => sum + one.total, 0);
  const correct = entry.window.reduce((sum, one) => sum + one.correct, 0);
  return {
    uid,
    hotkey,
    score,
    weight: shares.get(uid) ?? 0,
    lastPoints,
    lastRound,
    rounds,
    faults,
    lastFault,
    lastLatencyMs: entry.lastLatencyMs,
    items,
    correct,
    note: noteOf(entry, items, correct),
  };
}

function noteOf(entry: BoardEntry, items: number, correct: number): string {
  if (entry.rounds === 0) return 'not asked yet';
  const never = entry.faults >= entry.rounds;
  if (never) return `no good answer yet: ${faultText(entry.lastFault)}`;
  const right = `${Math.round((1000 * correct) / Math.max(1, items)) / 10} % of ${items} items right`;
  return entry.score === 0 ? `${right}: chance` : right;
}

/** What it says of others it may say of this node: worth a word. */
function faultText(fault: string | null): string {
  if (fault !== 'not-admitted') return fault ?? 'fault';
  return 'not-admitted (401: its clock or ours is off; 403: it asks for a permit or more stake)';
}
