import type { Hotkey } from '../common/brand.ts';
import type { Chain, Snapshot } from '../common/chain-port.ts';
import type { Platform } from '../common/platform-port.ts';
import type { Store } from '../common/store-port.ts';
import type { Logger } from '../common/telemetry-port.ts';
import type { TlsKey } from '../common/tls-key.ts';
import type { Task } from '../tasks/task-port.ts';
import { makeChallenges, sampleSeed } from './challenge.ts';
import type { ChallengeContext } from './challenge.ts';
import { pruneOps } from './evidence.ts';
import type { EvidenceLog } from './evidence.ts';
import { voidRound } from './outcome.ts';
import type { Outcome, VoidRound } from './outcome.ts';
import { queryMiners, silentOutcomes } from './query.ts';
import type { QueryDeps, QueryOptions } from './query.ts';
import { bodyOps, closeFields, openFields } from './round-record.ts';
import { scoreOutcomes } from './score.ts';
import type { MinerPoints, ScoreOptions } from './score.ts';
import { updateBoard } from './scoreboard.ts';
import type { Board } from './scoreboard.ts';
import { selectMiners } from './select.ts';
import type { MinerTarget, SelectOptions } from './select.ts';
import { closeRoundOps, openRoundOps } from './state.ts';
import type { CommitMaker } from './weights/commit-maker.ts';
import type { Journal } from './weights/journal.ts';
import type { ScheduleOptions } from './weights/schedule.ts';
import { endRemoved } from './weights/submit.ts';
import type { SubmitOptions } from './weights/submit.ts';
import { tendWeights } from './weights/tend.ts';
import type { MechanismReport } from './weights/tend.ts';
import { scoreOfTasks, toWeights } from './weights/weights.ts';
import type { WeightPolicy } from './weights/weights.ts';

export interface RoundDeps extends QueryDeps {
  readonly chain: Chain;
  readonly store: Store;
  readonly journal: Journal;
  readonly evidence: EvidenceLog;
  readonly commits: CommitMaker;
  readonly log: Logger;
}

/** An incentive mechanism, and what it pays for. */
export interface MechanismConfig {
  readonly mecid: number;
  /** Names of its tasks; null for all, as the scores have them. */
  readonly tasks: readonly string[] | null;
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
  /** null: every mechanism that the subnet has gets the same scores. */
  readonly mechanisms: readonly MechanismConfig[] | null;
  readonly schedule: ScheduleOptions;
  readonly submit: SubmitOptions;
  readonly evidence: { readonly keepBodies: boolean; readonly keepEntries: number };
}

/** What one round hands to the next. */
export interface RoundState {
  readonly board: Board;
  readonly lastRound: number;
  /** Rounds in a row that were void: see `voidRound`. */
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
  /** Why the round moves no score; null when it does. */
  readonly voided: VoidRound | null;
  /** By mechanism, at least one. */
  readonly weights: readonly MechanismReport[];
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
  const tlsKeys = await deps.chain.tlsKeys(config.netuid);
  const { eligible, measured } = select(deps, { snapshot, tlsKeys }, config, context);
  await openRound(deps, snapshot, context, measured, config);
  const challenges = makeChallenges(config.tasks, context, measured);
  const answered = await queryMiners(deps, challenges, config.query, options.signal);
  options.signal?.throwIfAborted();
  const outcomes = [...answered, ...silentOutcomes(measured, taskNames(config))];
  const { voidRounds: before } = state;
  const voided = voidRound(answered, { snapshot, hotkey: deps.signer.ss58, voidRounds: before });
  const counted = voided === null;
  const points = counted ? scoreOutcomes(state.board, outcomes, config.scoring) : [];
  const board = updateBoard(state.board, eligible, round, points, averaging(config));
  await closeRound(deps, context, { outcomes, points, board, counted }, config);
  const settled = await settleWeights(deps, board, round, config, options.eager);
  const voidRounds = counted ? 0 : before + 1;
  const next = { board, lastRound: round, voidRounds };
  const startedAtBlock = snapshot.block.number;
  return { state: next, round, startedAtBlock, outcomes, points, voided, ...settled };
}

function drawContext(platform: Platform, snapshot: Snapshot, round: number): ChallengeContext {
  return { blockHash: snapshot.block.hash, secret: platform.randomBytes(32), round };
}

function select(
  { signer, platform }: RoundDeps,
  { snapshot, tlsKeys }: SubnetNow,
  config: RoundConfig,
  context: ChallengeContext,
): ReturnType<typeof selectMiners> {
  const options = { ...config.select, ownHotkey: signer.ss58 };
  return selectMiners(snapshot, options, sampleSeed(context), platform.sha256, tlsKeys);
}

interface SubnetNow {
  readonly snapshot: Snapshot;
  readonly tlsKeys: ReadonlyMap<Hotkey, TlsKey>;
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

export type SettledWeights = Pick<RoundResult, 'snapshot' | 'weights'>;

/**
 * The weights of every mechanism. They stand on a snapshot of their own: uids may have changed
 * hands while miners answered. Also called between rounds, when something wants to be looked after.
 * Throws HOTKEY_SHARED, CHAIN_*, STORE_*.
 */
export async function settleWeights(
  deps: RoundDeps,
  board: Board,
  round: number,
  config: RoundConfig,
  eager: boolean,
): Promise<SettledWeights> {
  const snapshot = await deps.chain.snapshot(config.netuid);
  const { versionKey, policy, submit, schedule, scoring } = config;
  const weights: MechanismReport[] = [];
  await endRemoved(deps, snapshot);
  for (const { mecid, tasks } of mechanismsOf(config, snapshot)) {
    const paid = scoring.tasks.filter(({ name }) => tasks?.includes(name) === true);
    const scoreOf = tasks === null ? undefined : scoreOfTasks(paid);
    const vector = toWeights(board, snapshot, policy, scoreOf);
    const plan = { snapshot, mecid, round, vector, versionKey };
    weights.push(await tendWeights(deps, plan, { submit, schedule, eager }));
  }
  return { snapshot, weights };
}

function mechanismsOf({ mechanisms }: RoundConfig, snapshot: Snapshot): readonly MechanismConfig[] {
  return mechanisms ?? snapshot.mechanisms.map(({ mecid }) => ({ mecid, tasks: null }));
}
