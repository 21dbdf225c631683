import { asBig, asBool, asOwner } from '../chain/decoded.ts';
import type { Coldkey, Hotkey } from '../brand.ts';
import type { ChainCall } from '../chain-port.ts';
import { SubnetError } from '../errors.ts';
import type { StateView } from '../state-view.ts';
import { amountText, stakeOn, worth } from './amount.ts';
import { readStake } from './balances.ts';
import { optional } from './optional-reads.ts';
import { readPrice } from './prices.ts';
import { refusal, refusals } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { readFree, shortOfBalance } from './registration.ts';
import { isNomination, readStakeMinimum, smallNomination, tooLittle } from './stake-minimum.ts';
import type { StakeMinimum } from './stake-minimum.ts';
import { requireSubnet } from './subnet-list.ts';

export interface StakeState {
  /** 0 on chains of before alpha, where stake belongs to no subnet. */
  readonly netuid: number;
  readonly hotkey: Hotkey;
  readonly coldkey: Coldkey;
  readonly freeRao: bigint;
  /** Alpha of the subnet, TAO on root. */
  readonly stakeRao: bigint;
  readonly priceRao: bigint;
  /** Whether the chain knows the hotkey. */
  readonly hotkeyExists: boolean;
  /** Whether it is another coldkey's hotkey. */
  readonly nominates: boolean;
  readonly minimum: StakeMinimum;
  /** Whether alpha can be bought and sold: the subnet was started. */
  readonly tradable: boolean;
  /** An account below it is wiped out. */
  readonly existentialDepositRao: bigint;
}

/** Throws CHAIN_NO_SUBNET. */
export async function readStakeState(
  view: StateView,
  wanted: number,
  hotkey: Hotkey,
  coldkey: Coldkey,
): Promise<StakeState> {
  await requireSubnet(view, wanted);
  const netuid = hasSubnetStake(view) ? wanted : 0;
  const [freeRao, stakeRao, priceRao, minimum, owner, enabled] = await Promise.all([
    readFree(view, coldkey),
    readStake(view, coldkey, hotkey, netuid),
    readPrice(view, netuid),
    readStakeMinimum(view, netuid, hasSubnetStake(view)),
    view.storage('SubtensorModule', 'Owner', hotkey),
    optional(view, 'SubtokenEnabled', netuid),
  ]);
  return {
    netuid,
    hotkey,
    coldkey,
    freeRao,
    stakeRao,
    priceRao,
    hotkeyExists: asOwner(owner) !== null,
    nominates: isNomination(owner, coldkey),
    minimum,
    tradable: netuid === 0 || enabled === undefined || asBool(enabled),
    existentialDepositRao: asBig(view.constant('Balances', 'ExistentialDeposit') ?? 0),
  };
}

function hasSubnetStake(view: StateView): boolean {
  const taken = view.callArguments('SubtensorModule', 'add_stake') ?? [];
  return taken.some(({ name }) => name === 'netuid');
}

/** How far the price may move away while the call is under way. */
export interface PriceLimit {
  /** RAO of TAO for one whole alpha: the most when buying, the least when selling. */
  readonly limitPriceRao: bigint;
  /** Trade what can be had within the limit, rather than nothing. */
  readonly partial: boolean;
}

const permille = 1000n;

/** The price moved against the trader by so many thousandths. */
export function limitFrom(
  priceRao: bigint,
  direction: 'buy' | 'sell',
  tolerancePermille: bigint,
): bigint {
  const factor = direction === 'buy' ? permille + tolerancePermille : permille - tolerancePermille;
  return (priceRao * factor) / permille;
}

export interface StakeOrder {
  readonly direction: 'buy' | 'sell';
  /** TAO to spend when buying, alpha to sell when selling. */
  readonly amountRao: bigint;
  /** null: at any price. */
  readonly limit: PriceLimit | null;
  /** RAO of TAO that a sale brings; absent: its worth at the price. */
  readonly proceedsRao?: bigint;
}

/**
 * The call that carries the order out. Throws CHAIN_UNSUPPORTED when a limit is asked of a runtime
 * that holds none.
 */
export function stakeCall(view: StateView, state: StakeState, order: StakeOrder): ChainCall {
  const { hotkey, netuid } = state;
  const { direction, amountRao, limit } = order;
  const plain = direction === 'buy' ? 'add_stake' : 'remove_stake';
  if (limit === null) return { call: plain, hotkey, netuid, amountRao };
  const name = `${plain}_limit`;
  if (view.callArguments('SubtensorModule', name) === null) {
    throw new SubnetError('CHAIN_UNSUPPORTED', { missing: `SubtensorModule.${name}` });
  }
  const amount =
    direction === 'buy' ? { amount_staked: amountRao } : { amount_unstaked: amountRao };
  return {
    call: 'named',
    pallet: 'SubtensorModule',
    name,
    args: {
      hotkey,
      netuid,
      ...amount,
      limit_price: limit.limitPriceRao,
      allow_partial: limit.partial,
    },
  };
}

/** Whether the runtime can hold a price limit. */
export function canLimitPrice(view: StateView): boolean {
  return view.callArguments('SubtensorModule', 'add_stake_limit') !== null;
}

/** In the order of the chain's checks. */
export function stakeRefusals(
  state: StakeState,
  order: StakeOrder,
  feeRao: bigint,
): readonly Refusal[] {
  const { freeRao, existentialDepositRao } = state;
  const buying = order.direction === 'buy';
  return refusals(
    notTradable(state),
    buying ? tooLittle(state.minimum.buyRao, order.amountRao, 'to stake:') : null,
    buying
      ? shortOfBalance(
          freeRao,
          order.amountRao + existentialDepositRao,
          feeRao,
          'NotEnoughBalanceToStake',
        )
      : shortOfStake(state, order.amountRao),
    buying ? null : saleTooSmall(state, order),
    beyondLimit(state, order),
    unknownHotkey(state),
    buying ? smallNomination(state, order.amountRao) : null,
  );
}

function notTradable({ tradable, netuid }: StakeState): Refusal | null {
  if (tradable) return null;
  const detail = `netuid ${netuid} was not started yet: its owner does so (subnet subnets start)`;
  return refusal('CALL_REFUSED', 'SubtokenDisabled', detail);
}

function shortOfStake({ stakeRao, netuid }: StakeState, amountRao: bigint): Refusal | null {
  if (amountRao > 0n && stakeRao >= amountRao) return null;
  const [have, want] = [stakeRao, amountRao].map((rao) => amountText(stakeOn(netuid, rao)));
  const detail = `${have} staked on netuid ${netuid}, ${want} to remove`;
  return refusal('STAKE_TOO_LOW', 'NotEnoughStakeToWithdraw', detail);
}

/** All of it can always be sold. */
function saleTooSmall(state: StakeState, { amountRao, proceedsRao }: StakeOrder): Refusal | null {
  if (amountRao >= state.stakeRao) return null;
  const valueRao = proceedsRao ?? worth(amountRao, state.priceRao);
  return tooLittle(state.minimum.tradeRao, valueRao, 'the sale would bring');
}

function unknownHotkey({ hotkeyExists, hotkey }: StakeState): Refusal | null {
  if (hotkeyExists) return null;
  const detail = `the chain does not know hotkey ${hotkey}: it was never registered`;
  return refusal('CALL_REFUSED', 'HotKeyAccountNotExists', detail);
}

function beyondLimit({ priceRao, netuid }: StakeState, order: StakeOrder): Refusal | null {
  if (order.limit === null || netuid === 0) return null;
  const { limitPriceRao } = order.limit;
  const within = order.direction === 'buy' ? priceRao <= limitPriceRao : priceRao >= limitPriceRao;
  if (within) return null;
  const [price, limit] = [priceRao, limitPriceRao].map((rao) => amountText({ unit: 'TAO', rao }));
  const detail = `one alpha costs ${price}, the limit is ${limit}`;
  return refusal('PRICE_LIMIT', 'SlippageTooHigh', detail);
}

/** What can be spent at most: an account must keep its existential deposit, and pay the fee. */
export function spendable(state: StakeState, feeRao: bigint): bigint {
  const rest = state.freeRao - state.existentialDepositRao - feeRao;
  return rest > 0n ? rest : 0n;
}
