import { asBig, asBool, asOwner, asRecord } from '../chain/decoded.ts';
import type { Coldkey, Hotkey } from '../brand.ts';
import type { StateView } from '../state-view.ts';
import { amountText, tao } from './amount.ts';
import { numberOrNull, optional, optionalNumber } from './optional-reads.ts';
import { refusal, refusals } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { requireSubnet } from './subnet-list.ts';

export interface RegistrationState {
  readonly netuid: number;
  readonly block: number;
  readonly hotkey: Hotkey;
  readonly coldkey: Coldkey;
  readonly burnRao: bigint;
  readonly freeRao: bigint;
  readonly allowed: boolean;
  /** null: not registered. */
  readonly uid: number | null;
  /** Coldkey that owns the hotkey; null for a new hotkey. */
  readonly owner: Coldkey | null;
  readonly neurons: number | null;
  readonly maxNeurons: number | null;
  /** Older runtimes take so many an interval; null where they take any number. */
  readonly interval: RegistrationInterval | null;
  /** Whether the runtime holds a price limit itself. */
  readonly canLimit: boolean;
}

export interface RegistrationInterval {
  readonly taken: number;
  readonly most: number;
  readonly endsAtBlock: number;
}

/** What decides whether a hotkey can register by burn. Throws CHAIN_NO_SUBNET. */
export async function readRegistration(
  view: StateView,
  netuid: number,
  hotkey: Hotkey,
  coldkey: Coldkey,
): Promise<RegistrationState> {
  await requireSubnet(view, netuid);
  const canLimit = view.callArguments('SubtensorModule', 'register_limit') !== null;
  const [burn, allowed, uid, owner, neurons, maxNeurons, freeRao, interval] = await Promise.all([
    view.storage('SubtensorModule', 'Burn', netuid),
    view.storage('SubtensorModule', 'NetworkRegistrationAllowed', netuid),
    view.storage('SubtensorModule', 'Uids', netuid, hotkey),
    view.storage('SubtensorModule', 'Owner', hotkey),
    optionalNumber(view, 'SubnetworkN', netuid),
    optionalNumber(view, 'MaxAllowedUids', netuid),
    readFree(view, coldkey),
    canLimit ? null : readInterval(view, netuid),
  ]);
  return {
    netuid,
    block: view.block.number,
    hotkey,
    coldkey,
    burnRao: asBig(burn),
    freeRao,
    allowed: asBool(allowed),
    uid: numberOrNull(uid),
    owner: asOwner(owner),
    neurons,
    maxNeurons,
    interval,
    canLimit,
  };
}

export async function readFree(view: StateView, coldkey: Coldkey): Promise<bigint> {
  const account = await view.storage('System', 'Account', coldkey);
  return asBig(asRecord(asRecord(account)['data'])['free']);
}

/** Runtimes of before 2026 take three times the target an adjustment interval. */
async function readInterval(view: StateView, netuid: number): Promise<RegistrationInterval | null> {
  const [taken, target, start, length] = await Promise.all(
    [
      'RegistrationsThisInterval',
      'TargetRegistrationsPerInterval',
      'LastAdjustmentBlock',
      'AdjustmentInterval',
    ].map(async (item) => numberOrNull(await optional(view, item, netuid))),
  );
  if (taken == null || target == null || start == null || length == null) return null;
  return { taken, most: 3 * target, endsAtBlock: start + length };
}

/**
 * Why the chain would refuse, in the order of its own checks. `maxBurnRao` is what the payer will
 * give at most, `feeRao` the fee that comes on top.
 */
export function registrationRefusals(
  state: RegistrationState,
  maxBurnRao: bigint,
  feeRao: bigint,
): readonly Refusal[] {
  return refusals(
    onRoot(state),
    closed(state),
    tooMany(state),
    alreadyThere(state),
    foreignHotkey(state.owner, state.coldkey, state.hotkey),
    tooDear(state, maxBurnRao),
    shortOfBalance(state.freeRao, state.burnRao, feeRao, 'NotEnoughBalanceToStake'),
  );
}

function onRoot({ netuid }: RegistrationState): Refusal | null {
  if (netuid !== 0) return null;
  const detail = 'root takes registrations by stake, not by burn';
  return refusal('CALL_REFUSED', 'RegistrationNotPermittedOnRootSubnet', detail);
}

function closed({ allowed, netuid }: RegistrationState): Refusal | null {
  if (allowed) return null;
  const detail = `netuid ${netuid} takes no registrations now: its owner switched them off`;
  return refusal('CALL_REFUSED', 'SubNetRegistrationDisabled', detail);
}

function tooMany({ interval, netuid }: RegistrationState): Refusal | null {
  if (interval === null || interval.taken < interval.most) return null;
  const { taken, most, endsAtBlock } = interval;
  const detail = `netuid ${netuid} took ${taken} of ${most} registrations of this interval`;
  return refusal('CALL_TOO_SOON', 'TooManyRegistrationsThisInterval', detail, endsAtBlock);
}

function alreadyThere({ uid, netuid, hotkey }: RegistrationState): Refusal | null {
  if (uid === null) return null;
  const detail = `${hotkey} is registered on netuid ${netuid} already, as uid ${uid}`;
  return refusal('CALL_REFUSED', 'HotKeyAlreadyRegisteredInSubNet', detail);
}

/** A hotkey works for the one coldkey that registered it first. */
export function foreignHotkey(
  owner: Coldkey | null,
  coldkey: Coldkey,
  hotkey: Hotkey,
): Refusal | null {
  if (owner === null || owner === coldkey) return null;
  const detail = `hotkey ${hotkey} belongs to coldkey ${owner}, not to ${coldkey}`;
  return refusal('CALL_REFUSED', 'NonAssociatedColdKey', detail);
}

function tooDear({ burnRao, netuid }: RegistrationState, maxBurnRao: bigint): Refusal | null {
  if (burnRao <= maxBurnRao) return null;
  const [price, limit] = [amountText(tao(burnRao)), amountText(tao(maxBurnRao))];
  const detail = `registering on netuid ${netuid} burns ${price}, the limit is ${limit}`;
  return refusal('PRICE_LIMIT', 'RegistrationPriceLimitExceeded', detail);
}

/** `needRao` beside the fee; the chain keeps no account alive below the existential deposit. */
export function shortOfBalance(
  freeRao: bigint,
  needRao: bigint,
  feeRao: bigint,
  chainError: string,
): Refusal | null {
  if (freeRao >= needRao + feeRao) return null;
  const [free, need, fee] = [freeRao, needRao, feeRao].map((rao) => amountText(tao(rao)));
  return refusal('BALANCE_TOO_LOW', chainError, `${free} free, ${need} needed and a fee of ${fee}`);
}
