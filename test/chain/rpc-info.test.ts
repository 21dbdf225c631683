import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import { infoArguments, infoMethods } from '../../chain/rpc-info.ts';
import { rpcMethods } from '../../chain/rpc-methods.ts';
import { createLogger } from '../../common/node/log.ts';
import { alice } from '../common/wire-keys.ts';

/** Parameters that fit each kind of argument. */
const samples = {
  u8: 0,
  u16: 0,
  u64: 1_000_000_000,
  account: alice.ss58,
  'account bytes': Array.from(alice.publicKey),
  'u16 list': [0, 7, 52],
} as const;

describe('the methods that the chain adds to those of Substrate', () => {
  let chain: DevChain;

  beforeAll(async () => {
    const log = createLogger({ level: 'silent' });
    chain = await startDevChain({ port: 0, blockTimeMs: 250, manual: true, log });
  });

  afterAll(() => chain.close());

  async function ask(method: string, ...params: readonly unknown[]): Promise<unknown> {
    const response = await fetch(chain.httpUrl, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    return response.json();
  }

  it.each(Object.keys(infoMethods))('%s answers, also at a block', async (name) => {
    const params = infoMethods[name]?.args.map((kind) => samples[kind]) ?? [];
    const atHead = await ask(name, ...params);
    expect(atHead).not.toHaveProperty('error');
    expect(await ask(name, ...params, chain.head().hash)).toEqual(atHead);
    expect(rpcMethods).toHaveProperty(name);
  });

  it('decodes what the nodes decode', async () => {
    const price = { netuid: 0, price: 1_000_000_000 };
    expect(await ask('subnetInfo_getLockCost')).toMatchObject({ result: 1_000_000_000_000 });
    expect(await ask('swap_currentAlphaPriceAll')).toMatchObject({ result: [price] });
    expect(await ask('subnetInfo_getSubnetToPrune')).toMatchObject({ result: null });
    // None, in SCALE.
    expect(await ask('neuronInfo_getNeuronLite', 0, 0)).toMatchObject({ result: [0] });
    expect(await ask('neuronInfo_getNeurons', 0)).toMatchObject({ result: [0] });
  });

  it('says which parameters it wants', async () => {
    const refused = { error: { code: -32602, message: expect.stringContaining('u16') as unknown } };
    for (const netuid of [undefined, '0', -1, 65_536, 0.5, null]) {
      expect(await ask('neuronInfo_getNeurons', netuid)).toMatchObject(refused);
    }
    const method = infoMethods['subnetInfo_getSelectiveMetagraph'];
    if (method === undefined) throw new Error('no such method');
    expect(infoArguments(method, [1, [7, 300]])).toEqual(Uint8Array.of(1, 0, 8, 7, 0, 0x2c, 1));
    expect(infoArguments(method, [1, [70_000]])).toBeNull();
    expect(infoArguments(method, [1, 7])).toBeNull();
  });
});
