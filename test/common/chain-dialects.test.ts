import { describe, expect, it } from 'vitest';
import type { ChainCall, RuntimeFacts } from '../../common/chain-port.ts';
import { nameCall } from '../../common/chain/chain-calls.ts';
import { lastEpochOf, nextEpochOf } from '../../common/chain/epoch-schedule.ts';
import { readStakes } from '../../common/chain/hotkey-stake.ts';
import { readPendingCommits } from '../../common/chain/pending-commits.ts';
import { findRuntimeFacts } from '../../common/chain/runtime-facts.ts';
import { namePoolError } from '../../common/chain/tx/pool-errors.ts';
import { readPoolStatus } from '../../common/chain/tx/pool-status.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { knownGenesis } from '../../common/networks.ts';
import type { StateView } from '../../common/state-view.ts';

const sr25519 = loadSr25519();
const addressOf = (suri: string) => signerFromSuri(sr25519, suri).ss58;
const alice = addressOf('//Alice');
const bob = addressOf('//Bob');
const carol = addressOf('//Carol');

type Values = Readonly<Record<string, unknown>>;

/** A state of `Item` or `Item/key/key`; items that no key names do not exist in this runtime. */
function viewOf(values: Values, defaults: Values = {}, mechanisms = false): StateView {
  const items = [...Object.keys(values), ...Object.keys(defaults)].map((key) => key.split('/')[0]);
  const storage = async (_: string, item: string, ...keys: readonly unknown[]) =>
    values[[item, ...keys].join('/')] ?? defaults[item] ?? null;
  return {
    block: { number: 1, hash: '0x' },
    runtime: { mechanisms } as RuntimeFacts,
    hasStorage: (_, item) => items.includes(item),
    storage,
    storageMany: (pallet, item, keys) =>
      Promise.all(keys.map((one) => storage(pallet, item, ...one))),
    entries: async (_, item, ...prefix) => {
      const start = [item, ...prefix, ''].join('/');
      const found = Object.entries(values).filter(([key]) => key.startsWith(start));
      return found.map(([key, value]) => ({ keys: [Number(key.slice(start.length))], value }));
    },
    hasApi: () => false,
    api: async () => null,
    constant: () => undefined,
    callArguments: () => null,
    fee: async () => 0n,
  };
}

describe('calls by the names of the metadata', () => {
  const offer = (calls: Readonly<Record<string, readonly string[]>>) => ({
    callArguments: (pallet: string, name: string) =>
      calls[`${pallet}.${name}`]?.map((one) => ({ name: one, type: '' })) ?? null,
  });
  const weights: ChainCall = {
    call: 'set_weights',
    netuid: 1,
    uids: [3],
    values: [7],
    versionKey: 9n,
  };
  const old = offer({
    'SubtensorModule.set_weights': ['netuid', 'dests', 'weights', 'version_key'],
    'SubtensorModule.register_network': [],
    'SubtensorModule.add_stake': ['hotkey', 'amount_staked'],
    'SubtensorModule.strange': ['netuid', 'colour'],
  });

  it('take a mechanism where there are some, and go without for the first', () => {
    const now = offer({
      'SubtensorModule.set_mechanism_weights': [
        'netuid',
        'mecid',
        'dests',
        'weights',
        'version_key',
      ],
    });
    expect(nameCall({ ...weights, mecid: 1 }, now)).toMatchObject({
      call: 'set_mechanism_weights',
      args: [1, 1, [3], [7], 9n],
    });
    expect(nameCall(weights, old)).toMatchObject({ call: 'set_weights', args: [1, [3], [7], 9n] });
    expect(() => nameCall({ ...weights, mecid: 1 }, old)).toThrow(/set_mechanism_weights/);
  });

  it('leave out what a runtime never asked for, and give what it did', () => {
    const network = { call: 'register_network', hotkey: alice } as const;
    const stake = { call: 'add_stake', hotkey: alice, netuid: 1, amountRao: 5n } as const;
    expect(nameCall(network, old).args).toEqual([]);
    expect(nameCall(stake, old).args).toEqual([alice, 5n]);
    const middle = offer({ 'SubtensorModule.register_network': ['hotkey', 'mechid'] });
    expect(nameCall(network, middle).args).toEqual([alice, 1]);
  });

  it('say which call or argument lacks', () => {
    const strange = {
      call: 'named',
      pallet: 'SubtensorModule',
      name: 'strange',
      args: { netuid: 1 },
    } as const;
    expect(() => nameCall(strange, old)).toThrow(/strange of this runtime also takes colour/);
    const most = { ...strange, args: { netuid: 1, colour: 2, taste: 3 } };
    expect(() => nameCall(most, old)).toThrow(/strange\(taste\)/);
    expect(nameCall({ ...most, optional: ['taste'] }, old).args).toEqual([1, 2]);
    const timelocked: ChainCall = {
      call: 'commit_timelocked_weights',
      netuid: 1,
      commit: new Uint8Array(),
      revealRound: 1,
      version: 4,
    };
    expect(() => nameCall(timelocked, old)).toThrow(/commit_timelocked_weights/);
  });
});

describe('capabilities of a runtime', () => {
  it('come from its metadata, whatever its version', () => {
    const nothing = { hasStorage: () => false, hasApi: () => false, callArguments: () => null };
    const all = { hasStorage: () => true, hasApi: () => true, callArguments: () => [] };
    const name = { specName: 'node-subtensor', specVersion: 999 };
    expect(findRuntimeFacts(name, nothing)).toEqual({
      ...name,
      epochs: 'modulo',
      metagraph: 'storage',
      mechanisms: false,
      commits: { hash: false, timelocked: false },
    });
    expect(findRuntimeFacts(name, all)).toEqual({
      ...name,
      epochs: 'stateful',
      metagraph: 'selective',
      mechanisms: true,
      commits: { hash: true, timelocked: true },
    });
    const lite = { ...nothing, hasApi: (api: string) => api === 'NeuronInfoRuntimeApi' };
    expect(findRuntimeFacts(name, lite).metagraph).toBe('neurons-lite');
  });
});

describe('the schedule of epochs', () => {
  it('by modulo: (block + netuid + 1) mod (tempo + 1) is tempo', () => {
    const schedule = { model: 'modulo', tempo: 360, blocksSinceLastStep: 0 } as const;
    for (const block of [0, 1, 358, 359, 360, 1000]) {
      const next = nextEpochOf(schedule, 1, block) ?? 0;
      expect((next + 2) % 361).toBe(360);
      expect(next - block).toBeGreaterThan(0);
      expect(next - block).toBeLessThanOrEqual(361);
      expect(lastEpochOf(schedule, 1, next)).toBe(next);
      expect(lastEpochOf(schedule, 1, next + 1)).toBe(next);
    }
    expect(nextEpochOf({ ...schedule, tempo: 0 }, 1, 5)).toBeNull();
  });

  it('by state: a tempo after the last, when it was asked for, and at once when overdue', () => {
    const schedule = {
      model: 'stateful',
      tempo: 100,
      lastEpochBlock: 50,
      pendingEpochAt: 0,
      epochIndex: 3,
      blocksSinceLastStep: 10,
    } as const;
    expect(nextEpochOf(schedule, 1, 60)).toBe(150);
    expect(nextEpochOf({ ...schedule, pendingEpochAt: 70 }, 1, 60)).toBe(70);
    expect(nextEpochOf(schedule, 1, 200)).toBe(201);
    expect(lastEpochOf(schedule, 1, 60)).toBe(50);
  });
});

describe('stake from storage alone', () => {
  const half = (1n << 63n).toString();

  it('before alpha: of the hotkey, less what children take, plus what parents give, capped', async () => {
    const view = viewOf(
      {
        [`TotalHotkeyStake/${alice}`]: 1000,
        [`TotalHotkeyStake/${bob}`]: 500,
        [`TotalHotkeyStake/${carol}`]: 5000,
        [`ChildKeys/${alice}/1`]: [[half, bob]],
        [`ParentKeys/${bob}/1`]: [[half, alice]],
        'NetworkMaxStake/1': 4000,
      },
      { ChildKeys: [], ParentKeys: [] },
    );
    const stakes = await readStakes(view, 1, [alice, bob, carol]);
    expect(stakes.map(({ totalRao }) => totalRao)).toEqual([500n, 1000n, 4000n]);
  });

  it('since alpha: with root stake by its weight, and parents outside of the subnet', async () => {
    const view = viewOf(
      {
        [`TotalHotkeyAlpha/${alice}/1`]: 100,
        [`TotalHotkeyAlpha/${alice}/0`]: 1000,
        [`TotalHotkeyAlpha/${bob}/1`]: 40,
        [`ParentKeys/${alice}/1`]: [[half, bob]],
        TaoWeight: ((1n << 64n) - 1n).toString(),
      },
      { ChildKeys: [], ParentKeys: [], TotalHotkeyAlpha: 0 },
    );
    expect(await readStakes(view, 1, [alice])).toEqual([{ alphaRao: 120n, totalRao: 1120n }]);
  });
});

describe('commits that wait', () => {
  it('are told by their layout, in epochs or in blocks, and by who made them', async () => {
    const view = viewOf({
      [`WeightCommits/1/${alice}`]: [
        ['0x01', 7, 30, 0],
        ['0x02', 20, 361, 721],
      ],
      'TimelockedWeightCommits/1/8': [
        [alice, 25, '0xabcd', 1000],
        [bob, 26, '0xef', 1001],
      ],
    });
    expect(await readPendingCommits(view, 1, 0, alice)).toMatchObject([
      { kind: 'hash', hash: '0x02', block: 20, epoch: null },
      { kind: 'timelocked', block: 25, epoch: 8, revealRound: 1000 },
      { kind: 'hash', hash: '0x01', block: 30, epoch: 7 },
    ]);
    await expect(readPendingCommits(view, 1, 1, alice)).rejects.toMatchObject({
      code: 'CHAIN_UNSUPPORTED',
    });
  });
});

describe('what a pool says', () => {
  it('names its numbers by the runtime that gave them, in both texts', () => {
    expect(namePoolError('1010: Invalid Transaction: Custom error: 6', 425)).toEqual({
      name: 'RateLimitExceeded',
      customCode: 6,
    });
    expect(namePoolError('1010: {"invalid":{"custom":3}}', 425).name).toBe('SubnetNotExists');
    expect(namePoolError('1010: {"invalid":{"custom":3}}', 218).name).toBe(
      'NotEnoughStakeToSetWeights',
    );
    expect(namePoolError('1010: Custom error: 5', 221).name).toBe(
      'TooManyRegistrationsThisInterval',
    );
    expect(namePoolError('1010: Custom error: 200', 425).name).toBe('Custom200');
    expect(namePoolError('1010: {"invalid":"stale"}', 425).name).toBe('Stale');
  });

  it('is read word by word', () => {
    expect(readPoolStatus('ready')).toEqual({ kind: 'pooled' });
    expect(readPoolStatus({ broadcast: ['x'] })).toEqual({ kind: 'pooled' });
    expect(readPoolStatus({ inBlock: '0x1' })).toEqual({ kind: 'in-block', blockHash: '0x1' });
    expect(readPoolStatus({ usurped: '0x1' })).toEqual({ kind: 'gone', how: 'Usurped' });
    expect(readPoolStatus('dropped')).toEqual({ kind: 'gone', how: 'Dropped' });
    expect(readPoolStatus({ finalityTimeout: '0x1' })).toEqual({ kind: 'finality-timeout' });
    expect(readPoolStatus(7)).toBeNull();
  });
});

describe('known networks', () => {
  it('say which chain an endpoint must serve', () => {
    expect(knownGenesis(['ws://127.0.0.1:1', 'wss://entrypoint-finney.opentensor.ai:443'])).toMatch(
      /^0x2f0555cc/,
    );
    expect(knownGenesis(['ws://127.0.0.1:9944'])).toBeNull();
  });
});
