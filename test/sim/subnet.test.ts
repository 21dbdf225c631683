import { beforeAll, describe, expect, it } from 'vitest';
import { checkEvidence, evidenceLines } from '../../validator/evidence.ts';
import type { ValidatorStatus } from '../../validator/explain.ts';
import type { FakePeer } from '../fakes/fake-http.ts';
import { runFor } from './run.ts';
import { simMiner } from './sim-miner.ts';
import { constantAnswer, nearestMean, nearestPicture } from './sim-models.ts';
import type { SimModel } from './sim-models.ts';
import { createWorld, key, netuid, originOf, sr25519, train } from './world.ts';
import type { SimNode, World } from './world.ts';

const best = nearestPicture(train);
const weaker = nearestMean(train);

function miner(world: World, name: string, model: SimModel): FakePeer {
  const { platform } = world;
  return simMiner({ signer: key(name), verifier: sr25519, platform, model });
}

/** Hands each question on to another miner, and gives that one's answer out as its own. */
function relay(world: World, origin: string): FakePeer {
  return async (request) => {
    const url = new URL(request.url);
    const answer = await world.http.request({ ...request, url: origin + url.pathname });
    return answer.kind === 'fault' ? 'reset' : answer;
  };
}

const scoreOf = (status: ValidatorStatus, name: string): number =>
  status.miners.find(({ hotkey }) => hotkey === key(name).ss58)?.score ?? NaN;

describe('a subnet over five epochs', () => {
  const names = ['best', 'weaker', 'constant', 'absent', 'relay', 'garbage', 'forger', 'silent'];
  const world = createWorld();
  const nodes: SimNode[] = [];
  const statuses: ValidatorStatus[] = [];
  const incentive = new Map<string, number>();

  beforeAll(async () => {
    world.addValidator('alpha', 6_000_000_000_000n);
    world.addValidator('beta', 4_000_000_000_000n);
    const bestUid = world.addMiner('best', miner(world, 'best', best));
    world.addMiner('weaker', miner(world, 'weaker', weaker));
    world.addMiner('constant', miner(world, 'constant', constantAnswer(3)));
    world.addMiner('absent', () => 'hang');
    world.addMiner('relay', relay(world, originOf(bestUid)));
    world.addMiner('garbage', () => 'garbage');
    world.addMiner('forger', miner(world, 'best', best));
    world.addMiner('silent', null);
    nodes.push(await world.node('alpha'), await world.node('beta'));
    for (let turn = 0; turn < 8; turn += 1) {
      for (const [at, node] of nodes.entries()) {
        statuses[at] = await runFor(world, node, 7);
      }
    }
    const { neurons } = await world.chain.snapshot(netuid);
    for (const name of names) {
      const found = neurons.find(({ hotkey }) => hotkey === key(name).ss58);
      incentive.set(name, found?.incentive ?? NaN);
    }
  }, 60_000);

  it('pays the best most and the weaker less', () => {
    expect(incentive.get('best')).toBeGreaterThan(incentive.get('weaker') ?? NaN);
    expect(incentive.get('weaker')).toBeGreaterThan(0.05);
  });

  it.each(['constant', 'absent', 'relay', 'garbage', 'forger', 'silent'])(
    'pays the %s nothing at all',
    (name) => {
      expect(incentive.get(name)).toBe(0);
    },
  );

  it('lets both validators find the same order, each by itself', () => {
    for (const status of statuses) {
      expect(scoreOf(status, 'best')).toBeGreaterThan(scoreOf(status, 'weaker') + 0.05);
      expect(scoreOf(status, 'weaker')).toBeGreaterThan(0.3);
      expect(status.weights?.state).toBe('effective');
      expect(status.alerts).toEqual([]);
    }
  });

  it('keeps validators out of each other’s weights', async () => {
    for (const uid of [0, 1]) {
      const row = await world.chain.weightsOf(netuid, uid);
      expect(row.map(([target]) => target)).toEqual([2, 3]);
    }
  });

  it('asks nobody the same question twice, and no two the same', () => {
    const bodies = world.http.requests
      .filter(({ url }) => !url.startsWith(originOf(6)))
      .map(({ body }) => Buffer.from(body ?? []).toString('base64'));
    const asked = world.http.requests.length;
    expect(asked).toBeGreaterThan(100);
    // The relay handed its own questions on, the same bytes: nothing else may come twice.
    const relayed = bodies.length - new Set(bodies).size;
    expect(relayed).toBe(0);
  });

  it('explains every zero in words', () => {
    const note = (name: string) =>
      statuses[0]?.miners.find(({ hotkey }) => hotkey === key(name).ss58)?.note;
    expect(note('constant')).toMatch(/right: chance/);
    expect(note('absent')).toMatch(/no good answer yet: timeout/);
    expect(note('silent')).toMatch(/no good answer yet: no-axon/);
    expect(note('best')).toMatch(/% of \d+ items right/);
  });

  it('leaves evidence that hangs together', async () => {
    for (const node of nodes) {
      const lines: string[] = [];
      for await (const line of evidenceLines(node.store)) lines.push(line);
      const summary = await checkEvidence(lines, world.platform.sha256);
      expect(summary.entries).toBeGreaterThan(20);
    }
  });

  it('logs no secret and nothing that came from the network above debug', () => {
    const text = JSON.stringify(nodes.flatMap(({ lines }) => lines));
    expect(text).not.toMatch(/secret/i);
    expect(text).not.toContain('garbage');
  });

  it('tells Prometheus the outcomes by reason', async () => {
    const text = await nodes[0]?.metricsText();
    expect(text).toMatch(/validator_query_outcomes_total\{task="digits",outcome="timeout"\} \d/);
    expect(text).toMatch(/validator_query_outcomes_total\{task="digits",outcome="answer"\} \d/);
    expect(text).toMatch(/validator_weights_effective_block\{mecid="0"\} \d\d/);
    expect(text).toMatch(/validator_alert\{alert="epoch-missed"\} 0/);
  });
});

describe('over time', () => {
  async function world(): Promise<{ world: World; node: SimNode }> {
    const made = createWorld();
    made.addValidator('alpha');
    made.addMiner('best', miner(made, 'best', best));
    made.addMiner('weaker', miner(made, 'weaker', weaker));
    made.addMiner('other', miner(made, 'other', weaker));
    return { world: made, node: await made.node('alpha') };
  }

  it('a miner that goes away falls to nothing, and comes back when it does', async () => {
    const { world: made, node } = await world();
    const before = await runFor(made, node, 40);
    made.http.serve(originOf(1), null);
    const away = await runFor(made, node, 80);
    expect(scoreOf(away, 'best')).toBeLessThan(0.05 * scoreOf(before, 'best'));
    made.http.serve(originOf(1), miner(made, 'best', best));
    const back = await runFor(made, node, 60);
    expect(scoreOf(back, 'best')).toBeGreaterThan(scoreOf(back, 'weaker'));
  });

  it('a newcomer on a good miner’s uid starts with nothing', async () => {
    const { world: made, node } = await world();
    await runFor(made, node, 40);
    made.chain.replaceNeuron(netuid, 1, { hotkey: key('newcomer').ss58 });
    made.http.serve(originOf(1), null);
    const status = await runFor(made, node, 30);
    expect(scoreOf(status, 'newcomer')).toBe(0);
    expect(status.miners.some(({ hotkey }) => hotkey === key('best').ss58)).toBe(false);
    expect(status.weights?.uids).not.toContain(1);
  });

  it('a miner replaced while the others answer gets no weight in this very vector', async () => {
    const { world: made, node } = await world();
    await runFor(made, node, 34);
    const honest = miner(made, 'weaker', weaker);
    made.http.serve(originOf(2), (request) => {
      made.chain.replaceNeuron(netuid, 1, { hotkey: key('newcomer').ss58 });
      made.http.serve(originOf(2), honest);
      return honest(request);
    });
    const status = await runFor(made, node, 20);
    expect(status.weights?.state).toBe('effective');
    expect(status.weights?.uids).not.toContain(1);
  });

  it('a wall clock that steps an hour leaves scores alone', async () => {
    const { world: made, node } = await world();
    const before = await runFor(made, node, 60);
    made.platform.stepWallClock(3_600_000);
    const after = await runFor(made, node, 40);
    expect(after.miners.map(({ faults }) => faults)).toEqual(
      before.miners.map(({ faults }) => faults),
    );
    expect(scoreOf(after, 'best')).toBeGreaterThan(0.9 * scoreOf(before, 'best'));
  });

  it('nobody loses anything when this node’s own network is cut, for a while', async () => {
    const { world: made, node } = await world();
    const before = await runFor(made, node, 40);
    for (const uid of [1, 2, 3]) made.http.serve(originOf(uid), null);
    const cut = await runFor(made, node, 11);
    expect(cut.alerts.map(({ name }) => name)).toContain('network-suspect');
    expect(scoreOf(cut, 'best')).toBe(scoreOf(before, 'best'));
    const long = await runFor(made, node, 90);
    expect(scoreOf(long, 'best')).toBeLessThan(0.5 * scoreOf(before, 'best'));
  });

  it('a subnet on which nobody earns gets no weights, with the reason', async () => {
    const made = createWorld();
    made.addValidator('alpha');
    made.addMiner('constant', miner(made, 'constant', constantAnswer(1)));
    const status = await runFor(made, await made.node('alpha'), 45);
    expect(made.chain.submissions).toEqual([]);
    expect(await made.chain.weightsOf(netuid, 0)).toEqual([]);
    expect(status.round).toBeGreaterThan(5);
    expect(status.weights).toBeNull();
  });

  it('a validator without a permit is told so, and sends nothing', async () => {
    const { world: made, node } = await world();
    const { chain } = made;
    chain.patchSubnet(netuid, { hyperparams: { maxValidators: 0 } });
    chain.patchNeuron(netuid, 0, { validatorPermit: false });
    const status = await runFor(made, node, 45);
    expect(chain.submissions).toEqual([]);
    expect(status.alerts.map(({ detail }) => detail).join()).toMatch(/no validator permit/);
  });

  it.each(['auto', 'hash'] as const)(
    'commit-reveal is followed to its effect (%s)',
    async (commit) => {
      const { world: made, node } = await world();
      made.chain.patchSubnet(netuid, { hyperparams: { commitRevealEnabled: true } });
      const config = { ...node.config, submit: { ...node.config.submit, commit } };
      const status = await runFor(made, { ...node, config }, 70);
      expect(status.alerts).toEqual([]);
      const vectors = [...(await node.deps.journal.recent(10))].reverse();
      expect(vectors.length).toBeGreaterThan(1);
      expect(vectors[0]).toMatchObject({ state: 'effective' });
      expect(vectors[0]?.path).toBe(commit === 'auto' ? 'timelocked' : 'hash');
      expect(new Set(vectors.map(({ epoch }) => epoch)).size).toBe(vectors.length);
      const row = await made.chain.weightsOf(netuid, 0);
      const shown = vectors.filter(({ state }) => state === 'effective').at(-1);
      expect(row).toEqual(shown?.uids.map((uid, at) => [uid, shown.values[at]]));
      const salts = vectors.flatMap(({ commit: sealed }) => sealed?.salt ?? []);
      expect(salts.length > 0).toBe(commit === 'hash');
      const logged = JSON.stringify(node.lines);
      for (const { commit: sealed } of vectors) {
        if (sealed?.salt != null) expect(logged).not.toContain(JSON.stringify(sealed.salt));
      }
    },
  );
});
