import type { Coldkey, Hotkey } from '../../common/brand.ts';
import { amountText, stakeOn } from '../../common/operator/amount.ts';
import { readStake } from '../../common/operator/balances.ts';
import { moveCall, moveRefusals, readMove } from '../../common/operator/move-plan.ts';
import type { MoveKind, MoveState, StakePlace } from '../../common/operator/move-plan.ts';
import type { CliIo } from '../io.ts';
import { coldkeyOf, hotkeyOf, operationDeps, requireNetuid, usage } from './command-parts.ts';
import type { SigningFlags } from './command-parts.ts';
import { carryOut } from './operation.ts';
import type { Operation } from './operation.ts';
import { withChain } from './session.ts';
import type { OperatorDeps } from './session.ts';
import { shortKey } from './table.ts';

export interface MoveFlags extends SigningFlags {
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
    const state = await readMove(await chain.view(), kind, from, to);
    const operation = moveOperation(state, flags.amount ?? state.fromRao);
    await carryOut(operationDeps(io, deps, flags, chain), operation);
  });
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

export function moveOperation(state: MoveState, amountRao: bigint): Operation {
  const { kind, from, to, fromRao, toRao } = state;
  const amount = stakeOn(from.netuid, amountRao);
  return {
    what: `${verbs[kind]} ${amountText(amount)} of stake behind ${shortKey(from.hotkey)} from netuid ${from.netuid}`,
    call: moveCall(state, amountRao),
    signedBy: 'coldkey',
    payer: from.coldkey,
    facts: {
      amount,
      fromHotkey: from.hotkey,
      fromNetuid: from.netuid,
      toHotkey: to.hotkey,
      toNetuid: to.netuid,
      toColdkey: to.coldkey,
      stakeThereBefore: stakeOn(to.netuid, toRao),
      stakeHereBefore: stakeOn(from.netuid, fromRao),
    },
    refusals: () => moveRefusals(state, amountRao),
    effect: async (view) => {
      const now = await readStake(view, to.coldkey, to.hotkey, to.netuid);
      return now > toRao ? { stakeThereAfter: stakeOn(to.netuid, now) } : null;
    },
  };
}
