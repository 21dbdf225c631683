import type { Hotkey } from '../common/brand.ts';
import type { Snapshot } from '../common/chain-port.ts';
import { isFault } from '../common/fault.ts';
import type { FaultReason } from '../common/fault.ts';
import type { Receipt } from '../common/wire/receipt.ts';
import { isUnjudged } from './judge-answer.ts';
import type { Verdict } from './judge-answer.ts';

/** What was sent to one miner, as it is recorded in the evidence. */
export interface SentRequest {
  readonly url: string;
  readonly nonceNs: bigint;
  /** Lower-case hex, over the body as sent. */
  readonly sha256: string;
  readonly body: Uint8Array;
}

export interface GotAnswer {
  readonly status: number;
  readonly sha256: string;
  readonly body: Uint8Array;
  /** Measured by this node's monotonic clock, on the wire alone. */
  readonly latencyMs: number;
  /** The miner's receipt once it was verified. */
  readonly receipt: Receipt | null;
}

/** What came of one question to one miner. */
export interface Outcome {
  readonly uid: number;
  readonly hotkey: Hotkey;
  readonly task: string;
  /** null when nothing was sent: no axon, or an address that is not dialled. */
  readonly sent: SentRequest | null;
  readonly got: GotAnswer | null;
  readonly result: Verdict;
}

/** A task whose own code gave no number in a round, and to whose answers. */
export interface UnjudgedTask {
  readonly task: string;
  readonly uids: readonly number[];
  /** Of the first one. */
  readonly detail: string;
}

export function unjudgedTasks(outcomes: readonly Outcome[]): readonly UnjudgedTask[] {
  const found = new Map<string, UnjudgedTask>();
  for (const { task, uid, result } of outcomes) {
    if (!isUnjudged(result)) continue;
    const known = found.get(task) ?? { task, uids: [], detail: result.detail };
    found.set(task, { ...known, uids: [...known.uids, uid] });
  }
  return [...found.values()];
}

const lostOnTheWay: readonly FaultReason[] = ['unreachable', 'timeout', 'reset', 'cancelled'];
const unanswered: readonly FaultReason[] = [...lostOnTheWay, 'no-axon', 'address-refused'];
/** With fewer peers than this, all of them failing says little about oneself. */
const fewestPeers = 3;
/** After so many void rounds in a row the peers are to blame, or the operator was told anyway. */
const mostVoidRounds = 3;

/** Refusals that the chain does not explain are believed for so many rounds in a row. */
const mostRefusedRounds = 30;
/** Of the peers that answered at all: when so many refuse this node, the fault is its own. */
const nearlyAll = 0.9;

/** Why a round says nothing about the miners, and moves no score. */
export interface VoidRound {
  readonly reason: 'network' | 'refused';
  readonly detail: string;
}

export interface VoidFacts {
  readonly snapshot: Snapshot;
  /** This node's own. */
  readonly hotkey: Hotkey;
  /** Void rounds in a row until now. */
  readonly voidRounds: number;
}

/** null for a round that counts. */
export function voidRound(outcomes: readonly Outcome[], facts: VoidFacts): VoidRound | null {
  if (ownNetworkSuspect(outcomes, facts.voidRounds)) {
    return { reason: 'network', detail: 'no miner could be reached: is it this node?' };
  }
  const detail = ownStandingSuspect(outcomes, facts);
  return detail === null ? null : { reason: 'refused', detail };
}

/**
 * True when not one of several peers could be reached, which points at this node's own network.
 * Such a round moves no score, but only for a while: nobody is paid for ever without being asked.
 */
export function ownNetworkSuspect(outcomes: readonly Outcome[], voidRounds: number): boolean {
  if (peersOf(outcomes).size < fewestPeers || voidRounds >= mostVoidRounds) return false;
  return outcomes.every(({ result }) => isFault(result) && lostOnTheWay.includes(result.reason));
}

/**
 * Why miners refuse this node, when the fault is its own: the chain says that it may not ask, or
 * nearly all that answer refuse it. One miner that refuses among others that answer is at fault
 * itself.
 */
function ownStandingSuspect(
  outcomes: readonly Outcome[],
  { snapshot, hotkey, voidRounds }: VoidFacts,
): string | null {
  const refusing = peersOf(outcomes.filter(isRefused)).size;
  if (refusing === 0) return null;
  const standing = missingStanding(snapshot, hotkey);
  if (standing !== null) return `${refusing} miners refuse this validator: ${standing}`;
  const answering = peersOf(outcomes.filter((one) => !isLost(one))).size;
  if (voidRounds >= mostRefusedRounds || refusing < nearlyAll * answering) return null;
  return `${refusing} of ${answering} miners that answer refuse this validator (401 or 403): is its stake below what they ask for, or its clock off?`;
}

function missingStanding(snapshot: Snapshot, hotkey: Hotkey): string | null {
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined) return 'its hotkey is not registered';
  if (!own.validatorPermit) return 'it has no validator permit';
  return own.totalStakeRao < snapshot.stakeThresholdRao ? 'its stake is too low' : null;
}

function isRefused({ result }: Outcome): boolean {
  return isFault(result) && result.reason === 'not-admitted';
}

/** It did not come to an answer, whoever is to blame. */
function isLost({ got, result }: Outcome): boolean {
  return got === null && isFault(result) && unanswered.includes(result.reason);
}

function peersOf(outcomes: readonly Outcome[]): ReadonlySet<Hotkey> {
  return new Set(outcomes.map(({ hotkey }) => hotkey));
}
