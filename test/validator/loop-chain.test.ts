import { describe, expect, it } from 'vitest';
import { SubnetError } from '../../common/errors.ts';
import { createLoop } from '../../validator/loop.ts';
import type { ValidatorLoop } from '../../validator/loop.ts';
import type { ValidatorStatus } from '../../validator/explain.ts';
import { runFor } from '../sim/run.ts';
import { simMiner } from '../sim/sim-miner.ts';
import { nearestMean } from '../sim/sim-models.ts';
import { createWorld, key, netuid, sr25519, train } from '../sim/world.ts';
import type { SimNode, World } from '../sim/world.ts';

const model = nearestMean(train);

interface Rig {
  readonly world: World;
  readonly node: SimNode;
  readonly loop: ValidatorLoop;
  readonly stop: AbortController;
}

async function rig(once = false): Promise<Rig> {
  const world = createWorld('chain', { startBlock: 300 });
  const { platform } = world;
  world.addValidator('alpha');
  world.addMiner('good', simMiner({ signer: key('good'), verifier: sr25519, platform, model }));
  const node = await world.node('alpha');
  const stop = new AbortController();
  const options = { once, headTimeoutMs: 5000, signal: stop.signal };
  return { world, node, loop: createLoop(node.deps, node.config, options), stop };
}

/** Without that of an epoch that had run before the node began. */
const alertsIn = ({ node }: Rig, message: string): unknown[] =>
  node.lines
    .filter((line) => line.message === message)
    .map(({ fields }) => fields['alert'])
    .filter((name) => name !== 'epoch-missed');

/** Runs until the head has passed so many new blocks after `then`, done once at block 312. */
async function runWith(one: Rig, then: () => void, blocksAfter: number): Promise<void> {
  const { world, loop, stop } = one;
  let [left, done] = [12 + blocksAfter, false];
  world.chain.onHead(() => {
    left -= 1;
    if (left === blocksAfter && !done) {
      done = true;
      then();
    }
    if (left <= 0) stop.abort(new Error('enough'));
  });
  await loop.run();
}

describe('a chain that is set back while the node runs', () => {
  it('is told of, makes the node unhealthy, and the next round goes by the new head', async () => {
    const one = await rig();
    const { world, node, loop } = one;
    let before = 0;
    const seen: unknown[] = [];
    const setBack = (): void => {
      before = loop.status().round;
      world.chain.setBack(165);
      seen.push(
        loop.healthy(),
        loop.status().alerts.map(({ name }) => name),
      );
    };
    await runWith(one, setBack, 40);
    expect(seen).toEqual([false, ['chain-went-back']]);
    expect(loop.status().round).toBeGreaterThan(before + 4);
    expect(loop.healthy()).toBe(true);
    expect(loop.status().head?.number).toBeLessThan(200);
    expect(node.lines.find(({ message }) => message === 'the chain went back')).toMatchObject({
      level: 'warn',
      fields: { from: 311, to: 147 },
    });
    expect(alertsIn(one, 'alert')[0]).toBe('chain-went-back');
    expect(alertsIn(one, 'alert over')[0]).toBe('chain-went-back');
  });

  it('a single snapshot with a head out of all bounds keeps nobody waiting', async () => {
    const one = await rig();
    const { world, node, loop } = one;
    const { snapshot } = world.chain;
    let lies = 2;
    Object.assign(node.deps.chain, {
      snapshot: async (netuid: number) => {
        const real = await snapshot(netuid);
        lies -= 1;
        return lies < 0 ? real : { ...real, block: { ...real.block, number: 9_000_000 } };
      },
    });
    await runWith(one, () => undefined, 20);
    expect(loop.status().round).toBeGreaterThan(4);
    expect(loop.status().head?.number).toBeLessThan(400);
    expect(alertsIn(one, 'alert')).toContain('chain-went-back');
    expect(loop.healthy()).toBe(true);
  });

  it('an endpoint that is a few blocks behind another one sets nothing back', async () => {
    const one = await rig();
    await runWith(one, () => void one.world.chain.setBack(5), 10);
    expect(alertsIn(one, 'alert')).toEqual([]);
  });
});

describe('a validator that loses its permit', () => {
  it('takes the refusals for what they are: no miner loses, and the reason is told', async () => {
    const world = createWorld('permit');
    const { platform, chain } = world;
    world.addValidator('alpha');
    const good = simMiner({ signer: key('good'), verifier: sr25519, platform, model });
    let refuses = false;
    const uid = world.addMiner('good', (request) =>
      refuses ? { status: 403, body: new Uint8Array() } : good(request),
    );
    const node = await world.node('alpha');
    const before = await runFor(world, node, 40);
    refuses = true;
    chain.patchNeuron(netuid, 0, { validatorPermit: false, totalStakeRao: 0n });
    const after = await runFor(world, node, 400);
    const scoreIn = ({ miners }: ValidatorStatus) => miners.find((one) => one.uid === uid)?.score;
    expect(scoreIn(before)).toBeGreaterThan(0);
    expect(scoreIn(after)).toBe(scoreIn(before));
    expect(after.voided).toMatchObject({ reason: 'refused' });
    expect(after.voided?.detail).toMatch(/no validator permit/);
    const names = after.alerts.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['not-admitted', 'no-answers']));
    expect(node.lines.findLast(({ message }) => message === 'round')?.fields).toMatchObject({
      counted: false,
      why: after.voided?.detail,
    });
    refuses = false;
    chain.patchNeuron(netuid, 0, { validatorPermit: true, totalStakeRao: 10n ** 13n });
    const healed = await runFor(world, node, 30);
    expect(healed.voided).toBeNull();
    expect(healed.alerts.map(({ name }) => name)).not.toContain('no-answers');
  });
});

describe('a tick', () => {
  it('tells log and metrics of a head that stands still, and of its end', async () => {
    const one = await rig(true);
    const { world, node, loop } = one;
    await loop.run();
    const monotonic = node.deps.platform.clock.monotonicMs();
    Object.assign(node.deps.platform.clock, { monotonicMs: () => monotonic + 60_000 });
    loop.tick();
    loop.tick();
    expect(alertsIn(one, 'alert')).toEqual(['head-stale']);
    expect(await node.metricsText()).toMatch(/validator_alert\{alert="head-stale"\} 1/);
    Object.assign(node.deps.platform.clock, { monotonicMs: () => monotonic });
    loop.tick();
    expect(alertsIn(one, 'alert over')).toEqual(['head-stale']);
    expect(await node.metricsText()).toMatch(/validator_alert\{alert="head-stale"\} 0/);
    expect(world.chain.submissions.length).toBeLessThan(2);
  });

  it('brings the state of the endpoints into the metrics between rounds', async () => {
    const { world, node, loop } = await rig(true);
    await loop.run();
    const [endpoint] = world.chain.endpoints();
    if (endpoint === undefined) throw new Error('the fake chain has an endpoint');
    world.chain.setEndpoints([{ ...endpoint, state: 'failed', score: 0 }]);
    loop.tick();
    expect(await node.metricsText()).toMatch(
      /validator_chain_endpoint_state\{endpoint="ws:\/\/fake",state="failed"\} 1/,
    );
  });
});

describe('a round that the chain broke off', () => {
  const url = 'wss://chain.example:9944';

  it.each([
    ['CHAIN_UNREACHABLE', 'chain-unreachable'],
    ['CHAIN_TIMEOUT', 'chain-unreachable'],
    ['CHAIN_NO_SUBNET', 'no-subnet'],
    ['CHAIN_UNSUPPORTED', 'chain-unsupported'],
    ['CHAIN_RPC', 'chain-error'],
  ] as const)('%s is named truly: %s', async (code, alert) => {
    const one = await rig(true);
    const { node, loop, world } = one;
    const [endpoint] = world.chain.endpoints();
    if (endpoint === undefined) throw new Error('the fake chain has an endpoint');
    world.chain.setEndpoints([{ ...endpoint, url, problem: `${url}: no connection` }]);
    const error = new SubnetError(code, { detail: `${url}: gone; ${url}`, endpoint: url });
    Object.assign(node.deps.chain, { snapshot: () => Promise.reject(error) });
    await expect(loop.run()).rejects.toBe(error);
    expect(loop.status().alerts.map(({ name }) => name)).toEqual([alert]);
    const line = node.lines.find(({ level }) => level === 'warn');
    expect(line?.fields).toMatchObject({ code, detail: expect.stringContaining('gone') as string });
    const told = [JSON.stringify(loop.status()), JSON.stringify(node.lines)];
    const shown = [...told, await node.metricsText()].join('\n');
    expect(shown).toContain(url);
  });
});
