import { isFault } from '../common/fault.ts';
import type { FaultReason } from '../common/fault.ts';
import type { Outcome } from './outcome.ts';

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
