import { describe, expect, it } from 'vitest';
import type { TxOutcome } from '../../common/chain-port.ts';
import { createCommitMaker } from '../../validator/weights/commit-maker.ts';
import { choosePath } from '../../validator/weights/commit-path.ts';
import { vectorReport } from '../../validator/weights/vector-report.ts';
import { fakeBeacon } from '../fakes/fake-chain.ts';
import { commitHashOf } from '../fakes/fake-commits.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { key, netuid } from '../sim/world.ts';
import { commitReveal, createRig, first, second, tempo } from './weights-rig.ts';
import type { Rig, RigOptions } from './weights-rig.ts';

const unknown: TxOutcome = { kind: 'unknown', message: 'the connection broke' };
const rowOf = ({ uids, values }: typeof first) => uids.map((uid, at) => [uid, values[at]]);
const hash = { submit: { commit: 'hash' } } as const;

async function commitsSent({ chain }: Rig): Promise<number> {
  return chain.submissions.filter(({ call }) => call.call.startsWith('commit')).length;
}

/** Where commit-reveal is off today's chain, where there are no mechanisms last year's. */
const dialects: readonly (readonly [string, RigOptions])[] = [
  ['stateful', commitReveal],
  ['modulo', { ...commitReveal, chain: { runtime: { epochs: 'modulo', mechanisms: false } } }],
];

describe.each(dialects)('a commit, epochs by the %s model', (_, options) => {
  it('is revealed by the chain, and effective when the row says so', async () => {
    const rig = await createRig(options);
    const sent = await rig.tend(first);
    expect(sent.report).toMatchObject({ record: { state: 'committed', path: 'timelocked' } });
    expect(await rig.chain.weightsOf(netuid, 0)).toEqual([]);
    await rig.live({ kind: 'no-vector', reason: 'enough' }, 2 * tempo + 2);
    const [record] = await rig.records();
    expect(record).toMatchObject({ state: 'effective', attempts: 1 });
    expect(record?.revealedAtBlock).toBe(record?.effectiveAtBlock);
    expect(record?.dueAtBlock).toBeLessThanOrEqual(record?.revealedAtBlock ?? NaN);
    expect(Math.abs((record?.commit?.revealBlock ?? NaN) - (record?.dueAtBlock ?? 0))).toBeLessThan(
      2,
    );
    expect(await rig.chain.weightsOf(netuid, 0)).toEqual(rowOf(first));
  });

  it('of a hash is revealed by this node, in the one epoch for it', async () => {
    const rig = await createRig(options);
    const stored: string[] = [];
    const { chain, journal } = rig.node.deps;
    const submit = chain.submit.bind(chain);
    chain.submit = async (...args) => {
      stored.push(`${args[0].call} ${JSON.stringify((await journal.latest(0))?.commit?.salt)}`);
      return submit(...args);
    };
    await rig.tend(first, hash);
    await rig.live({ kind: 'no-vector', reason: 'enough' }, 2 * tempo + 2, hash);
    const [record] = await rig.records();
    expect(record).toMatchObject({ state: 'effective', path: 'hash', revealAttempts: 1 });
    const salt = JSON.stringify(record?.commit?.salt);
    expect(stored).toEqual([`commit_weights ${salt}`, `reveal_weights ${salt}`]);
    expect(await rig.chain.weightsOf(netuid, 0)).toEqual(rowOf(first));
    expect(JSON.stringify(vectorReport(record ?? raise()))).not.toContain(salt);
  });

  it('goes on, epoch after epoch, one for each', async () => {
    const rig = await createRig(options);
    await rig.live(first, 3 * tempo, { eager: false });
    await rig.live(second, 3 * tempo, { eager: false });
    const records = await rig.records();
    const epochs = records.map(({ epoch }) => epoch);
    expect(new Set(epochs).size).toBe(records.length);
    expect(records.length).toBeGreaterThanOrEqual(5);
    expect(records.at(-1)).toMatchObject({ state: 'effective' });
    expect(records.every(({ state }) => ['effective', 'committed'].includes(state))).toBe(true);
    expect(await rig.chain.weightsOf(netuid, 0)).toEqual(rowOf(second));
  });
});

function raise(): never {
  throw new Error('no record');
}

describe('a commit', () => {
  it('may wait for several epochs, while others follow it', async () => {
    const hyperparams = { commitRevealEnabled: true, commitRevealPeriod: 3 };
    const rig = await createRig({ hyperparams });
    await rig.live(first, 3 * tempo, { eager: false });
    const waiting = (await rig.records()).filter(({ state }) => state === 'committed');
    expect(waiting.length).toBeGreaterThanOrEqual(3);
    await rig.live(second, 4 * tempo, { eager: false });
    const records = await rig.records();
    expect(records.filter(({ state }) => state === 'effective').length).toBeGreaterThanOrEqual(3);
    expect(records.some(({ state }) => state === 'missed')).toBe(false);
  });

  it('comes due early when the owner asks for an epoch', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    const { number } = await rig.chain.head();
    rig.chain.triggerEpoch(netuid, number + 3);
    const none = { kind: 'no-vector', reason: 'enough' } as const;
    await rig.live(none, 4);
    expect((await rig.records())[0]).toMatchObject({ state: 'due', dueAtBlock: number + 3 });
    await rig.live(none, tempo);
    expect((await rig.records())[0]).toMatchObject({ state: 'effective' });
  });

  it('whose pulse never comes is missed, and answered by a new one', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    rig.chain.stopBeacon();
    await rig.live({ kind: 'no-vector', reason: 'enough' }, tempo + 4);
    expect((await rig.records())[0]).toMatchObject({ state: 'due' });
    rig.chain.advance(tempo);
    rig.chain.startBeacon();
    const report = await rig.tend(second, { eager: false });
    expect(report.stepped[0]).toMatchObject({ state: 'missed' });
    expect(report.stepped[0]?.reason).toMatch(/never got the beacon's pulse of round \d+/);
    expect(report.report).toMatchObject({ record: { state: 'committed', values: second.values } });
    expect(report.failed).toMatchObject({ state: 'missed' });
    const after = await rig.live({ kind: 'no-vector', reason: 'enough' }, 2 * tempo);
    expect(after.newest).toMatchObject({ state: 'effective' });
    expect(after.failed).toBeNull();
  });

  it('that the chain drops is noticed at once', async () => {
    const rig = await createRig({ ...commitReveal, chain: { openCommit: () => null } });
    await rig.tend(first);
    await rig.live({ kind: 'no-vector', reason: 'enough' }, tempo + 6);
    expect((await rig.records())[0]).toMatchObject({ state: 'missed' });
    expect((await rig.records())[0]?.reason).toMatch(/dropped the commit/);
  });

  it('of a hash whose epoch passes while the node is away is missed, and replaced', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first, hash);
    rig.chain.advance(2 * tempo);
    const report = await rig.tend(second, { ...hash, eager: false });
    expect(report.stepped[0]).toMatchObject({ state: 'missed' });
    expect(report.stepped[0]?.reason).toMatch(/epoch of its reveal passed/);
    expect(report.report).toMatchObject({ record: { state: 'committed' } });
  });

  it('is found again after a restart, revealed meanwhile or not', async () => {
    for (const away of [1, tempo + 8]) {
      const rig = await createRig(commitReveal);
      rig.chain.answerNextSubmit(unknown, { apply: true });
      await rig.tend(first);
      await rig.restart();
      rig.chain.advance(away);
      await rig.tend(first);
      const state = away === 1 ? 'committed' : 'effective';
      expect((await rig.records()).at(-1)).toMatchObject({ state, attempts: 1 });
    }
  });

  it('is sent again byte by byte, and only in its epoch', async () => {
    const rig = await createRig(commitReveal);
    rig.chain.answerNextSubmit(unknown);
    await rig.tend(first);
    await rig.restart();
    rig.chain.advance(4);
    expect((await rig.tend(second)).report).toMatchObject({ record: { state: 'committed' } });
    const [one, two] = rig.chain.submissions.map(({ call }) => call);
    expect(one).toEqual(two);
    const late = await createRig(commitReveal);
    late.chain.answerNextSubmit(unknown);
    await late.tend(first);
    late.chain.advance(tempo);
    expect((await late.tend(second)).report).toMatchObject({ reason: 'pending-vector' });
    expect(await commitsSent(late)).toBe(1);
  });

  it('is never followed by a different one in the same epoch', async () => {
    const rig = await createRig({
      hyperparams: { commitRevealEnabled: true, weightsRateLimit: 0 },
    });
    await rig.tend(first);
    expect((await rig.tend(second)).report).toMatchObject({ reason: 'not-due' });
    const { journal } = rig.node.deps;
    const [standing] = await rig.records();
    const admission = {
      netuid,
      mecid: 0,
      round: 2,
      block: 1,
      epoch: standing?.epoch ?? null,
      path: 'plain',
      versionKey: 1n,
      seal: () => null,
    } as const;
    expect(await journal.admit({ ...admission, vector: second })).toMatchObject({
      reason: 'second-vector',
    });
    expect(await journal.admit({ ...admission, vector: first })).toMatchObject({
      reason: 'not-due',
    });
  });

  it('is not sent when it could land in the next epoch', async () => {
    const rig = await createRig(commitReveal);
    const { nextEpochBlock } = await rig.chain.snapshot(netuid);
    while ((await rig.chain.head()).number < (nextEpochBlock ?? 0) - 1) rig.chain.advance();
    const report = await rig.tend(first);
    expect(report.report).toMatchObject({
      reason: 'epoch-boundary',
      clearsAtBlock: nextEpochBlock,
    });
    expect(report.wakeAtBlock).toBe(nextEpochBlock);
  });

  it('that differs from what was revealed is told', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    rig.chain.advance(tempo + 6);
    rig.chain.setWeightsRow(netuid, 0, [[3, 9]]);
    await rig.tend(first);
    expect((await rig.records()).at(-1)).toMatchObject({ state: 'differs' });
  });

  it('stands although a uid of it has changed hands meanwhile', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    rig.chain.advance(3);
    rig.chain.replaceNeuron(netuid, 2, { hotkey: key('newcomer').ss58 });
    rig.chain.advance(tempo + 4);
    rig.chain.replaceNeuron(netuid, 2, { hotkey: key('another').ss58 });
    await rig.tend({ kind: 'no-vector', reason: 'enough' });
    expect((await rig.records())[0]).toMatchObject({ state: 'effective' });
  });
});

describe('a commit by the same hotkey that is not ours', () => {
  const stray = { call: 'commit_weights', netuid, hash: `0x${'ab'.repeat(32)}` } as const;

  it('stops the node', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    rig.chain.advance(8);
    await rig.chain.submit(stray, key('alpha'));
    await expect(rig.tend(first)).rejects.toMatchObject({ code: 'HOTKEY_SHARED' });
  });

  it('stops it too once the chain has revealed it', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    rig.chain.advance(tempo);
    const other = await rig.world.node('alpha', { store: createMemoryStore() });
    const mine = rig.node;
    rig.node = other;
    await rig.tend(second);
    rig.node = mine;
    rig.chain.advance(tempo + 8);
    await expect(rig.tend(first)).rejects.toMatchObject({ code: 'HOTKEY_SHARED' });
  });

  it('from before the state is told and waited for', async () => {
    const rig = await createRig(commitReveal);
    await rig.chain.submit(stray, key('alpha'));
    const report = await rig.tend(first);
    expect(report.lost).toMatchObject([{ kind: 'hash', hash: stray.hash }]);
    // Its salt is lost: it stands for nothing, and only the rate limit holds the next one back.
    expect(report.report).toMatchObject({ reason: 'rate-limit' });
    rig.chain.advance(5);
    expect((await rig.tend(first)).report).toMatchObject({ record: { state: 'committed' } });
    await rig.live(first, 3 * tempo, { eager: false });
    expect((await rig.records()).at(-1)).toMatchObject({ state: 'effective' });
  });

  it('of two nodes that start at once stops at least one', async () => {
    const rig = await createRig(commitReveal);
    const mine = rig.node;
    const other = await rig.world.node('alpha', { store: createMemoryStore() });
    const none = { kind: 'no-vector', reason: 'wait' } as const;
    await rig.tend(none);
    rig.node = other;
    await rig.tend(none);
    rig.node = mine;
    await rig.tend(first);
    rig.node = other;
    await expect(rig.tend(second)).rejects.toMatchObject({ code: 'HOTKEY_SHARED' });
  });
});

describe('mechanisms', () => {
  it('each have vectors, clocks and epochs of their own', async () => {
    const rig = await createRig({ ...commitReveal, mechanisms: 2 });
    await rig.tend(first, { mecid: 0 });
    await rig.tend(second, { mecid: 1 });
    rig.chain.advance(tempo + 5);
    await rig.tend(first, { mecid: 0 });
    await rig.tend(second, { mecid: 1 });
    expect((await rig.records(0)).at(-1)).toMatchObject({ mecid: 0, state: 'effective' });
    expect((await rig.records(1)).at(-1)).toMatchObject({ mecid: 1, state: 'effective' });
    expect(await rig.chain.weightsOf(netuid, 0, 0)).toEqual(rowOf(first));
    expect(await rig.chain.weightsOf(netuid, 0, 1)).toEqual(rowOf(second));
  });

  it('of a hash are hashed with their own storage index', async () => {
    const rig = await createRig({ ...commitReveal, mechanisms: 2 });
    await rig.tend(first, { mecid: 1, ...hash });
    const [record] = await rig.records(1);
    const { salt, hash: sent } = record?.commit ?? raise();
    const made = commitHashOf(key('alpha').ss58, 4096 + netuid, first, salt ?? [], 1n);
    expect(sent).toBe(made);
  });
});

describe('the path', () => {
  const snapshot = {
    netuid,
    hyperparams: { commitRevealEnabled: true, tempo },
    commitRevealVersion: 4,
  };
  const runtime = { commits: { hash: true, timelocked: true } };
  const choose = (more: object, choice: Parameters<typeof choosePath>[1] = 'auto') => {
    const facts = { snapshot, runtime, beacon: fakeBeacon, ...more };
    const found = choosePath(facts as unknown as Parameters<typeof choosePath>[0], choice);
    return typeof found === 'string' ? found : `${found.reason}: ${found.detail}`;
  };

  it('is what the subnet and the runtime allow, and what the operator asks for', () => {
    expect(choose({})).toBe('timelocked');
    expect(choose({}, 'hash')).toBe('hash');
    expect(choose({ beacon: null })).toBe('hash');
    expect(choose({ beacon: null }, 'timelocked')).toMatch(/no-commit-path: .*no beacon/);
    expect(choose({ snapshot: { ...snapshot, commitRevealVersion: 5 } }, 'timelocked')).toMatch(
      /version 5, known is 4/,
    );
    expect(choose({ runtime: { commits: { hash: false, timelocked: true } } }, 'hash')).toMatch(
      /takes no hash commits/,
    );
    const off = { ...snapshot, hyperparams: { commitRevealEnabled: false, tempo } };
    expect(choose({ snapshot: off })).toBe('plain');
    const still = { ...snapshot, hyperparams: { commitRevealEnabled: true, tempo: 0 } };
    expect(choose({ snapshot: still })).toMatch(/no-epochs/);
  });

  it('changes with a runtime upgrade, in the middle of a run', async () => {
    const old = { epochs: 'modulo', mechanisms: false, commits: { hash: true, timelocked: false } };
    const rig = await createRig({
      ...commitReveal,
      chain: { runtime: { ...old, epochs: 'modulo' } },
    });
    await rig.live(first, 2 * tempo + 4, { eager: false });
    const today = { hash: true, timelocked: true };
    rig.chain.upgrade({ epochs: 'stateful', mechanisms: true, commits: today });
    await rig.live(second, 4 * tempo, { eager: false });
    const records = await rig.records();
    expect(records.at(-1)).toMatchObject({ path: 'hash' });
    expect(records[0]).toMatchObject({ path: 'timelocked' });
    expect(
      records.filter(({ state, path }) => state === 'effective' && path === 'timelocked'),
    ).not.toEqual([]);
    expect(await rig.chain.weightsOf(netuid, 0)).toEqual(rowOf(second));
  });

  it('changes when the owner switches commit-reveal off while a hash waits', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first, hash);
    rig.chain.patchSubnet(netuid, { hyperparams: { commitRevealEnabled: false } });
    rig.chain.advance(6);
    const report = await rig.tend(second, { ...hash, eager: false });
    expect(report.stepped).toMatchObject([{ state: 'missed' }, { state: 'effective' }]);
    expect(report.report).toMatchObject({ record: { state: 'effective', path: 'plain' } });
  });

  it('is named as closed when the beacon on chain has no real key', async () => {
    const rig = await createRig(commitReveal);
    const { platform } = rig.world;
    Object.assign(rig.node.deps, { commits: createCommitMaker(platform.randomBytes) });
    expect((await rig.tend(first)).report).toMatchObject({ reason: 'no-commit-path' });
    expect(await rig.records()).toEqual([]);
  });
});
