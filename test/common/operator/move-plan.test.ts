import { describe, expect, it } from 'vitest';
import { parseSs58 } from '../../../common/keys/ss58.ts';
import { moveCall, moveRefusals, quoteMove, readMove } from '../../../common/operator/move-plan.ts';
import type { MoveKind, MoveOrder } from '../../../common/operator/move-plan.ts';
import { fakeView } from '../../fakes/fake-view.ts';
import type { FakeState } from '../../fakes/fake-view.ts';

const cold = address('5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty');
const hot = address('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');
const other = address('5HGqzPHNCbZ9a4hpV5xR44ieP4ALojo2Xk8Av2fYQkZQ9WcV');

function address(text: string) {
  const found = parseSs58(text);
  if (found === undefined) throw new Error(text);
  return found;
}

const here = { coldkey: cold, hotkey: hot, netuid: 2 };

const stakes = (whose: unknown) => (whose === cold ? [{ hotkey: hot, netuid: 2, stake: 10 }] : []);

/** Netuid 2 and 3 have a price of one TAO; with `pools`, of 2 and 4 TAO that trades move. */
function viewOf(transfers: boolean, pools: boolean, rest: FakeState = {}) {
  const reserves = { SubnetMechanism: { 2: 1, 3: 1 }, SubnetTAO: { 2: 200, 3: 400 } };
  return fakeView({
    ...rest,
    storage: {
      NetworksAdded: { 2: true, 3: true },
      Owner: { [hot]: cold },
      TransferToggle: { 2: true, 3: transfers },
      ...(pools ? { ...reserves, SubnetAlphaIn: { default: 100 } } : { SubnetTAO: {} }),
      ...rest.storage,
    },
    apis: { 'StakeInfoRuntimeApi.get_stake_info_for_coldkey': stakes, ...rest.apis },
  });
}

function state(kind: MoveKind, to: Partial<typeof here>, transfers = true, pools = false) {
  return readMove(viewOf(transfers, pools), kind, here, { ...here, ...to });
}

function order(amountRao: bigint, more: Partial<MoveOrder> = {}): MoveOrder {
  const plain = { limit: null, valueRao: amountRao, expectedRao: amountRao, unsafe: false };
  return { amountRao, ...plain, ...more };
}

const errors = async (
  found: ReturnType<typeof state>,
  amount: bigint,
  more: Partial<MoveOrder> = {},
) => moveRefusals(await found, order(amount, more)).map(({ chainError }) => chainError);

describe('moving stake', () => {
  it("goes to another hotkey, coldkey or subnet by the chain's three calls", async () => {
    expect(moveCall(await state('move', { hotkey: other }), order(4n))).toMatchObject({
      name: 'move_stake',
      args: { origin_hotkey: hot, destination_hotkey: other, alpha_amount: 4n },
    });
    expect(moveCall(await state('transfer', { coldkey: other }), order(4n))).toMatchObject({
      name: 'transfer_stake',
      args: { destination_coldkey: other, hotkey: hot, origin_netuid: 2, destination_netuid: 2 },
    });
    expect(moveCall(await state('swap', { netuid: 3 }), order(4n))).toMatchObject({
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

describe('the price of moving stake to another subnet', () => {
  const limit = { limitPriceRao: 500_000_000n, partial: true };

  it('is the ratio of the pools, held by the call where it can be', async () => {
    const found = await state('swap', { netuid: 3 }, true, true);
    expect(found).toMatchObject({ rateRao: 500_000_000n, fixedRate: false, canLimit: false });
    expect(moveCall(found, order(4n, { limit }))).toMatchObject({
      name: 'swap_stake_limit',
      args: { hotkey: hot, alpha_amount: 4n, limit_price: 500_000_000n, allow_partial: true },
    });
    expect(moveRefusals(found, order(4n, { limit }))).toEqual([]);
    const better = { ...limit, limitPriceRao: 500_000_001n };
    expect(moveRefusals(found, order(4n, { limit: better }))).toMatchObject([
      { code: 'PRICE_LIMIT', chainError: 'SlippageTooHigh' },
    ]);
  });

  it('is refused where nothing holds it, unless any price will do', async () => {
    for (const kind of ['move', 'transfer', 'swap'] as const) {
      const found = state(kind, { netuid: 3 }, true, true);
      expect(await errors(found, 4n)).toEqual(['NoPriceLimit']);
      expect(await errors(found, 4n, { unsafe: true })).toEqual([]);
      expect(await errors(state(kind, { netuid: 3 }), 4n)).toEqual([]);
    }
  });

  it('needs no limit on one subnet, whatever its pool', async () => {
    expect(await errors(state('transfer', { coldkey: other }, true, true), 4n)).toEqual([]);
  });

  it("is told beforehand, by the chain's own quote or by the price", async () => {
    const found = await state('swap', { netuid: 3 }, true, true);
    const view = viewOf(true, true);
    expect(await quoteMove(view, found, 10n)).toEqual({ valueRao: 20n, expectedRao: 5n });
    const apis = {
      'SwapRuntimeApi.sim_swap_alpha_for_tao': (_: unknown, amount: unknown) => ({
        taoAmount: Number(amount) + 1,
      }),
      'SwapRuntimeApi.sim_swap_tao_for_alpha': (_: unknown, amount: unknown) => ({
        alphaAmount: Number(amount) + 1,
        taoFee: 1,
      }),
    };
    const quoted = await quoteMove(viewOf(true, true, { apis }), found, 10n);
    expect(quoted).toEqual({ valueRao: 11n, expectedRao: 12n });
  });

  it('must be more than the least trade between subnets, as much on one', async () => {
    const constants = { 'SubtensorModule.InitialMinStake': 5 };
    const view = viewOf(true, false, { constants });
    const far = readMove(view, 'swap', here, { ...here, netuid: 3 });
    expect(await errors(far, 5n)).toEqual(['AmountTooLow']);
    expect(await errors(far, 6n)).toEqual([]);
    const near = readMove(view, 'transfer', here, { ...here, coldkey: other });
    expect(await errors(near, 4n)).toEqual(['AmountTooLow']);
    expect(await errors(near, 5n)).toEqual([]);
  });

  it('needs both subnets started', async () => {
    const storage = { SubtokenEnabled: { 2: true, 3: false } };
    const view = viewOf(true, false, { storage });
    const found = readMove(view, 'swap', here, { ...here, netuid: 3 });
    expect(await errors(found, 4n)).toEqual(['SubtokenDisabled']);
  });
});
