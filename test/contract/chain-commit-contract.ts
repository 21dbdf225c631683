import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chain, ChainCall, PendingCommit, Snapshot } from '../../common/chain-port.ts';
import { fromHex } from '../../common/hex.ts';
import type { Signer } from '../../common/signer-port.ts';
import { storageIndex } from '../../common/timelock/commit-hash.ts';
import { epochOf } from '../../common/timelock/reveal-round.ts';
import { createCommitMaker } from '../../validator/weights/commit-maker.ts';

/**
 * A chain with netuid 1 where commit-reveal is on with a period of one epoch: tempo `commitTempo`,
 * no rate limit, no stake threshold. uid 1 is `validator` with a permit, or stake to get one at the
 * first epoch; uid 2 is some miner.
 */
export interface CommitWorld {
  readonly chain: Chain;
  readonly validator: Signer;
  readonly randomBytes: (length: number) => Uint8Array;
  passBlocks(count: number): Promise<void>;
  dispose(): Promise<void>;
}

export const commitNetuid = 1;
export const commitTempo = 10;

const vector = { kind: 'vector', uids: [2, 0], values: [65_535, 300] } as const;
const other = { kind: 'vector', uids: [0, 2], values: [65_535, 300] } as const;
const rowOf = ({ uids, values }: typeof vector | typeof other) =>
  uids.map((uid, at) => [uid, values[at]]);

/** What every Chain must do with commits; the tests build on each other's epochs, in order. */
export function chainCommitContract(name: string, make: () => Promise<CommitWorld>): void {
  describe(`commits: ${name}`, () => {
    let world: CommitWorld;
    let chain: Chain;
    beforeAll(async () => {
      world = await make();
      chain = world.chain;
      for (let tries = 0; tries < 3 * commitTempo && !(await permitted()); tries += 1) {
        await world.passBlocks(1);
      }
    });
    afterAll(() => world.dispose());

    const read = (): Promise<Snapshot> => chain.snapshot(commitNetuid);
    const hotkey = () => world.validator.ss58;
    const index = storageIndex(commitNetuid, 0);
    const maker = () => createCommitMaker(world.randomBytes);

    async function permitted(): Promise<boolean> {
      return (await read()).neurons[1]?.validatorPermit === true;
    }

    function pending(): Promise<readonly PendingCommit[]> {
      return chain.pendingCommits(commitNetuid, 0, hotkey());
    }

    function epochNow({ epoch, block }: Snapshot): number {
      return epochOf(epoch, commitNetuid, block.number, block.number);
    }

    async function lastUpdate(): Promise<number> {
      return (await read()).mechanisms[0]?.lastUpdate[1] ?? NaN;
    }

    /** So early in an epoch that a commit is sure to land in it. */
    async function earlyInEpoch(): Promise<Snapshot> {
      for (let tries = 0; tries < 2 * commitTempo; tries += 1) {
        const snapshot = await read();
        const left = (snapshot.nextEpochBlock ?? 0) - snapshot.block.number;
        if (left > commitTempo / 2) return snapshot;
        await world.passBlocks(1);
      }
      throw new Error('no epoch began');
    }

    async function untilEpoch(wanted: number): Promise<void> {
      for (let tries = 0; tries < 3 * commitTempo; tries += 1) {
        if (epochNow(await read()) >= wanted) return;
        await world.passBlocks(1);
      }
      throw new Error(`epoch ${wanted} did not come`);
    }

    const makeInput = async (weights: typeof vector | typeof other) => ({
      snapshot: await earlyInEpoch(),
      mecid: 0,
      hotkey: hotkey(),
      vector: weights,
      versionKey: 0n,
    });

    it('refuses plain weights', async () => {
      const { uids, values } = vector;
      const call = {
        call: 'set_weights',
        netuid: commitNetuid,
        uids,
        values,
        versionKey: 0n,
      } as const;
      expect(await chain.submit(call, world.validator)).toMatchObject({
        kind: 'refused',
        where: 'dispatch',
        name: 'CommitRevealEnabled',
      });
    });

    it('keeps a hash until it is revealed in the one epoch for it', async () => {
      expect(await pending()).toEqual([]);
      // At the start of an epoch: a reveal in the same one comes too early.
      await untilEpoch(epochNow(await read()) + 1);
      const sealed = maker().hash(await makeInput(vector));
      const { hash, salt } = sealed;
      const commit: ChainCall = { call: 'commit_weights', netuid: commitNetuid, hash };
      const outcome = await chain.submit(commit, world.validator);
      if (outcome.kind !== 'included') throw new Error(outcome.message);
      const committed = outcome.events.find(({ name: event }) =>
        event.endsWith('.WeightsCommitted'),
      );
      expect(committed?.args).toEqual([hotkey(), index, hash]);
      const [waiting] = await pending();
      expect(waiting).toMatchObject({ kind: 'hash', hash, block: outcome.block.number });
      const epoch = epochNow(await read());
      if (waiting?.epoch !== null) expect(waiting?.epoch).toBe(epoch);
      expect(await lastUpdate()).toBe(outcome.block.number);

      const { uids, values } = vector;
      const row = { netuid: commitNetuid, uids, values, versionKey: 0n };
      const reveal: ChainCall = { call: 'reveal_weights', ...row, salt: salt ?? [] };
      expect(await chain.submit(reveal, world.validator)).toMatchObject({ kind: 'refused' });
      await untilEpoch(epoch + 1);
      const wrong: ChainCall = { ...reveal, salt: [1, 2, 3] };
      expect(await chain.submit(wrong, world.validator)).toMatchObject({ kind: 'refused' });
      const revealed = await chain.submit(reveal, world.validator);
      if (revealed.kind !== 'included') throw new Error(revealed.message);
      const event = revealed.events.find(({ name: one }) => one.endsWith('.WeightsRevealed'));
      expect(event?.args).toEqual([hotkey(), index, hash]);
      expect(await chain.weightsOf(commitNetuid, 1)).toEqual(rowOf(vector));
      expect(await pending()).toEqual([]);
      expect(await lastUpdate()).toBe(outcome.block.number);
    });

    it('opens a timelocked commit by itself once its pulse is there', async () => {
      const { commits } = chain.runtime;
      const beacon = await chain.beacon();
      if (!commits.timelocked || beacon === null) {
        expect((await read()).commitRevealVersion).toBeNull();
        return;
      }
      const input = await makeInput(other);
      expect(input.snapshot.commitRevealVersion).toBe(4);
      const sealed = maker().timelocked(input, beacon);
      const bytes = fromHex(sealed.bytes ?? '') ?? new Uint8Array();
      const revealRound = sealed.revealRound ?? 0;
      const commit = {
        call: 'commit_timelocked_weights',
        netuid: commitNetuid,
        commit: bytes,
        revealRound,
        version: 4,
      } as const;
      expect(await chain.submit({ ...commit, version: 3 }, world.validator)).toMatchObject({
        kind: 'refused',
        name: 'IncorrectCommitRevealVersion',
      });
      const outcome = await chain.submit(commit, world.validator);
      if (outcome.kind !== 'included') throw new Error(outcome.message);
      const { block } = outcome;
      const epoch = epochNow(await read());
      expect(await pending()).toEqual([
        { kind: 'timelocked', hash: sealed.hash, block: block.number, epoch, revealRound },
      ]);
      await untilEpoch(epoch + 1);
      const at = await revealedAt(block.number);
      expect(at).toBeGreaterThan(block.number);
      expect(await chain.hasPulse(revealRound)).toBe(true);
      expect(await chain.weightsOf(commitNetuid, 1)).toEqual(rowOf(other));
      expect(await pending()).toEqual([]);
      expect(await lastUpdate()).toBe(block.number);
    });

    /** The block with the event of the reveal, looked for in every block above this one. */
    async function revealedAt(from: number): Promise<number> {
      for (let number = from + 1; number < from + 3 * commitTempo; number += 1) {
        while ((await chain.head()).number < number) await world.passBlocks(1);
        const events = await chain.eventsAt({ number, hash: await chain.blockHash(number) });
        const found = events.find(({ name: event }) =>
          event.endsWith('.TimelockedWeightsRevealed'),
        );
        if (found === undefined) continue;
        expect(found.args).toEqual([index, hotkey()]);
        return number;
      }
      throw new Error('it was not revealed');
    }

    it('says that it does not hold events of a block that is not there', async () => {
      const block = { number: 1_000_000_000, hash: `0x${'00'.repeat(32)}` };
      await expect(chain.eventsAt(block)).rejects.toMatchObject({ code: 'CHAIN_NO_BLOCK' });
    });
  });
}
