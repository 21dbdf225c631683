import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DevChain } from '../../chain/devchain.ts';
import { readColdkeyAddress, readHotkey, walletLocation } from '../../common/keys/wallet.ts';
import { sr25519 } from '../common/wire-keys.ts';
import { netuid, newWallet, startPeerChain } from './chain-peer.ts';
import type { Steps } from './chain-peer.ts';
import { python, runPython, titled } from './python.ts';

const done = [true, null, null];
const rao = 1_000_000_000;

describe.skipIf(python === undefined)(titled('the chain with SDK 11'), () => {
  let chain: DevChain;
  let steps: Steps = {};
  const wallets = mkdtempSync(join(tmpdir(), 'subnet-sdk11-'));

  beforeAll(async () => {
    newWallet(wallets, 'ours');
    chain = await startPeerChain();
    const job = { url: chain.url, wallets, name: 'ours', netuid };
    steps = (await runPython('chain_sdk11.py', job)) as Steps;
  });

  afterAll(async () => {
    await chain.close();
    rmSync(wallets, { recursive: true });
  });

  it('registers, stakes and serves with a wallet that we made', () => {
    expect(steps).toMatchObject({
      transfer: done,
      'plan of burned_register': expect.arrayContaining(['lock none (full cost is burned)']),
      burned_register: done,
      'read.uid': 2,
      'register again': [false, 'already_exists', 'HotKeyAlreadyRegisteredInSubNet'],
      'register without money': [false, 'insufficient_balance', 'Payment'],
      'register again in the open': [false, 'already_exists', 'HotKeyAlreadyRegisteredInSubNet'],
      'register without money in the open': [false, 'insufficient_balance', 'Payment'],
      add_stake: done,
      'read.stake': 50,
      'add_stake, hidden': done,
      'dust, hidden': [false, 'limit_exceeded', 'AmountTooLow'],
      remove_stake: done,
      serve_axon: done,
      'serve_axon too soon': [false, 'rate_limited', 'ServingRateLimitExceeded'],
    });
  });

  it('sets weights', () => {
    expect(steps).toMatchObject({
      set_weights: done,
      'read.weights': { 1: { 0: expect.closeTo(0.2, 4) as number, 2: expect.closeTo(0.8, 4) } },
      'read.blocks_since_last_update': true,
      'set_weights at once': {
        raised: ['ChainError', 'ErrorCode.RATE_LIMITED', expect.stringContaining('last set')],
      },
      'too fast': [false, 'rate_limited', expect.any(String)],
      unregistered: [false, 'not_registered', 'HotKeyNotRegisteredInSubNet'],
    });
  });

  it('changes hyperparameters as root and as owner, and founds a subnet', () => {
    expect(steps).toMatchObject({
      sudo: done,
      'sudo of a stranger': [false, 'not_authorized', 'BadSigner'],
      'read.weights_rate_limit': 7,
      "root's setter of the owner": [false, 'not_authorized', 'BadOrigin'],
      "owner's setter": done,
      'read.immunity_period': 44,
      register_subnet: done,
      'all netuids': [0, 1, netuid],
      start_call: done,
      'start_call again': [false, 'already_exists', 'FirstEmissionBlockNumberAlreadySet'],
      set_subnet_identity: done,
      'read.subnet_names': { 1: 'first' },
      'read.subnet_start_schedule': true,
    });
  });

  it('reads, follows heads, waits for an epoch', () => {
    expect(steps).toMatchObject({
      'read.subnet.neuron_count': 3,
      'read.subnet.tempo': 20,
      'read.metagraph.num_uids': 3,
      'read.neurons.1.validator_permit': true,
      'read.subnet_hyperparameters.tempo': 20,
      'read.subnet_hyperparameters.kappa': 32767,
      'read.epoch_status.tempo': 20,
      'read.stake_for_coldkey.0.netuid': netuid,
      'read.alpha_price.price_rao': rao,
      'read.block_info.number': 2,
      'read.netuids_for_hotkey': [netuid],
      'spec version': 425,
      'hyperparameters v3': 33,
      batch: [100, 20],
      'heads follow': true,
      epoch: netuid,
      'at a block': 20,
    });
  });

  it('makes wallets that we read', () => {
    const location = walletLocation({ path: wallets, name: 'theirs' });
    const hotkey = readHotkey(sr25519, location).signer.ss58;
    expect([readColdkeyAddress(location), hotkey]).toEqual(steps['their wallet']);
  });
});
