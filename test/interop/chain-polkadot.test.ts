import { ApiPromise, HttpProvider, Keyring, WsProvider } from '@polkadot/api';
import type { SubmittableResult } from '@polkadot/api';
import type { ProviderInterface } from '@polkadot/rpc-provider/types';
import type { Codec } from '@polkadot/types/types';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DevChain } from '../../chain/devchain.ts';
import { quietLibraryLogs } from '../../cli/quiet-console.ts';
import { netuid, startPeerChain } from './chain-peer.ts';

quietLibraryLogs(console);

/** Resolves with the first values that a subscription tells, and ends it. */
function firstOf<T>(
  count: number,
  subscribe: (tell: (value: T) => void) => Promise<() => void>,
): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const seen: T[] = [];
    const ending = subscribe((value) => {
      seen.push(value);
      if (seen.length === count) void ending.then((end) => (end(), resolve(seen)), reject);
    });
    ending.catch(reject);
  });
}

describe('the chain with @polkadot/api, as polkadot-js apps use it', () => {
  const keys = new Keyring({ type: 'sr25519' });
  let chain: DevChain;
  let api: ApiPromise;

  const query = (name: string, ...args: unknown[]): Promise<Codec> => {
    const item = api.query['subtensorModule']?.[name];
    if (item === undefined) throw new Error(`no storage item ${name}`);
    return item(...args);
  };

  beforeAll(async () => {
    chain = await startPeerChain();
    // The library's declaration does not fit exactOptionalPropertyTypes.
    const provider = new WsProvider(chain.url) as unknown as ProviderInterface;
    api = await ApiPromise.create({ provider, noInitWarn: true });
  });

  afterAll(async () => {
    await api.disconnect();
    await chain.close();
  });

  const transfer = (rao: number) => {
    const call = api.tx['balances']?.['transferKeepAlive'];
    if (call === undefined) throw new Error('no transferKeepAlive');
    return call(keys.addFromUri('//Dave').address, rao);
  };

  /** All statuses of a transaction until it is final. */
  function sent(tx: ReturnType<typeof transfer>, uri: string): Promise<SubmittableResult[]> {
    return new Promise((resolve, reject) => {
      const seen: SubmittableResult[] = [];
      tx.signAndSend(keys.addFromUri(uri), (result) => {
        seen.push(result);
        if (result.isFinalized) resolve(seen);
      }).catch(reject);
    });
  }

  it('says what it is', async () => {
    const [chainName, properties, health, methods, hash] = await Promise.all([
      api.rpc.system.chain(),
      api.rpc.system.properties(),
      api.rpc.system.health(),
      api.rpc.rpc.methods(),
      api.rpc.chain.getBlockHash(0),
    ]);
    expect(chainName.toString()).not.toBe('');
    expect(properties.toHuman()).toMatchObject({
      ss58Format: '42',
      tokenDecimals: ['9'],
      tokenSymbol: ['TAO'],
    });
    expect(health.isSyncing.isTrue).toBe(false);
    expect(methods.methods.map(String)).toContain('state_queryStorageAt');
    expect(hash.toHex()).toBe(api.genesisHash.toHex());
    expect(api.runtimeVersion.specName.toString()).toBe('node-subtensor');
    expect(api.runtimeVersion.specVersion.toNumber()).toBe(425);
  });

  it('offers its metadata in three versions', async () => {
    const metadata = api.call['metadata'];
    const versions = await metadata?.['metadataVersions']?.();
    expect(versions?.toJSON()).toEqual([14, 15, 16]);
    for (const version of [14, 15, 16]) {
      const opaque = await metadata?.['metadataAtVersion']?.(version);
      expect(opaque?.toHex().slice(0, 2)).toBe('0x');
      // Option, compact length, 'meta', version.
      expect(opaque?.toU8a()[opaque.toU8a().indexOf(0x6d) + 4]).toBe(version);
    }
    const none = await metadata?.['metadataAtVersion']?.(13);
    expect(none?.isEmpty).toBe(true);
  });

  it('follows heads, finalized heads and the runtime version', async () => {
    const heads = await firstOf<{ number: { toNumber(): number } }>(3, (tell) =>
      api.rpc.chain.subscribeNewHeads(tell),
    );
    const [first = 0] = heads.map((head) => head.number.toNumber());
    expect(heads.map((head) => head.number.toNumber())).toEqual([first, first + 1, first + 2]);
    const derived = await firstOf<{ number: { toNumber(): number } }>(2, (tell) =>
      api.derive.chain.subscribeNewHeads(tell),
    );
    expect(derived).toHaveLength(2);
    const [best, final] = await Promise.all([
      api.derive.chain.bestNumber(),
      api.derive.chain.bestNumberFinalized(),
    ]);
    expect(best.toNumber() - final.toNumber()).toBeLessThanOrEqual(1);
    const [version] = await firstOf<{ specVersion: { toNumber(): number } }>(1, (tell) =>
      api.rpc.state.subscribeRuntimeVersion(tell),
    );
    expect(version?.specVersion.toNumber()).toBe(425);
  });

  it('estimates, tries, sends and finds a transaction', async () => {
    const tx = transfer(5_000_000);
    const { partialFee, weight } = await tx.paymentInfo(keys.addFromUri('//Bob'));
    expect(partialFee.toNumber()).toBeGreaterThan(100_000);
    expect(weight.refTime.toNumber()).toBeGreaterThan(0);
    const tried = await transfer(1).dryRun(keys.addFromUri('//Bob'));
    expect(tried.toHuman()).toMatchObject({ Ok: { Err: { Token: 'BelowMinimum' } } });
    const signed = await transfer(5_000_000).signAsync(keys.addFromUri('//Bob'));
    const details = await api.rpc.payment.queryFeeDetails(signed.toHex());
    const { baseFee, lenFee, adjustedWeightFee } = details.inclusionFee.unwrap();
    expect(baseFee.add(lenFee).add(adjustedWeightFee).toNumber()).toBe(partialFee.toNumber());
    const results = await sent(tx, '//Bob');
    const statuses = results.map(({ status }) => status.type);
    expect(statuses).toEqual(['Ready', 'InBlock', 'Finalized']);
    const last = results.at(-1);
    const names = last?.events.map(({ event }) => `${event.section}.${event.method}`);
    expect(names).toEqual(expect.arrayContaining(['balances.Transfer', 'system.ExtrinsicSuccess']));
    const { block } = await api.rpc.chain.getBlock(last?.status.asFinalized);
    const held = block.extrinsics.map(({ method }) => `${method.section}.${method.method}`);
    const inherents = ['timestamp.set', 'mevShield.announceNextKey'];
    expect(held).toEqual([...inherents, 'balances.transferKeepAlive']);
    const paid = last?.events.find(({ event }) => event.method === 'TransactionFeePaid');
    expect(paid?.event.data[1]?.toString()).toBe(partialFee.toString());
  });

  it('tells of errors by pallet, name and words', async () => {
    const call = api.tx['subtensorModule']?.['startCall'];
    if (call === undefined) throw new Error('no startCall');
    const failed = (await sent(call(netuid), '//Alice')).at(-1)?.dispatchError;
    if (failed === undefined || !failed.isModule) throw new Error('no error of a module');
    const { section, name, docs } = api.registry.findMetaError(failed.asModule);
    expect([section, name]).toEqual(['subtensorModule', 'FirstEmissionBlockNumberAlreadySet']);
    expect(docs.join(' ')).not.toBe('');
    const stale = transfer(1_000_000).signAsync(keys.addFromUri('//Bob'), { nonce: 0 });
    await expect(stale.then((tx) => tx.send())).rejects.toThrow(/1010: Invalid Transaction/);
  });

  it('follows storage: one item, several at once', async () => {
    const dave = keys.addFromUri('//Dave').address;
    const values: string[] = [];
    const account = api.query['system']?.['account'];
    if (account === undefined) throw new Error('no accounts');
    const end = (await account(dave, (value: Codec) => {
      values.push(value.toString());
    })) as unknown as () => void;
    await sent(transfer(7_000_000), '//Alice');
    await expect.poll(() => values.length, { timeout: 10_000 }).toBe(2);
    end();
    const both = await firstOf<Codec[]>(2, (tell) =>
      api.queryMulti(
        [
          [api.query['timestamp']?.['now'], []],
          [api.query['subtensorModule']?.['tempo'], netuid],
        ] as unknown as Parameters<typeof api.queryMulti>[0],
        tell,
      ),
    );
    expect(both.map(([, tempo]) => tempo?.toString())).toEqual(['20', '20']);
    expect(both[0]?.[0]?.toString()).not.toBe(both[1]?.[0]?.toString());
  });

  it('lists maps whole and by pages, at the head and at a block', async () => {
    const uids = api.query['subtensorModule']?.['uids'];
    const keysOf = api.query['subtensorModule']?.['keys'];
    if (uids === undefined || keysOf === undefined) throw new Error('no uids');
    const entries = await uids.entries(netuid);
    expect(entries.map(([, uid]) => uid.toString()).sort()).toEqual(['0', '1']);
    const [page] = await keysOf.entriesPaged({ args: [netuid], pageSize: 1 });
    expect(page).toBeDefined();
    const rest = await keysOf.entriesPaged({
      args: [netuid],
      pageSize: 5,
      ...(page === undefined ? {} : { startKey: page[0].toHex() }),
    });
    expect(rest).toHaveLength(1);
    expect(await keysOf.keys(netuid)).toHaveLength(2);
    const tempos = await api.query['subtensorModule']?.['tempo']?.multi([0, netuid]);
    expect(tempos?.map(String)).toEqual(['100', '20']);
    const then = await api.at(await api.rpc.chain.getBlockHash(1));
    const number = await then.query['system']?.['number']?.();
    expect(number?.toString()).toBe('1');
    expect((await query('tempo', netuid)).toString()).toBe('20');
  });

  it('derives balances', async () => {
    const { freeBalance, accountNonce } = await api.derive.balances.account(
      keys.addFromUri('//Charlie').address,
    );
    expect(freeBalance.toString()).toBe('1000000000000000');
    expect(accountNonce.toNumber()).toBe(0);
    const all = await api.derive.balances.all(keys.addFromUri('//Charlie').address);
    expect(all.transferable?.toString() ?? all.availableBalance.toString()).not.toBe('0');
  });

  it('is read over HTTP', async () => {
    const provider = new HttpProvider(chain.httpUrl) as unknown as ProviderInterface;
    const overHttp = new ApiPromise({ provider, noInitWarn: true });
    await overHttp.isReady;
    const tempo = await overHttp.query['subtensorModule']?.['tempo']?.(netuid);
    expect(tempo?.toString()).toBe('20');
    await overHttp.disconnect();
  });
});
