import { asBool, asOwner } from '../chain/decoded.ts';
import type { Coldkey, Hotkey } from '../brand.ts';
import type { ChainCall } from '../chain-port.ts';
import type { StateView } from '../state-view.ts';
import { amountText, stakeOn } from './amount.ts';
import { readStake } from './balances.ts';
import { optional } from './optional-reads.ts';
import { refusal, refusals } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { requireSubnet } from './subnet-list.ts';

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
}

/** Throws CHAIN_NO_SUBNET for either subnet. */
export async function readMove(
  view: StateView,
  kind: MoveKind,
  from: StakePlace,
  to: StakePlace,
): Promise<MoveState> {
  await requireSubnet(view, from.netuid);
  await requireSubnet(view, to.netuid);
  const [fromRao, toRao, owner, leaves, enters] = await Promise.all([
    readStake(view, from.coldkey, from.hotkey, from.netuid),
    readStake(view, to.coldkey, to.hotkey, to.netuid),
    view.storage('SubtensorModule', 'Owner', to.hotkey),
    optional(view, 'TransferToggle', from.netuid),
    optional(view, 'TransferToggle', to.netuid),
  ]);
  const isOpen = (toggle: unknown): boolean => toggle === undefined || asBool(toggle);
  return {
    kind,
    from,
    to,
    fromRao,
    toRao,
    hotkeyExists: asOwner(owner) !== null,
    transfersAllowed: isOpen(leaves) && isOpen(enters),
  };
}

/** The amount is in alpha of the subnet that it leaves. */
export function moveCall({ kind, from, to }: MoveState, amountRao: bigint): ChainCall {
  const netuids = { origin_netuid: from.netuid, destination_netuid: to.netuid };
  const shared = { ...netuids, alpha_amount: amountRao };
  const args = {
    move: { origin_hotkey: from.hotkey, destination_hotkey: to.hotkey, ...shared },
    transfer: { destination_coldkey: to.coldkey, hotkey: from.hotkey, ...shared },
    swap: { hotkey: from.hotkey, ...shared },
  }[kind];
  return { call: 'named', pallet: 'SubtensorModule', name: `${kind}_stake`, args };
}

export function moveRefusals(state: MoveState, amountRao: bigint): readonly Refusal[] {
  const { from, to, fromRao, hotkeyExists, transfersAllowed, kind } = state;
  const [have, want] = [fromRao, amountRao].map((rao) => amountText(stakeOn(from.netuid, rao)));
  const isSame = from.hotkey === to.hotkey && from.netuid === to.netuid;
  return refusals(
    hotkeyExists
      ? null
      : refusal('CALL_REFUSED', 'HotKeyAccountNotExists', `the chain does not know ${to.hotkey}`),
    amountRao > 0n && fromRao >= amountRao
      ? null
      : refusal(
          'STAKE_TOO_LOW',
          'NotEnoughStakeToWithdraw',
          `${have} staked on netuid ${from.netuid}, ${want} to ${kind}`,
        ),
    isSame && from.coldkey === to.coldkey
      ? refusal('CALL_REFUSED', 'SameNetuid', 'the stake is there already')
      : null,
    kind !== 'transfer' || transfersAllowed
      ? null
      : refusal('CALL_REFUSED', 'TransferDisallowed', 'a subnet does not let stake be transferred'),
  );
}
