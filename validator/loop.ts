import type { BlockRef, Chain, Snapshot } from '../common/chain-port.ts';
import { meterEndpoints } from '../common/endpoint-metrics.ts';
import { isSubnetError, messageOf } from '../common/errors.ts';
import { isFault } from '../common/fault.ts';
import { toHex } from '../common/hex.ts';
import { backoffMs } from '../common/retry.ts';
import type { Logger } from '../common/telemetry-port.ts';
import { alertNames, alertsOf, chainAlert } from './alerts.ts';
import type { Alert, AlertName } from './alerts.ts';
import { explain } from './explain.ts';
import type { ValidatorStatus } from './explain.ts';
import { unjudgedTasks } from './outcome.ts';
import type { UnjudgedTask, VoidRound } from './outcome.ts';
import { meterRound, meterWeights, wordFor } from './meter.ts';
import type { ValidatorMetrics } from './metrics.ts';
import { runRound, settleWeights } from './round.ts';
import type { RoundConfig, RoundDeps, RoundResult, RoundState, SettledWeights } from './round.ts';
import { abandonRoundOps, readState } from './state.ts';
import type { MechanismReport } from './weights/tend.ts';
import { newestOfEach, vectorReport } from './weights/vector-report.ts';
import type { VectorReport } from './weights/vector-report.ts';
import type { VectorRecord } from './weights/vector-state.ts';

export interface LoopDeps extends RoundDeps {
  readonly metrics: ValidatorMetrics;
}

export interface LoopOptions {
  /** One round, weights if they can be set, then the end. */
  readonly once: boolean;
  /** No new block for two block times and this long: the node is not healthy. */
  readonly headTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** A validator that runs: what `/status` shows, and the end of it. */
export interface ValidatorLoop {
  status(): ValidatorStatus;
  /** Vectors of the journal, newest first. */
  vectors(limit: number): Promise<readonly VectorReport[]>;
  /**
   * False while the chain does not move, no endpoint works, or no round has ended, at all or since
   * the chain went back.
   */
  healthy(): boolean;
  /** Brings what time alone changes into log and metrics; called by a timer and before a scrape. */
  tick(): void;
  /** Resolves when stopped; rejects on state that cannot be read or written. */
  run(): Promise<void>;
}

interface Shown {
  state: RoundState;
  snapshot: Snapshot | null;
  reports: readonly MechanismReport[];
  /** Of the journal, newest first. */
  vectors: readonly VectorRecord[];
  /** Why the newest round moved no score. */
  voided: VoidRound | null;
  /** Rounds in a row in which not one miner gave a good answer. */
  silentRounds: number;
  /** Tasks that could not judge answers of the newest round. */
  unjudged: readonly UnjudgedTask[];
  /** What the newest round, or the failure of it, gave reason for. */
  alerts: readonly Alert[];
  /** Names of those that the log and the metrics were told of. */
  told: ReadonlySet<AlertName>;
  /** From when the chain went back until a round that began after it has ended. */
  wentBack: Alert | null;
  head: BlockRef | null;
  headSeenMs: number;
  readonly headTimeoutMs: number;
  rounds: number;
  startedAtBlock: number;
}

/** Newest vectors that are looked at: among them are those in effect of each mechanism. */
const recentVectors = 64;
/** A look after the weights that the chain broke off is tried again after so many blocks. */
const retryBlocks = 2;
/** Of the real chain; taken until the first snapshot tells. */
const usualBlockMs = 12_000;
const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** An endpoint may be this far behind another one; a head further below was set back. */
const usualLagBlocks = 8;
/** Fine enough for the fastest blocks, and nothing beside 12 s. */
const waitStepMs = 100;

/** Round after round, `intervalBlocks` apart, through cuts of the chain connection. */
export function createLoop(
  deps: LoopDeps,
  config: RoundConfig,
  options: LoopOptions,
): ValidatorLoop {
  const { clock } = deps.platform;
  const shown: Shown = {
    state: { board: { entries: new Map() }, lastRound: 0, voidRounds: 0 },
    snapshot: null,
    reports: [],
    vectors: [],
    voided: null,
    silentRounds: 0,
    unjudged: [],
    alerts: [],
    told: new Set(),
    wentBack: null,
    head: null,
    headSeenMs: clock.monotonicMs(),
    headTimeoutMs: options.headTimeoutMs,
    rounds: 0,
    startedAtBlock: 0,
  };
  const late = (): Alert | null => headStale(shown, clock.monotonicMs());
  return {
    run: () => run(deps, config, options, shown),
    healthy: () =>
      shown.rounds > 0 && shown.wentBack === null && late() === null && hasEndpoint(deps.chain),
    tick: () => tellState(deps, shown),
    vectors: async (limit) => (await deps.journal.recent(limit)).map(vectorReport),
    status: () => {
      const { state, snapshot, head, reports, vectors, voided } = shown;
      const { netuid } = config;
      return explain({
        netuid,
        hotkey: deps.signer.ss58,
        round: state.lastRound,
        board: state.board,
        vectors: newestOfEach(vectors),
        snapshot,
        head,
        voided,
        reports,
        endpoints: deps.chain.endpoints(),
        alerts: alertsNow(shown, late()),
        running: true,
      });
    },
  };
}

function headStale({ snapshot, headSeenMs, headTimeoutMs }: Shown, nowMs: number): Alert | null {
  const patienceMs = 2 * (snapshot?.blockTimeMs ?? usualBlockMs) + headTimeoutMs;
  if (nowMs - headSeenMs <= patienceMs) return null;
  return { name: 'head-stale', detail: `no new block for ${Math.round(patienceMs)} ms` };
}

function alertsNow({ alerts, wentBack }: Shown, late: Alert | null): readonly Alert[] {
  const own = [wentBack, late].filter((one) => one !== null);
  return [...alerts, ...own];
}

/** To metrics, and what is new or over to the log. */
function tellState(deps: LoopDeps, shown: Shown): void {
  const alerts = alertsNow(shown, headStale(shown, deps.platform.clock.monotonicMs()));
  const now = new Set(alerts.map(({ name }) => name));
  for (const { name, detail } of alerts) {
    if (!shown.told.has(name)) deps.log.error('alert', { alert: name, detail });
  }
  for (const name of shown.told) if (!now.has(name)) deps.log.info('alert over', { alert: name });
  for (const name of alertNames) deps.metrics.alert.set(now.has(name) ? 1 : 0, { alert: name });
  shown.told = now;
  meterEndpoints(deps.metrics, deps.chain.endpoints());
}

function hasEndpoint(chain: Chain): boolean {
  return chain.endpoints().some(({ state }) => state === 'in-use' || state === 'ready');
}

async function run(
  deps: LoopDeps,
  config: RoundConfig,
  options: LoopOptions,
  shown: Shown,
): Promise<void> {
  await resume(deps, shown);
  const stopWatching = deps.chain.onHead((head) => sawHead(deps, shown, head));
  try {
    let failures = 0;
    while (!options.signal.aborted) {
      const done = await oneRound(deps, config, options, shown);
      if (options.once && done) return;
      failures = done ? 0 : failures + 1;
      if (done) await betweenRounds(deps, config, shown, options.signal);
      else await backOff(deps, shown, failures, options.signal);
    }
  } finally {
    stopWatching();
  }
}

/** Takes up the stored state; a round that was cut off by a crash is closed as abandoned. */
async function resume(deps: LoopDeps, shown: Shown): Promise<void> {
  const stored = await readState(deps.store);
  const { board, lastRound, openRound } = stored;
  shown.state = { board, lastRound, voidRounds: 0 };
  shown.vectors = await deps.journal.recent(recentVectors);
  if (openRound !== null) {
    const { round, secret } = openRound;
    const fields = { atMs: deps.platform.clock.nowMs(), round, secret: toHex(secret) };
    await deps.evidence.append('abandon', fields, (ops) =>
      deps.store.batch([...ops, ...abandonRoundOps(round)]),
    );
  }
  const known = board.entries.size;
  deps.log.info('state read', { lastRound, miners: known, abandoned: openRound !== null });
}

/** True when the round ended; false when the chain broke it off and it is worth trying again. */
async function oneRound(
  deps: LoopDeps,
  config: RoundConfig,
  options: LoopOptions,
  shown: Shown,
): Promise<boolean> {
  const { clock } = deps.platform;
  const startedMs = clock.monotonicMs();
  const { wentBack } = shown;
  try {
    const eager = options.once;
    const result = await runRound(deps, shown.state, config, { eager, signal: options.signal });
    if (shown.wentBack === wentBack) shown.wentBack = null;
    await show(deps, shown, result);
    deps.metrics.roundSeconds.observe((clock.monotonicMs() - startedMs) / 1000);
    return true;
  } catch (error) {
    if (options.signal.aborted) return false;
    await failed(deps, shown, error);
    deps.metrics.rounds.inc({ result: 'failed' });
    // Without a second try, what went wrong is the answer.
    if (options.once) throw error;
    return false;
  }
}

/**
 * The chain may be gone for hours; the state stays as it is. Anything else is not healed by
 * waiting and ends the node, for its supervisor and its operator to see.
 */
async function failed(deps: LoopDeps, shown: Shown, error: unknown): Promise<void> {
  if (!isSubnetError(error)) throw error;
  const { code } = error;
  if (code === 'HOTKEY_SHARED') {
    setAlerts(deps, shown, [{ name: 'hotkey-shared', detail: messageOf(error) }]);
  }
  if (!code.startsWith('CHAIN_')) throw error;
  deps.metrics.chainFailures.inc();
  const detail = messageOf(error);
  deps.log.warn('the round was broken off by the chain', { code, detail });
  setAlerts(deps, shown, [chainAlert(code, detail)]);
  const stored = await readState(deps.store);
  // The results may have been stored before the chain failed.
  shown.state = { ...shown.state, board: stored.board, lastRound: stored.lastRound };
  shown.vectors = await deps.journal.recent(recentVectors);
}

async function show(deps: LoopDeps, shown: Shown, result: RoundResult): Promise<void> {
  const { snapshot, state, voided } = result;
  const answered = result.outcomes.filter((outcome) => !isFault(outcome.result)).length;
  shown.rounds += 1;
  shown.startedAtBlock = result.startedAtBlock;
  shown.state = state;
  shown.voided = voided;
  shown.silentRounds = answered > 0 ? 0 : shown.silentRounds + 1;
  shown.unjudged = unjudgedTasks(result.outcomes);
  for (const one of shown.unjudged) {
    deps.log.error('a task gave no number for good answers', { round: result.round, ...one });
  }
  await showWeights(deps, shown, result);
  meterRound(deps.metrics, result, deps.signer.ss58);
  deps.log.info('round', {
    round: result.round,
    block: snapshot.block.number,
    asked: result.outcomes.length,
    answered,
    counted: voided === null,
    ...(voided !== null && { why: voided.detail }),
    weights: result.weights.map(({ report }) => wordFor(report)).join(', '),
  });
}

/** After a round, and after each look between rounds. */
async function showWeights(
  deps: LoopDeps,
  shown: Shown,
  { snapshot, weights }: SettledWeights,
): Promise<void> {
  shown.snapshot = snapshot;
  shown.reports = weights;
  shown.vectors = await deps.journal.recent(recentVectors);
  if (snapshot.block.number > (shown.head?.number ?? -1)) sawHead(deps, shown, snapshot.block);
  const { ss58: hotkey } = deps.signer;
  const { voided, silentRounds, unjudged } = shown;
  const facts = { snapshot, hotkey, weights, voided, silentRounds, unjudged };
  setAlerts(deps, shown, alertsOf(facts));
  meterWeights(deps.metrics, weights, shown.vectors);
  for (const report of weights) logWeights(deps.log, report);
}

function sawHead(deps: LoopDeps, shown: Shown, head: BlockRef): void {
  const behind = (shown.head?.number ?? -1) - head.number;
  if (behind > 0 && behind <= usualLagBlocks) return;
  if (behind > 0) sawSetBack(deps, shown, head);
  shown.head = head;
  shown.headSeenMs = deps.platform.clock.monotonicMs();
  deps.metrics.headBlock.set(head.number);
  deps.metrics.headSeenTimestamp.set(deps.platform.clock.nowMs() / 1000);
  tellState(deps, shown);
}

/** What was read of the chain before says nothing of the one that it is now. */
function sawSetBack(deps: LoopDeps, shown: Shown, { number }: BlockRef): void {
  const from = shown.head?.number ?? number;
  const detail = `the chain went back from block ${from} to ${number}; the next round tells where it stands`;
  deps.log.warn('the chain went back', { from, to: number });
  shown.wentBack = { name: 'chain-went-back', detail };
}

function setAlerts(deps: LoopDeps, shown: Shown, alerts: readonly Alert[]): void {
  shown.alerts = alerts;
  tellState(deps, shown);
}

function logWeights(log: Logger, { mecid, report, stepped }: MechanismReport): void {
  for (const record of stepped) {
    const { uids, values, ...shown } = vectorReport(record);
    // What is committed stays covered until it is revealed.
    const open = record.state === 'effective' || record.path === 'plain';
    log.info('weights', open ? { ...shown, uids, values } : shown);
  }
  if (report.kind === 'skipped' && report.reason !== 'not-due') {
    log.info('no weights sent', { mecid, reason: report.reason, detail: report.detail });
  }
}

/**
 * Waits for the block of the next round. Weights that want to be looked after before it are: a
 * commit that is due, one that was not seen to land, a limit that clears.
 */
async function betweenRounds(
  deps: LoopDeps,
  config: RoundConfig,
  shown: Shown,
  signal: AbortSignal,
): Promise<void> {
  const wanted = shown.startedAtBlock + config.schedule.intervalBlocks;
  for (;;) {
    const wake = wakeAt(shown);
    await untilBlock(deps, shown, Math.min(wanted, wake), signal);
    const head = shown.head?.number ?? 0;
    if (signal.aborted || head >= wanted || head < wake || isSetBack(shown)) return;
    await lookAfter(deps, config, shown, signal);
  }
}

/** Block numbers from before say nothing about when the next round is due. */
function isSetBack({ wentBack, head, startedAtBlock }: Shown): boolean {
  return wentBack !== null || (head?.number ?? 0) + usualLagBlocks < startedAtBlock;
}

function wakeAt({ reports }: Shown): number {
  return Math.min(...reports.map(({ wakeAtBlock }) => wakeAtBlock ?? Infinity));
}

async function lookAfter(
  deps: LoopDeps,
  config: RoundConfig,
  shown: Shown,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { board, lastRound } = shown.state;
    await showWeights(deps, shown, await settleWeights(deps, board, lastRound, config, false));
  } catch (error) {
    if (signal.aborted) return;
    await failed(deps, shown, error);
    const later = (shown.head?.number ?? 0) + retryBlocks;
    shown.reports = shown.reports.map((one) => ({ ...one, wakeAtBlock: later }));
  }
}

/** Waits for a block; asks for the head itself when none is announced for a while. */
async function untilBlock(
  deps: LoopDeps,
  shown: Shown,
  wanted: number,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = deps.platform;
  let askedMs = clock.monotonicMs();
  while (!signal.aborted && (shown.head?.number ?? 0) < wanted && !isSetBack(shown)) {
    await pause(deps, waitStepMs, signal);
    const quietMs = clock.monotonicMs() - Math.max(shown.headSeenMs, askedMs);
    if (quietMs < longestPauseMs) continue;
    askedMs = clock.monotonicMs();
    const head = await headOrNull(deps.chain);
    if (head === null) return;
    if (head.number !== shown.head?.number) sawHead(deps, shown, head);
  }
}

/** Longer with each failure in a row, but over as soon as a new block shows that the chain is back. */
async function backOff(
  deps: LoopDeps,
  shown: Shown,
  failures: number,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = deps.platform;
  const before = shown.head?.number;
  const untilMs = clock.monotonicMs() + backoffMs(failures - 1, firstPauseMs, longestPauseMs);
  await pause(deps, firstPauseMs, signal);
  while (!signal.aborted && shown.head?.number === before && clock.monotonicMs() < untilMs) {
    await pause(deps, waitStepMs, signal);
  }
}

/** null when the chain cannot be reached: the next round will find out what is the matter. */
async function headOrNull(chain: Chain): Promise<BlockRef | null> {
  try {
    return await chain.head();
  } catch {
    return null;
  }
}

async function pause(deps: LoopDeps, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await deps.platform.clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
