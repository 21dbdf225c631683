import { describe, expect, it } from 'vitest';
import { createLoop } from '../../validator/loop.ts';
import type { RoundConfig } from '../../validator/round.ts';
import { scoreOfTasks, toWeights } from '../../validator/weights/weights.ts';
import { toUnit } from '../../validator/unit.ts';
import { runFor } from '../sim/run.ts';
import { simMiner } from '../sim/sim-miner.ts';
import { nearestMean } from '../sim/sim-models.ts';
import { createWorld, key, netuid, sr25519, train } from '../sim/world.ts';
import type { SimNode, World } from '../sim/world.ts';
import { board, entry, neuron, snapshot } from './build.ts';

const model = nearestMean(train);

async function subnet(
  hyperparams: object,
  config: Partial<RoundConfig> = {},
): Promise<{ world: World; node: SimNode }> {
  const world = createWorld();
  const { platform } = world;
  world.addValidator('alpha');
  world.addMiner('good', simMiner({ signer: key('good'), verifier: sr25519, platform, model }));
  world.chain.patchSubnet(netuid, { hyperparams });
  return { world, node: await world.node('alpha', { config }) };
}

describe('a validator that runs', () => {
  it('looks after its weights between rounds: a hash is revealed in an epoch without any', async () => {
    const on = { commitRevealEnabled: true, tempo: 20, weightsRateLimit: 10 };
    const schedule = { intervalBlocks: 45, leadBlocks: 20 };
    const { world, node } = await subnet(on, { schedule });
    const config = { ...node.config, submit: { ...node.config.submit, commit: 'hash' as const } };
    world.chain.advance(12);
    const status = await runFor(world, { ...node, config }, 44);
    expect(status.round).toBe(1);
    expect(status.weights).toMatchObject({ state: 'effective', path: 'hash' });
    expect(status.mechanisms).toMatchObject([{ mecid: 0, newest: { state: 'effective' } }]);
    const metrics = await node.metricsText();
    expect(metrics).toMatch(/validator_weights_state\{mecid="0",state="effective"\} 1/);
    expect(metrics).toMatch(/validator_weights_committed_block\{mecid="0"\} \d+/);
    expect(metrics).toMatch(
      /validator_chain_endpoint_state\{endpoint="ws:\/\/fake",state="in-use"\} 1/,
    );
  });

  it('ends with HOTKEY_SHARED, after an alarm, when somebody else uses its hotkey', async () => {
    const { world, node } = await subnet({ commitRevealEnabled: true });
    await runFor(world, node, 30);
    const hash = `0x${'cd'.repeat(32)}`;
    world.chain.advance(10);
    await world.chain.submit({ call: 'commit_weights', netuid, hash }, key('alpha'));
    await expect(runFor(world, node, 60)).rejects.toMatchObject({ code: 'HOTKEY_SHARED' });
    expect(node.lines.filter(({ message }) => message === 'alert').at(-1)?.fields).toMatchObject({
      alert: 'hotkey-shared',
    });
    expect(await node.metricsText()).toMatch(/validator_alert\{alert="hotkey-shared"\} 1/);
  });

  it('counts what was missed, and tells of it until a new vector is effective', async () => {
    const { world, node } = await subnet({ commitRevealEnabled: true });
    await runFor(world, node, 24);
    world.chain.stopBeacon();
    const status = await runFor(world, node, 62);
    expect(status.alerts.map(({ name }) => name)).toContain('weights-missed');
    expect(await node.metricsText()).toMatch(/validator_missed_reveals_total\{mecid="0"\} [1-9]/);
    world.chain.startBeacon();
    const after = await runFor(world, node, 60);
    expect(after.alerts).toEqual([]);
  });

  it('is not healthy once no endpoint works, or no block comes for two block times and a timeout', async () => {
    const { world, node } = await subnet({});
    const stop = new AbortController();
    const loop = createLoop(node.deps, node.config, {
      once: true,
      headTimeoutMs: 5000,
      signal: stop.signal,
    });
    await loop.run();
    expect(loop.healthy()).toBe(true);
    world.chain.setEndpoints([
      {
        url: 'wss://chain.example',
        state: 'failed',
        score: 0,
        latencyMs: null,
        headBlock: 3,
        failures: 4,
        problem: 'silent',
      },
    ]);
    expect(loop.healthy()).toBe(false);
    const shown = loop.status().endpoints;
    expect(shown).toMatchObject([{ url: 'wss://chain.example', state: 'failed' }]);
    const [endpoint] = world.chain.endpoints();
    world.chain.setEndpoints(endpoint === undefined ? [] : [{ ...endpoint, state: 'in-use' }]);
    expect(loop.healthy()).toBe(true);
    // Blocks of 1 s: 7 s in all; the sim's clock makes blocks, so it is moved without them.
    const monotonic = node.deps.platform.clock.monotonicMs();
    Object.assign(node.deps.platform.clock, { monotonicMs: () => monotonic + 6900 });
    expect(loop.healthy()).toBe(true);
    Object.assign(node.deps.platform.clock, { monotonicMs: () => monotonic + 7100 });
    expect(loop.healthy()).toBe(false);
    expect(loop.status().alerts.map(({ name }) => name)).toContain('head-stale');
  });

  it('sends the same scores to each mechanism, or to each its tasks', async () => {
    const { world, node } = await subnet({});
    world.chain.patchSubnet(netuid, { mechanisms: 2 });
    const status = await runFor(world, node, 45);
    expect(status.mechanisms.map(({ mecid, newest }) => [mecid, newest?.state])).toEqual([
      [0, 'effective'],
      [1, 'effective'],
    ]);
    expect(await world.chain.weightsOf(netuid, 0, 1)).toEqual(
      await world.chain.weightsOf(netuid, 0, 0),
    );
    const only = await subnet({}, { mechanisms: [{ mecid: 1, tasks: ['digits'] }] });
    only.world.chain.patchSubnet(netuid, { mechanisms: 2 });
    await runFor(only.world, only.node, 45);
    expect(await only.world.chain.weightsOf(netuid, 0, 0)).toEqual([]);
    expect(await only.world.chain.weightsOf(netuid, 0, 1)).not.toEqual([]);
  });
});

describe('scores of some tasks', () => {
  it('are the mean of these alone, and nothing where they were not measured', () => {
    const scores = (a: number, b: number) => ({ a: toUnit(a), b: toUnit(b) });
    const scoreOf = scoreOfTasks([
      { name: 'a', weight: 1 },
      { name: 'c', weight: 3 },
    ]);
    expect(
      scoreOf(entry(0, 0.9, { taskScores: { ...scores(0.8, 1), c: toUnit(0.4) } })),
    ).toBeCloseTo(0.5);
    expect(scoreOf(entry(0, 0.9, { taskScores: scores(0.8, 1) }))).toBeCloseTo(0.2);
    expect(scoreOf(entry(0, 0.9))).toBe(0);
  });

  it('decide a mechanism of their own', () => {
    const two = board(
      entry(0, 0.5, { taskScores: { a: toUnit(1) } }),
      entry(1, 0.5, { taskScores: { b: toUnit(1) } }),
    );
    const policy = { minScore: 0, exponent: 1, maxShare: 1, whenNoneEarn: 'skip' } as const;
    const at = snapshot([neuron(0), neuron(1)]);
    const of = (name: string) => toWeights(two, at, policy, scoreOfTasks([{ name, weight: 1 }]));
    expect(of('a')).toMatchObject({ uids: [0] });
    expect(of('b')).toMatchObject({ uids: [1] });
    expect(of('c')).toMatchObject({ kind: 'no-vector' });
  });
});
