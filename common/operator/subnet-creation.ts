import { asBig, asNumber, asOwner } from '../chain/decoded.ts';
import type { Coldkey, Hotkey } from '../brand.ts';
import type { StateView } from '../state-view.ts';
import { optional, optionalNumber } from './optional-reads.ts';
import { refusal, refusals } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { foreignHotkey, readFree, shortOfBalance } from './registration.ts';

/** What decides whether a new subnet can be created, and what it locks. */
export interface CreationState {
  readonly block: number;
  readonly coldkey: Coldkey;
  readonly hotkey: Hotkey;
  readonly lockCostRao: bigint;
  readonly freeRao: bigint;
  readonly owner: Coldkey | null;
  /** First block that takes another subnet; null when that cannot be told from this runtime. */
  readonly opensAtBlock: number | null;
}

export async function readCreation(
  view: StateView,
  hotkey: Hotkey,
  coldkey: Coldkey,
): Promise<CreationState> {
  const [lockCostRao, freeRao, owner, opensAtBlock] = await Promise.all([
    readLockCost(view),
    readFree(view, coldkey),
    view.storage('SubtensorModule', 'Owner', hotkey),
    readOpening(view),
  ]);
  const block = view.block.number;
  return { block, coldkey, hotkey, lockCostRao, freeRao, owner: asOwner(owner), opensAtBlock };
}

/** RAO that a new subnet locks. Throws CHAIN_UNSUPPORTED where the runtime does not tell. */
export async function readLockCost(view: StateView): Promise<bigint> {
  return asBig(await view.api('SubnetRegistrationRuntimeApi', 'get_network_registration_cost'));
}

async function readOpening(view: StateView): Promise<number | null> {
  const limit = await optionalNumber(view, 'NetworkRateLimit');
  const last = await lastCreation(view);
  return limit === null || last === null || last === 0 ? null : last + limit;
}

/** Newer runtimes keep it by a key of rate limits, older ones as an item of its own. */
async function lastCreation(view: StateView): Promise<number | null> {
  const keyed = await optional(view, 'LastRateLimitedBlock', 'NetworkLastRegistered');
  return keyed === undefined ? optionalNumber(view, 'NetworkLastRegistered') : asNumber(keyed);
}

export function creationRefusals(state: CreationState, feeRao: bigint): readonly Refusal[] {
  const { owner, coldkey, hotkey, freeRao, lockCostRao } = state;
  return refusals(
    foreignHotkey(owner, coldkey, hotkey),
    tooSoonAfterAnother(state),
    shortOfBalance(freeRao, lockCostRao, feeRao, 'CannotAffordLockCost'),
  );
}

function tooSoonAfterAnother({ opensAtBlock, block }: CreationState): Refusal | null {
  // The extrinsic lands in the next block at the earliest.
  if (opensAtBlock === null || block + 1 >= opensAtBlock) return null;
  const detail = 'another subnet was created a short while ago, and the chain spaces them out';
  return refusal('CALL_TOO_SOON', 'NetworkTxRateLimitExceeded', detail, opensAtBlock);
}
