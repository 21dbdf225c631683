import { asBig } from '../../common/chain/decoded.ts';
import type { ChainEvent } from '../../common/chain-port.ts';
import type { Coldkey, Hotkey } from '../../common/brand.ts';
import { SubnetError } from '../../common/errors.ts';
import { summariseWallet } from '../../common/keys/wallet.ts';
import { amountText, stakeOn, tao, worth } from '../../common/operator/amount.ts';
import { readStake, readStakes } from '../../common/operator/balances.ts';
import { quoteSale } from '../../common/operator/quotes.ts';
import { paidOutToo } from '../../common/operator/stake-minimum.ts';
import { readFree } from '../../common/operator/registration.ts';
import {
  canLimitPrice,
  limitFrom,
  readStakeState,
  spendable,
  stakeCall,
  stakeRefusals,
} from '../../common/operator/stake-plan.ts';
import type { PriceLimit, StakeOrder, StakeState } from '../../common/operator/stake-plan.ts';
import type { StateView } from '../../common/state-view.ts';
import { locationOf } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { coldkeyOf, hotkeyOf, operationDeps, requireNetuid, usage } from './command-parts.ts';
import type { SigningFlags } from './command-parts.ts';
import type { Facts } from './facts.ts';
import { carryOutAll } from './operation.ts';
import type { Operation } from './operation.ts';
import { defaultTolerancePermille, limitFacts } from './price-limit.ts';
import type { LimitFlags } from './price-limit.ts';
import { withChain } from './session.ts';
import type { OperatorDeps } from './session.ts';
import { shortKey } from './table.ts';
import { raoPerTao } from '../../common/rao.ts';

export interface TradeFlags extends SigningFlags, LimitFlags {
  /** RAO: of TAO when adding, of alpha when removing. */
  readonly amount?: bigint;
  readonly all?: boolean;
  readonly allHotkeys?: boolean;
  readonly allNetuids?: boolean;
}

/** `subnet stake add`. */
export function addStake(io: CliIo, deps: OperatorDeps, flags: TradeFlags): Promise<void> {
  const netuid = requireNetuid(flags);
  checkAmount(flags);
  const coldkey = coldkeyOf(io, flags);
  const hotkeys = flags.allHotkeys === true ? hotkeysOf(io, flags) : [hotkeyOf(io, flags)];
  return withChain(io, deps, flags, async (chain) => {
    const view = await chain.view();
    const states = await Promise.all(
      hotkeys.map((hotkey) => readStakeState(view, netuid, hotkey, coldkey)),
    );
    const amountRao = flags.amount ?? (await shareOfAll(view, states));
    // Each of several pays from what the ones before it leave.
    const operations = states.map((state, at) => {
      const freeRao = state.freeRao - BigInt(at) * amountRao;
      return buyOperation(view, { ...state, freeRao }, amountRao, flags);
    });
    await carryOutAll(operationDeps(io, deps, flags, chain), operations);
  });
}

/** `subnet stake remove`. */
export function removeStake(io: CliIo, deps: OperatorDeps, flags: TradeFlags): Promise<void> {
  checkAmount(flags);
  const wide = flags.allHotkeys === true || flags.allNetuids === true;
  if (wide && flags.all !== true) throw usage('--all-hotkeys and --all-netuids go with --all');
  const coldkey = coldkeyOf(io, flags);
  return withChain(io, deps, flags, async (chain) => {
    const view = await chain.view();
    const places = await placesOf(io, view, coldkey, flags);
    const operations = await Promise.all(
      places.map(async ({ hotkey, netuid }) => {
        const state = await readStakeState(view, netuid, hotkey, coldkey);
        const amountRao = flags.amount ?? state.stakeRao;
        const proceedsRao = await quoteSale(view, state.netuid, amountRao);
        return sellOperation(view, state, { amountRao, proceedsRao }, flags);
      }),
    );
    await carryOutAll(operationDeps(io, deps, flags, chain), operations);
  });
}

interface Place {
  readonly hotkey: Hotkey;
  readonly netuid: number;
}

/** Where stake is to be removed. Throws STAKE_TOO_LOW when there is none in all those places. */
async function placesOf(
  io: CliIo,
  view: StateView,
  coldkey: Coldkey,
  flags: TradeFlags,
): Promise<readonly Place[]> {
  const hotkey = flags.allHotkeys === true ? null : hotkeyOf(io, flags);
  const netuid = flags.allNetuids === true ? null : requireNetuid(flags);
  if (hotkey !== null && netuid !== null) return [{ hotkey, netuid }];
  const positions = await readStakes(view, coldkey);
  const places = positions.filter(
    (one) =>
      (hotkey === null || one.hotkey === hotkey) && (netuid === null || one.netuid === netuid),
  );
  if (places.length > 0) return places;
  throw new SubnetError('STAKE_TOO_LOW', { detail: `${coldkey} has no stake there` });
}

function checkAmount({ amount, all }: TradeFlags): void {
  if ((amount === undefined) === (all !== true)) throw usage('give either --amount or --all');
}

function hotkeysOf(io: CliIo, flags: TradeFlags): readonly Hotkey[] {
  const { hotkeys } = summariseWallet(locationOf(io, flags));
  return hotkeys.flatMap(({ ss58 }) => ss58 ?? []);
}

/** All that can be spent, in equal parts, a generous fee for each kept back. */
async function shareOfAll(view: StateView, states: readonly StakeState[]): Promise<bigint> {
  const [first] = states;
  if (first === undefined) throw usage('the wallet has no hotkey that could be read');
  const probe = { direction: 'buy', amountRao: raoPerTao, limit: null } as const;
  const feeRao = 2n * (await view.fee(stakeCall(view, first, probe), first.coldkey));
  return spendable(first, feeRao * BigInt(states.length)) / BigInt(states.length);
}

/** The limit that was asked for; none on root, whose price is fixed, and none with --unsafe. */
function limitOf(
  view: StateView,
  { netuid, priceRao }: StakeState,
  direction: StakeOrder['direction'],
  flags: TradeFlags,
): PriceLimit | null {
  const partial = flags.partial === true;
  if (flags.limitPrice !== undefined) return { limitPriceRao: flags.limitPrice, partial };
  if (flags.unsafe === true || netuid === 0 || !canLimitPrice(view)) return null;
  return {
    limitPriceRao: limitFrom(priceRao, direction, flags.tolerance ?? defaultTolerancePermille),
    partial,
  };
}

/** In TAO for one alpha. */
function factsOfLimit(view: StateView, netuid: number, limit: PriceLimit | null): Facts {
  const open = canLimitPrice(view) ? 'none: at any price' : 'none: this runtime holds no limit';
  return limitFacts(limit, tao, netuid === 0 ? 'none: the price on root is fixed' : open);
}

export function buyOperation(
  view: StateView,
  state: StakeState,
  amountRao: bigint,
  flags: TradeFlags,
): Operation {
  const { netuid, hotkey, coldkey, priceRao } = state;
  const limit = limitOf(view, state, 'buy', flags);
  const order: StakeOrder = { direction: 'buy', amountRao, limit };
  return {
    what: `Stake ${amountText(tao(amountRao))} to ${shortKey(hotkey)} on netuid ${netuid}`,
    call: stakeCall(view, state, order),
    signedBy: 'coldkey',
    payer: coldkey,
    facts: {
      netuid,
      hotkey,
      coldkey,
      amount: tao(amountRao),
      pricePerAlpha: tao(priceRao),
      ...factsOfLimit(view, netuid, limit),
      stakeBefore: stakeOn(netuid, state.stakeRao),
      freeBalance: tao(state.freeRao),
    },
    refusals: (feeRao) => stakeRefusals(state, order, feeRao),
    effect: (after, { events }) => tradeEffect(after, state, 'StakeAdded', events),
  };
}

export function sellOperation(
  view: StateView,
  state: StakeState,
  { amountRao, proceedsRao }: { readonly amountRao: bigint; readonly proceedsRao: bigint },
  flags: TradeFlags,
): Operation {
  const { netuid, hotkey, coldkey, priceRao, stakeRao } = state;
  const limit = limitOf(view, state, 'sell', flags);
  const order: StakeOrder = { direction: 'sell', amountRao, limit, proceedsRao };
  const amount = stakeOn(netuid, amountRao);
  return {
    what: `Remove ${amountText(amount)} of stake from ${shortKey(hotkey)} on netuid ${netuid}`,
    call: flags.all === true ? sellAllCall(view, state, order) : stakeCall(view, state, order),
    signedBy: 'coldkey',
    payer: coldkey,
    facts: {
      netuid,
      hotkey,
      coldkey,
      amount,
      worth: tao(worth(amountRao, priceRao)),
      pricePerAlpha: tao(priceRao),
      ...factsOfLimit(view, netuid, limit),
      ...restFacts(state, amountRao),
      stakeBefore: stakeOn(netuid, stakeRao),
      freeBalance: tao(state.freeRao),
    },
    refusals: (feeRao) => stakeRefusals(state, order, feeRao),
    effect: (after, { events }) => tradeEffect(after, state, 'StakeRemoved', events),
  };
}

/** What would be left of a nomination goes with the sale where it is too little. */
function restFacts(state: StakeState, amountRao: bigint): Facts {
  const rest = paidOutToo(state, amountRao);
  return rest === 0n ? {} : { restPaidOutToo: stakeOn(state.netuid, rest) };
}

/** With the call for all of it nothing that an epoch adds meanwhile stays behind. */
function sellAllCall(view: StateView, state: StakeState, order: StakeOrder): Operation['call'] {
  const name = 'remove_stake_full_limit';
  const isWhole = order.limit?.partial !== true;
  if (!isWhole || view.callArguments('SubtensorModule', name) === null) {
    return stakeCall(view, state, order);
  }
  const { hotkey, netuid } = state;
  const limit_price = order.limit === null ? null : order.limit.limitPriceRao;
  return { call: 'named', pallet: 'SubtensorModule', name, args: { hotkey, netuid, limit_price } };
}

/** The event says what was traded, the state that it is so. */
async function tradeEffect(
  view: StateView,
  before: StakeState,
  name: 'StakeAdded' | 'StakeRemoved',
  events: readonly ChainEvent[],
) {
  const { coldkey, hotkey, netuid } = before;
  const [stakeRao, freeRao] = await Promise.all([
    readStake(view, coldkey, hotkey, netuid),
    readFree(view, coldkey),
  ]);
  const event = events.find(
    (one) =>
      one.name === `SubtensorModule.${name}` && one.args[0] === coldkey && one.args[1] === hotkey,
  );
  const moved = name === 'StakeAdded' ? stakeRao > before.stakeRao : stakeRao < before.stakeRao;
  if (event === undefined && !moved) return null;
  return {
    ...(event === undefined ? {} : tradeFacts(netuid, event)),
    stakeAfter: stakeOn(netuid, stakeRao),
    freeBalance: tao(freeRao),
  };
}

/** (coldkey, hotkey, TAO, alpha, netuid, fee); older runtimes leave out the last ones. */
function tradeFacts(netuid: number, { args }: ChainEvent) {
  const [, , taoRao, alphaRao] = args;
  if (taoRao === undefined || alphaRao === undefined) return {};
  return { tradedTao: tao(asBig(taoRao)), tradedStake: stakeOn(netuid, asBig(alphaRao)) };
}
