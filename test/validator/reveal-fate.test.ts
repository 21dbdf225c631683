import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { key, netuid } from '../sim/world.ts';
import { commitReveal, createRig, first, second, tempo } from './weights-rig.ts';
import type { Rig, RigOptions } from './weights-rig.ts';
import { openOpenly } from '../fakes/fake-commits.ts';
import { settleWeights } from '../../validator/round.ts';
import { alertsOf } from '../../validator/alerts.ts';

const none = { kind: 'no-vector', reason: 'enough' } as const;

/** A chain that opens the first commit and drops those after it; each pays alike. */
async function secondDropped(): Promise<Rig> {
  let opened = 0;
  const openCommit: typeof openOpenly = (...args) => (opened++ === 0 ? openOpenly(...args) : null);
  const rig = await createRig({ ...commitReveal, chain: { openCommit } });
  await rig.tend(first);
  await rig.live(none, tempo + 6);
  expect((await rig.records())[0]).toMatchObject({ state: 'effective' });
  await rig.tend(first);
  return rig;
}

describe('a reveal while the node is away', () => {
  it('that was dropped is missed, although the row is the same as before', async () => {
    const rig = await secondDropped();
    rig.chain.advance(2 * tempo + 4);
    const { stepped } = await rig.tend(none);
    expect(stepped).toMatchObject([{ id: 1, state: 'missed', revealedAtBlock: null }]);
    expect(stepped[0]?.reason).toMatch(/^the chain dropped the commit \(the epoch .* passed\)/);
  });

  it('is not proven by an equal row where its blocks are forgotten', async () => {
    const rig = await secondDropped();
    rig.chain.advance(2 * tempo + 4);
    rig.chain.forgetEventsBelow((await rig.chain.head()).number);
    const { stepped } = await rig.tend(none);
    expect(stepped).toMatchObject([{ id: 1, state: 'missed' }]);
    expect(stepped[0]?.reason).toMatch(/cannot be seen any more/);
  });

  it('is found by its event long after its epoch', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    rig.chain.advance(5 * tempo);
    const { stepped } = await rig.tend(none);
    expect(stepped).toMatchObject([{ state: 'effective' }]);
    expect(stepped[0]?.revealedAtBlock).not.toBeNull();
  });

  it('is proven by a new row where its blocks are forgotten', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    rig.chain.advance(2 * tempo + 4);
    rig.chain.forgetEventsBelow((await rig.chain.head()).number);
    expect((await rig.tend(none)).stepped).toMatchObject([
      { state: 'effective', revealedAtBlock: null },
    ]);
  });
});

describe('an endpoint that is behind the one before it', () => {
  async function justRevealed(): Promise<Rig> {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    while ((await rig.chain.weightsOf(netuid, 0)).length === 0) {
      await rig.tend(none);
      rig.chain.advance();
    }
    return rig;
  }

  it('by its head is waited for', async () => {
    const rig = await justRevealed();
    const head = rig.chain.head.bind(rig.chain);
    rig.chain.head = async () => {
      const { number } = await head();
      return { number: number - 1, hash: await rig.chain.blockHash(number - 1) };
    };
    await rig.tend(none);
    expect((await rig.records())[0]).toMatchObject({ state: 'due' });
    rig.chain.head = head;
    await rig.tend(none);
    expect((await rig.records())[0]).toMatchObject({ state: 'effective' });
  });

  it('and has the commit still is waited for', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    await rig.live(none, tempo);
    const [before] = await rig.records();
    const pendingCommits = rig.chain.pendingCommits.bind(rig.chain);
    let asked = 0;
    // The first answer is of an endpoint that has one block more.
    rig.chain.pendingCommits = async (...args) => (asked++ === 0 ? [] : pendingCommits(...args));
    await rig.tend(none);
    expect(asked).toBeGreaterThan(0);
    expect((await rig.records())[0]?.state).toBe(before?.state);
    rig.chain.pendingCommits = pendingCommits;
    await rig.live(none, tempo);
    expect((await rig.records())[0]).toMatchObject({ state: 'effective' });
  });
});

describe('a reveal period that the owner changes', () => {
  const three: RigOptions = { hyperparams: { commitRevealEnabled: true, commitRevealPeriod: 3 } };

  it.each(['auto', 'hash'] as const)(
    'to less ends what it makes hopeless at once (%s)',
    async (commit) => {
      const rig = await createRig(three);
      const more = { submit: { commit } };
      await rig.tend(first, more);
      const [before] = await rig.records();
      rig.chain.patchSubnet(netuid, { hyperparams: { commitRevealPeriod: 1 } });
      rig.chain.advance(6);
      const report = await rig.tend(second, { ...more, eager: false });
      const [newest, oldest] = await rig.records();
      if (commit === 'hash') {
        // This node reveals it by itself, whenever the window is.
        expect(newest?.state).toBe('committed');
        const moved = (before?.commit?.revealBlock ?? NaN) - 2 * tempo;
        expect(newest?.commit?.revealBlock).toBe(moved);
        await rig.live(none, 2 * tempo, more);
        expect((await rig.records())[0]).toMatchObject({ state: 'effective' });
        return;
      }
      expect(oldest).toMatchObject({ state: 'missed' });
      expect(oldest?.reason).toMatch(/reveal period changed at or after block \d+ \(3 -> 1\)/);
      expect(report.report).toMatchObject({
        record: { state: 'committed', values: second.values },
      });
      expect(newest?.epoch).toBe(oldest?.epoch);
      await rig.live(none, 2 * tempo);
      expect((await rig.records())[0]).toMatchObject({ state: 'effective' });
    },
  );

  it('to more moves the block at which a commit is due', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    const before = (await rig.records())[0]?.commit?.revealBlock ?? NaN;
    rig.chain.patchSubnet(netuid, { hyperparams: { commitRevealPeriod: 3 } });
    rig.chain.advance(1);
    await rig.tend(none);
    expect((await rig.records())[0]).toMatchObject({
      state: 'committed',
      commit: { revealBlock: before + 2 * tempo },
    });
    await rig.live(none, 4 * tempo);
    expect((await rig.records())[0]).toMatchObject({ state: 'effective' });
  });
});

describe('what holds weights back', () => {
  async function alertsOn(rig: Rig, report: Awaited<ReturnType<Rig['tend']>>) {
    const snapshot = await rig.chain.snapshot(netuid);
    const hotkey = key('alpha').ss58;
    return alertsOf({
      snapshot,
      hotkey,
      weights: [report],
      voided: null,
      silentRounds: 0,
      unjudged: [],
    });
  }

  it.each([
    ['no-permit', { validatorPermit: false }],
    ['stake-below-threshold', { totalStakeRao: 1n }],
  ])('is told without a vector too: %s', async (reason, patch) => {
    const rig = await createRig();
    rig.chain.patchSubnet(netuid, { stakeThresholdRao: 1_500_000_000n });
    rig.chain.patchNeuron(netuid, 0, { totalStakeRao: 9_000_000_000n, ...patch });
    const report = await rig.tend(none);
    expect(report.report).toMatchObject({ reason });
    const [alert] = await alertsOn(rig, report);
    expect(alert).toMatchObject({ name: 'weights-blocked' });
    expect(alert?.detail).toContain(reason);
    if (reason !== 'no-permit')
      expect(alert?.detail).toContain('is below the threshold of 1.5 TAO');
  });

  it('is told when it is a rate limit of more than two epochs, with the block of its end', async () => {
    const rig = await createRig();
    await rig.tend(first);
    const set = (await rig.chain.snapshot(netuid)).neurons[0]?.lastUpdate ?? NaN;
    rig.chain.advance(3 * tempo);
    rig.chain.patchSubnet(netuid, { hyperparams: { weightsRateLimit: 5000 } });
    const alerts = await alertsOn(rig, await rig.tend(second));
    expect(alerts.map(({ name }) => name)).toEqual(['epoch-missed', 'weights-blocked']);
    expect(alerts[1]?.detail).toContain(`it clears at block ${set + 5000}`);
  });

  it('is a score that is no number, until it is forced', async () => {
    const rig = await createRig();
    const broken = { ...first, suspect: 'the scores of 1 neurons are no numbers (uid 3)' };
    const held = await rig.tend(broken);
    expect(held.report).toMatchObject({ reason: 'vector-invalid' });
    expect((await alertsOn(rig, held))[0]).toMatchObject({ name: 'weights-blocked' });
    expect((await rig.tend({ ...none, suspect: 'x' })).report).toMatchObject({
      reason: 'vector-invalid',
    });
    expect((await rig.tend(broken, { submit: { allowEmptier: true } })).report).toMatchObject({
      record: { state: 'effective' },
    });
  });

  it('is not a hash of a lost state, and the block is named at which that is gone', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first, { submit: { commit: 'hash' } });
    rig.chain.advance(6);
    rig.node = await rig.world.node('alpha', { store: createMemoryStore() });
    const report = await rig.tend(second);
    expect(report.report).toMatchObject({ record: { state: 'committed' } });
    const lost = (await alertsOn(rig, report)).find(({ name }) => name === 'state-lost');
    const ends = Number(/clears at block (\d+)/.exec(lost?.detail ?? '')?.[1]);
    while ((await rig.chain.head()).number < ends - 1) rig.chain.advance();
    expect((await rig.tend(none)).lost).toHaveLength(1);
  });
});

describe('a mechanism that is removed', () => {
  it('ends the vectors that wait on it', async () => {
    const rig = await createRig({ ...commitReveal, mechanisms: 2 });
    await rig.tend(first, { mecid: 1 });
    rig.chain.patchSubnet(netuid, { mechanisms: 1 });
    rig.chain.advance(1);
    await settleWeights(rig.node.deps, { entries: new Map() }, 1, rig.node.config, false);
    const [record] = await rig.records(1);
    expect(record).toMatchObject({ state: 'lapsed' });
    expect(record?.reason).toMatch(/mechanism 1 was removed/);
  });
});
