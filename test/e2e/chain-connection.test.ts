import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import type { BlockRef, Chain, ChainCall, EndpointVisits } from '../../common/chain-port.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { until } from './chain-client.ts';
import { contractGenesis, silent } from './chain-world.ts';
import { startProxy } from './cuttable-proxy.ts';
import type { CuttableProxy } from './cuttable-proxy.ts';
import { startRelay } from './faulty-relay.ts';

const requestTimeoutMs = 1500;
const sr25519 = loadSr25519();
const bob = signerFromSuri(sr25519, '//Bob');

describe('the chain client on a bad line', () => {
  let dev: DevChain;
  let proxy: CuttableProxy;
  let chain: Chain;
  beforeAll(async () => {
    dev = await startDevChain({
      port: 0,
      blockTimeMs: 150,
      genesis: contractGenesis,
      log: silent,
    });
  });
  afterAll(() => dev.close());
  beforeEach(async () => {
    proxy = await startProxy(Number(new URL(dev.httpUrl).port));
    chain = await connect([`ws://127.0.0.1:${proxy.port}`]);
  });
  afterEach(async () => {
    await chain.close();
    await proxy.close();
  });

  const connect = (endpoints: readonly string[]): Promise<Chain & EndpointVisits> =>
    connectChain({ endpoints, platform: createPlatform(), logger: silent, requestTimeoutMs });

  const registration = (suri: string): ChainCall => ({
    call: 'burned_register',
    netuid: 1,
    hotkey: signerFromSuri(sr25519, suri).ss58,
  });

  async function works(): Promise<boolean> {
    return chain.head().then(
      () => true,
      () => false,
    );
  }

  it('hears of heads again, reads and sends after a cut', async () => {
    const heads: BlockRef[] = [];
    chain.onHead((head) => void heads.push(head));
    await until(() => heads.length >= 1);
    proxy.cut();
    await expect(chain.head()).rejects.toMatchObject({
      code: expect.stringMatching(/^CHAIN_(UNREACHABLE|TIMEOUT|RPC)$/) as string,
    });
    proxy.restore();
    await until(works);
    const before = heads.length;
    await until(() => heads.length >= before + 2);
    expect(await chain.submit(registration('//Line//cut'), bob)).toMatchObject({
      kind: 'included',
    });
    expect((await chain.snapshot(1)).netuid).toBe(1);
  });

  it('gives up on a line that stays silent, in time, and opens a new one', async () => {
    await chain.head();
    proxy.freeze();
    await expect(chain.snapshot(1)).rejects.toMatchObject({
      code: expect.stringMatching(/^CHAIN_(UNREACHABLE|TIMEOUT)$/) as string,
    });
    proxy.restore();
    await until(works);
    expect(proxy.connections).toBeGreaterThanOrEqual(2);
  });

  it('does not claim to know what became of a transaction that it lost sight of', async () => {
    const sent = chain.submit(registration('//Line//unknown'), bob, { timeoutMs: 3000 });
    // After the nonce and the header were read, when the transaction is about to leave.
    await new Promise((resolve) => setTimeout(resolve, 20));
    proxy.freeze();
    const outcome = await sent.catch((error: unknown) => error);
    const isKnown =
      typeof outcome === 'object' &&
      outcome !== null &&
      'kind' in outcome &&
      outcome.kind !== 'unknown';
    expect(isKnown).toBe(false);
    proxy.restore();
    await until(works);
  });

  it('tries its endpoints in order and names the reason of each that failed', async () => {
    proxy.cut();
    const dead = `ws://127.0.0.1:${proxy.port}`;
    const second = await connect([dead, dev.url]);
    expect((await second.head()).number).toBeGreaterThan(0);
    await second.close();
    await expect(connect([dead])).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
  });

  it('goes on with the others when one sends what is no JSON-RPC, in use or spare', async () => {
    const babbler = await startRelay(dev.url);
    const both = [babbler.url, `ws://127.0.0.1:${proxy.port}`];
    const state = (of: Chain): (string | undefined)[] => of.endpoints().map((one) => one.state);
    const client = await connect(both);
    expect(state(client)[0]).toBe('in-use');
    babbler.babble('<html>bad gateway</html>');
    await until(() => state(client)[1] === 'in-use');
    expect((await client.head()).number).toBeGreaterThan(0);
    await client.close();
    babbler.answer('chain_getBlockHash', Buffer.from([0, 255]));
    for (const endpoints of [both, [...both].reverse()]) {
      const one = await connect(endpoints);
      await one.othersVisited();
      const [problem] = one
        .endpoints()
        .flatMap((of) => (of.state === 'failed' ? [of.problem] : []));
      expect(problem).toBe('it sends what is no JSON-RPC');
      expect((await one.snapshot(1)).netuid).toBe(1);
      await one.close();
    }
    await babbler.close();
  });

  it('closes at once while the line is silent', async () => {
    proxy.freeze();
    const pending = chain.head().catch((error: unknown) => error);
    await chain.close();
    expect(await pending).toMatchObject({ code: expect.stringMatching(/^CHAIN_/) as string });
  });
});
