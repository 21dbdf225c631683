import type { Beacon, PendingCommit, Snapshot } from '../../common/chain-port.ts';
import { isSubnetError } from '../../common/errors.ts';
import { epochAt, firstBlockOf, viewMechanism } from './chain-view.ts';
import type { MechanismView } from './chain-view.ts';
import { choosePath, mostPendingCommits } from './commit-path.ts';
import { muchEmptier } from './emptier.ts';
import { demandOwnWork, unknownCommits } from './foreign.ts';
import { precheck, precheckCaller } from './precheck.ts';
import { notDue, tooLateForEpoch } from './schedule.ts';
import type { ScheduleOptions } from './schedule.ts';
import { isSkip, skip } from './skip.ts';
import type { Skip } from './skip.ts';
import { follow, loseSight, reveal, send } from './submit.ts';
import type { SubmitDeps, SubmitOptions } from './submit.ts';
import { certainAt } from './vector-fate.ts';
import { isFailed, isInFlight, isOpen, isWaiting, vectorOf } from './vector-state.ts';
import type { CommitPath, VectorRecord } from './vector-state.ts';
import { chainRow, sameRow } from './weights.ts';
import type { NoVector, WeightVector } from './weights.ts';

/** What the newest scores make of one mechanism, and for which round. */
export interface VectorPlan {
  readonly snapshot: Snapshot;
  readonly mecid: number;
  readonly round: number;
  readonly vector: WeightVector | NoVector;
  readonly versionKey: bigint;
}

export interface TendOptions {
  readonly submit: SubmitOptions;
  readonly schedule: ScheduleOptions;
  /** Send as soon as the chain takes it, without waiting for the end of the epoch. */
  readonly eager: boolean;
}

export type WeightsReport =
  | Skip
  /** `blocked` is what the chain would have refused it for. */
  | { readonly kind: 'dry-run'; readonly vector: WeightVector; readonly blocked: Skip | null }
  /** The journal says which: effective, committed, rejected, ... */
  | { readonly kind: 'sent'; readonly record: VectorRecord };

/** One mechanism after it was looked after. */
export interface MechanismReport {
  readonly mecid: number;
  readonly report: WeightsReport;
  /** What the chain would refuse weights for by now, due or not. */
  readonly blocked: Skip | null;
  /** Vectors that came further in this pass, as they are now. */
  readonly stepped: readonly VectorRecord[];
  readonly newest: VectorRecord | null;
  /** The newest vector that failed and that no effective one has followed. */
  readonly failed: VectorRecord | null;
  /** Commits on chain from before this state directory: of a lost one, or of another node then. */
  readonly lost: readonly PendingCommit[];
  /** Block at which the last of them is revealed or expired; null: none, or not known. */
  readonly lostUntilBlock: number | null;
  /** Block at which it wants to be looked after again, round or not; null: no hurry. */
  readonly wakeAtBlock: number | null;
}

/** Newest vectors that are held against the chain and against each other. */
const comparedRecords = 200;

/**
 * Looks after the weights of one mechanism: follows what is under way to its end, makes sure that
 * nobody else sends with this hotkey, reveals what is due, and sends the newest vector when it is
 * time. Throws HOTKEY_SHARED, CHAIN_*, STORE_*.
 */
export async function tendWeights(
  deps: SubmitDeps,
  plan: VectorPlan,
  options: TendOptions,
): Promise<MechanismReport> {
  const { snapshot, mecid } = plan;
  const view = await viewMechanism(deps.chain, snapshot, mecid, deps.signer.ss58);
  const since = await knowsSince(deps, snapshot);
  const stepped = await followOpen(deps, view, options.submit);
  const records = await deps.journal.recent(comparedRecords, mecid);
  await demandOwnWork(deps.chain, view, records, since);
  const beacon = await beaconFor(deps, snapshot);
  const blocked = checked(deps, plan, records, beacon, options);
  const report = await settle(deps, plan, view, records, beacon, blocked, options);
  const after = await deps.journal.recent(comparedRecords, mecid);
  const lost = unknownCommits(view, after);
  return {
    mecid,
    report,
    blocked,
    stepped: [...stepped, ...(report.kind === 'sent' ? [report.record] : [])],
    newest: after[0] ?? null,
    failed: standingFailure(after),
    lost,
    lostUntilBlock: lostUntil(snapshot, lost),
    wakeAtBlock: wakeAt(snapshot, after, report),
  };
}

/** From the first look on, everything that this hotkey sends goes through this journal. */
async function knowsSince({ journal }: SubmitDeps, { block }: Snapshot): Promise<number> {
  const known = await journal.knowsSince();
  if (known !== null) return known;
  await journal.setKnowsSince(block.number);
  return block.number;
}

async function followOpen(
  deps: SubmitDeps,
  view: MechanismView,
  submit: SubmitOptions,
): Promise<readonly VectorRecord[]> {
  const stepped: VectorRecord[] = [];
  const records = await deps.journal.recent(comparedRecords, view.mecid);
  for (const record of records.filter((one, at) => isFollowed(one, at, view)).reverse()) {
    const followed = await follow(deps, record, view, submit);
    const after = followed.state === 'due' ? await reveal(deps, followed, view, submit) : followed;
    if (after.state !== record.state) stepped.push(after);
  }
  return stepped;
}

/** Newest vectors that are looked at again although they were effective. */
const checkedAgain = 3;

/**
 * Those whose fate is open; and those that claim an epoch which the chain is still in, or has gone
 * back behind: what the journal says of them must be what the chain says.
 */
function isFollowed(record: VectorRecord, at: number, { epoch }: MechanismView): boolean {
  if (isOpen(record)) return true;
  if (record.state !== 'effective') return false;
  const claimed = record.epoch ?? epoch;
  const period = record.path === 'plain' ? 0 : (record.revealPeriod ?? 1);
  return claimed > epoch || (at < checkedAgain && claimed + period >= epoch);
}

async function beaconFor({ chain }: SubmitDeps, { hyperparams }: Snapshot): Promise<Beacon | null> {
  const { timelocked } = chain.runtime.commits;
  return hyperparams.commitRevealEnabled && timelocked ? chain.beacon() : null;
}

/** Everything that speaks against the newest vector, whether it is due or not. */
function checked(
  { signer, chain }: SubmitDeps,
  { snapshot, mecid, vector, versionKey }: VectorPlan,
  records: readonly VectorRecord[],
  beacon: Beacon | null,
  { submit }: TendOptions,
): Skip | null {
  const caller = { hotkey: signer.ss58, mecid, versionKey };
  if (vector.suspect !== undefined && !submit.allowEmptier) return suspicious(vector.suspect);
  const refused =
    vector.kind === 'no-vector'
      ? precheckCaller(snapshot, caller)
      : precheck(snapshot, { ...caller, vector });
  if (refused !== null) return refused;
  const path = choosePath({ snapshot, runtime: chain.runtime, beacon }, submit.commit);
  if (typeof path === 'object') return path;
  if (vector.kind === 'no-vector') return null;
  const last = records.find(({ state }) => state === 'effective');
  return submit.allowEmptier ? null : muchEmptier(vector, last, snapshot);
}

function suspicious(why: string): Skip {
  const detail = `${why}; if the rest shall be paid all the same: run --once --force`;
  return skip('vector-invalid', detail);
}

async function settle(
  deps: SubmitDeps,
  plan: VectorPlan,
  view: MechanismView,
  records: readonly VectorRecord[],
  beacon: Beacon | null,
  blocked: Skip | null,
  options: TendOptions,
): Promise<WeightsReport> {
  const { vector, snapshot, mecid } = plan;
  const flying = records.find(isInFlight);
  if (flying !== undefined) return again(deps, flying, snapshot, options.submit);
  if (vector.kind === 'no-vector') {
    const lasting = blocked !== null && blocked.clearsAtBlock === undefined;
    return lasting ? blocked : skip('none-earn', vector.reason);
  }
  if (options.submit.dryRun) return { kind: 'dry-run', vector, blocked };
  const eager = options.eager || catchesUp(records);
  const stands = standsOnChain(view, records);
  const wait = notDue(snapshot, deps.signer.ss58, mecid, options.schedule, eager, stands);
  if (wait !== null) return wait;
  if (blocked !== null) return blocked;
  return sendNew(deps, plan, vector, view, beacon, options.submit);
}

/**
 * Whether what moved `LastUpdate` can still take effect: not a commit that was missed, and not a
 * hash of a lost state, whose salt is lost with it.
 */
function standsOnChain(view: MechanismView, records: readonly VectorRecord[]): boolean {
  const { lastUpdate } = view;
  const own = records.find(
    ({ includedAtBlock, effectiveAtBlock }) =>
      includedAtBlock === lastUpdate || effectiveAtBlock === lastUpdate,
  );
  if (own !== undefined) return own.state !== 'missed' && own.state !== 'lapsed';
  const lost = unknownCommits(view, records);
  return !lost.some(({ kind, block }) => kind === 'hash' && block === lastUpdate);
}

/** After a failure the next vector does not wait for the end of the epoch. */
function catchesUp([newest]: readonly VectorRecord[]): boolean {
  return newest !== undefined && isFailed(newest);
}

/**
 * A vector that was sent and not seen is sent again as it is, in the epoch that it was made for:
 * a different one could be overtaken by it. The repeat has the nonce of the first one, so that not
 * both can land; where that is not known, its end is waited for.
 */
async function again(
  deps: SubmitDeps,
  flying: VectorRecord,
  snapshot: Snapshot,
  submit: SubmitOptions,
): Promise<WeightsReport> {
  // Whoever sends waits for the outcome: nobody is sending this one any more.
  const isOrphan = flying.state === 'submitting' && !submit.dryRun;
  const record = isOrphan
    ? await loseSight(deps, flying, 'its sending was broken off before its fate was seen')
    : flying;
  const { mecid, state } = record;
  const pending = stillOpen(record, submit);
  const waited = snapshot.block.number - (record.lastSentAtBlock ?? record.builtAtBlock);
  if (submit.dryRun || state === 'included' || waited < submit.patienceBlocks) return pending;
  if (record.signed === undefined) return pending;
  if (record.commit !== null && !isOfItsEpoch(record, snapshot)) return pending;
  const { ss58: hotkey } = deps.signer;
  const versionKey = BigInt(record.versionKey);
  const refused = precheck(snapshot, { hotkey, mecid, vector: vectorOf(record), versionKey });
  if (refused !== null) return pending;
  return { kind: 'sent', record: await send(deps, record, snapshot, submit) };
}

function stillOpen(record: VectorRecord, { lifetimeBlocks }: SubmitOptions): Skip {
  const { id, state, signed, reason } = record;
  const how = signed ? ` with nonce ${signed.nonce}` : '';
  const why = reason === null ? state : `${state}: ${reason}`;
  const detail =
    `vector ${id} was sent${how} and its fate is not known yet (${why}); ` +
    'the chain is asked in every block, and no other is sent before it is certain';
  return skip('pending-vector', detail, certainAt(record, lifetimeBlocks));
}

function isOfItsEpoch(record: VectorRecord, snapshot: Snapshot): boolean {
  const next = epochAt(snapshot, snapshot.block.number + 1);
  return record.epoch === next && tooLateForEpoch(snapshot) === null;
}

async function sendNew(
  deps: SubmitDeps,
  plan: VectorPlan,
  vector: WeightVector,
  view: MechanismView,
  beacon: Beacon | null,
  submit: SubmitOptions,
): Promise<WeightsReport> {
  const { snapshot, mecid, round, versionKey } = plan;
  const path = choosePath({ snapshot, runtime: deps.chain.runtime, beacon }, submit.commit);
  if (typeof path === 'object') return path;
  const early = path === 'plain' ? null : (tooLateForEpoch(snapshot) ?? crowded(view));
  if (early !== null) return early;
  const input = { snapshot, mecid, hotkey: deps.signer.ss58, vector, versionKey };
  const { netuid, block } = snapshot;
  const epoch = epochAt(snapshot, block.number + 1);
  const revealPeriod = snapshot.hyperparams.commitRevealPeriod;
  const rowStood = await stoodBefore(deps, view, vector);
  const made = { path, vector, versionKey, revealPeriod, rowStood };
  const admission = { netuid, mecid, round, block: block.number, epoch, ...made };
  try {
    const seal = () => sealed(deps, path, input, beacon);
    const admitted = await deps.journal.admit({ ...admission, seal });
    if (isSkip(admitted)) return admitted;
    return { kind: 'sent', record: await send(deps, admitted, snapshot, submit) };
  } catch (error) {
    if (!isSubnetError(error) || !error.code.startsWith('TIMELOCK_')) throw error;
    return skip('no-commit-path', error.message);
  }
}

/** Whether the row on chain, or one that is on its way there, is this very one. */
async function stoodBefore(
  { chain, journal }: SubmitDeps,
  { snapshot, uid, mecid }: MechanismView,
  { uids, values }: WeightVector,
): Promise<boolean> {
  const wanted = chainRow(uids, values);
  const row = uid === null ? [] : await chain.weightsOf(snapshot.netuid, uid, mecid);
  const open = await journal.open(mecid);
  return [row, ...open.map((one) => chainRow(one.uids, one.values))].some((one) =>
    sameRow(one, wanted),
  );
}

function sealed(
  { commits }: SubmitDeps,
  path: CommitPath,
  input: Parameters<typeof commits.hash>[0],
  beacon: Beacon | null,
) {
  if (path === 'timelocked' && beacon !== null) return commits.timelocked(input, beacon);
  return path === 'hash' ? commits.hash(input) : null;
}

/** The chain keeps ten commits of one hotkey; those of a lost state count too. */
function crowded({ pending, epoch, snapshot }: MechanismView): Skip | null {
  const alive = pending.filter((one) => one.kind === 'hash' || one.epoch === epoch);
  if (alive.length < mostPendingCommits) return null;
  const detail = `${alive.length} commits of this hotkey wait for their reveal`;
  return skip('too-many-commits', detail, snapshot.nextEpochBlock ?? undefined);
}

/** A commit is gone when the epoch of its reveal is over. */
function lostUntil(snapshot: Snapshot, lost: readonly PendingCommit[]): number | null {
  const newest = Math.max(...lost.map(({ epoch }) => epoch ?? -Infinity));
  const gone = newest + snapshot.hyperparams.commitRevealPeriod + 1;
  return Number.isFinite(gone) ? firstBlockOf(snapshot, gone) : null;
}

/** The newest failure that no effective vector has followed. */
function standingFailure(records: readonly VectorRecord[]): VectorRecord | null {
  const effective = records.findIndex(({ state }) => state === 'effective');
  const since = effective < 0 ? records : records.slice(0, effective);
  return since.find(isFailed) ?? null;
}

/** Weights that took effect are looked at once more so many blocks later: forks are short. */
const settledBlocks = 4;

function wakeAt(
  { block }: Snapshot,
  records: readonly VectorRecord[],
  report: WeightsReport,
): number | null {
  const next = block.number + 1;
  const settling = records[0]?.state === 'effective' ? records[0].includedAtBlock : null;
  const wakes =
    settling === null || settling + settledBlocks < next ? [] : [settling + settledBlocks];
  const open = records.filter(isOpen).map((record) => {
    if (!isWaiting(record) || record.state === 'due') return next;
    return Math.max(next, record.commit?.revealBlock ?? next);
  });
  wakes.push(...open);
  if (report.kind === 'skipped' && report.clearsAtBlock !== undefined) {
    const { reason, clearsAtBlock } = report;
    // The extrinsic lands in the block after the one in which it is sent.
    if (reason === 'rate-limit') wakes.push(Math.max(next, clearsAtBlock - 1));
    if (reason === 'epoch-boundary') wakes.push(Math.max(next, clearsAtBlock));
  }
  return wakes.length === 0 ? null : Math.min(...wakes);
}
