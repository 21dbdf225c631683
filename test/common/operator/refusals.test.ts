import { describe, expect, it } from 'vitest';
import { parseSs58 } from '../../../common/keys/ss58.ts';
import { axonRefusals, readAxonState } from '../../../common/operator/axon-plan.ts';
import { readRegistration, registrationRefusals } from '../../../common/operator/registration.ts';
import { creationRefusals, readCreation } from '../../../common/operator/subnet-creation.ts';
import { readStart, startRefusals } from '../../../common/operator/subnet-start.ts';
import {
  limitFrom,
  readStakeState,
  spendable,
  stakeCall,
  stakeRefusals,
} from '../../../common/operator/stake-plan.ts';
import { paidOutToo } from '../../../common/operator/stake-minimum.ts';
import type { StateView } from '../../../common/state-view.ts';
import { fakeView } from '../../fakes/fake-view.ts';
import type { FakeState } from '../../fakes/fake-view.ts';

const cold = address('5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty');
const hot = address('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');
const other = address('5HGqzPHNCbZ9a4hpV5xR44ieP4ALojo2Xk8Av2fYQkZQ9WcV');
const zero = '5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM';
const tao = 1_000_000_000n;

function address(text: string) {
  const found = parseSs58(text);
  if (found === undefined) throw new Error(text);
  return found;
}

function free(amount: bigint) {
  return { [cold]: { data: { free: Number(amount), reserved: 0 } } };
}

const subnet = {
  NetworksAdded: { 0: true, 2: true },
  NetworkRegistrationAllowed: { default: true },
  Burn: { default: Number(tao) },
  Uids: {},
  Owner: { default: zero },
  SubnetworkN: { 2: 3 },
  MaxAllowedUids: { 2: 256 },
  'System.Account': free(5n * tao),
};

/** The state with some items replaced. */
function view(storage: FakeState['storage'] = {}, rest: FakeState = {}): StateView {
  return fakeView({
    calls: { 'SubtensorModule.register_limit': [], 'SubtensorModule.start_call': [] },
    ...rest,
    storage: { ...subnet, ...storage },
  });
}

async function registration(
  storage: FakeState['storage'] = {},
  {
    netuid = 2,
    max = 2n * tao,
    rest = {},
  }: { netuid?: number; max?: bigint; rest?: FakeState } = {},
) {
  const state = await readRegistration(view(storage, rest), netuid, hot, cold);
  return registrationRefusals(state, max, 1n).map(({ chainError, clearsAtBlock }) =>
    clearsAtBlock === undefined ? chainError : `${chainError} ${clearsAtBlock}`,
  );
}

describe('what a registration would be refused for', () => {
  it('nothing, when nothing speaks against it', async () => {
    expect(await registration()).toEqual([]);
  });

  it('everything at once, in the order of the chain', async () => {
    expect(
      await registration(
        {
          NetworkRegistrationAllowed: { default: false },
          Uids: { [`0/${hot}`]: 5 },
          Owner: { [hot]: other },
          'System.Account': free(tao / 2n),
        },
        { netuid: 0, max: tao / 2n },
      ),
    ).toEqual([
      'RegistrationNotPermittedOnRootSubnet',
      'SubNetRegistrationDisabled',
      'HotKeyAlreadyRegisteredInSubNet',
      'NonAssociatedColdKey',
      'RegistrationPriceLimitExceeded',
      'NotEnoughBalanceToStake',
    ]);
  });

  it('the fee counts', async () => {
    expect(await registration({ 'System.Account': free(tao) })).toEqual([
      'NotEnoughBalanceToStake',
    ]);
    expect(await registration({ 'System.Account': free(tao + 1n) })).toEqual([]);
  });

  it('a full interval, on runtimes that have them, with the block of its end', async () => {
    const storage = {
      RegistrationsThisInterval: { 2: 3 },
      TargetRegistrationsPerInterval: { 2: 1 },
      LastAdjustmentBlock: { 2: 50 },
      AdjustmentInterval: { 2: 100 },
    };
    expect(await registration(storage, { rest: { calls: {} } })).toEqual([
      'TooManyRegistrationsThisInterval 150',
    ]);
    expect(await registration(storage)).toEqual([]);
  });

  it('throws for a subnet that is not there', async () => {
    await expect(registration({}, { netuid: 9 })).rejects.toMatchObject({
      code: 'CHAIN_NO_SUBNET',
    });
  });
});

describe('what a new subnet would be refused for', () => {
  const lock = { 'SubnetRegistrationRuntimeApi.get_network_registration_cost': () => Number(tao) };

  async function creation(storage: FakeState['storage'], block = 100) {
    const state = await readCreation(view(storage, { apis: lock, block }), hot, cold);
    return creationRefusals(state, 0n);
  }

  it('the block from which the chain takes another, kept in either way', async () => {
    for (const last of [
      { LastRateLimitedBlock: { NetworkLastRegistered: 60 } },
      { NetworkLastRegistered: { '': 60 } },
    ]) {
      const storage = { ...last, NetworkRateLimit: { '': 50 } };
      expect(await creation(storage)).toMatchObject([
        { chainError: 'NetworkTxRateLimitExceeded', clearsAtBlock: 110 },
      ]);
      // The extrinsic lands in the next block.
      expect(await creation(storage, 109)).toEqual([]);
    }
  });

  it('a lock cost that the coldkey cannot pay', async () => {
    expect(await creation({ 'System.Account': free(tao / 2n) })).toMatchObject([
      { code: 'BALANCE_TOO_LOW', chainError: 'CannotAffordLockCost' },
    ]);
  });
});

describe('what a start would be refused for', () => {
  async function start(storage: FakeState['storage'], rest: FakeState = {}) {
    return startRefusals(
      await readStart(view({ SubnetOwner: { 2: cold }, ...storage }, rest), 2, cold),
    );
  }

  it("another's subnet, a subnet that was started, one that is too young", async () => {
    const refused = await start(
      {
        SubnetOwner: { 2: other },
        FirstEmissionBlockNumber: { 2: 7 },
        NetworkRegisteredAt: { 2: 90 },
      },
      {
        constants: { 'SubtensorModule.DurationOfStartCall': 20 },
        calls: { 'SubtensorModule.start_call': [] },
      },
    );
    expect(refused).toMatchObject([
      { code: 'NOT_OWNER' },
      { chainError: 'FirstEmissionBlockNumberAlreadySet' },
      { code: 'CALL_TOO_SOON', clearsAtBlock: 110 },
    ]);
  });

  it('nothing for its owner', async () => {
    expect(await start({ StartCallDelay: { '': 0 }, NetworkRegisteredAt: { 2: 90 } })).toEqual([]);
  });

  it('a runtime without a start says so', async () => {
    await expect(start({}, { calls: {} })).rejects.toMatchObject({ code: 'CHAIN_UNSUPPORTED' });
  });
});

describe('what an axon would be refused for', () => {
  const axon = { block: 95, ip: 3_405_803_783, port: 80, ipType: 4, protocol: 4, version: 1 };

  async function serving(storage: FakeState['storage'], ip: string) {
    const all = view({ Axons: {}, ServingRateLimit: { 2: 50 }, ...storage });
    return axonRefusals(await readAxonState(all, 2, hot), ip);
  }

  it('a hotkey without a seat, addresses that reach nobody, the rate limit', async () => {
    expect(await serving({}, '127.0.0.1')).toMatchObject([
      { code: 'HOTKEY_NOT_REGISTERED' },
      { chainError: 'InvalidIpAddress' },
    ]);
    const seat = { Uids: { [`2/${hot}`]: 0 } };
    expect(await serving(seat, '::1')).toMatchObject([{ chainError: 'InvalidIpAddress' }]);
    expect(await serving({ ...seat, Axons: { [`2/${hot}`]: axon } }, '203.0.113.7')).toMatchObject([
      { code: 'CALL_TOO_SOON', clearsAtBlock: 145 },
    ]);
    expect(await serving(seat, '203.0.113.7')).toEqual([]);
  });
});

describe('what a trade of stake would be refused for', () => {
  const limits = {
    'SubtensorModule.add_stake_limit': ['hotkey', 'netuid', 'amount_staked', 'limit_price'],
  };

  async function state(storage: FakeState['storage'] = {}) {
    const all = view(
      { StakingHotkeys: { [cold]: [hot] }, Stake: { [`${hot}/${cold}`]: 0 }, ...storage },
      {
        constants: { 'Balances.ExistentialDeposit': 500 },
        calls: { 'SubtensorModule.add_stake': ['hotkey', 'netuid', 'amount_staked'] },
      },
    );
    return readStakeState(all, 2, hot, cold);
  }

  const buy = (amountRao: bigint, limitPriceRao: bigint | null = null) => ({
    direction: 'buy' as const,
    amountRao,
    limit: limitPriceRao === null ? null : { limitPriceRao, partial: false },
  });

  it('everything at once', async () => {
    const found = await state({ SubtokenEnabled: { default: false } });
    const errors = stakeRefusals(found, buy(9n * tao, tao / 2n), 1n);
    expect(errors.map(({ chainError }) => chainError)).toEqual([
      'SubtokenDisabled',
      'NotEnoughBalanceToStake',
      'SlippageTooHigh',
      'HotKeyAccountNotExists',
    ]);
    const sell = { ...buy(tao), direction: 'sell' as const };
    expect(stakeRefusals(found, sell, 1n)).toContainEqual(
      expect.objectContaining({ code: 'STAKE_TOO_LOW' }),
    );
  });

  it('a chain of before alpha keeps stake on no subnet', async () => {
    const all = view(
      { StakingHotkeys: { [cold]: [hot] }, Stake: { [`${hot}/${cold}`]: 7 } },
      { calls: { 'SubtensorModule.add_stake': ['hotkey', 'amount_staked'] } },
    );
    expect(await readStakeState(all, 2, hot, cold)).toMatchObject({ netuid: 0, stakeRao: 7n });
  });

  describe('less than the least trade', () => {
    const constants = {
      'Balances.ExistentialDeposit': 500,
      'SubtensorModule.InitialMinStake': 2_000_000,
    };
    const apis = {
      'SwapRuntimeApi.sim_swap_tao_for_alpha': () => ({ alphaAmount: 0, taoFee: 1000 }),
    };
    const errorsOf = async (order: Parameters<typeof stakeRefusals>[1], held = 0) => {
      const storage = {
        StakingHotkeys: { [cold]: [hot] },
        Stake: { [`${hot}/${cold}`]: held },
        Owner: { [hot]: cold },
      };
      const calls = { 'SubtensorModule.add_stake': ['hotkey', 'amount_staked'] };
      const all = view(storage, { constants, apis, calls });
      const found = await readStakeState(all, 2, hot, cold);
      return stakeRefusals(found, order, 1n).map(({ chainError }) => chainError);
    };

    it('buying, with the fee of the pool on top', async () => {
      expect(await errorsOf(buy(1n))).toEqual(['AmountTooLow']);
      expect(await errorsOf(buy(2_000_999n))).toEqual(['AmountTooLow']);
      expect(await errorsOf(buy(2_001_000n))).toEqual([]);
    });

    it('selling, by what it brings, but all of it can go', async () => {
      const sell = (amountRao: bigint, proceedsRao: bigint) => ({
        direction: 'sell' as const,
        limit: null,
        amountRao,
        proceedsRao,
      });
      expect(await errorsOf(sell(3_000_000n, 1_999_999n), 9_000_000)).toEqual(['AmountTooLow']);
      expect(await errorsOf(sell(3_000_000n, 2_000_000n), 9_000_000)).toEqual([]);
      expect(await errorsOf(sell(5n, 5n), 5)).toEqual([]);
    });
  });

  it('a small nomination, on chains that keep none, and its rest goes with a sale', async () => {
    const storage = {
      Owner: { [hot]: other },
      NominatorMinRequiredStake: { '': 100 },
    };
    const calls = { 'SubtensorModule.add_stake': ['hotkey', 'amount_staked'] };
    const kept = { StakingHotkeys: { [cold]: [hot] }, Stake: { [`${hot}/${cold}`]: 40 } };
    const found = await readStakeState(view({ ...storage, ...kept }, { calls }), 2, hot, cold);
    expect(stakeRefusals(found, buy(59n), 1n)).toMatchObject([
      { code: 'AMOUNT_TOO_LOW', chainError: 'NomStakeBelowMinimumThreshold' },
    ]);
    expect(stakeRefusals(found, buy(60n), 1n)).toEqual([]);
    const more = { ...found, stakeRao: 150n };
    expect([50n, 51n, 150n].map((amount) => paidOutToo(more, amount))).toEqual([0n, 99n, 0n]);
  });

  it('the account stays alive', async () => {
    const found = await state({ Owner: { [hot]: cold } });
    expect(spendable(found, 100n)).toBe(5n * tao - 600n);
    expect(stakeRefusals(found, buy(spendable(found, 100n)), 100n)).toEqual([]);
    expect(stakeRefusals(found, buy(spendable(found, 100n) + 1n), 100n)).toHaveLength(1);
  });

  it('a limit that the runtime cannot hold is not left out in silence', async () => {
    const found = await state();
    expect(() => stakeCall(view(), found, buy(tao, tao))).toThrow(/add_stake_limit/);
    expect(stakeCall(view({}, { calls: limits }), found, buy(tao, tao))).toMatchObject({
      name: 'add_stake_limit',
      args: { limit_price: tao, allow_partial: false },
    });
  });

  it('the limit lies on the side that hurts', () => {
    expect(limitFrom(tao, 'buy', 5n)).toBe(1_005_000_000n);
    expect(limitFrom(tao, 'sell', 5n)).toBe(995_000_000n);
  });
});
