import type { Snapshot } from '../common/chain-port.ts';
import { isFault } from '../common/fault.ts';
import { toHex } from '../common/hex.ts';
import { receiptText } from '../common/wire/receipt.ts';
import type { StoreOp } from '../common/store-port.ts';
import { secretCommitment } from '../tasks/prng.ts';
import type { ChallengeContext } from './challenge.ts';
import { bodyOp } from './evidence.ts';
import type { EvidenceFields } from './evidence.ts';
import { isUnjudged } from './judge-answer.ts';
import type { Verdict } from './judge-answer.ts';
import type { Outcome } from './outcome.ts';
import type { MinerPoints } from './score.ts';
import type { MinerTarget } from './select.ts';
import type { VectorRecord } from './weights/vector-state.ts';

/** Written before the first question: what binds this node to its challenges. */
export function openFields(
  snapshot: Snapshot,
  context: ChallengeContext,
  measured: readonly MinerTarget[],
  facts: { readonly validator: string; readonly rulesSha256: string; readonly atMs: number },
): EvidenceFields {
  return {
    ...facts,
    round: context.round,
    netuid: snapshot.netuid,
    block: snapshot.block,
    commitment: toHex(secretCommitment(context.secret)),
    measured: measured.map(({ uid, hotkey, axon }) => ({ uid, hotkey, serving: axon !== null })),
  };
}

/** Written with the new board: what was asked and answered, and the secret that explains it. */
export function closeFields(
  context: ChallengeContext,
  outcomes: readonly Outcome[],
  points: readonly MinerPoints[],
  facts: { readonly atMs: number; readonly counted: boolean },
): EvidenceFields {
  return {
    ...facts,
    round: context.round,
    secret: toHex(context.secret),
    points: points.map((one) => ({ uid: one.uid, hotkey: one.hotkey, points: one.points })),
    exchanges: outcomes.map(exchangeFields),
  };
}

function exchangeFields(outcome: Outcome): EvidenceFields {
  const { uid, hotkey, task, sent, got, result } = outcome;
  return {
    uid,
    hotkey,
    task,
    ...(sent !== null && {
      url: sent.url,
      nonceNs: String(sent.nonceNs),
      requestSha256: sent.sha256,
    }),
    ...(got !== null && {
      status: got.status,
      responseSha256: got.sha256,
      latencyMs: got.latencyMs,
    }),
    ...(got?.receipt != null && {
      receipt: receiptText(got.receipt),
      receiptSignature: toHex(got.receipt.signature),
      ...(got.receipt.path.length > 0 && { receiptPath: got.receipt.path }),
    }),
    ...verdictFields(result),
  };
}

/** `unjudged`: a good answer to which the task's own code gave no number; it moved no score. */
function verdictFields(verdict: Verdict): EvidenceFields {
  if (isFault(verdict)) return { fault: verdict.reason, detail: verdict.detail };
  return isUnjudged(verdict) ? { unjudged: verdict.detail } : { marks: verdict.marks };
}

/** The bodies of a round's exchanges, each under its hash. */
export function bodyOps(outcomes: readonly Outcome[]): readonly StoreOp[] {
  return outcomes.flatMap(({ sent, got }) => [
    ...(sent === null ? [] : [bodyOp(sent.sha256, sent.body)]),
    ...(got === null ? [] : [bodyOp(got.sha256, got.body)]),
  ]);
}

export function weightsFields(record: VectorRecord, atMs: number): EvidenceFields {
  const { id, mecid, round, path, uids, values, versionKey, state, reason } = record;
  const block = record.effectiveAtBlock ?? record.includedAtBlock;
  const commit = record.commit === null ? {} : { commit: record.commit.hash };
  return {
    atMs,
    vector: id,
    mecid,
    round,
    path,
    ...commit,
    uids,
    values,
    versionKey,
    state,
    block,
    reason,
  };
}
