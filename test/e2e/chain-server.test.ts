import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import { rawClient, until } from './chain-client.ts';
import type { RawClient } from './chain-client.ts';
import { contractGenesis, silent } from './chain-world.ts';

const alice = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
/** Timestamp.Now */
const nowKey = '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb';
const options = { port: 0, blockTimeMs: 250, genesis: contractGenesis, manual: true, log: silent };

describe('the JSON-RPC server of the development chain', () => {
  let chain: DevChain;
  let client: RawClient;
  beforeAll(async () => {
    chain = await startDevChain(options);
    client = await rawClient(chain.url);
  });
  afterAll(async () => {
    client.close();
    await chain.close();
  });

  const post = (body: string | Uint8Array<ArrayBuffer>, method = 'POST'): Promise<Response> =>
    fetch(chain.httpUrl, method === 'POST' ? { method, body } : { method });

  it('answers what it cannot read with the errors of JSON-RPC', async () => {
    expect(await client.raw('{"jsonrpc"')).toMatchObject({ id: null, error: { code: -32_700 } });
    expect(await client.raw('7')).toMatchObject({ error: { code: -32_600 } });
    expect(await client.raw('[]')).toMatchObject({ error: { code: -32_600 } });
    expect(await client.ask({ method: 7 })).toMatchObject({ error: { code: -32_600 } });
    expect(await client.ask({ method: 'no_such' })).toMatchObject({ error: { code: -32_601 } });
    expect(await client.ask({ method: 'toString' })).toMatchObject({ error: { code: -32_601 } });
    const wrong = { method: 'state_getStorage', params: ['zz'] };
    expect(await client.ask(wrong)).toMatchObject({ error: { code: -32_602 } });
  });

  it('answers a batch in one message, without those that are notifications', async () => {
    const batch = [
      { jsonrpc: '2.0', id: 'a', method: 'system_name' },
      { jsonrpc: '2.0', method: 'system_name' },
      { jsonrpc: '2.0', id: 'b', method: 'no_such' },
    ];
    expect(await client.raw(JSON.stringify(batch))).toMatchObject([
      { id: 'a', result: 'subnet-suite' },
      { id: 'b', error: { code: -32_601 } },
    ]);
  });

  it('speaks HTTP with any origin, but offers no subscriptions there', async () => {
    const ask = async (method: string): Promise<unknown> =>
      (await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method }))).json();
    expect(await ask('system_chain')).toMatchObject({ result: 'Subnet Development' });
    expect(await ask('chain_subscribeNewHeads')).toMatchObject({ error: { code: -32_000 } });
    const preflight = await post('', 'OPTIONS');
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect((await post('', 'GET')).status).toBe(405);
  });

  it('refuses a body that is too long', async () => {
    const outcome = await post(new Uint8Array(17 * 1024 * 1024)).then(
      ({ status }) => status,
      () => 'cut',
    );
    expect([413, 'cut']).toContain(outcome);
    expect(await client.call('system_name')).toBe('subnet-suite');
  });

  it('accepts what clients of the real chain send', async () => {
    // The Python SDK sends hex without a prefix, and asks for the second of these two names.
    const data = await client.call('state_call', 'Core_version', '');
    expect(data).toMatch(/^0x/);
    expect(await client.call('state_call', 'AccountNonceApi_account_nonce', '00'.repeat(32))).toBe(
      '0x00000000',
    );
    expect(await client.call('account_nextIndex', alice)).toBe(0);
    expect(await client.call('system_accountNextIndex', alice)).toBe(0);
    expect(await client.call('state_getRuntimeVersion')).toMatchObject({
      specName: 'node-subtensor',
      transactionVersion: 1,
    });
    expect(await client.call('system_properties')).toMatchObject({
      ss58Format: 42,
      tokenDecimals: 9,
      tokenSymbol: 'TAO',
    });
    const { methods } = (await client.call('rpc_methods')) as { methods: string[] };
    expect(methods).toEqual(expect.arrayContaining(['author_submitExtrinsic', 'state_call']));
  });

  it('names blocks by number and hash, and says what it does not have', async () => {
    await chain.newBlock();
    const { number, hash } = chain.head();
    expect(await client.call('chain_getBlockHash', number)).toBe(hash);
    expect(await client.call('chain_getBlockHash', [0, number])).toEqual([chain.genesisHash, hash]);
    expect(await client.call('chain_getBlockHash', number + 1)).toBeNull();
    expect(await client.call('chain_getHeader', hash)).toMatchObject({
      number: `0x${number.toString(16)}`,
    });
    expect(await client.call('chain_getFinalizedHead')).toBe(hash);
    const unknown = `0x${'77'.repeat(32)}`;
    const asked = await client.ask({ method: 'state_getStorage', params: [nowKey, unknown] });
    expect(asked).toMatchObject({ error: { code: 4003 } });
  });

  it('notifies of heads until it is told to stop', async () => {
    const id = await client.call('chain_subscribeNewHeads');
    await until(() => client.notified(id).length === 1);
    await chain.newBlock();
    await chain.newBlock();
    await until(() => client.notified(id).length === 3);
    const numbers = client.notified(id).map((head) => Number((head as { number: string }).number));
    const last = chain.head().number;
    expect(numbers).toEqual([last - 2, last - 1, last]);
    expect(await client.call('chain_unsubscribeNewHeads', id)).toBe(true);
    expect(await client.call('chain_unsubscribeNewHeads', id)).toBe(false);
    await chain.newBlock();
    await client.call('system_name');
    expect(client.notified(id)).toHaveLength(3);
  });

  it('notifies of storage that changed, and of the runtime at once', async () => {
    const storage = await client.call('state_subscribeStorage', [nowKey, '0x99']);
    const runtime = await client.call('state_subscribeRuntimeVersion');
    await until(() => client.notified(storage).length === 1);
    await chain.newBlock();
    await until(() => client.notified(storage).length === 2);
    const [first, second] = client.notified(storage) as { changes: [string, string | null][] }[];
    expect(first?.changes.map(([key]) => key)).toEqual([nowKey, '0x99']);
    expect(second?.changes.map(([key]) => key)).toEqual([nowKey]);
    expect(second?.changes[0]?.[1]).not.toBe(first?.changes[0]?.[1]);
    await until(() => client.notified(runtime).length === 1);
    expect(client.notified(runtime)[0]).toMatchObject({ specName: 'node-subtensor' });
  });

  it('calls bytes that are no extrinsic a verification error', async () => {
    const asked = await client.ask({ method: 'author_submitExtrinsic', params: ['0x0badc0de'] });
    expect(asked).toMatchObject({ error: { code: 1002 } });
    await chain.newBlock();
    expect(await client.call('author_pendingExtrinsics')).toEqual([]);
  });

  it('shows a time that follows the wall clock', async () => {
    await chain.newBlock();
    const hex = String(await client.call('state_getStorage', nowKey)).slice(2);
    const shownMs = Number(Buffer.from(hex, 'hex').readBigUInt64LE());
    expect(Math.abs(shownMs - Date.now())).toBeLessThan(60_000);
  });

  it('reads a block as it was while later ones are built', async () => {
    const { hash } = chain.head();
    const before = await client.call('state_getStorage', nowKey, hash);
    await chain.newBlock();
    await chain.newBlock();
    expect(await client.call('state_getStorage', nowKey, hash)).toBe(before);
    expect(await client.call('state_getStorage', nowKey)).not.toBe(before);
  });

  it('builds blocks and writes storage when a test asks for it', async () => {
    const { number } = chain.head();
    await client.call('dev_newBlock', { count: 3 });
    expect(chain.head().number).toBe(number + 3);
    await client.call('dev_setStorage', [['0xabcd', '0x07']]);
    expect(await client.call('state_getStorage', '0xabcd')).toBe('0x07');
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(chain.httpUrl).port);
    const second = startDevChain({ ...options, port });
    await expect(second).rejects.toMatchObject({ code: 'PORT_TAKEN', facts: { port } });
    expect(await client.call('system_name')).toBe('subnet-suite');
  });
});
