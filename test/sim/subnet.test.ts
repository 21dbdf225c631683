import { describe, expect, it } from 'vitest';
import { createLoop } from '../../validator/loop.ts';
import { checkEvidence, evidenceLines } from '../../validator/evidence.ts';
import { constantAnswer, nearestMean, nearestPicture } from './sim-models.ts';
import { simMiner } from './sim-miner.ts';
import { createWorld, key, netuid, sr25519, train } from './world.ts';
import type { SimNode, World } from './world.ts';

/** Runs a node until the chain has passed `blocks` more blocks. */
export async function runFor(world: World, node: SimNode, blocks: number): Promise<void> {
  const stop = new AbortController();
  const until = (await world.chain.head()).number + blocks;
  const stopWatching = world.chain.onHead((head) => {
    if (head.number >= until) stop.abort(new Error('enough'));
  });
  const options = { once: false, staleHeadMs: 60_000, signal: stop.signal };
  await createLoop(node.deps, node.config, options).run();
  stopWatching();
}

describe('a whole subnet in one process', () => {
  it('pays best > weaker > 0 and nothing to cheats, over several epochs', async () => {
    const world = createWorld();
    const { platform } = world;
    world.addValidator('alpha');
    const honest = (name: string, model = nearestPicture(train)) =>
      simMiner({ signer: key(name), verifier: sr25519, platform, model });
    const best = world.addMiner('best', honest('best'));
    const weaker = world.addMiner('weaker', honest('weaker', nearestMean(train)));
    const constant = world.addMiner('constant', honest('constant', constantAnswer(3)));
    const absent = world.addMiner('absent', () => 'hang');
    const silent = world.addMiner('silent', null);
    const garbage = world.addMiner('garbage', () => 'garbage');
    const forger = world.addMiner('forger', honest('best'));
    const node = await world.node('alpha');
    await runFor(world, node, 100);
    const { neurons } = await world.chain.snapshot(netuid);
    const incentive = (uid: number): number => neurons[uid]?.incentive ?? NaN;
    expect(incentive(best)).toBeGreaterThan(incentive(weaker));
    expect(incentive(weaker)).toBeGreaterThan(0.05);
    for (const uid of [constant, absent, silent, garbage, forger]) expect(incentive(uid)).toBe(0);
    const lines = [];
    for await (const line of evidenceLines(node.store)) lines.push(line);
    expect(await checkEvidence(lines, platform.sha256)).toMatchObject({ entries: lines.length });
    console.log(
      lines.length,
      neurons.map((n) => n.incentive),
      node.lines.slice(-3),
    );
  });
});
