import type { Coldkey } from '../../common/brand.ts';
import { amountText, shortDecimal, stakeOn, tao } from '../../common/operator/amount.ts';
import { readColdkeyBalance } from '../../common/operator/balances.ts';
import type { StakePosition } from '../../common/operator/balances.ts';
import type { NetworkFlags, OutputFlags, WalletFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { coldkeyOf } from './command-parts.ts';
import type { SubnetFlags } from './command-parts.ts';
import { factsJson } from './facts.ts';
import type { Facts } from './facts.ts';
import { answer } from './session.ts';
import type { OperatorDeps } from './session.ts';
import { renderTable, shortKey } from './table.ts';
import type { Column } from './table.ts';

export interface StakeListFlags extends NetworkFlags, OutputFlags, WalletFlags, SubnetFlags {
  /** Look at this coldkey rather than at the wallet's. */
  readonly coldkey?: Coldkey;
}

const columns: readonly Column<StakePosition>[] = [
  { title: 'netuid', align: 'right', text: ({ netuid }) => String(netuid) },
  { title: 'hotkey', text: ({ hotkey }) => shortKey(hotkey) },
  { title: 'stake', align: 'right', text: (one) => amountText(stakeOn(one.netuid, one.stakeRao)) },
  {
    title: 'price TAO',
    align: 'right',
    rank: 1,
    text: ({ priceRao }) => shortDecimal(priceRao, 6),
  },
  { title: 'worth TAO', align: 'right', text: ({ valueRao }) => shortDecimal(valueRao) },
];

/** `subnet stake list`: what a coldkey has staked, on every subnet or on one. */
export function listStake(io: CliIo, deps: OperatorDeps, flags: StakeListFlags): Promise<void> {
  return answer(io, deps, flags, async (view) => {
    const coldkey = flags.coldkey ?? coldkeyOf(io, flags);
    const balance = await readColdkeyBalance(view, coldkey);
    const positions = balance.positions.filter(
      ({ netuid }) => flags.netuid === undefined || netuid === flags.netuid,
    );
    const worth = positions.reduce((sum, { valueRao }) => sum + valueRao, 0n);
    const totals = { free: tao(balance.freeRao), staked: tao(worth) };
    const head = `coldkey ${coldkey} at block ${view.block.number}`;
    const sum = `free ${amountText(totals.free)}, stake worth ${amountText(totals.staked)}`;
    const table = positions.length === 0 ? 'no stake' : renderTable(columns, positions, io.columns);
    return {
      json: { coldkey, ...factsJson(totals), positions: positions.map(positionJson) },
      lines: [head, ...table.split('\n'), sum],
    };
  });
}

export function positionJson(one: StakePosition): Readonly<Record<string, unknown>> {
  const { hotkey, netuid, stakeRao, priceRao, valueRao } = one;
  const facts: Facts = {
    hotkey,
    netuid,
    stake: stakeOn(netuid, stakeRao),
    pricePerAlpha: tao(priceRao),
    worth: tao(valueRao),
  };
  return factsJson(facts);
}
