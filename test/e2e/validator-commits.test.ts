import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoProcess } from '../../cli/demo/processes.ts';
import type { VectorReport } from '../../validator/weights/vector-report.ts';
import { netuid, runArgs, startSubnet, until, validatorStatus } from './harness.ts';
import type { NodeFile, TestSubnet } from './harness.ts';
import { announcePeer, startHonest } from './peers.ts';
import type { Peer } from './peers.ts';

interface VectorsRead {
  readonly running: boolean;
  readonly vectors: readonly VectorReport[];
}

/** Where commit-reveal is on, as it is on every subnet that pays. */
const commitReveal = { tempo: 20, commitRevealEnabled: true, commitRevealPeriod: 1 };

describe('a validator where commit-reveal is on', () => {
  let subnet: TestSubnet;
  let peer: Peer;
  const nodes: NodeFile[] = [];
  const processes: DemoProcess[] = [];

  beforeAll(async () => {
    subnet = await startSubnet({
      validators: ['locked', 'hashed'],
      miners: ['best'],
      blockTimeMs: 1000,
      beacon: 'development',
      subnet: commitReveal,
    });
    peer = await startHonest(subnet.key('best'));
    await announcePeer(subnet, 'best', peer);
    nodes.push(
      await subnet.validatorFile('locked'),
      await subnet.validatorFile('hashed', { weights: { commit: 'hash' } }),
    );
    for (const node of nodes) processes.push(subnet.run(node.name, runArgs('validator', node)));
  });
  afterAll(async () => {
    await subnet.dispose();
    await peer.close();
  });

  it.each([
    [0, 'timelocked'],
    [1, 'hash'],
  ] as const)('brings weights to effect (%i: %s)', { timeout: 240_000 }, async (at, path) => {
    const node = nodes[at];
    if (node === undefined) throw new Error('two validators were started');
    const status = await until(
      'weights that took effect',
      async () => {
        const answer = await fetch(`${node.statusUrl}/weights`).catch(() => undefined);
        const vectors = (await answer?.json()) as readonly VectorReport[] | undefined;
        return vectors?.find(({ state }) => state === 'effective');
      },
      200,
    );
    expect(status).toMatchObject({ path, mecid: 0, attempts: 1 });
    expect(status.revealedBlock).toBe(status.effectiveBlock);
    const uid = await subnet.chain.uidOf(netuid, subnet.key(node.name).ss58);
    const row = await subnet.chain.weightsOf(netuid, uid ?? -1);
    expect(row.map(([to]) => to)).toEqual(status.uids);
    const alerts = (await validatorStatus(node))?.alerts.map(({ name }) => name) ?? [];
    expect(alerts).not.toContain('weights-missed');
  });

  it('shows its vectors, running or stopped', { timeout: 120_000 }, async () => {
    const [node] = nodes;
    if (node === undefined) throw new Error('two validators were started');
    const shown = subnet.run('shown', ['validator', 'weights', '--config', node.file, '--json']);
    await shown.exited;
    const read = JSON.parse(subnet.logOf('shown')) as VectorsRead;
    expect(read.running).toBe(true);
    expect(read.vectors.at(-1)).toMatchObject({ vector: 0, state: 'effective' });
  });

  it('stops with HOTKEY_SHARED when somebody else commits with its hotkey', async () => {
    const call = { call: 'commit_weights', netuid, hash: `0x${'ef'.repeat(32)}` } as const;
    await until('a stranger that may commit', async () => {
      const outcome = await subnet.chain.submit(call, subnet.key('locked'));
      return outcome.kind === 'included';
    });
    await until('the alarm', () => subnet.logOf('locked').includes('HOTKEY_SHARED'));
    expect(await processes[0]?.exited).toBe('exit code 3');
  });
});
