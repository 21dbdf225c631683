import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import type { BlockRef, Chain } from '../../common/chain-port.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { contractGenesis, silent } from './chain-world.ts';
import { startProxy } from './cuttable-proxy.ts';
import type { CuttableProxy } from './cuttable-proxy.ts';
import { until as untilSaid } from './harness.ts';

const bob = signerFromSuri(loadSr25519(), '//Bob');
const until = (done: () => boolean): Promise<unknown> =>
  untilSaid('the condition', async () => done());
const requestTimeoutMs = 6000;

describe('the chain client with several endpoints', () => {
  let dev: DevChain;
  let other: DevChain;
  let proxy: CuttableProxy;
  beforeAll(async () => {
    const options = { port: 0, blockTimeMs: 150, log: silent };
    dev = await startDevChain({ ...options, genesis: contractGenesis });
    other = await startDevChain({ ...options, genesis: { ...contractGenesis, sudo: '//Bob' } });
    proxy = await startProxy(Number(new URL(dev.httpUrl).port));
  });
  afterAll(async () => {
    await proxy.close();
    await dev.close();
    await other.close();
  });

  const connect = (endpoints: readonly string[], genesisHash?: string): Promise<Chain> =>
    connectChain({
      endpoints,
      platform: createPlatform(),
      logger: silent,
      requestTimeoutMs,
      ...(genesisHash === undefined ? {} : { genesisHash }),
    });
  const inUse = (chain: Chain) => chain.endpoints().find(({ state }) => state === 'in-use')?.url;

  it('goes on by the second when the first swallows everything, and tells heads meanwhile', async () => {
    const first = `ws://127.0.0.1:${proxy.port}`;
    const chain = await connect([first, dev.url]);
    const heads: BlockRef[] = [];
    chain.onHead((head) => void heads.push(head));
    await until(() => heads.length > 5);
    expect(inUse(chain)).toBe(first);
    proxy.freeze();
    // Nobody asks for anything: the silence itself is noticed.
    await until(() => inUse(chain) === dev.url);
    const before = heads.length;
    await until(() => heads.length > before + 2);
    const numbers = heads.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    const remark = {
      call: 'named',
      pallet: 'System',
      name: 'remark',
      args: { remark: '0x02' },
    } as const;
    expect(await chain.submit(remark, bob)).toMatchObject({ kind: 'included' });
    expect(chain.endpoints()[0]).toMatchObject({ state: 'failed' });
    await chain.close();
    proxy.restore();
  });

  it('finds a transaction that was on its way when the line was cut', async () => {
    const first = `ws://127.0.0.1:${proxy.port}`;
    const chain = await connect([first, dev.url]);
    const remark = {
      call: 'named',
      pallet: 'System',
      name: 'remark',
      args: { remark: '0x03' },
    } as const;
    const outcome = await chain.submit(remark, bob, {
      onState: (state) => {
        if (state === 'submitted') proxy.cut();
      },
    });
    expect(outcome).toMatchObject({ kind: 'included' });
    proxy.restore();
    await chain.close();
  });

  it('never uses an endpoint of another chain', async () => {
    const chain = await connect([other.url, dev.url], dev.genesisHash);
    expect(inUse(chain)).toBe(dev.url);
    expect(chain.genesisHash).toBe(dev.genesisHash);
    expect(chain.endpoints()[0]).toMatchObject({ state: 'wrong-chain', score: 0 });
    await chain.close();
    await expect(connect([other.url], dev.genesisHash)).rejects.toMatchObject({
      code: 'CHAIN_FOREIGN',
    });
  });
});
