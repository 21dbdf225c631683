import type { Chain, Snapshot, TxOutcome } from '../common/chain-port.ts';
import type { Platform } from '../common/platform-port.ts';
import type { Signer } from '../common/signer-port.ts';
import type { EvidenceLog } from './evidence.ts';
import type { Journal } from './journal.ts';
import { precheck, skip } from './precheck.ts';
import type { Skip } from './precheck.ts';
import { weightsFields } from './round-record.ts';
import { advance, settle } from './vector-state.ts';
import type { ChainView, VectorEvent, VectorRecord } from './vector-state.ts';
import type { NoVector, WeightVector } from './weights.ts';

export interface SubmitDeps {
  readonly chain: Chain;
  readonly signer: Signer;
  readonly journal: Journal;
  readonly evidence: EvidenceLog;
  readonly platform: Platform;
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
}

export interface VectorPlan {
  readonly snapshot: Snapshot;
  readonly round: number;
  readonly vector: WeightVector | NoVector;
  readonly versionKey: bigint;
}

export type WeightsReport =
  | Skip
  /** `blocked` is what the chain would have refused it for. */
  | { readonly kind: 'dry-run'; readonly vector: WeightVector; readonly blocked: Skip | null }
  /** The journal says which: effective, rejected, differs, lapsed, or still open. */
  | { readonly kind: 'sent'; readonly record: VectorRecord };

/** From a vector to what the chain really holds: checked, journalled, signed, read back. */
export async function submitWeights(
  deps: SubmitDeps,
  plan: VectorPlan,
  options: SubmitOptions,
): Promise<WeightsReport> {
  const { snapshot, vector, versionKey } = plan;
  if (vector.kind === 'no-vector') return skip('none-earn', vector.reason);
  const blocked = precheck(snapshot, deps.signer.ss58, vector, versionKey);
  if (options.dryRun) return { kind: 'dry-run', vector, blocked };
  if (blocked !== null) return blocked;
  const { netuid, block } = snapshot;
  const input = { netuid, round: plan.round, block: block.number, vector, versionKey };
  const admitted = await deps.journal.admit(input);
  if ('kind' in admitted) return admitted;
  return { kind: 'sent', record: await send(deps, admitted, snapshot, options) };
}

/**
 * Finds out what became of the vector that was under way when the node stopped, or whose
 * inclusion was not seen. Sends the same one again when it was not seen for a while: a different
 * one could be overtaken by it.
 */
export async function resolveOpen(
  deps: SubmitDeps,
  snapshot: Snapshot,
  options: SubmitOptions,
): Promise<VectorRecord | null> {
  const open = await deps.journal.open();
  if (open === null) return null;
  const view = await viewOf(deps, snapshot);
  const event = settle(open, view, options.lifetimeBlocks);
  if (event !== null) return stepTo(deps, open, event);
  const waited = view.head - (open.lastSentAtBlock ?? open.builtAtBlock);
  if (options.dryRun || open.state === 'included' || waited < options.patienceBlocks) return open;
  const vector = { kind: 'vector', uids: open.uids, values: open.values } as const;
  const blocked = precheck(snapshot, deps.signer.ss58, vector, BigInt(open.versionKey));
  return blocked === null ? send(deps, open, snapshot, options) : open;
}

async function send(
  deps: SubmitDeps,
  record: VectorRecord,
  snapshot: Snapshot,
  options: SubmitOptions,
): Promise<VectorRecord> {
  // On disk before anything is signed: a node that dies now knows on its return that it may have.
  const sending = await stepTo(deps, record, { to: 'submitting', block: snapshot.block.number });
  const outcome = await deps.chain.submit(
    {
      call: 'set_weights',
      netuid: record.netuid,
      uids: record.uids,
      values: record.values,
      versionKey: BigInt(record.versionKey),
    },
    deps.signer,
    { timeoutMs: options.timeoutMs },
  );
  return settleOutcome(deps, sending, outcome, options);
}

async function settleOutcome(
  deps: SubmitDeps,
  record: VectorRecord,
  outcome: TxOutcome,
  options: SubmitOptions,
): Promise<VectorRecord> {
  switch (outcome.kind) {
    case 'included': {
      const { block, extrinsicHash } = outcome;
      const event = { to: 'included', block: block.number, extrinsicHash } as const;
      return readBack(deps, await stepTo(deps, record, event), block.number, options);
    }
    case 'refused':
      return settleRefusal(deps, record, `${outcome.name}: ${outcome.message}`, options);
    case 'unknown':
      return stepTo(deps, record, { to: 'unknown', reason: outcome.message });
  }
}

/** A refused repeat may be refused because the first one landed. */
async function settleRefusal(
  deps: SubmitDeps,
  record: VectorRecord,
  reason: string,
  options: SubmitOptions,
): Promise<VectorRecord> {
  if (record.attempts > 1) {
    const view = await viewOf(deps, await deps.chain.snapshot(record.netuid));
    const event = settle(record, view, options.lifetimeBlocks);
    if (event !== null) return stepTo(deps, record, event);
  }
  return stepTo(deps, record, { to: 'rejected', reason });
}

/** Success is what was read back, not what was reported. */
async function readBack(
  deps: SubmitDeps,
  record: VectorRecord,
  includedAt: number,
  options: SubmitOptions,
): Promise<VectorRecord> {
  for (let attempt = 1; attempt <= options.readBackAttempts; attempt += 1) {
    const view = await viewOf(deps, await deps.chain.snapshot(record.netuid));
    if ((view.lastUpdate ?? 0) >= includedAt) {
      const event = settle(record, view, options.lifetimeBlocks);
      if (event !== null) return stepTo(deps, record, event);
    }
    if (attempt < options.readBackAttempts) {
      await deps.platform.clock.sleep(options.readBackPauseMs);
    }
  }
  return record;
}

async function viewOf(deps: SubmitDeps, snapshot: Snapshot): Promise<ChainView> {
  const own = snapshot.neurons.find(({ hotkey }) => hotkey === deps.signer.ss58);
  const row = own === undefined ? [] : await deps.chain.weightsOf(snapshot.netuid, own.uid);
  return { head: snapshot.block.number, lastUpdate: own?.lastUpdate ?? null, row };
}

/** A final step goes into the evidence, in the same batch. */
async function stepTo(
  deps: SubmitDeps,
  record: VectorRecord,
  event: VectorEvent,
): Promise<VectorRecord> {
  const after = advance(record, event);
  const final = !['submitting', 'included', 'unknown'].includes(after.state);
  if (!final) return deps.journal.step(record.id, event);
  const fields = weightsFields(after, deps.platform.clock.nowMs());
  return deps.evidence.append('weights', fields, (ops) => deps.journal.step(record.id, event, ops));
}
