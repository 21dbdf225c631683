import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProxy } from './cuttable-proxy.ts';
import type { CuttableProxy } from './cuttable-proxy.ts';
import { netuid, runArgs, startSubnet, until, validatorStatus } from './harness.ts';
import type { NodeFile, TestSubnet } from './harness.ts';
import { announcePeer, startHonest } from './peers.ts';
import type { Peer } from './peers.ts';

/** Long enough that a busy machine fails over and sets weights before it ends. */
const tempo = 40;

async function healthOf({ statusUrl }: NodeFile): Promise<number | undefined> {
  try {
    return (await fetch(`${statusUrl}/healthz`, { signal: AbortSignal.timeout(2000) })).status;
  } catch {
    return undefined;
  }
}

describe('a validator whose endpoints swallow its traffic', () => {
  let subnet: TestSubnet;
  let peer: Peer;
  let node: NodeFile;
  const proxies: CuttableProxy[] = [];

  beforeAll(async () => {
    const limits = { tempo, weightsRateLimit: 10 };
    subnet = await startSubnet({
      validators: ['alpha'],
      miners: ['best'],
      blockTimeMs: 500,
      subnet: limits,
    });
    peer = await startHonest(subnet.key('best'));
    await announcePeer(subnet, 'best', peer);
    const target = Number(new URL(subnet.chainUrl).port);
    proxies.push(await startProxy(target), await startProxy(target));
    const endpoints = proxies.map(({ port }) => `ws://127.0.0.1:${port}`);
    node = await subnet.validatorFile('alpha', { chain: { endpoints, requestTimeoutMs: 3000 } });
    subnet.run('alpha', runArgs('validator', node));
    await until('a healthy validator', async () => (await healthOf(node)) === 200);
  });
  afterAll(async () => {
    await subnet.dispose();
    await peer.close();
    for (const proxy of proxies) await proxy.close();
  });

  it('sets weights in the same epoch by another one, and tells which', async () => {
    const early = await until('the first half of an epoch', async () => {
      const snapshot = await subnet.chain.snapshot(netuid);
      const { block, lastEpochBlock, nextEpochBlock, neurons } = snapshot;
      // The first epoch gives the permit.
      if (!neurons.some(({ validatorPermit }) => validatorPermit)) return undefined;
      const left = (nextEpochBlock ?? 0) - block.number;
      return left > tempo / 2 ? { lastEpochBlock, nextEpochBlock } : undefined;
    });
    proxies[0]?.freeze();
    const done = await until('weights that took effect', async () => {
      const status = await validatorStatus(node);
      const at = status?.weights?.effectiveBlock ?? 0;
      return at > early.lastEpochBlock ? status : undefined;
    });
    expect(done.weights?.effectiveBlock).toBeLessThan(early.nextEpochBlock ?? 0);
    expect(done.endpoints.map(({ state }) => state)).toEqual([
      expect.not.stringMatching('in-use'),
      'in-use',
    ]);
    const { neurons } = await subnet.chain.snapshot(netuid);
    const own = neurons.find(({ hotkey }) => hotkey === subnet.key('alpha').ss58);
    expect(own?.lastUpdate).toBe(done.weights?.effectiveBlock);
  });

  it('is unready once none is left, and ready when one is back', async () => {
    for (const proxy of proxies) proxy.freeze();
    await until('unready', async () => (await healthOf(node)) === 503);
    proxies[0]?.restore();
    proxies[1]?.restore();
    await until('ready again', async () => (await healthOf(node)) === 200);
  });
});
