import type { Hotkey } from '../../common/brand.ts';
import type { Neuron, Snapshot } from '../../common/chain-port.ts';
import { decimalText } from '../../common/operator/amount.ts';
import { skip } from './skip.ts';
import type { Skip } from './skip.ts';
import type { WeightVector } from './weights.ts';

/** For whom weights are checked. */
export interface Sender {
  readonly hotkey: Hotkey;
  readonly mecid: number;
  readonly versionKey: bigint;
}

/** Which weights are checked, for whom. */
export interface Candidate extends Sender {
  readonly vector: WeightVector;
}

interface Caller extends Sender {
  readonly snapshot: Snapshot;
  readonly own: Neuron;
  readonly isOwner: boolean;
}

/**
 * What the chain would answer to these weights, in the order of its own checks, so that the true
 * cause is told before anything is signed. null: nothing speaks against it. Windows in which
 * hyperparameters are frozen do not touch weights.
 */
export function precheck(snapshot: Snapshot, candidate: Candidate): Skip | null {
  const { vector } = candidate;
  const invalid = checkNumbers(vector);
  if (invalid !== null) return invalid;
  const caller = callerOf(snapshot, candidate);
  if ('kind' in caller) return caller;
  return (
    checkStake(caller) ??
    checkVersionKey(caller) ??
    checkRateLimit(caller) ??
    checkPermit(caller, vector) ??
    checkLength(caller, vector)
  );
}

/** What the chain would refuse whatever the weights are; what only time heals comes last. */
export function precheckCaller(snapshot: Snapshot, sender: Sender): Skip | null {
  const caller = callerOf(snapshot, sender);
  if ('kind' in caller) return caller;
  return (
    checkStake(caller) ?? checkVersionKey(caller) ?? checkPermit(caller) ?? checkRateLimit(caller)
  );
}

function callerOf(snapshot: Snapshot, sender: Sender): Caller | Skip {
  const { hotkey, mecid } = sender;
  if (mecid >= snapshot.mechanisms.length) {
    const detail = `netuid ${snapshot.netuid} has ${snapshot.mechanisms.length} mechanisms, not mecid ${mecid}`;
    return skip('no-mechanism', detail);
  }
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined) {
    return skip(
      'not-registered',
      `hotkey ${hotkey} is not registered on netuid ${snapshot.netuid}`,
    );
  }
  return { ...sender, snapshot, own, isOwner: hotkey === snapshot.ownerHotkey };
}

const isU16 = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 65_535;

/** A score that is no number must never reach the chain as one; nothing can force it. */
function checkNumbers({ uids, values }: WeightVector): Skip | null {
  const numbers = uids.every(isU16) && values.every(isU16);
  const fits = uids.length === values.length && new Set(uids).size === uids.length;
  const pays = values.some((value) => value > 0);
  if (numbers && fits && pays) return null;
  const why = numbers ? (fits ? 'it pays nobody' : 'its uids repeat') : 'a value is no number';
  return skip('vector-invalid', `the vector cannot be sent: ${why}`);
}

function checkStake({ snapshot, own, isOwner }: Caller): Skip | null {
  const { stakeThresholdRao } = snapshot;
  if (isOwner || own.totalStakeRao >= stakeThresholdRao) return null;
  const [stake, wanted] = [decimalText(own.totalStakeRao), decimalText(stakeThresholdRao)];
  const detail = `stake ${stake} TAO is below the threshold of ${wanted} TAO`;
  return skip('stake-below-threshold', detail);
}

function checkVersionKey({ snapshot, versionKey }: Caller): Skip | null {
  const { weightsVersionKey } = snapshot.hyperparams;
  if (weightsVersionKey === 0n || versionKey >= weightsVersionKey) return null;
  const detail = `version key ${versionKey} is below the ${weightsVersionKey} that the chain asks for`;
  return skip('version-key', detail);
}

function checkRateLimit({ snapshot, own, mecid }: Caller): Skip | null {
  const clearsAt = clearsAtBlock(snapshot, own, mecid);
  // The extrinsic lands in the next block at the earliest.
  if (snapshot.block.number + 1 >= clearsAt) return null;
  const { weightsRateLimit } = snapshot.hyperparams;
  const set = lastUpdateOf(snapshot, own, mecid);
  const detail = `weights were set at block ${set}, the limit is ${weightsRateLimit} blocks`;
  return skip('rate-limit', `${detail}; it clears at block ${clearsAt}`, clearsAt);
}

/** Block of the last setting or commit; each mechanism has a clock of its own. */
export function lastUpdateOf(snapshot: Snapshot, own: Neuron, mecid: number): number {
  return snapshot.mechanisms[mecid]?.lastUpdate[own.uid] ?? (mecid === 0 ? own.lastUpdate : 0);
}

/** The first block whose dispatch accepts new weights; 0 when none were ever set. */
export function clearsAtBlock(snapshot: Snapshot, own: Neuron, mecid: number): number {
  const last = lastUpdateOf(snapshot, own, mecid);
  return last === 0 ? 0 : last + snapshot.hyperparams.weightsRateLimit;
}

function checkPermit({ own, isOwner }: Caller, vector?: WeightVector): Skip | null {
  const selfOnly = vector?.uids.length === 1 && vector.uids[0] === own.uid;
  if (own.validatorPermit || isOwner || selfOnly) return null;
  return skip(
    'no-permit',
    `uid ${own.uid} has no validator permit; more stake is needed, and an epoch to grant it`,
  );
}

function checkLength({ snapshot }: Caller, vector: WeightVector): Skip | null {
  if (vector.uids.length <= snapshot.neurons.length) return null;
  const detail = `${vector.uids.length} weights for ${snapshot.neurons.length} neurons`;
  return skip('too-many-weights', detail);
}
