import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import type { DemoProcess } from '../../cli/demo/processes.ts';
import { startProxy } from './cuttable-proxy.ts';
import type { CuttableProxy } from './cuttable-proxy.ts';
import { startSilentEndpoint } from './silent-endpoint.ts';
import {
  metricOf,
  minerStatus,
  netuid,
  platform,
  runArgs,
  silent,
  startSubnet,
  until,
  validatorStatus,
} from './harness.ts';
import type { NodeFile, TestSubnet } from './harness.ts';
import { announcePeer, startHostile } from './peers.ts';
import type { Peer } from './peers.ts';

const timeoutMs = 2000;
const alarm = 'validator_alert{alert="chain-unreachable"}';

describe('a chain that goes away and comes back', () => {
  let subnet: TestSubnet;
  let proxy: CuttableProxy;
  let slow: Peer;
  let miner: NodeFile;
  let validator: NodeFile;
  const processes: DemoProcess[] = [];
  const ended: string[] = [];

  beforeAll(async () => {
    subnet = await startSubnet({ validators: ['alpha'], miners: ['best', 'slow'] });
    // It makes each round longer than the pause between two: whatever happens, happens in a round.
    slow = await startHostile('drip', subnet.key('slow'), subnet.key('slow'));
    await announcePeer(subnet, 'slow', slow);
    proxy = await startProxy(Number(new URL(subnet.chainUrl).port));
    const chain = { endpoints: [`ws://127.0.0.1:${proxy.port}`], requestTimeoutMs: timeoutMs };
    miner = await subnet.minerFile('best', { chain });
    validator = await subnet.validatorFile('alpha', { chain });
    processes.push(subnet.run('best', runArgs('miner', miner)));
    processes.push(subnet.run('alpha', runArgs('validator', validator)));
    for (const one of processes) void one.exited.then((how) => ended.push(`${one.name}: ${how}`));
    await weightsAfter(0);
  });
  afterAll(async () => {
    await proxy.close();
    await subnet.dispose();
    await slow.close();
  });

  /** Waits until the validator holds weights that took effect after a block; gives that block. */
  function weightsAfter(block: number): Promise<number> {
    return until(`weights after block ${block}`, async () => {
      const status = await validatorStatus(validator);
      const effective = status?.weights?.effectiveBlock ?? 0;
      return effective > block && status?.ok === true ? effective : undefined;
    });
  }

  async function expectAlarm(reason: RegExp): Promise<void> {
    const detail = await until('the alarm', async () => {
      const alerts = (await validatorStatus(validator))?.alerts ?? [];
      return alerts.find(({ name }) => name === 'chain-unreachable')?.detail;
    });
    expect(detail).toMatch(reason);
    expect(await metricOf(validator, alarm)).toBe(1);
    expect(await metricOf(validator, 'validator_chain_failures_total')).toBeGreaterThan(0);
    expect((await minerStatus(miner))?.ready).toBe(true);
    expect(ended).toEqual([]);
  }

  async function expectRecovery(): Promise<void> {
    const { number } = (await until('a head', () =>
      subnet.chain.head().catch(() => undefined),
    )) ?? {
      number: 0,
    };
    const effective = await weightsAfter(number);
    expect(await metricOf(validator, alarm)).toBe(0);
    expect(await metricOf(validator, 'validator_weights_effective_block{mecid="0"}')).toBe(
      effective,
    );
    const { neurons } = await subnet.chain.snapshot(netuid);
    const own = neurons.find(({ hotkey }) => hotkey === subnet.key('alpha').ss58);
    expect(own?.lastUpdate).toBeGreaterThanOrEqual(effective);
    await until('a miner that follows again', async () => {
      const status = await minerStatus(miner);
      return (status?.metagraphBlock ?? 0) > number;
    });
    expect(ended).toEqual([]);
  }

  it('stopped and started again on its port: alarm, then weights, with nobody’s help', async () => {
    await subnet.cutChain();
    await expectAlarm(/chain/i);
    await subnet.restoreChain();
    await expectRecovery();
  });

  it('half dead, taking bytes and giving none: reads end, and a new connection is made', async () => {
    proxy.freeze();
    await expectAlarm(/did not answer in time|reached/);
    await sleep(timeoutMs);
    proxy.restore();
    await expectRecovery();
  });

  it('half dead for good: SIGTERM still ends both within seconds', async () => {
    proxy.freeze();
    await expectAlarm(/did not answer in time|reached/);
    const from = performance.now();
    await Promise.all(processes.map((one) => one.stop()));
    expect(performance.now() - from).toBeLessThan(9000);
    expect(ended.sort()).toEqual(['alpha: exit code 0', 'best: exit code 0']);
  });
});

describe('an endpoint that takes connections and never answers', () => {
  it('is given up in time, and named', async () => {
    const endpoint = await startSilentEndpoint();
    const connecting = connectChain({
      endpoints: [endpoint.url],
      platform,
      logger: silent,
      requestTimeoutMs: 300,
    });
    await expect(connecting).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    await expect(connecting).rejects.toThrow(/did not answer in time/);
    await endpoint.close();
  });

  it('is given up at once when the node is told to stop', async () => {
    const endpoint = await startSilentEndpoint();
    const stop = new AbortController();
    const connecting = connectChain({
      endpoints: [endpoint.url],
      platform,
      logger: silent,
      requestTimeoutMs: 600_000,
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 50);
    await expect(connecting).rejects.toMatchObject({ code: 'CHAIN_CLOSED' });
    await endpoint.close();
  });
});

describe('reads that are under way on a half-dead connection', () => {
  it('end with CHAIN_TIMEOUT, and with CHAIN_CLOSED when it is closed', async () => {
    const subnet = await startSubnet();
    const proxy = await startProxy(Number(new URL(subnet.chainUrl).port));
    const options = { endpoints: [`ws://127.0.0.1:${proxy.port}`], platform, logger: silent };
    const impatient = await connectChain({ ...options, requestTimeoutMs: 1500 });
    const patient = await connectChain({ ...options, requestTimeoutMs: 600_000 });
    proxy.freeze();
    const waiting = expect(patient.snapshot(netuid)).rejects.toMatchObject({
      code: 'CHAIN_CLOSED',
    });
    await expect(impatient.head()).rejects.toMatchObject({ code: 'CHAIN_TIMEOUT' });
    await Promise.all([patient.close(), impatient.close()]);
    await waiting;
    await proxy.close();
    await subnet.dispose();
  });
});
