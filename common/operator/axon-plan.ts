import { asAxon } from '../chain/decoded.ts';
import { packIp } from '../chain/ip.ts';
import type { Hotkey } from '../brand.ts';
import type { AxonInfo } from '../chain-port.ts';
import type { StateView } from '../state-view.ts';
import { numberOrNull, optionalNumber } from './optional-reads.ts';
import { refusal, refusals } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { requireSubnet } from './subnet-list.ts';

export interface AxonState {
  readonly netuid: number;
  readonly block: number;
  readonly hotkey: Hotkey;
  readonly uid: number | null;
  /** null: never served, or reset. */
  readonly axon: AxonInfo | null;
  /** Block of the last serving, a reset included; null: never. */
  readonly servedAtBlock: number | null;
  /** Blocks between two. */
  readonly rateLimit: number;
}

/** Throws CHAIN_NO_SUBNET. */
export async function readAxonState(
  view: StateView,
  netuid: number,
  hotkey: Hotkey,
): Promise<AxonState> {
  await requireSubnet(view, netuid);
  const [uid, axon, rateLimit] = await Promise.all([
    view.storage('SubtensorModule', 'Uids', netuid, hotkey),
    view.storage('SubtensorModule', 'Axons', netuid, hotkey),
    optionalNumber(view, 'ServingRateLimit', netuid),
  ]);
  return {
    netuid,
    block: view.block.number,
    hotkey,
    uid: numberOrNull(uid),
    axon: asAxon(axon),
    servedAtBlock: servedAt(axon),
    rateLimit: rateLimit ?? 0,
  };
}

function servedAt(axon: unknown): number | null {
  if (typeof axon !== 'object' || axon === null || !('block' in axon)) return null;
  return numberOrNull(axon.block);
}

/** In the order of the chain's checks. `ip` of all zeros takes the axon off the metagraph. */
export function axonRefusals(state: AxonState, ip: string): readonly Refusal[] {
  return refusals(notRegistered(state), badAddress(ip), tooSoon(state));
}

export function notRegistered({
  uid,
  netuid,
  hotkey,
}: Pick<AxonState, 'uid' | 'netuid' | 'hotkey'>): Refusal | null {
  if (uid !== null) return null;
  const detail = `hotkey ${hotkey} is not registered on netuid ${netuid}`;
  return refusal('HOTKEY_NOT_REGISTERED', 'HotKeyNotRegisteredInNetwork', detail);
}

/** What the chain calls no address: loopback and the broadcast address. */
function badAddress(ip: string): Refusal | null {
  const { value, type } = packIp(ip);
  const bad = type === 4 ? [0x7f000001n, 0xffffffffn] : [1n, (1n << 128n) - 1n];
  if (!bad.includes(value)) return null;
  return refusal('CALL_REFUSED', 'InvalidIpAddress', `the chain takes no axon at ${ip}`);
}

function tooSoon({ servedAtBlock, rateLimit, block }: AxonState): Refusal | null {
  if (servedAtBlock === null || rateLimit === 0) return null;
  const clearsAt = servedAtBlock + rateLimit;
  if (block + 1 >= clearsAt) return null;
  const detail = `the axon was served at block ${servedAtBlock}, the limit is ${rateLimit} blocks`;
  return refusal('CALL_TOO_SOON', 'ServingRateLimitExceeded', detail, clearsAt);
}
