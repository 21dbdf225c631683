import type { Coldkey, Hotkey } from '../../common/brand.ts';
import { SubnetError } from '../../common/errors.ts';
import { amountText, stakeOn, tao } from '../../common/operator/amount.ts';
import { readStake } from '../../common/operator/balances.ts';
import { moveCall, moveRefusals, quoteMove, readMove } from '../../common/operator/move-plan.ts';
import type {
  MoveKind,
  MoveOrder,
  MoveState,
  StakePlace,
} from '../../common/operator/move-plan.ts';
import { limitFrom } from '../../common/operator/stake-plan.ts';
import type { PriceLimit } from '../../common/operator/stake-plan.ts';
import type { CliIo } from '../io.ts';
import { coldkeyOf, hotkeyOf, operationDeps, requireNetuid, usage } from './command-parts.ts';
import type { SigningFlags } from './command-parts.ts';
import type { Facts } from './facts.ts';
import { carryOut } from './operation.ts';
import type { Operation } from './operation.ts';
import { defaultTolerancePermille, limitFacts } from './price-limit.ts';
import type { LimitFlags } from './price-limit.ts';
import { withChain } from './session.ts';
import type { OperatorDeps } from './session.ts';
import { shortKey } from './table.ts';

export interface MoveFlags extends SigningFlags, LimitFlags {
  /** RAO of the alpha that leaves. */
  readonly amount?: bigint;
  readonly all?: boolean;
  readonly toHotkey?: Hotkey;
  readonly toColdkey?: Coldkey;
  readonly toNetuid?: number;
}

/** `subnet stake move`, `transfer`, `swap`. */
export function moveStake(
  io: CliIo,
  deps: OperatorDeps,
  kind: MoveKind,
  flags: MoveFlags,
): Promise<void> {
  if ((flags.amount === undefined) === (flags.all !== true)) {
    throw usage('give either --amount or --all');
  }
  const from = {
    coldkey: coldkeyOf(io, flags),
    hotkey: hotkeyOf(io, flags),
    netuid: requireNetuid(flags),
  };
  const to = destination(kind, from, flags);
  return withChain(io, deps, flags, async (chain) => {
    const view = await chain.view();
    const state = await readMove(view, kind, from, to);
    const amountRao = flags.amount ?? state.fromRao;
    const quote = await quoteMove(view, state, amountRao);
    const unsafe = flags.unsafe === true;
    const order = { amountRao, limit: limitOf(state, flags), ...quote, unsafe };
    await carryOut(operationDeps(io, deps, flags, chain), moveOperation(state, order));
  });
}

/** As stake for one alpha; none with --unsafe, and where no call holds one. Throws CHAIN_UNSUPPORTED. */
function limitOf({ rateRao, canLimit }: MoveState, flags: MoveFlags): PriceLimit | null {
  const { limitPrice, tolerance = defaultTolerancePermille } = flags;
  const partial = flags.partial === true;
  if (limitPrice !== undefined && !canLimit) {
    throw new SubnetError('CHAIN_UNSUPPORTED', { missing: 'SubtensorModule.swap_stake_limit' });
  }
  if (limitPrice !== undefined) return { limitPriceRao: limitPrice, partial };
  if (flags.unsafe === true || !canLimit) return null;
  return { limitPriceRao: limitFrom(rateRao, 'sell', tolerance), partial };
}

/** What is not named stays as it is. Throws USAGE. */
function destination(kind: MoveKind, from: StakePlace, flags: MoveFlags): StakePlace {
  const { toHotkey, toColdkey, toNetuid } = flags;
  if (kind === 'move' && toHotkey === undefined) throw usage('name the other hotkey: --to-hotkey');
  if (kind === 'transfer' && toColdkey === undefined) {
    throw usage('name the other coldkey: --to-coldkey');
  }
  if (kind === 'swap' && toNetuid === undefined) throw usage('name the other subnet: --to-netuid');
  return {
    coldkey: toColdkey ?? from.coldkey,
    hotkey: toHotkey ?? from.hotkey,
    netuid: toNetuid ?? from.netuid,
  };
}

const verbs = { move: 'Move', transfer: 'Transfer', swap: 'Swap' } as const;

export function moveOperation(state: MoveState, order: MoveOrder): Operation {
  const { kind, from, to, fromRao, toRao } = state;
  const amount = stakeOn(from.netuid, order.amountRao);
  return {
    what: `${verbs[kind]} ${amountText(amount)} of stake behind ${shortKey(from.hotkey)} from netuid ${from.netuid}`,
    call: moveCall(state, order),
    signedBy: 'coldkey',
    payer: from.coldkey,
    facts: {
      amount,
      fromHotkey: from.hotkey,
      fromNetuid: from.netuid,
      toHotkey: to.hotkey,
      toNetuid: to.netuid,
      toColdkey: to.coldkey,
      ...(from.netuid === to.netuid ? {} : tradeFacts(state, order)),
      stakeThereBefore: stakeOn(to.netuid, toRao),
      stakeHereBefore: stakeOn(from.netuid, fromRao),
    },
    refusals: () => moveRefusals(state, order),
    effect: async (view) => {
      const now = await readStake(view, to.coldkey, to.hotkey, to.netuid);
      return now > toRao ? { stakeThereAfter: stakeOn(to.netuid, now) } : null;
    },
  };
}

/** Between subnets the stake is sold and bought: at what price, and how that is held. */
function tradeFacts(state: MoveState, { limit, valueRao, expectedRao }: MoveOrder): Facts {
  const { kind, to, fromPriceRao, toPriceRao, rateRao, fixedRate } = state;
  const there = (rao: bigint) => stakeOn(to.netuid, rao);
  const open = kind === 'swap' ? 'none: at any price' : `none: ${kind}_stake holds no price limit`;
  return {
    fromPricePerAlpha: tao(fromPriceRao),
    toPricePerAlpha: tao(toPriceRao),
    oneAlphaBecomes: there(rateRao),
    worth: tao(valueRao),
    expected: there(expectedRao),
    ...limitFacts(limit, there, fixedRate ? 'none: the price is fixed' : open),
  };
}
