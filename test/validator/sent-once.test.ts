import { sha256 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TxOutcome } from '../../common/chain-port.ts';
import { SubnetError } from '../../common/errors.ts';
import { encodeRecord } from '../../validator/weights/vector-state.ts';
import type { FakeChain } from '../fakes/fake-chain.ts';
import { netuid } from '../sim/world.ts';
import { createRig, first, second, tempo } from './weights-rig.ts';
import type { Rig, RigOptions } from './weights-rig.ts';

const unlimited = { weightsRateLimit: 0, commitRevealEnabled: true } as const;
const unknown: TxOutcome = { kind: 'unknown', message: 'the connection broke' };
const unpaid: TxOutcome = {
  kind: 'refused',
  where: 'pool',
  name: 'Payment',
  message: 'the node refused it: Payment',
};

/** Weights and commits that took place on chain, by the epoch of their block. */
async function landings(chain: FakeChain, blocks: ReadonlyMap<number, number>) {
  const landed = new Map<number, string[]>();
  for (const [number, epoch] of blocks) {
    for (const { name, args } of await chain.eventsAt({ number, hash: '' })) {
      if (!name.endsWith('WeightsCommitted') && !name.endsWith('WeightsSet')) continue;
      landed.set(epoch, [...(landed.get(epoch) ?? []), `${String(args[1])} ${String(args[2])}`]);
    }
  }
  return landed;
}

/** The epoch of every block from here on, by the chain's own snapshot. */
function epochsOf(chain: FakeChain): ReadonlyMap<number, number> {
  const epochs = new Map<number, number>();
  chain.onHead(({ number }) => {
    void chain.snapshot(netuid).then(({ epoch }) => {
      epochs.set(number, epoch.model === 'stateful' ? epoch.epochIndex : 0);
    });
  });
  return epochs;
}

async function watched(options: RigOptions): Promise<{ rig: Rig; most: () => Promise<number> }> {
  const rig = await createRig(options);
  const epochs = epochsOf(rig.chain);
  const most = async (): Promise<number> => {
    const landed = await landings(rig.chain, epochs);
    return Math.max(0, ...[...landed.values()].map((all) => all.length));
  };
  return { rig, most };
}

/** Writes the newest record as a release wrote it that did not keep what was signed. */
async function forgetSignature({ node: { store }, records }: Rig): Promise<void> {
  const [newest] = await records();
  if (newest === undefined) throw new Error('no record');
  const { signed: _, ...older } = newest;
  const key = `vector/${String(older.id).padStart(12, '0')}`;
  const value = new TextEncoder().encode(encodeRecord(older, sha256));
  await store.batch([
    { type: 'put', key, value },
    { type: 'del', key: 'journal-head' },
  ]);
}

const modes = [
  { name: 'plain', hyperparams: { ...unlimited, commitRevealEnabled: false } },
  { name: 'timelocked', hyperparams: unlimited },
];

describe.each(modes)(
  'a vector that was sent and not seen, without a rate limit ($name)',
  (mode) => {
    it('lands once, although its node died while it waited in a pool', async () => {
      const { rig, most } = await watched(mode);
      rig.chain.answerNextSubmit(unknown, { apply: true, afterBlocks: 7 });
      await rig.tend(first);
      await rig.restart();
      await rig.live(first, 12);
      expect(await most()).toBe(1);
      expect((await rig.records()).at(-1)).not.toMatchObject({ state: 'unknown' });
    });

    it('is followed by no other when its repeat is refused and it lands all the same', async () => {
      const { rig, most } = await watched(mode);
      rig.chain.answerNextSubmit(unknown, { apply: true, afterBlocks: 10 });
      await rig.tend(first);
      rig.chain.advance(4);
      rig.chain.answerNextSubmit(unpaid);
      await rig.live(second, 10);
      expect(await most()).toBe(1);
      expect(await rig.records()).toHaveLength(1);
    });

    it('tells in journal and report until when it is waited for, and goes with its nonce', async () => {
      const { rig } = await watched(mode);
      rig.chain.answerNextSubmit(unknown);
      await rig.tend(first);
      const [record] = await rig.records();
      const { nonce, lastBlock } = record?.signed ?? { nonce: -1, lastBlock: -1 };
      expect(lastBlock).toBeGreaterThan(record?.lastSentAtBlock ?? Infinity);
      expect(record).toMatchObject({ state: 'unknown', extrinsicHash: expect.any(String) });
      expect(record?.reason).toContain(`after block ${lastBlock}`);
      const { report } = await rig.tend(second);
      expect(report).toMatchObject({ reason: 'pending-vector', clearsAtBlock: lastBlock + 9 });
      expect('detail' in report && report.detail).toMatch(
        new RegExp(`nonce ${nonce}.*the connection broke.*block ${lastBlock}`),
      );
      await rig.live(second, 4);
      expect(rig.chain.submissions.map((one) => one.nonce)).toEqual([nonce, nonce]);
    });

    it('is no riddle when it was never handed over', async () => {
      const { rig, most } = await watched(mode);
      const down = new SubnetError('CHAIN_UNREACHABLE', { endpoint: 'fake' });
      const chain = { ...rig.chain, submit: () => Promise.reject(down) };
      rig.node = { ...rig.node, deps: { ...rig.node.deps, chain } };
      await expect(rig.tend(first)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
      expect(await rig.records()).toMatchObject([{ state: 'submitting', signed: null }]);
      await rig.restart();
      await rig.live(first, 5);
      expect(await most()).toBe(1);
    });

    it('is waited for to its end where its nonce is not known, as of an older release', async () => {
      const { rig } = await watched(mode);
      rig.chain.answerNextSubmit(unknown);
      await rig.tend(first);
      await forgetSignature(rig);
      await rig.live(first, 20);
      expect(rig.chain.submissions).toHaveLength(1);
      await rig.live(first, 12);
      expect((await rig.records()).at(-1)).toMatchObject({ state: 'lapsed' });
      expect(rig.chain.submissions).toHaveLength(2);
    });

    it('is never doubled, whatever is answered, whenever it lands, and however often the node dies', async () => {
      const answer = fc.record({
        outcome: fc.constantFrom(unknown, unknown, unpaid),
        apply: fc.boolean(),
        afterBlocks: fc.integer({ min: 0, max: 20 }),
        restart: fc.boolean(),
        looks: fc.integer({ min: 1, max: 9 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 6 }), async (answers) => {
          const { rig, most } = await watched(mode);
          let turn = 0;
          for (const { outcome, apply, afterBlocks, restart, looks } of answers) {
            // What a pool refuses it does not keep.
            const lands = outcome.kind === 'unknown' && apply;
            rig.chain.answerNextSubmit(outcome, lands ? { apply, afterBlocks } : {});
            for (let look = 0; look < looks; look += 1) {
              await rig.live((turn += 1) % 2 === 0 ? first : second, 1);
            }
            if (restart) await rig.restart();
          }
          await rig.live(first, 2 * tempo);
          expect(await most()).toBeLessThanOrEqual(1);
        }),
        { numRuns: 40, seed: 7 },
      );
    });
  },
);
