import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import type { BlockRef, Chain } from '../../common/chain-port.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { until } from './chain-client.ts';
import { contractGenesis, silent } from './chain-world.ts';
import { startProxy } from './cuttable-proxy.ts';

const options = { port: 0, genesis: contractGenesis, log: silent };
const connect = (...endpoints: readonly string[]): Promise<Chain> =>
  connectChain({ endpoints, platform: createPlatform(), logger: silent, requestTimeoutMs: 5000 });
const inUse = (chain: Chain) => chain.endpoints().find(({ state }) => state === 'in-use')?.url;

describe('a head that stands still', () => {
  let still: DevChain;
  let moving: DevChain;
  beforeAll(async () => {
    still = await startDevChain({ ...options, blockTimeMs: 250, manual: true });
    moving = await startDevChain({ ...options, blockTimeMs: 250 });
  });
  afterAll(async () => {
    await still.close();
    await moving.close();
  });

  it('is left for a node of the same chain that moves on', async () => {
    expect(moving.genesisHash).toBe(still.genesisHash);
    await until(() => moving.head().number > still.head().number + 2);
    const chain = await connect(still.url, moving.url);
    expect(inUse(chain)).toBe(still.url);
    const heads: BlockRef[] = [];
    chain.onHead((head) => void heads.push(head));
    await until(() => inUse(chain) === moving.url);
    expect(chain.endpoints()[0]?.problem).toMatch(/the head stands still at block \d+/);
    await until(() => heads.length > 2);
    expect((await chain.snapshot(1)).block.number).toBeGreaterThan(still.head().number);
    await chain.close();
  });

  it('is told of, and not left, when there is no other', async () => {
    const chain = await connect(still.url);
    const problem = () => chain.endpoints()[0]?.problem ?? null;
    await until(() => problem() !== null);
    expect(problem()).toBe(`the head stands still at block ${still.head().number}`);
    expect((await chain.head()).number).toBe(still.head().number);
    await still.newBlock();
    await until(() => problem() === null);
    expect(inUse(chain)).toBe(still.url);
    await chain.close();
  });
});

describe('a line that is cut again and again', () => {
  it('costs a bounded number of connections, leaves none open, and tells each head once', async () => {
    const cuts = 12;
    const dev = await startDevChain({ ...options, blockTimeMs: 150 });
    const proxy = await startProxy(Number(new URL(dev.httpUrl).port));
    const chain = await connect(`ws://127.0.0.1:${proxy.port}`);
    const heads: BlockRef[] = [];
    chain.onHead((head) => void heads.push(head));
    for (let cut = 0; cut < cuts; cut += 1) {
      proxy.cut();
      await sleep(37 * (cut % 5));
      proxy.restore();
      // Some cuts come while the client is connecting, some when it has just done so.
      await sleep(83 * (cut % 4));
      void chain.head().catch(() => undefined);
    }
    await until(() =>
      chain.head().then(
        () => true,
        () => false,
      ),
    );
    const before = heads.length;
    await until(() => heads.length > before + 2);
    // A visit and a connection for each attempt, and at most two attempts for each cut.
    expect(proxy.connections).toBeLessThanOrEqual(2 + 4 * cuts);
    const numbers = heads.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    await chain.close();
    await until(() => proxy.open === 0);
    await proxy.close();
    await dev.close();
  });
});
