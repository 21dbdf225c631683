import type { Hotkey } from '../common/brand.ts';
import type { Neuron, Snapshot } from '../common/chain-port.ts';
import type { WeightVector } from './weights.ts';

export type SkipReason =
  | 'none-earn'
  | 'not-registered'
  | 'commit-reveal'
  | 'stake-below-threshold'
  | 'version-key'
  | 'rate-limit'
  | 'no-permit'
  | 'too-many-weights'
  | 'pending-vector'
  | 'not-due';

/** Why no vector is sent now. An explicit outcome, never an error. */
export interface Skip {
  readonly kind: 'skipped';
  readonly reason: SkipReason;
  readonly detail: string;
  /** From this block on it can work; absent when time alone does not help. */
  readonly clearsAtBlock?: number;
}

export function skip(reason: SkipReason, detail: string, clearsAtBlock?: number): Skip {
  const clears = clearsAtBlock === undefined ? {} : { clearsAtBlock };
  return { kind: 'skipped', reason, detail, ...clears };
}

interface Caller {
  readonly snapshot: Snapshot;
  readonly own: Neuron;
  readonly isOwner: boolean;
  readonly versionKey: bigint;
}

/**
 * What the chain would answer to these weights, in the order of its own checks, so that the true
 * cause is told before anything is signed. null: nothing speaks against it.
 */
export function precheck(
  snapshot: Snapshot,
  hotkey: Hotkey,
  vector: WeightVector,
  versionKey: bigint,
): Skip | null {
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined) {
    return skip(
      'not-registered',
      `hotkey ${hotkey} is not registered on netuid ${snapshot.netuid}`,
    );
  }
  const caller = { snapshot, own, isOwner: hotkey === snapshot.ownerHotkey, versionKey };
  return (
    checkCommitReveal(caller) ??
    checkStake(caller) ??
    checkVersionKey(caller) ??
    checkRateLimit(caller) ??
    checkPermit(caller, vector) ??
    checkLength(caller, vector)
  );
}

function checkCommitReveal({ snapshot }: Caller): Skip | null {
  if (!snapshot.hyperparams.commitRevealEnabled) return null;
  return skip(
    'commit-reveal',
    'commit-reveal is on for this subnet; this release sets weights plainly only, ' +
      'commit-reveal comes with the next one',
  );
}

function checkStake({ snapshot, own, isOwner }: Caller): Skip | null {
  const { stakeThresholdRao } = snapshot;
  if (isOwner || own.totalStakeRao >= stakeThresholdRao) return null;
  const detail = `stake ${own.totalStakeRao} RAO is below the threshold of ${stakeThresholdRao} RAO`;
  return skip('stake-below-threshold', detail);
}

function checkVersionKey({ snapshot, versionKey }: Caller): Skip | null {
  const { weightsVersionKey } = snapshot.hyperparams;
  if (weightsVersionKey === 0n || versionKey >= weightsVersionKey) return null;
  const detail = `version key ${versionKey} is below the ${weightsVersionKey} that the chain asks for`;
  return skip('version-key', detail);
}

function checkRateLimit({ snapshot, own }: Caller): Skip | null {
  const clearsAt = clearsAtBlock(own, snapshot);
  // The extrinsic lands in the next block at the earliest.
  if (snapshot.block.number + 1 >= clearsAt) return null;
  const { weightsRateLimit } = snapshot.hyperparams;
  const detail = `weights were set at block ${own.lastUpdate}, the limit is ${weightsRateLimit} blocks`;
  return skip('rate-limit', `${detail}; it clears at block ${clearsAt}`, clearsAt);
}

/** The first block whose dispatch accepts new weights; 0 when none were ever set. */
export function clearsAtBlock(own: Neuron, snapshot: Snapshot): number {
  return own.lastUpdate === 0 ? 0 : own.lastUpdate + snapshot.hyperparams.weightsRateLimit;
}

function checkPermit({ own, isOwner }: Caller, vector: WeightVector): Skip | null {
  const selfOnly = vector.uids.length === 1 && vector.uids[0] === own.uid;
  if (own.validatorPermit || isOwner || selfOnly) return null;
  return skip('no-permit', `uid ${own.uid} has no validator permit; more stake is needed`);
}

function checkLength({ snapshot }: Caller, vector: WeightVector): Skip | null {
  if (vector.uids.length <= snapshot.neurons.length) return null;
  const detail = `${vector.uids.length} weights for ${snapshot.neurons.length} neurons`;
  return skip('too-many-weights', detail);
}
