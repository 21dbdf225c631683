import { describe, expect, it } from 'vitest';
import { parseSs58 } from '../../../common/keys/ss58.ts';
import { moveCall, moveRefusals, readMove } from '../../../common/operator/move-plan.ts';
import type { MoveKind } from '../../../common/operator/move-plan.ts';
import { fakeView } from '../../fakes/fake-view.ts';

const cold = address('5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty');
const hot = address('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');
const other = address('5HGqzPHNCbZ9a4hpV5xR44ieP4ALojo2Xk8Av2fYQkZQ9WcV');

function address(text: string) {
  const found = parseSs58(text);
  if (found === undefined) throw new Error(text);
  return found;
}

const here = { coldkey: cold, hotkey: hot, netuid: 2 };

function state(kind: MoveKind, to: Partial<typeof here>, transfers = true) {
  const stakes = (whose: unknown) =>
    whose === cold ? [{ hotkey: hot, netuid: 2, stake: 10 }] : [];
  const view = fakeView({
    storage: {
      NetworksAdded: { 2: true, 3: true },
      Owner: { [hot]: cold },
      TransferToggle: { 2: true, 3: transfers },
      SubnetTAO: {},
    },
    apis: { 'StakeInfoRuntimeApi.get_stake_info_for_coldkey': stakes },
  });
  return readMove(view, kind, here, { ...here, ...to });
}

const errors = async (found: ReturnType<typeof state>, amount: bigint) =>
  moveRefusals(await found, amount).map(({ chainError }) => chainError);

describe('moving stake', () => {
  it("goes to another hotkey, coldkey or subnet by the chain's three calls", async () => {
    expect(moveCall(await state('move', { hotkey: other }), 4n)).toMatchObject({
      name: 'move_stake',
      args: { origin_hotkey: hot, destination_hotkey: other, alpha_amount: 4n },
    });
    expect(moveCall(await state('transfer', { coldkey: other }), 4n)).toMatchObject({
      name: 'transfer_stake',
      args: { destination_coldkey: other, hotkey: hot, origin_netuid: 2, destination_netuid: 2 },
    });
    expect(moveCall(await state('swap', { netuid: 3 }), 4n)).toMatchObject({
      name: 'swap_stake',
      args: { hotkey: hot, origin_netuid: 2, destination_netuid: 3 },
    });
  });

  it('is refused for what is not there, not known, not allowed, or no move at all', async () => {
    expect(await errors(state('swap', { netuid: 3 }), 10n)).toEqual([]);
    expect(await errors(state('swap', { netuid: 3 }), 11n)).toEqual(['NotEnoughStakeToWithdraw']);
    expect(await errors(state('move', { hotkey: other }), 1n)).toEqual(['HotKeyAccountNotExists']);
    expect(await errors(state('move', {}), 1n)).toEqual(['SameNetuid']);
    expect(await errors(state('transfer', { coldkey: other, netuid: 3 }, false), 1n)).toEqual([
      'TransferDisallowed',
    ]);
    await expect(state('swap', { netuid: 9 })).rejects.toMatchObject({ code: 'CHAIN_NO_SUBNET' });
  });
});
