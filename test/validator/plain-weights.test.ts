import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { SubnetError } from '../../common/errors.ts';
import { decodeRecord, encodeRecord } from '../../validator/weights/vector-state.ts';
import type { TxOutcome } from '../../common/chain-port.ts';
import type { WeightVector } from '../../validator/weights/weights.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { key, netuid } from '../sim/world.ts';
import { createRig, first, second } from './weights-rig.ts';
import type { Rig } from './weights-rig.ts';

const unknown: TxOutcome = { kind: 'unknown', message: 'the connection broke' };
const tooFast: TxOutcome = {
  kind: 'refused',
  where: 'pool',
  name: 'SettingWeightsTooFast',
  message: 'Custom error: 6',
};
function raise(): never {
  throw new Error('no record');
}

const sent = (rig: Rig): number => rig.chain.submissions.length;

describe('plain weights', () => {
  it('are effective when they were read back, with their block', async () => {
    const rig = await createRig();
    const { report } = await rig.tend(first);
    const block = (await rig.chain.snapshot(netuid)).neurons[0]?.lastUpdate;
    expect(report).toMatchObject({
      kind: 'sent',
      record: {
        state: 'effective',
        path: 'plain',
        effectiveAtBlock: block,
        includedAtBlock: block,
      },
    });
  });

  it('are on disk as under way before the chain hears of them', async () => {
    const rig = await createRig();
    const states: string[] = [];
    const { chain, journal } = rig.node.deps;
    const submit = chain.submit.bind(chain);
    chain.submit = async (...args) => {
      states.push((await journal.latest(0))?.state ?? 'none');
      return submit(...args);
    };
    await rig.tend(first);
    expect(states).toEqual(['submitting']);
  });

  it('are not signed in a dry run, which says what the chain would refuse', async () => {
    const rig = await createRig();
    rig.chain.patchNeuron(netuid, 0, { validatorPermit: false });
    const { report } = await rig.tend(first, { submit: { dryRun: true } });
    expect(report).toMatchObject({
      kind: 'dry-run',
      vector: first,
      blocked: { reason: 'no-permit' },
    });
    expect(sent(rig)).toBe(0);
    expect(await rig.node.deps.journal.latest(0)).toBeNull();
  });

  it('keep a refusal with its reason, and may be followed by others at once', async () => {
    const rig = await createRig();
    rig.chain.answerNextSubmit(tooFast);
    const refused = await rig.tend(first);
    expect(refused.report).toMatchObject({
      record: { state: 'rejected', reason: 'SettingWeightsTooFast: Custom error: 6' },
    });
    expect(refused.failed?.id).toBe(0);
    const after = await rig.tend(second, { eager: false });
    expect(after.report).toMatchObject({ record: { state: 'effective' } });
    expect(after.failed).toBeNull();
  });

  it('do not count as set when the chain does not show them', async () => {
    const rig = await createRig();
    const block = await rig.chain.head();
    const more = { extrinsicHash: '0x1', events: [], finalised: true };
    rig.chain.answerNextSubmit({ kind: 'included', block, ...more });
    expect((await rig.tend(first)).report).toMatchObject({ record: { state: 'included' } });
  });

  it('tell when the chain holds others than were sent', async () => {
    const rig = await createRig();
    const { chain } = rig;
    const weightsOf = chain.weightsOf.bind(chain);
    chain.weightsOf = async (...args) => [...(await weightsOf(...args)), [3, 5] as const];
    expect((await rig.tend(first)).report).toMatchObject({ record: { state: 'differs' } });
  });

  it('are set once in an epoch, whatever the newest scores say', async () => {
    const rig = await createRig({ hyperparams: { weightsRateLimit: 0 } });
    await rig.tend(first);
    rig.chain.advance(3);
    expect((await rig.tend(second)).report).toMatchObject({ reason: 'not-due' });
    expect(sent(rig)).toBe(1);
  });

  it('wait for the block at which the rate limit clears, and go out then', async () => {
    const rig = await createRig({ hyperparams: { weightsRateLimit: 28 } });
    await rig.tend(first);
    const { neurons } = await rig.chain.snapshot(netuid);
    const clears = (neurons[0]?.lastUpdate ?? NaN) + 28;
    while ((await rig.chain.head()).number < clears - 4) rig.chain.advance();
    rig.chain.patchSubnet(netuid, { hyperparams: { weightsRateLimit: 28 } });
    const early = await rig.tend(second);
    expect(early.blocked).toMatchObject({ reason: 'rate-limit', clearsAtBlock: clears });
    expect(early.report).toMatchObject({ kind: 'skipped', clearsAtBlock: clears });
    expect(early.wakeAtBlock).toBe(clears - 1);
    while ((await rig.chain.head()).number < clears - 1) rig.chain.advance();
    expect((await rig.tend(second)).report).toMatchObject({ record: { state: 'effective' } });
    expect(rig.chain.submissions.at(-1)?.block).toBe(clears);
  });
});

describe('a vector whose fate is open', () => {
  it('keeps any different one waiting', async () => {
    const rig = await createRig();
    rig.chain.answerNextSubmit(unknown);
    expect((await rig.tend(first)).report).toMatchObject({ record: { state: 'unknown' } });
    expect((await rig.tend(second)).report).toMatchObject({ reason: 'pending-vector' });
    expect(sent(rig)).toBe(1);
  });

  it('is found effective when it landed unseen', async () => {
    const rig = await createRig();
    rig.chain.answerNextSubmit(unknown, { apply: true });
    await rig.tend(first);
    const { stepped } = await rig.tend(first);
    expect(stepped).toMatchObject([{ state: 'effective', attempts: 1 }]);
    expect(sent(rig)).toBe(1);
  });

  it('is sent again, the very same, when it was not seen for a while', async () => {
    const rig = await createRig();
    rig.chain.answerNextSubmit(unknown);
    await rig.tend(first);
    rig.chain.advance(4);
    expect((await rig.tend(second)).report).toMatchObject({
      record: { state: 'effective', attempts: 2, values: first.values },
    });
    const calls = rig.chain.submissions.map(({ call }) => call);
    expect(calls[0]).toEqual(calls[1]);
  });

  it('counts as effective when the repeat is refused because the first one landed late', async () => {
    const rig = await createRig();
    rig.chain.answerNextSubmit(unknown);
    await rig.tend(first);
    rig.chain.advance(4);
    rig.chain.answerNextSubmit(tooFast, { apply: true });
    expect((await rig.tend(first)).report).toMatchObject({
      record: { state: 'effective', attempts: 2 },
    });
  });

  it('is given up once its signature cannot land any more, and the next goes out at once', async () => {
    const rig = await createRig();
    rig.chain.answerNextSubmit(unknown);
    await rig.tend(first);
    rig.chain.advance(31);
    const { stepped, report } = await rig.tend(second, { eager: false });
    expect(stepped[0]).toMatchObject({ state: 'lapsed' });
    expect(report).toMatchObject({ record: { state: 'effective', values: second.values } });
  });

  it('survives the death of the process', async () => {
    const rig = await createRig();
    rig.chain.answerNextSubmit(unknown, { apply: true });
    await rig.tend(first);
    await rig.restart();
    expect((await rig.tend(first)).stepped).toMatchObject([{ state: 'effective' }]);
  });
});

describe('weights that somebody else set with this hotkey', () => {
  const call = { call: 'set_weights', netuid, uids: [2], values: [1], versionKey: 1n } as const;

  it('stop the node, during an attempt and without one, and again after a restart', async () => {
    for (const underWay of [true, false]) {
      const rig = await createRig();
      await rig.tend(first);
      rig.chain.advance(20);
      if (underWay) {
        rig.chain.answerNextSubmit(unknown);
        await rig.tend(second);
      }
      await rig.chain.submit(call, key('alpha'));
      await expect(rig.tend(first)).rejects.toMatchObject({ code: 'HOTKEY_SHARED', exitCode: 3 });
      await rig.restart();
      rig.chain.advance(30);
      await expect(rig.tend(first)).rejects.toMatchObject({ code: 'HOTKEY_SHARED' });
    }
  });

  it.each([true, false])(
    'stop it with a row equal to its own too (forgotten: %s)',
    async (gone) => {
      const rig = await createRig();
      await rig.tend(first);
      rig.chain.advance(20);
      await rig.chain.submit({ ...call, uids: first.uids, values: first.values }, key('alpha'));
      if (gone) rig.chain.forgetEventsBelow((await rig.chain.head()).number + 1);
      await expect(rig.tend(first)).rejects.toMatchObject({ code: 'HOTKEY_SHARED' });
    },
  );

  it('are not suspected when one of its own landed late', async () => {
    const rig = await createRig();
    rig.chain.answerNextSubmit(unknown, { apply: true, afterBlocks: 40 });
    await rig.tend(first);
    rig.chain.advance(38);
    expect((await rig.tend({ kind: 'no-vector', reason: 'none' })).failed).toMatchObject({
      state: 'lapsed',
    });
    rig.chain.advance(10);
    await expect(rig.tend(first)).resolves.toMatchObject({ mecid: 0 });
  });

  it('are of no concern when they are older than the state, or vouched for', async () => {
    const rig = await createRig();
    await rig.chain.submit(call, key('alpha'));
    rig.chain.advance(20);
    expect((await rig.tend(first)).report).toMatchObject({ record: { state: 'effective' } });
    rig.chain.advance(20);
    await rig.chain.submit(call, key('alpha'));
    await rig.node.deps.journal.setKnowsSince((await rig.chain.head()).number);
    rig.chain.advance(20);
    expect((await rig.tend(second)).report).toMatchObject({ record: { state: 'effective' } });
  });

  it('are not suspected when a newcomer took the uid, or the hotkey was registered anew', async () => {
    const rig = await createRig();
    await rig.tend(first);
    rig.chain.advance(20);
    const { number } = await rig.chain.head();
    rig.chain.patchNeuron(netuid, 0, { lastUpdate: number, blockAtRegistration: number });
    await expect(rig.tend(second)).resolves.toMatchObject({ mecid: 0 });
  });
});

describe('a vector much emptier than the last', () => {
  const full: WeightVector = {
    kind: 'vector',
    uids: [1, 2, 3, 4, 5],
    values: [9, 8, 7, 6, 65_535],
  };
  const winner: WeightVector = { kind: 'vector', uids: [1, 2], values: [65_535, 0] };

  async function afterFull(): Promise<Rig> {
    const rig = await createRig();
    await rig.tend(full);
    rig.chain.advance(20);
    return rig;
  }

  it('is held back until it is forced', async () => {
    const rig = await afterFull();
    const held = await rig.tend(winner);
    expect(held.blocked?.reason).toBe('much-emptier');
    expect(held.report).toMatchObject({ reason: 'much-emptier' });
    expect(sent(rig)).toBe(1);
    const forced = await rig.tend(winner, { submit: { allowEmptier: true } });
    expect(forced.report).toMatchObject({ record: { state: 'effective' } });
  });

  it('is held back on small subnets too, but half of two may go', async () => {
    const paid = (count: number): WeightVector => {
      const uids = Array.from({ length: count }, (_, at) => at + 1);
      return { kind: 'vector', uids, values: uids.map(() => 65_535) };
    };
    for (const [before, reason] of [
      [3, 'much-emptier'],
      [2, null],
    ] as const) {
      const rig = await createRig();
      await rig.tend(paid(before));
      rig.chain.advance(20);
      const { report, blocked } = await rig.tend(paid(1));
      expect(blocked?.reason ?? null).toBe(reason);
      expect(report.kind).toBe(reason === null ? 'sent' : 'skipped');
    }
  });

  it('is let through when it pays half as many, or when those paid before are gone', async () => {
    const half = await afterFull();
    const three: WeightVector = { kind: 'vector', uids: [1, 2, 3], values: [65_535, 9, 9] };
    expect((await half.tend(three)).report).toMatchObject({ record: { state: 'effective' } });
    const gone = await afterFull();
    for (const uid of [3, 4, 5])
      gone.chain.replaceNeuron(netuid, uid, { hotkey: key(`n${uid}`).ss58 });
    expect((await gone.tend(winner)).report).toMatchObject({ record: { state: 'effective' } });
  });
});

describe('the journal', () => {
  const admission = {
    netuid,
    mecid: 0,
    round: 1,
    block: 20,
    epoch: 3,
    path: 'plain',
    versionKey: 1n,
    seal: () => null,
  } as const;

  it('lets exactly one of ten racing vectors in', async () => {
    const { journal } = (await createRig()).node.deps;
    const vectors = Array.from({ length: 10 }, (_, at) => ({
      kind: 'vector' as const,
      uids: [1, 2],
      values: [65_535, at + 1],
    }));
    const admitted = await Promise.all(
      vectors.map(async (vector) => {
        const record = await journal.admit({ ...admission, vector });
        if ('kind' in record) return null;
        return journal.step(record.id, { to: 'submitting', block: 20 }).catch(() => null);
      }),
    );
    expect(admitted.filter((record) => record !== null)).toHaveLength(1);
  });

  it('names the vector whose record was damaged on disk, whichever byte it is', async () => {
    const rig = await createRig();
    await rig.tend(first);
    const [[key, value] = raise()] = [...rig.node.store.contents()].filter(([name]) =>
      name.startsWith('vector/'),
    );
    for (let at = 0; at < value.length; at += 1) {
      const damaged = Uint8Array.from(value);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      const store = createMemoryStore(new Map([...rig.node.store.contents(), [key, damaged]]));
      const node = await rig.world.node('alpha', { store });
      const read = await node.deps.journal.recent(10).catch((error: unknown) => error);
      const code = read instanceof SubnetError ? read.code : 'none';
      expect(['STORE_CORRUPT', 'STATE_UNREADABLE']).toContain(code);
      if (read instanceof SubnetError && code === 'STORE_CORRUPT') {
        expect(read.facts).toMatchObject({ vector: 0 });
      }
    }
  });

  it('names the vector of a step that the store lost, as a damaged log does', async () => {
    const rig = await createRig();
    await rig.tend(first);
    const before = rig.node.store.contents();
    rig.chain.advance(20);
    await rig.tend(second);
    const after = rig.node.store.contents();
    const keyOf = (id: number): string => `vector/${String(id).padStart(12, '0')}`;
    const older = new Map(after);
    older.set(keyOf(0), reencoded(before.get(keyOf(0)) ?? raise()));
    const without = new Map(after);
    without.delete(keyOf(1));
    for (const [contents, vector] of [
      [older, 0],
      [without, 1],
    ] as const) {
      const node = await rig.world.node('alpha', { store: createMemoryStore(contents) });
      await expect(node.deps.journal.recent(10)).rejects.toMatchObject({
        code: 'STORE_CORRUPT',
        facts: { vector },
      });
    }
  });

  /** An earlier step of the same vector, sound in itself. */
  function reencoded(value: Uint8Array): Uint8Array {
    const record = decodeRecord(value, sha256) ?? raise();
    const text = encodeRecord({ ...record, state: 'included', effectiveAtBlock: null }, sha256);
    return new TextEncoder().encode(text);
  }

  it('forgets the oldest of more than a thousand', async () => {
    const { journal } = (await createRig()).node.deps;
    for (let at = 0; at < 1010; at += 1) {
      await journal.admit({ ...admission, round: at, block: at, vector: first });
    }
    expect((await journal.recent(5000)).length).toBe(1000);
    expect((await journal.latest(0))?.round).toBe(1009);
  });
});
