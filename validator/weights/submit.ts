import type { Chain, ChainCall, Snapshot, TxOutcome } from '../../common/chain-port.ts';
import { fromHex } from '../../common/hex.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Signer } from '../../common/signer-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { EvidenceLog } from '../evidence.ts';
import { weightsFields } from '../round-record.ts';
import { anchorAt, hashAt } from './chain-memory.ts';
import { commitHashesIn, epochAt, isRevealOf, viewMechanism, viewOf } from './chain-view.ts';
import type { MechanismView } from './chain-view.ts';
import type { CommitMaker } from './commit-maker.ts';
import type { CommitChoice } from './commit-path.ts';
import type { Journal } from './journal.ts';
import { nextStep } from './vector-fate.ts';
import { advance, isOpen, isSigned } from './vector-state.ts';
import type { VectorEvent, VectorRecord } from './vector-state.ts';

export interface SubmitDeps {
  readonly chain: Chain;
  readonly signer: Signer;
  readonly journal: Journal;
  readonly evidence: EvidenceLog;
  readonly platform: Platform;
  readonly commits: CommitMaker;
  readonly log: Logger;
}

export interface SubmitOptions {
  readonly timeoutMs: number;
  /** Blocks in which a signed extrinsic can still be included: its era (64), and some to spare. */
  readonly lifetimeBlocks: number;
  /** An unseen extrinsic is sent again after this many blocks. */
  readonly patienceBlocks: number;
  /** Reads after inclusion until the chain shows the weights. */
  readonly readBackAttempts: number;
  readonly readBackPauseMs: number;
  /** Compute and check, never sign. */
  readonly dryRun: boolean;
  readonly commit: CommitChoice;
  /** Also a vector that pays far fewer neurons than the last one. */
  readonly allowEmptier: boolean;
}

/**
 * Sends a vector, or the very same commit once more. On disk before anything is signed: a node that
 * dies now knows on its return that it may have been sent. Throws CHAIN_*, STORE_*.
 */
export async function send(
  deps: SubmitDeps,
  record: VectorRecord,
  snapshot: Snapshot,
  options: SubmitOptions,
): Promise<VectorRecord> {
  const head = snapshot.block.number;
  const anchor = await anchorAt(deps.chain, head);
  let sending = await stepTo(deps, record, { to: 'submitting', block: head, anchor });
  const { timeoutMs } = options;
  const outcome = await deps.chain.submit(callOf(record), deps.signer, {
    timeoutMs,
    ...(record.signed && { nonce: record.signed.nonce }),
    onSigned: async (signed) => {
      sending = await stepTo(deps, sending, { to: 'signed', signed });
    },
  });
  switch (outcome.kind) {
    case 'included':
      return settleInclusion(deps, sending, snapshot, outcome, options);
    case 'refused':
      return settleRefusal(deps, sending, outcome, options, isSigned(record));
    case 'unknown':
      return loseSight(deps, sending, outcome.message);
  }
}

/** Nothing else is sent meanwhile: an operator reads why, and for how long at most. */
export async function loseSight(
  deps: SubmitDeps,
  record: VectorRecord,
  what: string,
): Promise<VectorRecord> {
  const until = record.signed ? `; it cannot land after block ${record.signed.lastBlock}` : '';
  const { id, mecid, signed } = record;
  deps.log.warn('weights were sent and not seen', {
    vector: id,
    mecid,
    ...(signed && { nonce: signed.nonce, lastBlock: signed.lastBlock }),
    why: what,
  });
  return stepTo(deps, record, { to: 'unknown', reason: `${what}${until}` });
}

/** The extrinsic of a record: the same whenever and however often it is made. */
function callOf({
  netuid,
  mecid,
  path,
  uids,
  values,
  versionKey,
  commit,
}: VectorRecord): ChainCall {
  if (path === 'plain' || commit === null) {
    const key = BigInt(versionKey);
    return { call: 'set_weights', netuid, mecid, uids, values, versionKey: key };
  }
  if (path === 'hash') return { call: 'commit_weights', netuid, mecid, hash: commit.hash };
  return {
    call: 'commit_timelocked_weights',
    netuid,
    mecid,
    commit: fromHex(commit.bytes ?? '') ?? new Uint8Array(),
    revealRound: commit.revealRound ?? 0,
    version: commit.version ?? 0,
  };
}

type Included = Extract<TxOutcome, { kind: 'included' }>;

async function settleInclusion(
  deps: SubmitDeps,
  record: VectorRecord,
  snapshot: Snapshot,
  { block, extrinsicHash, events }: Included,
  options: SubmitOptions,
): Promise<VectorRecord> {
  const at = { block: block.number, blockHash: block.hash, extrinsicHash };
  if (record.commit === null) {
    const included = await stepTo(deps, record, { to: 'included', ...at });
    return readBack(deps, included, block.number, options);
  }
  const whose = { snapshot, mecid: record.mecid, hotkey: deps.signer.ss58 };
  if (!commitHashesIn(events, whose).includes(record.commit.hash)) {
    const reason = `block ${block.number} has it, but no event says that it was committed`;
    return stepTo(deps, record, { to: 'unknown', reason });
  }
  const epoch = epochAt(snapshot, Math.max(block.number, snapshot.block.number));
  return stepTo(deps, record, { to: 'committed', ...at, epoch });
}

type Refused = Extract<TxOutcome, { kind: 'refused' }>;

/**
 * A refused repeat may be refused because the first one landed, or waits in another pool. Only what
 * failed in its block has used the nonce of both.
 */
async function settleRefusal(
  deps: SubmitDeps,
  record: VectorRecord,
  { where, name, message }: Refused,
  options: SubmitOptions,
  isRepeat: boolean,
): Promise<VectorRecord> {
  const reason = `${name}: ${message}`;
  if (!isRepeat) return stepTo(deps, record, { to: 'rejected', reason });
  const after = await follow(deps, record, await freshView(deps, record), options);
  if (after.state !== record.state) return after;
  if (where === 'dispatch') return stepTo(deps, record, { to: 'rejected', reason });
  return loseSight(deps, record, `a repeat was refused (${reason})`);
}

/** Success is what was read back, not what was reported. */
async function readBack(
  deps: SubmitDeps,
  record: VectorRecord,
  includedAt: number,
  options: SubmitOptions,
): Promise<VectorRecord> {
  for (let attempt = 1; attempt <= options.readBackAttempts; attempt += 1) {
    const view = await freshView(deps, record);
    if ((view.lastUpdate ?? 0) >= includedAt) {
      const after = await follow(deps, record, view, options);
      if (after.state !== record.state) return after;
    }
    if (attempt < options.readBackAttempts) {
      await deps.platform.clock.sleep(options.readBackPauseMs);
    }
  }
  return record;
}

async function freshView(deps: SubmitDeps, record: VectorRecord): Promise<MechanismView> {
  const snapshot = await deps.chain.snapshot(record.netuid);
  return viewMechanism(deps.chain, snapshot, record.mecid, deps.signer.ss58);
}

/** Takes a vector as far as the chain says it has come. Throws CHAIN_*, STORE_*. */
export async function follow(
  deps: SubmitDeps,
  record: VectorRecord,
  mechanism: MechanismView,
  options: SubmitOptions,
): Promise<VectorRecord> {
  let current = record;
  for (;;) {
    const view = await viewOf(deps.chain, mechanism, current);
    const event = nextStep(current, view, options);
    if (event === null) return current;
    current = await stepTo(deps, current, await withBlockHash(deps.chain, event));
  }
}

/** What was only found on chain is known by its block too, should the chain go back behind it. */
async function withBlockHash(chain: Chain, event: VectorEvent): Promise<VectorEvent> {
  if (event.to !== 'committed' && event.to !== 'effective') return event;
  return { ...event, blockHash: await hashAt(chain, event.block) };
}

/** Blocks between two attempts to reveal: time for the first one to show. */
const revealPauseBlocks = 2;

/**
 * Reveals a hash commit that is due; each attempt is journalled before it is signed, and shows
 * uids, values and salt as they were committed. Throws CHAIN_*, STORE_*.
 */
export async function reveal(
  deps: SubmitDeps,
  record: VectorRecord,
  mechanism: MechanismView,
  options: SubmitOptions,
): Promise<VectorRecord> {
  const head = mechanism.snapshot.block.number;
  const waits =
    record.revealSentAtBlock !== null && head < record.revealSentAtBlock + revealPauseBlocks;
  const salt = record.commit?.salt ?? null;
  if (record.state !== 'due' || salt === null || waits || options.dryRun) return record;
  const trying = await stepTo(deps, record, { to: 'revealing', block: head });
  const { netuid, mecid, uids, values } = record;
  const versionKey = BigInt(record.versionKey);
  const call = { call: 'reveal_weights', netuid, mecid, uids, values, salt, versionKey } as const;
  const { timeoutMs } = options;
  const outcome = await deps.chain.submit(call, deps.signer, { timeoutMs });
  if (outcome.kind !== 'included') {
    const why = outcome.kind === 'refused' ? outcome.name : 'its fate was not seen';
    deps.log.warn('the reveal was not taken', { vector: record.id, mecid, why });
    return trying;
  }
  const hash = record.commit?.hash ?? null;
  const shown = outcome.events.some((event) => isRevealOf(event, mechanism, hash));
  if (!shown) return trying;
  const revealed = await stepTo(deps, trying, { to: 'revealed', block: outcome.block.number });
  return follow(deps, revealed, await freshView(deps, revealed), options);
}

/** Newest vectors among which those of a removed mechanism are looked for. */
const recentVectors = 200;

/** Nothing reveals the vectors of a mechanism that the subnet no longer has. Throws STORE_*. */
export async function endRemoved(
  deps: Pick<SubmitDeps, 'journal' | 'evidence' | 'platform' | 'log'>,
  { netuid, mechanisms, block }: Snapshot,
): Promise<void> {
  const recent = await deps.journal.recent(recentVectors);
  const orphans = recent.filter((one) => isOpen(one) && one.mecid >= mechanisms.length);
  for (const record of orphans.reverse()) {
    const reason = `mechanism ${record.mecid} was removed from netuid ${netuid} by block ${block.number}`;
    await stepTo(deps, record, { to: 'lapsed', reason });
    deps.log.warn('weights of a removed mechanism', { vector: record.id, reason });
  }
}

/** A final step goes into the evidence, in the same batch. */
async function stepTo(
  deps: Pick<SubmitDeps, 'journal' | 'evidence' | 'platform'>,
  record: VectorRecord,
  event: VectorEvent,
): Promise<VectorRecord> {
  const after = advance(record, event);
  if (isOpen(after)) return deps.journal.step(record.id, event);
  const fields = weightsFields(after, deps.platform.clock.nowMs());
  return deps.evidence.append('weights', fields, (ops) => deps.journal.step(record.id, event, ops));
}
