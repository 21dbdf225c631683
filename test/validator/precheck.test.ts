import { describe, expect, it } from 'vitest';
import type { Neuron, Snapshot } from '../../common/chain-port.ts';
import { precheck } from '../../validator/weights/precheck.ts';
import { leadBlocks, missedEpoch, notDue } from '../../validator/weights/schedule.ts';
import { fakeHyperparams } from '../fakes/fake-chain.ts';
import { hotkey, neuron, snapshot } from './build.ts';

const vector = { kind: 'vector', uids: [1], values: [65535] } as const;
const own = hotkey(0);

function world(mine: Partial<Neuron>, more: Partial<Snapshot> = {}): Snapshot {
  return snapshot([neuron(0, { validatorPermit: true, ...mine }), neuron(1)], more);
}
const limits = (more: object): Partial<Snapshot> => ({
  hyperparams: { ...fakeHyperparams, ...more },
});

describe('precheck', () => {
  const check = (state: Snapshot, versionKey = 0n, hotkeyOf = own) =>
    precheck(state, { hotkey: hotkeyOf, mecid: 0, vector, versionKey });

  it('finds nothing when the chain would take the weights', () => {
    expect(check(world({}))).toBeNull();
  });

  it('names the true cause, with the block at which it clears', () => {
    expect(check(world({}), 0n, hotkey(9))?.reason).toBe('not-registered');
    expect(check(world({}, { stakeThresholdRao: 5n }))?.reason).toBe('stake-below-threshold');
    expect(check(world({}, { stakeThresholdRao: 2_500_000_000n }))?.detail).toContain('2.5 TAO');
    expect(check(world({}, limits({ weightsVersionKey: 3n })), 2n)?.reason).toBe('version-key');
    expect(check(world({}, limits({ weightsVersionKey: 3n })), 3n)).toBeNull();
    expect(check(world({ validatorPermit: false }))?.reason).toBe('no-permit');
    const limited = world({ lastUpdate: 60 }, limits({ weightsRateLimit: 50 }));
    expect(check(limited)).toMatchObject({ reason: 'rate-limit', clearsAtBlock: 110 });
  });

  it('is exact at the edge of the rate limit', () => {
    const at = (lastUpdate: number) =>
      check(world({ lastUpdate }, limits({ weightsRateLimit: 50 })));
    expect(at(51)).toBeNull();
    expect(at(52)?.clearsAtBlock).toBe(102);
    expect(at(0)).toBeNull();
  });

  it('spares the owner hotkey stake and permit, as the chain does', () => {
    const owner = { stakeThresholdRao: 5n, ownerHotkey: own };
    expect(check(world({ validatorPermit: false }, owner))).toBeNull();
  });

  it('lets nothing through that is no vector of whole numbers, whoever asks', () => {
    const reasonOf = (uids: number[], values: number[]) => {
      const odd = { kind: 'vector', uids, values } as const;
      return precheck(world({}), { hotkey: own, mecid: 0, vector: odd, versionKey: 0n })?.reason;
    };
    expect(reasonOf([1], [65_535])).toBeUndefined();
    for (const value of [NaN, Infinity, -1, 0.5, 65_536]) {
      expect(reasonOf([0, 1], [65_535, value])).toBe('vector-invalid');
    }
    expect(reasonOf([1, 1], [1, 1])).toBe('vector-invalid');
    expect(reasonOf([1], [0])).toBe('vector-invalid');
    expect(reasonOf([], [])).toBe('vector-invalid');
  });

  it('knows how many mechanisms there are, and gives each its own rate limit', () => {
    const two = {
      mechanisms: [
        { mecid: 0, lastUpdate: [60, 5], incentive: [0, 0] },
        { mecid: 1, lastUpdate: [20, 5], incentive: [0, 0] },
      ],
      ...limits({ weightsRateLimit: 50 }),
    };
    const of = (mecid: number) =>
      precheck(world({}, two), { hotkey: own, mecid, vector, versionKey: 0n });
    expect(of(0)).toMatchObject({ reason: 'rate-limit', clearsAtBlock: 110 });
    expect(of(1)).toBeNull();
    expect(of(2)?.reason).toBe('no-mechanism');
  });
});

describe('notDue', () => {
  const options = { intervalBlocks: 2, leadBlocks: 4 };
  const epoch = (head: number): Partial<Snapshot> => ({
    block: { number: head, hash: '0x' },
    lastEpochBlock: 100,
    nextEpochBlock: 120,
    hyperparams: { ...fakeHyperparams, tempo: 20 },
  });
  const due = (head: number, lastUpdate: number, eager = false) =>
    notDue(world({ lastUpdate }, epoch(head)), own, 0, options, eager);

  it('waits for the lead before the epoch, then sets', () => {
    expect(due(115, 90)).toMatchObject({ reason: 'not-due', clearsAtBlock: 116 });
    expect(due(116, 90)).toBeNull();
  });

  it('does not wait for the lead when it is told not to', () => {
    expect(due(101, 90, true)).toBeNull();
  });

  it('sets once in an epoch', () => {
    expect(due(118, 117)).toMatchObject({ reason: 'not-due', clearsAtBlock: 120 });
    expect(due(118, 117, true)?.reason).toBe('not-due');
  });

  it('does not take the block of registration for weights', () => {
    const fresh = world({ lastUpdate: 110, blockAtRegistration: 110 }, epoch(118));
    expect(notDue(fresh, own, 0, options, false)).toBeNull();
  });

  it('leaves time for three rounds and a quarter of the epoch', () => {
    expect(leadBlocks(20, { intervalBlocks: 4, leadBlocks: null })).toBe(12);
    expect(leadBlocks(360, { intervalBlocks: 10, leadBlocks: null })).toBe(90);
  });

  it('knows an epoch that went by without new weights', () => {
    const at = (lastUpdate: number) =>
      missedEpoch(world({ lastUpdate, blockAtRegistration: 1 }, epoch(110)), own, 0);
    expect(at(79)).toBe(true);
    expect(at(81)).toBe(false);
  });
});
