import { readFileSync } from 'node:fs';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoProcess } from '../../cli/demo/processes.ts';
import type { ValidatorStatus } from '../../validator/explain.ts';
import {
  metricOf,
  minerStatus,
  netuid,
  runArgs,
  startSubnet,
  until,
  validatorStatus,
} from './harness.ts';
import type { NodeFile, TestSubnet } from './harness.ts';
import { announcePeer, hostileKinds, hugeBytes, startHonest, startHostile } from './peers.ts';
import type { HostileKind, Peer } from './peers.ts';

const onLinux = process.platform === 'linux';
const roundsOfAbuse = 4;

const faultOf: Readonly<Record<HostileKind, string>> = {
  forged: 'bad-receipt',
  swapped: 'bad-receipt',
  garbage: 'bad-answer',
  huge: 'too-large',
  declared: 'too-large',
  drip: 'timeout',
  redirect: 'redirect',
  noise: 'bad-protocol',
};

/** The most memory that a process ever held, in bytes. */
function peakBytes(pid: number): number {
  if (!onLinux) return 0;
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? NaN) * 1024;
}

describe('a validator among bad miners', () => {
  let subnet: TestSubnet;
  let validator: NodeFile;
  let node: DemoProcess;
  let victim: DemoProcess;
  let honest: Peer;
  let onHonestAsked = (): void => undefined;
  let peakBefore = 0;
  let roundBefore = 0;
  const peers = new Map<HostileKind, Peer>();

  const of = (status: ValidatorStatus | undefined, name: string) =>
    status?.miners.find(({ hotkey }) => hotkey === subnet.key(name).ss58);

  function statusWhen(
    what: string,
    condition: (status: ValidatorStatus) => boolean,
  ): Promise<ValidatorStatus> {
    return until(what, async () => {
      const status = await validatorStatus(validator);
      return status !== undefined && condition(status) ? status : undefined;
    });
  }

  beforeAll(async () => {
    const miners = ['honest', 'victim', ...hostileKinds];
    subnet = await startSubnet({ validators: ['alpha'], miners });
    honest = await startHonest(subnet.key('honest'), () => onHonestAsked());
    for (const kind of hostileKinds) {
      peers.set(kind, await startHostile(kind, subnet.key(kind), subnet.key('honest')));
    }
    const miner = await subnet.minerFile('victim');
    validator = await subnet.validatorFile('alpha');
    victim = subnet.run('victim', runArgs('miner', miner));
    await announcePeer(subnet, 'honest', honest);
    node = subnet.run('alpha', runArgs('validator', validator));
    await until('the victim serves', async () => (await minerStatus(miner))?.axonServed);
    const calm = await statusWhen(
      'honest rounds',
      (status) => (of(status, 'honest')?.rounds ?? 0) > 1 && (of(status, 'victim')?.score ?? 0) > 0,
    );
    roundBefore = calm.round;
    peakBefore = peakBytes(node.pid);
    await Promise.all([...peers].map(([kind, peer]) => announcePeer(subnet, kind, peer)));
  });
  afterAll(async () => {
    await subnet.dispose();
    await Promise.all([honest, ...peers.values()].map((peer) => peer.close()));
  });

  it('gives each of them nothing, with the reason, and leaves the honest ones alone', async () => {
    const abused = (status: ValidatorStatus): boolean =>
      hostileKinds.every((kind) => (peers.get(kind)?.asked() ?? 0) >= roundsOfAbuse) &&
      hostileKinds.every((kind) => of(status, kind)?.lastFault === faultOf[kind]) &&
      status.weights?.state === 'effective' &&
      status.weights.round > roundBefore + 1;
    const status = await statusWhen('rounds of abuse', abused);
    for (const kind of hostileKinds) {
      expect(of(status, kind)).toMatchObject({ score: 0, lastPoints: 0, weight: 0 });
    }
    for (const name of ['honest', 'victim']) {
      expect(of(status, name)?.lastPoints).toBeGreaterThan(0);
      expect(of(status, name)?.weight).toBeGreaterThan(0);
    }
    expect(of(status, 'honest')?.faults).toBe(0);
    expect(await metricOf(validator, 'validator_rounds_total{result="failed"}')).toBeNaN();
  });

  it('pays none of them on chain', async () => {
    const { neurons } = await subnet.chain.snapshot(netuid);
    const uid = (name: string) =>
      neurons.find(({ hotkey }) => hotkey === subnet.key(name).ss58)?.uid;
    const row = await subnet.chain.weightsOf(netuid, uid('alpha') ?? -1);
    expect(new Set(row.map(([target]) => target))).toEqual(new Set([uid('honest'), uid('victim')]));
    for (const kind of hostileKinds) {
      expect(neurons[uid(kind) ?? -1]).toMatchObject({ incentive: 0, emissionRao: 0n });
    }
  });

  it.runIf(onLinux)('holds no 50 MB answer in memory', () => {
    const poured = (peers.get('huge')?.asked() ?? 0) + (peers.get('declared')?.asked() ?? 0);
    expect(poured).toBeGreaterThanOrEqual(2 * roundsOfAbuse);
    // Two such answers in a round would stand out above all that a busy heap grows by itself.
    expect(peakBytes(node.pid) - peakBefore).toBeLessThan(1.5 * hugeBytes);
  });

  it.runIf(onLinux)(
    'a miner that dies in a round gets nothing for it; the round ends',
    async () => {
      // Stopped, it takes the connection and says nothing: it surely dies while it is being asked.
      process.kill(victim.pid, 'SIGSTOP');
      const dying = new Promise<void>((resolve) => {
        onHonestAsked = () => {
          process.kill(victim.pid, 'SIGKILL');
          onHonestAsked = () => undefined;
          resolve();
        };
      });
      const { round } = await statusWhen('a status', () => true);
      await dying;
      await expect(victim.exited).resolves.toBe('SIGKILL');
      const after = await statusWhen('the round after', (status) => status.round > round + 1);
      expect(of(after, 'victim')).toMatchObject({ lastPoints: 0, lastRound: after.round });
      expect(of(after, 'victim')?.lastFault).toMatch(/reset|unreachable|timeout/);
      expect(of(after, 'honest')).toMatchObject({ lastRound: after.round, faults: 0 });
      expect(of(after, 'honest')?.lastPoints).toBeGreaterThan(0);
      expect(after.alerts.map(({ name }) => name)).not.toContain('network-suspect');
    },
  );
});
