import { describe, expect, it } from 'vitest';
import type { Neuron, Snapshot } from '../../common/chain-port.ts';
import { precheck } from '../../validator/precheck.ts';
import { leadBlocks, missedEpoch, notDue } from '../../validator/schedule.ts';
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
  const check = (state: Snapshot, versionKey = 0n) => precheck(state, own, vector, versionKey);

  it('finds nothing when the chain would take the weights', () => {
    expect(check(world({}))).toBeNull();
  });

  it('names the true cause, with the block at which it clears', () => {
    expect(precheck(world({}), hotkey(9), vector, 0n)?.reason).toBe('not-registered');
    expect(check(world({}, limits({ commitRevealEnabled: true })))?.reason).toBe('commit-reveal');
    expect(check(world({}, { stakeThresholdRao: 5n }))?.reason).toBe('stake-below-threshold');
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

  it('says plainly that commit-reveal is not in this release', () => {
    const found = check(world({}, limits({ commitRevealEnabled: true })));
    expect(found?.detail).toMatch(/this release sets weights plainly only/);
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
    notDue(world({ lastUpdate }, epoch(head)), own, options, eager);

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
    expect(notDue(fresh, own, options, false)).toBeNull();
  });

  it('leaves time for three rounds and a quarter of the epoch', () => {
    expect(leadBlocks(20, { intervalBlocks: 4, leadBlocks: null })).toBe(12);
    expect(leadBlocks(360, { intervalBlocks: 10, leadBlocks: null })).toBe(90);
  });

  it('knows an epoch that went by without new weights', () => {
    const at = (lastUpdate: number) =>
      missedEpoch(world({ lastUpdate, blockAtRegistration: 1 }, epoch(110)), own);
    expect(at(79)).toBe(true);
    expect(at(81)).toBe(false);
  });
});
