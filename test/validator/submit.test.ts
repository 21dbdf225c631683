import { describe, expect, it } from 'vitest';
import type { TxOutcome } from '../../common/chain-port.ts';
import { resolveOpen, submitWeights } from '../../validator/submit.ts';
import type { SubmitOptions, WeightsReport } from '../../validator/submit.ts';
import type { WeightVector } from '../../validator/weights.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createWorld, key, netuid } from '../sim/world.ts';
import type { SimNode, World } from '../sim/world.ts';

const first: WeightVector = { kind: 'vector', uids: [1], values: [65535] };
const second: WeightVector = { kind: 'vector', uids: [1, 2], values: [65535, 9] };
const unknown: TxOutcome = { kind: 'unknown', message: 'the connection broke' };

async function setup(): Promise<{ world: World; node: SimNode; options: SubmitOptions }> {
  const world = createWorld();
  world.addValidator('alpha');
  world.addMiner('one', null);
  world.addMiner('two', null);
  world.chain.advance(15);
  const node = await world.node('alpha');
  const options = { ...node.config.submit, lifetimeBlocks: 30, patienceBlocks: 4 };
  return { world, node, options };
}

async function submit(
  { world, node, options }: Awaited<ReturnType<typeof setup>>,
  vector: WeightVector,
): Promise<WeightsReport> {
  const snapshot = await world.chain.snapshot(netuid);
  return submitWeights(node.deps, { snapshot, round: 1, vector, versionKey: 1n }, options);
}

async function resolve({ world, node, options }: Awaited<ReturnType<typeof setup>>) {
  return resolveOpen(node.deps, await world.chain.snapshot(netuid), options);
}

const sent = (world: World): number => world.chain.submissions.length;

describe('submitWeights', () => {
  it('reports as effective what it read back, with its block', async () => {
    const one = await setup();
    const report = await submit(one, first);
    const block = (await one.world.chain.snapshot(netuid)).neurons[0]?.lastUpdate;
    expect(report).toMatchObject({
      kind: 'sent',
      record: { state: 'effective', effectiveAtBlock: block, includedAtBlock: block },
    });
  });

  it('is on disk as under way before the chain hears of it', async () => {
    const one = await setup();
    const states: string[] = [];
    const { chain } = one.node.deps;
    const spied = {
      ...chain,
      submit: async (...args: Parameters<typeof chain.submit>) => {
        states.push((await one.node.deps.journal.latest())?.state ?? 'none');
        return chain.submit(...args);
      },
    };
    const node = { ...one.node, deps: { ...one.node.deps, chain: spied } };
    await submit({ ...one, node }, first);
    expect(states).toEqual(['submitting']);
  });

  it('signs nothing in a dry run, and says what the chain would refuse', async () => {
    const one = await setup();
    one.world.chain.patchNeuron(netuid, 0, { validatorPermit: false });
    const options = { ...one.options, dryRun: true };
    expect(await submit({ ...one, options }, first)).toMatchObject({
      kind: 'dry-run',
      vector: first,
      blocked: { reason: 'no-permit' },
    });
    expect(sent(one.world)).toBe(0);
    expect(await one.node.deps.journal.latest()).toBeNull();
  });

  it('keeps a refusal with its reason, and may send another vector then', async () => {
    const one = await setup();
    const refused = { kind: 'refused', where: 'pool', name: 'SettingWeightsTooFast' } as const;
    one.world.chain.answerNextSubmit({ ...refused, message: 'Custom error: 6' });
    expect(await submit(one, first)).toMatchObject({
      record: { state: 'rejected', reason: 'SettingWeightsTooFast: Custom error: 6' },
    });
    expect(await submit(one, second)).toMatchObject({ record: { state: 'effective' } });
  });

  it('does not believe an inclusion that the chain does not show', async () => {
    const one = await setup();
    const block = await one.world.chain.head();
    const included = {
      kind: 'included',
      block,
      extrinsicHash: '0x1',
      events: [],
      finalised: true,
    } as const;
    one.world.chain.answerNextSubmit(included);
    expect(await submit(one, first)).toMatchObject({ record: { state: 'included' } });
  });

  it('tells when the chain holds other weights than were sent', async () => {
    const one = await setup();
    const { chain } = one.world;
    chain.answerNextSubmit(
      {
        kind: 'included',
        block: { number: 17, hash: '0x' },
        extrinsicHash: '0x1',
        events: [],
        finalised: true,
      },
      { apply: true },
    );
    const weightsOf = chain.weightsOf.bind(chain);
    chain.weightsOf = async (...args) => [...(await weightsOf(...args)), [2, 5] as const];
    expect(await submit(one, first)).toMatchObject({ record: { state: 'differs' } });
  });
});

describe('a vector whose fate is open', () => {
  it('keeps any different one waiting', async () => {
    const one = await setup();
    one.world.chain.answerNextSubmit(unknown);
    expect(await submit(one, first)).toMatchObject({ record: { state: 'unknown' } });
    expect(await submit(one, second)).toMatchObject({ kind: 'skipped', reason: 'pending-vector' });
    expect(sent(one.world)).toBe(1);
  });

  it('is found effective when it landed unseen', async () => {
    const one = await setup();
    one.world.chain.answerNextSubmit(unknown, { apply: true });
    await submit(one, first);
    expect(await resolve(one)).toMatchObject({ state: 'effective', attempts: 1 });
    expect(sent(one.world)).toBe(1);
  });

  it('is sent again, the very same, when it was not seen for a while', async () => {
    const one = await setup();
    one.world.chain.answerNextSubmit(unknown);
    await submit(one, first);
    expect(await resolve(one)).toMatchObject({ state: 'unknown', attempts: 1 });
    one.world.chain.advance(4);
    expect(await resolve(one)).toMatchObject({ state: 'effective', attempts: 2 });
    const calls = one.world.chain.submissions.map(({ call }) => call);
    expect(calls[0]).toEqual(calls[1]);
  });

  it('counts as effective when the repeat is refused because the first one landed late', async () => {
    const one = await setup();
    const { chain } = one.world;
    chain.answerNextSubmit(unknown);
    await submit(one, first);
    chain.advance(4);
    const refused = { kind: 'refused', where: 'pool', name: 'SettingWeightsTooFast' } as const;
    chain.answerNextSubmit({ ...refused, message: 'Custom error: 6' }, { apply: true });
    expect(await resolve(one)).toMatchObject({ state: 'effective', attempts: 2 });
  });

  it('is given up once its signature cannot land any more', async () => {
    const one = await setup();
    one.world.chain.answerNextSubmit(unknown);
    await submit(one, first);
    one.world.chain.advance(31);
    expect(await resolve(one)).toMatchObject({ state: 'lapsed' });
    expect(await submit(one, second)).toMatchObject({ record: { state: 'effective' } });
  });

  it('shows as foreign when someone else set weights with this hotkey', async () => {
    const one = await setup();
    const { chain } = one.world;
    chain.answerNextSubmit(unknown);
    await submit(one, first);
    const call = { call: 'set_weights', netuid, uids: [2], values: [1], versionKey: 1n } as const;
    await chain.submit(call, key('alpha'));
    expect(await resolve(one)).toMatchObject({ state: 'differs' });
  });

  it('survives the death of the process', async () => {
    const one = await setup();
    one.world.chain.answerNextSubmit(unknown, { apply: true });
    await submit(one, first);
    const store = createMemoryStore(one.node.store.contents());
    const node = await one.world.node('alpha', { store });
    expect(await resolve({ ...one, node })).toMatchObject({ state: 'effective' });
  });
});

describe('the journal', () => {
  it('lets exactly one of ten racing vectors in', async () => {
    const { node } = await setup();
    const vectors = Array.from({ length: 10 }, (_, at) => ({
      kind: 'vector' as const,
      uids: [1, 2],
      values: [65535, at + 1],
    }));
    const admitted = await Promise.all(
      vectors.map(async (vector) => {
        const input = { netuid, round: 1, block: 20, vector, versionKey: 1n };
        const record = await node.deps.journal.admit(input);
        if ('kind' in record) return null;
        return node.deps.journal.step(record.id, { to: 'submitting', block: 20 }).catch(() => null);
      }),
    );
    expect(admitted.filter((record) => record !== null)).toHaveLength(1);
  });

  it('forgets the oldest of more than a thousand', async () => {
    const { node } = await setup();
    for (let at = 0; at < 1010; at += 1) {
      const vector = { kind: 'vector', uids: [1], values: [65535] } as const;
      await node.deps.journal.admit({ netuid, round: at, block: at, vector, versionKey: 1n });
    }
    expect((await node.deps.journal.recent(5000)).length).toBe(1000);
    expect((await node.deps.journal.latest())?.round).toBe(1009);
  });
});
