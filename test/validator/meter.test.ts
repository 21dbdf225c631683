import { describe, expect, it } from 'vitest';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';
import { meterRound, meterWeights } from '../../validator/meter.ts';
import { createValidatorMetrics } from '../../validator/metrics.ts';
import type { RoundResult } from '../../validator/round.ts';
import { runFor } from '../sim/run.ts';
import { simMiner } from '../sim/sim-miner.ts';
import { nearestMean } from '../sim/sim-models.ts';
import { createWorld, key, netuid, sr25519, train } from '../sim/world.ts';
import { board, entry, hotkey, neuron, snapshot } from './build.ts';
import { commitReveal, createRig, first, second, tempo } from './weights-rig.ts';

function meters() {
  const registry = createMetricsRegistry();
  const metrics = createValidatorMetrics(registry);
  const valueOf = async (series: string): Promise<number | null> => {
    const line = (await registry.render()).split('\n').find((one) => one.startsWith(`${series} `));
    return line === undefined ? null : Number(line.slice(series.length + 1));
  };
  return { registry, metrics, valueOf };
}

describe('meterWeights', () => {
  it('tells the newest vector in effect while the next one is on its way already', async () => {
    const rig = await createRig(commitReveal);
    await rig.live(first, 2 * tempo + 2);
    const records = await rig.records();
    const effective = records.find(({ state }) => state === 'effective');
    expect(effective?.effectiveAtBlock).toBeGreaterThan(0);
    const newest = records.at(0);
    expect(newest?.state).toBe('committed');
    const { metrics, valueOf } = meters();
    meterWeights(metrics, [], records);
    expect(await valueOf('validator_weights_effective_block{mecid="0"}')).toBe(
      effective?.effectiveAtBlock,
    );
    expect(await valueOf('validator_weights_state{mecid="0",state="committed"}')).toBe(1);
    expect(await valueOf('validator_weights_state{mecid="0",state="effective"}')).toBe(0);
    const count = records.filter(({ state }) => state === 'effective').length;
    expect(await valueOf('validator_weights_vectors{mecid="0",state="effective"}')).toBe(count);
  });

  it('shows the shares of each mechanism, and only those of its newest vector', async () => {
    const rig = await createRig({ mechanisms: 2 });
    await rig.tend(first, { mecid: 0 });
    await rig.tend(second, { mecid: 1 });
    const { metrics, valueOf } = meters();
    const [one] = await rig.records(0);
    const [two] = await rig.records(1);
    if (one === undefined || two === undefined) throw new Error('no vectors');
    meterWeights(metrics, [], [{ ...one, uids: [1, 5], values: [1, 1] }, two]);
    expect(await valueOf('validator_weight_ratio{mecid="0",uid="5"}')).toBe(0.5);
    expect(await valueOf('validator_weight_ratio{mecid="1",uid="2"}')).toBeGreaterThan(0.9);
    meterWeights(metrics, [], [one, two]);
    expect(await valueOf('validator_weight_ratio{mecid="0",uid="5"}')).toBeNull();
    expect(await valueOf('validator_weight_ratio{mecid="0",uid="2"}')).toBeGreaterThan(0);
  });
});

describe('meterRound', () => {
  it('forgets the score of a uid that has left the board', async () => {
    const { metrics, valueOf } = meters();
    const result = (...entries: ReturnType<typeof entry>[]): RoundResult => ({
      state: { board: board(...entries), lastRound: 1, voidRounds: 0 },
      round: 1,
      startedAtBlock: 1,
      snapshot: snapshot([neuron(0)]),
      outcomes: [],
      points: [],
      voided: null,
      weights: [],
    });
    meterRound(metrics, result(entry(1, 0.5), entry(2, 0.25)), hotkey(0));
    expect(await valueOf('validator_score_ratio{uid="2"}')).toBe(0.25);
    meterRound(metrics, result(entry(1, 0.5)), hotkey(0));
    expect(await valueOf('validator_score_ratio{uid="2"}')).toBeNull();
    expect(await valueOf('validator_score_ratio{uid="1"}')).toBe(0.5);
  });
});

describe('the metrics of a validator under commit-reveal', () => {
  it('move on with every vector that takes effect', async () => {
    const world = createWorld('meters');
    const { platform, chain } = world;
    world.addValidator('alpha');
    const model = nearestMean(train);
    world.addMiner('good', simMiner({ signer: key('good'), verifier: sr25519, platform, model }));
    chain.patchSubnet(netuid, { hyperparams: { commitRevealEnabled: true } });
    const node = await world.node('alpha');
    const effectiveBlock = async (): Promise<number> => {
      const found = /validator_weights_effective_block\{mecid="0"\} (\d+)/.exec(
        await node.metricsText(),
      );
      return Number(found?.[1] ?? 0);
    };
    await runFor(world, node, 90);
    const before = await effectiveBlock();
    expect(before).toBeGreaterThan(0);
    await runFor(world, node, 90);
    expect(await effectiveBlock()).toBeGreaterThan(before + 60);
  });
});
