import type { Hotkey } from '../common/brand.ts';
import type { Chain, Snapshot } from '../common/chain-port.ts';
import type { Platform } from '../common/platform-port.ts';
import type { Store } from '../common/store-port.ts';
import type { Task } from '../tasks/task-port.ts';
import { makeChallenges, sampleSeed } from './challenge.ts';
import type { ChallengeContext } from './challenge.ts';
import { pruneOps } from './evidence.ts';
import type { EvidenceLog } from './evidence.ts';
import type { Journal } from './journal.ts';
import { ownNetworkSuspect } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { queryMiners, silentOutcomes } from './query.ts';
import type { QueryDeps, QueryOptions } from './query.ts';
import { bodyOps, closeFields, openFields } from './round-record.ts';
import { precheck, skip } from './precheck.ts';
import type { Skip } from './precheck.ts';
import { notDue } from './schedule.ts';
import type { ScheduleOptions } from './schedule.ts';
import { scoreOutcomes } from './score.ts';
import type { MinerPoints, ScoreOptions } from './score.ts';
import { updateBoard } from './scoreboard.ts';
import type { Board } from './scoreboard.ts';
import { selectMiners } from './select.ts';
import type { MinerTarget, SelectOptions } from './select.ts';
import { closeRoundOps, openRoundOps } from './state.ts';
import { resolveOpen, submitWeights } from './submit.ts';
import type { SubmitOptions, WeightsReport } from './submit.ts';
import { isOpen } from './vector-state.ts';
import type { VectorRecord } from './vector-state.ts';
import { toWeights } from './weights.ts';
import type { WeightPolicy } from './weights.ts';

export interface RoundDeps extends QueryDeps {
  readonly chain: Chain;
  readonly store: Store;
  readonly journal: Journal;
  readonly evidence: EvidenceLog;
}

export interface RoundConfig {
  readonly netuid: number;
  readonly versionKey: bigint;
  /** SHA-256 of the subnet's rules, for the evidence. */
  readonly rulesSha256: string;
  readonly tasks: readonly Task[];
  readonly select: Omit<SelectOptions, 'ownHotkey'>;
  readonly query: QueryOptions;
  readonly scoring: ScoreOptions;
  /** Share of the newest round in the moving average. */
  readonly alpha: number;
  readonly policy: WeightPolicy;
  readonly schedule: ScheduleOptions;
  readonly submit: SubmitOptions;
  readonly evidence: { readonly keepBodies: boolean; readonly keepEntries: number };
}

/** What one round hands to the next. */
export interface RoundState {
  readonly board: Board;
  readonly lastRound: number;
  /** Rounds in a row that were void because nobody could be reached. */
  readonly voidRounds: number;
}

export interface RoundResult {
  readonly state: RoundState;
  readonly round: number;
  readonly startedAtBlock: number;
  /** Newest: taken for the weights when there was a reason, otherwise at the start. */
  readonly snapshot: Snapshot;
  readonly outcomes: readonly Outcome[];
  readonly points: readonly MinerPoints[];
  /** False for a void round, which moves no score. */
  readonly counted: boolean;
  readonly report: WeightsReport;
  /** What the chain would refuse weights for by now, due or not. */
  readonly blocked: Skip | null;
  /** A vector of an earlier round whose fate was open. */
  readonly resolved: VectorRecord | null;
}

/**
 * One round, from what the chain says to what the chain holds. Everything that follows from it is
 * on disk before it is acted upon. Throws CHAIN_* and STORE_*; peers' failures are outcomes.
 */
export async function runRound(
  deps: RoundDeps,
  state: RoundState,
  config: RoundConfig,
  options: { readonly eager: boolean; readonly signal?: AbortSignal },
): Promise<RoundResult> {
  const round = state.lastRound + 1;
  const snapshot = await deps.chain.snapshot(config.netuid);
  const context = drawContext(deps.platform, snapshot, round);
  const { eligible, measured } = select(deps, snapshot, config, context);
  await openRound(deps, snapshot, context, measured, config);
  const challenges = makeChallenges(config.tasks, context, measured);
  const answered = await queryMiners(deps, challenges, config.query, options.signal);
  options.signal?.throwIfAborted();
  const outcomes = [...answered, ...silentOutcomes(measured, taskNames(config))];
  const counted = !ownNetworkSuspect(answered, state.voidRounds);
  const points = counted ? scoreOutcomes(state.board, outcomes, config.scoring) : [];
  const board = updateBoard(state.board, eligible, round, points, averaging(config));
  await closeRound(deps, context, { outcomes, points, board, counted }, config);
  const settled = await settleWeights(deps, board, round, config, options.eager);
  const voidRounds = counted ? 0 : state.voidRounds + 1;
  const next = { board, lastRound: round, voidRounds };
  const startedAtBlock = snapshot.block.number;
  return { state: next, round, startedAtBlock, outcomes, points, counted, ...settled };
}

function drawContext(platform: Platform, snapshot: Snapshot, round: number): ChallengeContext {
  return { blockHash: snapshot.block.hash, secret: platform.randomBytes(32), round };
}

function select(
  deps: RoundDeps,
  snapshot: Snapshot,
  config: RoundConfig,
  context: ChallengeContext,
): ReturnType<typeof selectMiners> {
  const options = { ...config.select, ownHotkey: deps.signer.ss58 };
  return selectMiners(snapshot, options, sampleSeed(context), deps.platform.sha256);
}

function taskNames({ tasks }: RoundConfig): readonly string[] {
  return tasks.map((task) => task.name);
}

function averaging({ alpha, scoring }: RoundConfig): { alpha: number; windowRounds: number } {
  return { alpha, windowRounds: scoring.windowRounds };
}

/** The commitment is on disk, and in the log, before the first question leaves. */
async function openRound(
  deps: RoundDeps,
  snapshot: Snapshot,
  context: ChallengeContext,
  measured: readonly MinerTarget[],
  config: RoundConfig,
): Promise<void> {
  const facts = {
    atMs: deps.platform.clock.nowMs(),
    validator: deps.signer.ss58,
    rulesSha256: config.rulesSha256,
  };
  const fields = openFields(snapshot, context, measured, facts);
  const state = openRoundOps(context);
  await deps.evidence.append('open', fields, (ops) => deps.store.batch([...ops, ...state]));
}

/** Results, board and disclosed secret: all of them or none. */
async function closeRound(
  deps: RoundDeps,
  context: ChallengeContext,
  results: {
    readonly outcomes: readonly Outcome[];
    readonly points: readonly MinerPoints[];
    readonly board: Board;
    readonly counted: boolean;
  },
  config: RoundConfig,
): Promise<void> {
  const { outcomes, points, board, counted } = results;
  const { keepBodies, keepEntries } = config.evidence;
  const fields = closeFields(context, outcomes, points, {
    atMs: deps.platform.clock.nowMs(),
    counted,
  });
  const more = [
    ...closeRoundOps(context.round, board),
    ...(keepBodies ? bodyOps(outcomes) : []),
    ...(await pruneOps(deps.store, deps.evidence.head, keepEntries)),
  ];
  await deps.evidence.append('close', fields, (ops) => deps.store.batch([...ops, ...more]));
}

type SettledWeights = Pick<RoundResult, 'snapshot' | 'report' | 'blocked' | 'resolved'>;

/** Weights stand on a snapshot of their own: uids may have changed hands while miners answered. */
async function settleWeights(
  deps: RoundDeps,
  board: Board,
  round: number,
  config: RoundConfig,
  eager: boolean,
): Promise<SettledWeights> {
  const before = await deps.chain.snapshot(config.netuid);
  const resolved = await resolveOpen(deps, before, config.submit);
  // What was resolved may have moved this node's own clock on the chain.
  const snapshot = resolved === null ? before : await deps.chain.snapshot(config.netuid);
  const { versionKey, policy } = config;
  const vector = toWeights(board, snapshot, policy);
  const { ss58: hotkey } = deps.signer;
  const blocked = vector.kind === 'vector' ? precheck(snapshot, hotkey, vector, versionKey) : null;
  const waits = waitsFor(resolved, snapshot, hotkey, config, eager);
  const plan = { snapshot, round, vector, versionKey };
  const report = waits ?? (await submitWeights(deps, plan, config.submit));
  return { snapshot, resolved, blocked, report };
}

/** Why this round sends no vector even if it could; null when it does. */
function waitsFor(
  resolved: VectorRecord | null,
  snapshot: Snapshot,
  hotkey: Hotkey,
  config: RoundConfig,
  eager: boolean,
): Skip | null {
  if (resolved !== null && isOpen(resolved)) {
    const detail = `vector ${resolved.id} was sent, its fate is not known yet (${resolved.state})`;
    return skip('pending-vector', detail);
  }
  return config.submit.dryRun ? null : notDue(snapshot, hotkey, config.schedule, eager);
}
