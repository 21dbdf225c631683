import { asBool, asNumber, asOwner } from '../chain/decoded.ts';
import type { Coldkey, Hotkey } from '../brand.ts';
import type { ChainCall } from '../chain-port.ts';
import type { StateView } from '../state-view.ts';
import { amountText, stakeOn, worth } from './amount.ts';
import { readStake } from './balances.ts';
import { optional } from './optional-reads.ts';
import { readPrices } from './prices.ts';
import { quotePurchase, quoteSale } from './quotes.ts';
import { refusal, refusals } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { leastTrade, tooLittle } from './stake-minimum.ts';
import type { PriceLimit } from './stake-plan.ts';
import { requireSubnet } from './subnet-list.ts';
import { raoPerTao } from '../rao.ts';

/** Whose stake, behind which hotkey, on which subnet. */
export interface StakePlace {
  readonly coldkey: Coldkey;
  readonly hotkey: Hotkey;
  readonly netuid: number;
}

/** `move`: to another hotkey; `transfer`: to another coldkey; `swap`: to another subnet. */
export type MoveKind = 'move' | 'transfer' | 'swap';

export interface MoveState {
  readonly kind: MoveKind;
  readonly from: StakePlace;
  readonly to: StakePlace;
  readonly fromRao: bigint;
  readonly toRao: bigint;
  /** Whether the chain knows the hotkey of the destination. */
  readonly hotkeyExists: boolean;
  /** Whether both subnets let stake change its coldkey. */
  readonly transfersAllowed: boolean;
  /** A subnet of the two that was not started; null when both were. */
  readonly closedNetuid: number | null;
  /** RAO of TAO for one whole alpha of each. */
  readonly fromPriceRao: bigint;
  readonly toPriceRao: bigint;
  /** One alpha here is so much there, in RAO: what the chain compares a limit with. */
  readonly rateRao: bigint;
  /** Nothing is traded, or neither subnet has a pool that could move the price. */
  readonly fixedRate: boolean;
  /** Whether the call of this kind can hold a limit on this runtime. */
  readonly canLimit: boolean;
  /** RAO of TAO that must be moved at least. */
  readonly minimumRao: bigint;
}

const pallet = 'SubtensorModule';
/** Throws CHAIN_NO_SUBNET for either subnet. */
export async function readMove(
  view: StateView,
  kind: MoveKind,
  from: StakePlace,
  to: StakePlace,
): Promise<MoveState> {
  await requireSubnet(view, from.netuid);
  await requireSubnet(view, to.netuid);
  const netuids = [from.netuid, to.netuid];
  const [fromRao, toRao, owner, transfers, enabled, pools, prices] = await Promise.all([
    readStake(view, from.coldkey, from.hotkey, from.netuid),
    readStake(view, to.coldkey, to.hotkey, to.netuid),
    view.storage(pallet, 'Owner', to.hotkey),
    Promise.all(netuids.map((netuid) => optional(view, 'TransferToggle', netuid))),
    Promise.all(netuids.map((netuid) => optional(view, 'SubtokenEnabled', netuid))),
    Promise.all(netuids.map((netuid) => hasPool(view, netuid))),
    readPrices(view, netuids),
  ]);
  const priceOf = (netuid: number): bigint => prices.get(netuid) ?? raoPerTao;
  const [fromPriceRao, toPriceRao] = [priceOf(from.netuid), priceOf(to.netuid)];
  const isOpen = (toggle: unknown): boolean => toggle === undefined || asBool(toggle);
  return {
    kind,
    from,
    to,
    fromRao,
    toRao,
    hotkeyExists: asOwner(owner) !== null,
    transfersAllowed: transfers.every(isOpen),
    closedNetuid: netuids.find((netuid, at) => netuid !== 0 && !isOpen(enabled[at])) ?? null,
    fromPriceRao,
    toPriceRao,
    rateRao: toPriceRao === 0n ? 0n : (fromPriceRao * raoPerTao) / toPriceRao,
    fixedRate: from.netuid === to.netuid || !pools.includes(true),
    canLimit: kind === 'swap' && view.callArguments(pallet, limitCall) !== null,
    minimumRao: leastTrade(view),
  };
}

const limitCall = 'swap_stake_limit';

/** Root, subnets of the stable mechanism and chains of before alpha have none. */
async function hasPool(view: StateView, netuid: number): Promise<boolean> {
  const mechanism = netuid === 0 ? undefined : await optional(view, 'SubnetMechanism', netuid);
  return mechanism !== undefined && mechanism !== null && asNumber(mechanism) !== 0;
}

export interface MoveOrder {
  /** Alpha of the subnet that it leaves. */
  readonly amountRao: bigint;
  /** As a rate: stake there for one alpha here. null: at any price. */
  readonly limit: PriceLimit | null;
  /** TAO that it is worth on the way. */
  readonly valueRao: bigint;
  /** Stake that arrives, as the pools are now. */
  readonly expectedRao: bigint;
  /** The person takes any price. */
  readonly unsafe: boolean;
}

/** What the pools make of it now. */
export async function quoteMove(
  view: StateView,
  { from, to, fromPriceRao }: MoveState,
  amountRao: bigint,
): Promise<Pick<MoveOrder, 'valueRao' | 'expectedRao'>> {
  if (from.netuid === to.netuid) {
    return { valueRao: worth(amountRao, fromPriceRao), expectedRao: amountRao };
  }
  const valueRao = await quoteSale(view, from.netuid, amountRao);
  const { alphaRao } = await quotePurchase(view, to.netuid, valueRao);
  return { valueRao, expectedRao: alphaRao };
}

/** The amount is in alpha of the subnet that it leaves. */
export function moveCall({ kind, from, to }: MoveState, order: MoveOrder): ChainCall {
  const { amountRao, limit } = order;
  const netuids = { origin_netuid: from.netuid, destination_netuid: to.netuid };
  const shared = { ...netuids, alpha_amount: amountRao };
  const swap = { hotkey: from.hotkey, ...shared };
  if (limit !== null) {
    const held = { limit_price: limit.limitPriceRao, allow_partial: limit.partial };
    return { call: 'named', pallet, name: limitCall, args: { ...swap, ...held } };
  }
  const args = {
    move: { origin_hotkey: from.hotkey, destination_hotkey: to.hotkey, ...shared },
    transfer: { destination_coldkey: to.coldkey, hotkey: from.hotkey, ...shared },
    swap,
  }[kind];
  return { call: 'named', pallet, name: `${kind}_stake`, args };
}

export function moveRefusals(state: MoveState, order: MoveOrder): readonly Refusal[] {
  return refusals(
    notMoving(state),
    notStarted(state),
    unknownHotkey(state),
    shortOfStake(state, order),
    tooSmall(state, order),
    beyondRate(state, order),
    unprotected(state, order),
    notTransferable(state),
  );
}

function notMoving({ from, to }: MoveState): Refusal | null {
  const isSame = from.hotkey === to.hotkey && from.netuid === to.netuid;
  if (!isSame || from.coldkey !== to.coldkey) return null;
  return refusal('CALL_REFUSED', 'SameNetuid', 'the stake is there already');
}

function notStarted({ closedNetuid }: MoveState): Refusal | null {
  if (closedNetuid === null) return null;
  const detail = `netuid ${closedNetuid} was not started yet: its owner does so (subnet subnets start)`;
  return refusal('CALL_REFUSED', 'SubtokenDisabled', detail);
}

function unknownHotkey({ hotkeyExists, to }: MoveState): Refusal | null {
  if (hotkeyExists) return null;
  return refusal('CALL_REFUSED', 'HotKeyAccountNotExists', `the chain does not know ${to.hotkey}`);
}

function shortOfStake(
  { from, fromRao, kind }: MoveState,
  { amountRao }: MoveOrder,
): Refusal | null {
  if (amountRao > 0n && fromRao >= amountRao) return null;
  const [have, want] = [fromRao, amountRao].map((rao) => amountText(stakeOn(from.netuid, rao)));
  const detail = `${have} staked on netuid ${from.netuid}, ${want} to ${kind}`;
  return refusal('STAKE_TOO_LOW', 'NotEnoughStakeToWithdraw', detail);
}

/** Between subnets it must be more than the least trade, on one subnet as much suffices. */
function tooSmall({ from, to, minimumRao }: MoveState, { valueRao }: MoveOrder): Refusal | null {
  if (minimumRao === 0n) return null;
  const leastRao = from.netuid === to.netuid ? minimumRao : minimumRao + 1n;
  return tooLittle(leastRao, valueRao, 'the stake is worth');
}

function beyondRate({ to, rateRao }: MoveState, { limit }: MoveOrder): Refusal | null {
  if (limit === null || rateRao >= limit.limitPriceRao) return null;
  const [rate, least] = [rateRao, limit.limitPriceRao].map((rao) =>
    amountText(stakeOn(to.netuid, rao)),
  );
  const detail = `one alpha becomes ${rate} of netuid ${to.netuid}, the limit is ${least}`;
  return refusal('PRICE_LIMIT', 'SlippageTooHigh', detail);
}

/** The chain would trade at whatever price its block finds: only who says so gets that. */
function unprotected(state: MoveState, { limit, unsafe }: MoveOrder): Refusal | null {
  if (state.fixedRate || limit !== null || unsafe) return null;
  const how =
    state.kind === 'swap'
      ? 'this runtime holds no price limit for a swap'
      : `${state.kind}_stake holds no price limit between subnets: swap it to netuid ${state.to.netuid} first, with a limit, and ${state.kind} it there`;
  return refusal('PRICE_LIMIT', 'NoPriceLimit', `${how}; --unsafe trades at any price`);
}

function notTransferable({ kind, transfersAllowed }: MoveState): Refusal | null {
  if (kind !== 'transfer' || transfersAllowed) return null;
  const detail = 'a subnet does not let stake be transferred';
  return refusal('CALL_REFUSED', 'TransferDisallowed', detail);
}
