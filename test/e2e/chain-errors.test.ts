import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import type { Chain, ChainCall } from '../../common/chain-port.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { contractGenesis, silent } from './chain-world.ts';
import { startRelay } from './faulty-relay.ts';
import type { FaultyRelay } from './faulty-relay.ts';

const bob = signerFromSuri(loadSr25519(), '//Bob');
const register: ChainCall = { call: 'burned_register', netuid: 1, hotkey: bob.ss58 };

describe('the chain client and a node that answers with errors', () => {
  let dev: DevChain;
  let relay: FaultyRelay;
  let chain: Chain;
  beforeAll(async () => {
    dev = await startDevChain({ port: 0, blockTimeMs: 150, genesis: contractGenesis, log: silent });
    relay = await startRelay(dev.url);
    const platform = createPlatform();
    chain = await connectChain({ endpoints: [relay.url], platform, logger: silent });
  });
  afterAll(async () => {
    await chain.close();
    await relay.close();
    await dev.close();
  });

  it('tells an error of the node from a line that is down', async () => {
    relay.fail('chain_getHeader', { code: 4003, message: 'State already discarded' });
    await expect(chain.head()).rejects.toMatchObject({ code: 'CHAIN_RPC' });
    relay.heal();
    expect((await chain.head()).number).toBeGreaterThan(0);
  });

  it('says what the runtime lacks', async () => {
    const call: ChainCall = { call: 'admin', name: 'sudo_set_nothing', args: [1], sudo: true };
    await expect(chain.submit(call, bob)).rejects.toMatchObject({
      code: 'CHAIN_UNSUPPORTED',
      facts: { missing: 'AdminUtils.sudo_set_nothing' },
    });
  });

  // The same refusal as a Substrate node words it, as chopsticks does, and the standard ones.
  it.each([
    [{ code: 1010, message: 'Invalid Transaction', data: 'Custom error: 1' }, 'StakeAmountTooLow'],
    [{ code: 1010, message: '{"invalid":{"custom":3}}' }, 'SubnetNotExists'],
    [{ code: 1010, message: 'Invalid Transaction', data: 'Transaction is outdated' }, 'Stale'],
    [{ code: 1010, message: 'Invalid Transaction', data: 'Inability to pay some fees' }, 'Payment'],
    [{ code: 1012, message: 'Transaction is temporarily banned' }, 'TemporarilyBanned'],
    [{ code: 1014, message: 'Priority is too low: (1 vs 1)' }, 'PriorityTooLow'],
  ])('names the refusal %j', async (error, name) => {
    relay.fail('author_submitAndWatchExtrinsic', error);
    relay.fail('author_submitExtrinsic', error);
    expect(await chain.submit(register, bob)).toMatchObject({
      kind: 'refused',
      where: 'pool',
      name,
    });
    relay.heal();
  });

  it('looks for what the pool knows already, until its era is over', async () => {
    relay.fail('author_submitAndWatchExtrinsic', {
      code: 1013,
      message: 'Transaction Already Imported',
    });
    const ending = new AbortController();
    const sent = chain.submit(register, bob, { timeoutMs: 110_000 }).finally(() => ending.abort());
    // Not by the clock of a machine that may be busy.
    while (!ending.signal.aborted) await dev.newBlock();
    expect(await sent).toMatchObject({ kind: 'refused', name: 'Expired' });
    relay.heal();
  });
});
