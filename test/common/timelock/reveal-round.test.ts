import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpochSchedule } from '../../../common/chain-port.ts';
import { epochOf, revealBlock, revealRound } from '../../../common/timelock/reveal-round.ts';
import type { RevealInput } from '../../../common/timelock/reveal-round.ts';
import { isSubnetError } from '../../../common/errors.ts';
import { DrawnChain } from './drawn-chain.ts';
import vectors from '../../vectors/timelock.json' with { type: 'json' };

type Stateful = Extract<EpochSchedule, { model: 'stateful' }>;

const quicknet = { genesisTimeS: 1_692_803_367, periodS: 3 };
const none: Stateful = {
  model: 'stateful',
  tempo: 360,
  lastEpochBlock: 1000,
  pendingEpochAt: 0,
  epochIndex: 10,
  blocksSinceLastStep: 100,
};

function codeOf(work: () => unknown): string {
  try {
    return String(work());
  } catch (error) {
    return isSubnetError(error) ? error.code : String(error);
  }
}

describe('the reveal block of the stateful model', () => {
  it.each([
    ['within an epoch', none, 1100, 1, 1360],
    ['three epochs on', none, 1100, 3, 2080],
    ['before an epoch that the owner asked for', { ...none, pendingEpochAt: 1150 }, 1100, 1, 1150],
    ['in the block of an epoch', none, 1359, 1, 1720],
    ['in the last block before an epoch', none, 1358, 1, 1360],
    ['of a new subnet', { ...none, tempo: 50, lastEpochBlock: 10 }, 10, 1, 60],
    [
      'of a short tempo with an epoch asked for',
      { ...none, tempo: 20, lastEpochBlock: 80, pendingEpochAt: 95 },
      91,
      1,
      95,
    ],
  ])('of a commit %s', (_, schedule, head, period, block) => {
    expect(revealBlock(schedule, 1, head, period)).toBe(block);
  });

  it('is that of bittensor-drand 2.0', () => {
    const ours = vectors.stateful.map((row) => {
      const [last = 0, pending = 0, index = 0, tempo = 0, since = 0, head = 0, period = 0] = row;
      const schedule: Stateful = {
        model: 'stateful',
        tempo,
        lastEpochBlock: last,
        pendingEpochAt: pending,
        epochIndex: index,
        blocksSinceLastStep: since,
      };
      return revealBlock(schedule, 1, head, period);
    });
    expect(ours).toEqual(vectors.stateful.map((row) => row.at(-1)));
    expect(ours.length).toBeGreaterThan(100);
  });
});

describe('the reveal block of the modulo model', () => {
  it('is that of bittensor-drand 1.3, but for a commit in the first block of an epoch', () => {
    const rows = vectors.modulo.map(([tempo = 0, head = 0, netuid = 0, period = 0, theirs]) => {
      const ours = revealBlock(
        { model: 'modulo', tempo, blocksSinceLastStep: 0 },
        netuid,
        head,
        period,
      );
      // The library takes the head for the block of the commit, which is the next one.
      const late = (head + 1 + netuid + 1) % (tempo + 1) === 0 ? tempo + 1 : 0;
      return [ours - late, theirs];
    });
    expect(rows.map(([ours]) => ours)).toEqual(rows.map(([, theirs]) => theirs));
  });
});

/** A subnet on a chain of several, which run at most two epochs a block. */
const worlds = fc.record({
  tempos: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }),
  asked: fc.array(fc.tuple(fc.nat(5), fc.nat(120)), { maxLength: 4 }),
  head: fc.integer({ min: 1, max: 120 }),
  period: fc.integer({ min: 1, max: 4 }),
});

describe('against the chain step by step', () => {
  it('names the epoch of the commit and the block of its reveal when nobody interferes', () => {
    const alone = fc.record({
      tempo: fc.integer({ min: 1, max: 60 }),
      pending: fc.option(fc.integer({ min: 1, max: 200 }), { nil: 0 }),
      head: fc.integer({ min: 1, max: 200 }),
      period: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(alone, ({ tempo, pending, head, period }) => {
        const chain = new DrawnChain([tempo]);
        chain.runTo(head);
        if (pending > head) chain.ask(0, pending);
        const schedule = chain.scheduleOf(0);
        chain.runTo(head + 1);
        const epoch = chain.commit(0);
        expect(epochOf(schedule, 1, head, head + 1)).toBe(epoch);
        expect(revealBlock(schedule, 1, head, period)).toBe(chain.runToReveal(0, epoch + period));
      }),
      { numRuns: 500, seed: 11 },
    );
  });

  it('is at most as many blocks early as epochs were put off', () => {
    fc.assert(
      fc.property(worlds, ({ tempos, asked, head, period }) => {
        const chain = new DrawnChain(tempos);
        for (const [subnet, block] of asked) {
          if (subnet < tempos.length && block > 0) chain.ask(subnet, block);
        }
        chain.runTo(head);
        const schedule = chain.scheduleOf(0);
        chain.runTo(head + 1);
        const epoch = chain.commit(0);
        const before = chain.putOff(0);
        const actual = chain.runToReveal(0, epoch + period);
        const early = actual - revealBlock(schedule, 1, head, period);
        expect(early).toBeGreaterThanOrEqual(0);
        expect(early).toBeLessThanOrEqual(chain.putOff(0) - before);
      }),
      { numRuns: 500, seed: 12 },
    );
  });

  it('follows the counter that runs an epoch after 50,400 blocks', () => {
    for (const since of [50_380, 50_398, 50_399, 50_400]) {
      const chain = new DrawnChain([60_000], { lastEpochBlock: 100, blocksSinceLastStep: since });
      const head = 100 + since;
      chain.startAt(head);
      const schedule = chain.scheduleOf(0);
      chain.runTo(head + 1);
      const epoch = chain.commit(0);
      expect(epochOf(schedule, 1, head, head + 1)).toBe(epoch);
      expect(revealBlock(schedule, 1, head, 1)).toBe(chain.runToReveal(0, epoch + 1));
    }
  });

  it('reveals in the first block of the modulo epoch', () => {
    const input = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.nat(5000), fc.nat(128), fc.nat(3));
    fc.assert(
      fc.property(input, ([tempo, head, netuid, more]) => {
        const schedule: EpochSchedule = { model: 'modulo', tempo, blocksSinceLastStep: 0 };
        const indexAt = (block: number): number => Math.floor((block + netuid + 1) / (tempo + 1));
        const target = indexAt(head + 1) + 1 + more;
        let block = head + 1;
        while (indexAt(block) < target) block += 1;
        expect(epochOf(schedule, netuid, head, head + 1)).toBe(indexAt(head + 1));
        expect(revealBlock(schedule, netuid, head, 1 + more)).toBe(block);
      }),
      { numRuns: 300, seed: 13 },
    );
  });
});

describe('the reveal round', () => {
  const input: RevealInput = {
    schedule: none,
    netuid: 1,
    head: 1100,
    chainTimeMs: 1_800_000_000_000,
    blockTimeMs: 12_000,
    periodEpochs: 1,
    beacon: quicknet,
  };

  it('is the last whose pulse is out three blocks after the reveal block', () => {
    const { block, round } = revealRound(input);
    expect(block).toBe(1360);
    const opensAtS = 1_800_000_000 + (1360 + 3 - 1100) * 12;
    expect(round).toBe(Math.floor((opensAtS - quicknet.genesisTimeS) / 3));
    const outAtS = quicknet.genesisTimeS + (round - 1) * 3;
    expect(opensAtS - outAtS).toBeGreaterThanOrEqual(3);
    expect(opensAtS - outAtS).toBeLessThan(6);
  });

  it('goes by the block time and the beacon of the chain', () => {
    const beacon = { genesisTimeS: 1_799_999_000, periodS: 1 };
    expect(revealRound({ ...input, beacon, blockTimeMs: 250 }).round).toBe(1065);
    expect(revealRound({ ...input, beacon, chainTimeMs: 1_000_000 }).round).toBe(1);
  });

  it('comes within the epoch, however short: half an epoch late instead of three blocks', () => {
    const beacon = { genesisTimeS: 0, periodS: 1 };
    for (const tempo of [1, 2, 3, 4, 5, 6, 7]) {
      const schedule = { ...none, tempo, lastEpochBlock: 1100 };
      const { block, round } = revealRound({ ...input, schedule, beacon });
      const lateBlocks = round / 12 - 1_800_000_000 / 12 + 1100 - block;
      expect(lateBlocks).toBe([0, 0, 1, 1, 2, 2, 3, 3][tempo]);
    }
  });

  it('is an error without epochs', () => {
    const schedule = { ...none, tempo: 0 };
    expect(codeOf(() => revealRound({ ...input, schedule }))).toBe('SUBNET_NO_EPOCHS');
    const modulo: EpochSchedule = { model: 'modulo', tempo: 0, blocksSinceLastStep: 0 };
    expect(codeOf(() => revealBlock(modulo, 1, 5, 1))).toBe('SUBNET_NO_EPOCHS');
    expect(codeOf(() => epochOf(modulo, 1, 5, 6))).toBe('SUBNET_NO_EPOCHS');
  });
});
