import type { Hotkey } from '../common/brand.ts';
import { isFault } from '../common/fault.ts';
import type { Fault, FaultReason } from '../common/fault.ts';
import type { Receipt } from '../common/wire/receipt.ts';
import type { Judgement } from '../tasks/task-port.ts';

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
  readonly result: Judgement | Fault;
}

const lostOnTheWay: readonly FaultReason[] = ['unreachable', 'timeout', 'reset', 'cancelled'];
/** With fewer peers than this, all of them failing says little about oneself. */
const fewestPeers = 3;
/** After so many void rounds in a row the peers are to blame, or the operator was told anyway. */
const mostVoidRounds = 3;

/**
 * True when not one of several peers could be reached, which points at this node's own network.
 * Such a round moves no score, but only for a while: nobody is paid for ever without being asked.
 */
export function ownNetworkSuspect(outcomes: readonly Outcome[], voidRounds: number): boolean {
  const peers = new Set(outcomes.map(({ hotkey }) => hotkey));
  if (peers.size < fewestPeers || voidRounds >= mostVoidRounds) return false;
  return outcomes.every(({ result }) => isFault(result) && lostOnTheWay.includes(result.reason));
}
