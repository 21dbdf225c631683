import { describe, expect, it } from 'vitest';
import { parseSs58 } from '../../../common/keys/ss58.ts';
import { readColdkeyBalance, readStake } from '../../../common/operator/balances.ts';
import { fakeView } from '../../fakes/fake-view.ts';

const cold = address('5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty');
const hot = address('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');
const tao = 1_000_000_000;

function address(text: string) {
  const found = parseSs58(text);
  if (found === undefined) throw new Error(text);
  return found;
}

const account = { [cold]: { nonce: 1, data: { free: 5 * tao, reserved: 1 } } };

describe('balance and stake of a coldkey', () => {
  it("come from the runtime API where there is one, at the chain's own price", async () => {
    const view = fakeView({
      storage: { 'System.Account': account, SubnetTAO: {} },
      apis: {
        'StakeInfoRuntimeApi.get_stake_info_for_coldkey': () => [
          { hotkey: hot, netuid: 2, stake: 4 * tao },
          { hotkey: hot, netuid: 3, stake: 0 },
        ],
        'SwapRuntimeApi.current_alpha_price': () => tao / 2,
      },
    });
    const balance = await readColdkeyBalance(view, cold);
    expect(balance.freeRao).toBe(5n * 10n ** 9n);
    expect(balance.reservedRao).toBe(1n);
    expect(balance.positions).toEqual([
      {
        hotkey: hot,
        netuid: 2,
        stakeRao: 4n * 10n ** 9n,
        priceRao: 500_000_000n,
        valueRao: 2n * 10n ** 9n,
      },
    ]);
    expect(balance.stakedValueRao).toBe(2n * 10n ** 9n);
  });

  it('come from the shares of the pools, and the price from their reserves, without one', async () => {
    const view = fakeView({
      storage: {
        'System.Account': account,
        StakingHotkeys: { [cold]: [hot] },
        Alpha: { [`${hot}/${cold}/2`]: { bits: 1 } },
        TotalHotkeyAlpha: { [`${hot}/2`]: 8 * tao },
        TotalHotkeyShares: { [`${hot}/2`]: { bits: 4 } },
        SubnetMechanism: { 2: 1 },
        SubnetTAO: { 2: 30 },
        SubnetAlphaIn: { 2: 10 },
      },
    });
    const { positions } = await readColdkeyBalance(view, cold);
    expect(positions).toMatchObject([
      { netuid: 2, stakeRao: 2n * 10n ** 9n, priceRao: 3n * 10n ** 9n },
    ]);
    expect(await readStake(view, cold, hot, 2)).toBe(2n * 10n ** 9n);
    expect(await readStake(view, cold, hot, 5)).toBe(0n);
  });

  it('are plain TAO on a chain of before alpha, whose API answers in bytes', async () => {
    const view = fakeView({
      storage: {
        'System.Account': account,
        StakingHotkeys: { [cold]: [hot] },
        Stake: { [`${hot}/${cold}`]: 7 * tao },
      },
      apis: { 'StakeInfoRuntimeApi.get_stake_info_for_coldkey': () => '0x00' },
    });
    const { positions } = await readColdkeyBalance(view, cold);
    expect(positions).toMatchObject([{ netuid: 0, valueRao: 7n * 10n ** 9n }]);
  });
});
