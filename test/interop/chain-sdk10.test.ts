import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DevChain } from '../../chain/devchain.ts';
import { alice } from '../common/wire-keys.ts';
import { netuid, newWallet, startPeerChain, weightsRateLimit } from './chain-peer.ts';
import type { Steps } from './chain-peer.ts';
import { pythonSdk10, runPython, titled } from './python.ts';

const done = [true, 'Success', null];
const rao = 1_000_000_000;

/** How the SDK tells of an error of the chain's: its name and its documentation. */
function moduleError(name: string): unknown {
  const told = `^Subtensor returned \`${name}\\(Module\\)\` error. This means: \`[A-Z].+\``;
  return [false, expect.stringMatching(told) as unknown, name];
}

function poolError(detail: string): unknown {
  return [false, expect.stringContaining(detail) as unknown, null];
}

const badOrigin = [false, expect.stringContaining('BadOrigin(System)') as unknown, 'BadOrigin'];

describe.skipIf(pythonSdk10 === undefined)(titled('the chain with SDK 10.5', pythonSdk10), () => {
  let chain: DevChain;
  let steps: Steps = {};
  let hotkey = '';
  const wallets = mkdtempSync(join(tmpdir(), 'subnet-sdk10-'));

  beforeAll(async () => {
    hotkey = newWallet(wallets, 'ours').hotkey;
    chain = await startPeerChain();
    const job = { url: chain.url, wallets, name: 'ours', netuid };
    steps = (await runPython('chain_sdk10.py', job, pythonSdk10)) as Steps;
  });

  afterAll(async () => {
    await chain.close();
    rmSync(wallets, { recursive: true });
  });

  it('registers a hotkey of a wallet that we made', () => {
    expect(steps).toMatchObject({
      fund: done,
      funded: 3000 * rao,
      burned_register: done,
      uid: 2,
      'register nowhere': [false, 'Subnet 99 does not exist.', null],
      'register without money': poolError('Inability to pay some fees'),
      'register_limit too low': moduleError('RegistrationPriceLimitExceeded'),
      register_limit: done,
      'register again, raw': moduleError('HotKeyAlreadyRegisteredInSubNet'),
    });
  });

  it('stakes and unstakes', () => {
    expect(steps).toMatchObject({
      add_stake: done,
      'add_stake safe': done,
      'add_stake shielded': done,
      stake: 130,
      'add_stake dust': moduleError('AmountTooLow'),
      'add_stake dust shielded': [false, expect.stringContaining('AmountTooLow') as unknown, null],
      unstake: done,
      'unstake safe': done,
      'unstake too much, raw': moduleError('AmountTooLow'),
      'stake of the coldkey': [[netuid, hotkey, true]],
      unstake_all: done,
    });
    expect(steps['fee of a transfer']).toBeGreaterThan(100_000);
  });

  it('serves an axon', () => {
    expect(steps).toMatchObject({
      serve_axon: done,
      'serve_axon too soon': poolError('Custom error: 12'),
      'serve_axon unregistered': poolError('Custom error: 10'),
      axons: [['192.168.1.10', 8091, true]],
    });
  });

  it('sets weights', () => {
    expect(steps).toMatchObject({
      set_weights: done,
      weights: [
        [
          1,
          [
            [0, 16384],
            [2, 65535],
          ],
        ],
      ],
      'since update': true,
      'set_weights at once': [false, null, null],
      'too fast, raw': poolError('Custom error: 6'),
      unregistered: poolError('not registered in subnet'),
      'unregistered, raw': moduleError('HotKeyNotRegisteredInSubNet'),
      'duplicate, raw': moduleError('DuplicateUids'),
    });
  });

  it('changes hyperparameters as root and as owner', () => {
    expect(steps).toMatchObject({
      'sudo tempo': done,
      tempo: 360,
      'sudo of a stranger': poolError('Invalid signing address'),
      "owner's setter": done,
      "owner's setter again": moduleError('TxRateLimitExceeded'),
      "owner's setter of a stranger": badOrigin,
      immunity: 33,
      "root's setter of the owner": badOrigin,
    });
  });

  it('reads', () => {
    expect(steps).toMatchObject({
      block: true,
      'block hash': '0x',
      hyperparameters: {
        tempo: 360,
        kappa: 32767,
        weights_rate_limit: weightsRateLimit,
        yuma_version: 3,
        max_validators: 64,
        commit_reveal_weights_enabled: false,
        subnet_is_active: true,
      },
      'subnet info': 4,
      'all subnets': [
        [0, 100],
        [netuid, 360],
      ],
      'subnet infos': [0, netuid],
      neurons: [
        [0, netuid, true, true],
        [1, netuid, true, true],
        [2, netuid, false, true],
        [3, netuid, false, true],
      ],
      'neurons lite': 4,
      neuron: true,
      metagraph: [4, [0, 1, 2, 3], true],
      'metagraph info': [4, 4],
      'next epoch': true,
      price: rao,
      'existential deposit': 500,
      'max tempo': [360, 50_400],
      'cutoff factors': [1000, 50_000],
      'next block': true,
    });
  });

  it('iterates over maps', () => {
    const maps = Object.entries(steps).filter(([name]) => name.startsWith('map '));
    expect(Object.fromEntries(maps)).toEqual({
      'map Tempo': 2,
      'map NetworksAdded': 2,
      'map SubnetworkN': 2,
      'map TokenSymbol': 2,
      'map Owner': 4,
      'map Uids': 4,
      'map Keys': 4,
      'map Axons': 1,
      'map BlockAtRegistration': 4,
      'map Weights': 1,
    });
  });

  it('founds a subnet and starts it', () => {
    expect(steps).toMatchObject({
      'network rate': done,
      'cost before': 1000 * rao,
      register_subnet: done,
      subnets: [0, 1, netuid],
      'cost doubled': true,
      exists: [true, true, true, false],
      'active before': false,
      'start_call of a stranger': badOrigin,
      start_call: done,
      'start_call again': moduleError('FirstEmissionBlockNumberAlreadySet'),
      active: true,
      set_subnet_identity: done,
      'its name': ['first', alice.ss58],
      'commit-reveal is on': true,
    });
  });
});
