import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { packagePath } from '../../common/node/package-root.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { alertsOf } from '../../validator/alerts.ts';
import type { MechanismReport } from '../../validator/weights/tend.ts';
import type { VectorRecord } from '../../validator/weights/vector-state.ts';
import { chainRow } from '../../validator/weights/weights.ts';
import type { WeightVector } from '../../validator/weights/weights.ts';
import { best, netuid, other, startWeightsWorld, tempo } from './weights-world.ts';
import type { WeightsWorld, WeightsWorldOptions } from './weights-world.ts';

const timeout = 300_000;
const sudo = signerFromSuri(loadSr25519(), '//Alice');

/** The oldest vector, as it ended. */
const firstOf = (records: readonly VectorRecord[]): VectorRecord | undefined => records.at(-1);

const inState =
  (...states: readonly string[]) =>
  (records: readonly VectorRecord[]): boolean =>
    records.some(({ state }) => states.includes(state));

const rowOf = ({ uids, values }: WeightVector) => chainRow(uids, values);

const longTempo = 25;

describe('weights on the embedded chain, to their effect', () => {
  let world: WeightsWorld | undefined;
  afterEach(() => world?.close());

  async function open(options: WeightsWorldOptions): Promise<WeightsWorld> {
    world = await startWeightsWorld(options);
    return world;
  }

  it(
    'timelocked: the chain opens them with its beacon, and pays by them',
    { timeout },
    async () => {
      const { live, records, chain, neuron, pass } = await open({
        beacon: 'development',
        // Long beside the jitter of blocks that are made on a busy machine.
        subnet: { tempo: longTempo },
      });
      await live(best, inState('effective', 'missed', 'rejected'));
      const done = firstOf(await records());
      expect(done).toMatchObject({
        state: 'effective',
        reason: null,
        path: 'timelocked',
        attempts: 1,
      });
      expect(done?.revealedAtBlock).toBe(done?.effectiveAtBlock);
      const waited = (done?.revealedAtBlock ?? NaN) - (done?.dueAtBlock ?? NaN);
      expect(waited).toBeGreaterThanOrEqual(0);
      // A round of the beacon is four blocks long, and three are to spare.
      expect(waited).toBeLessThan(longTempo);
      expect(await chain.weightsOf(netuid, 1)).toEqual(rowOf(best));
      await pass(longTempo + 1);
      const paid = [await neuron(2), await neuron(3)].map(({ incentive }) => incentive);
      expect(paid[0]).toBeGreaterThan(0.9);
      expect(paid[1]).toBeGreaterThan(0);
    },
  );

  it(
    'without a rate limit: what was sent, not seen and sent again by another process lands once',
    { timeout },
    async () => {
      const { tend, pass, loseNext, restart, records, chain, rpc, signer } = await open({
        subnet: { tempo: longTempo, weightsRateLimit: 0 },
      });
      loseNext();
      expect((await tend(best)).report).toMatchObject({ record: { state: 'unknown' } });
      expect(await rpc.call('author_pendingExtrinsics')).toHaveLength(1);
      await restart();
      const { report } = await tend(other, { patienceBlocks: 0 });
      expect(report).toMatchObject({ record: { attempts: 2, uids: best.uids } });
      await pass(2);
      await tend(other);
      expect(await records()).toMatchObject([{ state: 'committed', values: best.values }]);
      expect(await chain.pendingCommits(netuid, 0, signer.ss58)).toHaveLength(1);
      expect((await chain.account(signer.ss58)).nonce).toBe(1);
    },
  );

  it('a beacon that is silent: missed, told, and committed anew', { timeout }, async () => {
    const { live, records, chain, signer } = await open({ beacon: 'quicknet' });
    const report = await live(best, inState('missed', 'effective'));
    const missed = (await records()).find(({ state }) => state === 'missed');
    const round = missed?.commit?.revealRound ?? 0;
    expect(missed?.reason).toBe(`the chain never got the beacon's pulse of round ${round}`);
    expect(await chain.weightsOf(netuid, 1)).toEqual([]);
    const snapshot = await chain.snapshot(netuid);
    const alerts = alertsOf({
      snapshot,
      hotkey: signer.ss58,
      weights: [report],
      voided: null,
      silentRounds: 0,
      unjudged: [],
    });
    expect(alerts.find(({ name }) => name === 'weights-missed')?.detail).toContain(`${round}`);
    await live(best, ([newest]) => newest?.state === 'committed' && newest.id > (missed?.id ?? 0));
    const hashes = (await records()).map(({ commit }) => commit?.hash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it.each(['modern', 'legacy'] as const)(
    'hashes that this node reveals: %s runtime',
    { timeout },
    async (runtime) => {
      const { live, records, chain, neuron, pass } = await open({ runtime });
      await live(best, inState('effective', 'missed', 'rejected'), { commit: 'hash' });
      const done = firstOf(await records());
      expect(done).toMatchObject({
        state: 'effective',
        reason: null,
        path: 'hash',
        attempts: 1,
        revealAttempts: 1,
      });
      expect(await chain.weightsOf(netuid, 1)).toEqual(rowOf(best));
      expect(chain.runtime.epochs).toBe(runtime === 'legacy' ? 'modulo' : 'stateful');
      await pass(tempo + 1);
      expect((await neuron(2)).incentive).toBeGreaterThan(0.9);
    },
  );

  it('plain where commit-reveal is off: legacy runtime', { timeout }, async () => {
    const subnet = { commitRevealEnabled: false };
    const { live, records, chain } = await open({ runtime: 'legacy', subnet });
    await live(best, inState('effective', 'differs', 'rejected'));
    expect((await records())[0]).toMatchObject({ path: 'plain', state: 'effective', attempts: 1 });
    expect(await chain.weightsOf(netuid, 1)).toEqual(rowOf(best));
  });

  it('two mechanisms: each its own vectors, both effective', { timeout }, async () => {
    const { live, records, chain, mined, pass } = await open({
      // The chain allows 256 seats in all mechanisms together.
      subnet: { maxAllowedUids: 128 },
    });
    const args = { netuid, mechanism_count: 2 };
    const call = { call: 'named', pallet: 'AdminUtils', name: 'sudo_set_mechanism_count', args };
    const outcome = await mined(chain.submit({ ...call, call: 'named', sudo: true }, sudo));
    expect(outcome).toMatchObject({ kind: 'included' });
    await pass(1);
    const plans = [
      [0, best],
      [1, other],
    ] as const;
    for (const [mecid, vector] of plans) {
      await live(vector, inState('effective', 'missed', 'rejected'), { mecid, commit: 'hash' });
      expect((await records(mecid)).at(-1)).toMatchObject({ mecid, state: 'effective' });
      expect(await chain.weightsOf(netuid, 1, mecid)).toEqual(rowOf(vector));
    }
    expect(await chain.weightsOf(netuid, 1, 0)).toEqual(rowOf(best));
  });

  it("somebody else's commit under this hotkey stops it", { timeout }, async () => {
    const { live, tend, chain, mined, signer, pass } = await open({});
    await live(best, inState('committed'));
    await pass(1);
    const hash = `0x${'ef'.repeat(32)}`;
    const foreign = { call: 'commit_weights', netuid, mecid: 0, hash } as const;
    expect(await mined(chain.submit(foreign, signer))).toMatchObject({ kind: 'included' });
    const looked: Promise<MechanismReport> = tend(best);
    await expect(looked).rejects.toMatchObject({ code: 'HOTKEY_SHARED' });
    await expect(looked).rejects.toThrow(hash);
  });

  it('an upgrade from the older runtime in between', { timeout }, async () => {
    const { live, records, chain, rpc, pass } = await open({ runtime: 'legacy' });
    await live(best, inState('effective', 'missed', 'rejected'), { commit: 'hash' });
    expect(firstOf(await records())).toMatchObject({ state: 'effective' });
    const before = chain.runtime;
    const modern = readFileSync(packagePath('chain', 'artefact', 'subnet-runtime.wasm'));
    await rpc.call('dev_setCode', `0x${modern.toString('hex')}`);
    for (let blocks = 0; blocks < tempo && chain.runtime === before; blocks += 1) {
      await pass(1);
      await chain.snapshot(netuid);
    }
    expect(chain.runtime.specVersion).toBeGreaterThan(before.specVersion);
    expect([before.epochs, chain.runtime.epochs]).toEqual(['modulo', 'stateful']);
    const last = (await records())[0]?.id ?? 0;
    const after = ({ id, state }: VectorRecord): boolean => id > last && state === 'effective';
    await live(other, (all) => all.some(after), { commit: 'hash' });
    expect(await chain.weightsOf(netuid, 1)).toEqual(rowOf(other));
  });
});
