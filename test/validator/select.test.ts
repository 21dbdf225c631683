import { sha256 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isValidator, selectMiners } from '../../validator/select.ts';
import { hotkey, neuron, snapshot } from './build.ts';

const seed = new Uint8Array(32).fill(9);
const all = { ownHotkey: hotkey(0), sampleSize: null, maxStakeRao: null };
const uids = (list: readonly { uid: number }[]): number[] => list.map(({ uid }) => uid);

describe('selectMiners', () => {
  it('leaves out oneself and those who act as validators', () => {
    const validator = neuron(1, { validatorPermit: true, lastUpdate: 50 });
    const richMiner = neuron(2, { validatorPermit: true, totalStakeRao: 9n });
    const { eligible } = selectMiners(
      snapshot([neuron(0), validator, richMiner, neuron(3)]),
      all,
      seed,
      sha256,
    );
    expect(uids(eligible)).toEqual([2, 3]);
  });

  it('measures the serving ones of the sample, and all that serve nothing', () => {
    const neurons = Array.from({ length: 20 }, (_, uid) =>
      neuron(uid, uid % 2 === 1 ? { axon: null } : {}),
    );
    const { measured } = selectMiners(snapshot(neurons), { ...all, sampleSize: 3 }, seed, sha256);
    expect(measured.filter(({ axon }) => axon === null)).toHaveLength(10);
    expect(measured.filter(({ axon }) => axon !== null)).toHaveLength(3);
    expect(uids(measured)).toEqual([...uids(measured)].sort((a, b) => a - b));
  });

  it('draws by the seed and the hotkeys alone, whatever their order', () => {
    const neurons = Array.from({ length: 50 }, (_, uid) => neuron(uid));
    const options = { ...all, sampleSize: 10 };
    const draw = (order: typeof neurons, from = seed) =>
      selectMiners(snapshot(order), options, from, sha256).measured.map(({ hotkey: key }) => key);
    expect(draw(neurons)).toEqual(draw(neurons));
    expect(draw([...neurons].reverse())).toEqual(draw(neurons));
    expect(draw(neurons, new Uint8Array(32))).not.toEqual(draw(neurons));
  });

  it('gives everyone the same chance', () => {
    const neurons = Array.from({ length: 11 }, (_, uid) => neuron(uid));
    const counts = new Map<number, number>();
    for (let round = 0; round < 400; round += 1) {
      const from = sha256(Uint8Array.of(round & 255, round >> 8));
      for (const { uid } of selectMiners(snapshot(neurons), { ...all, sampleSize: 5 }, from, sha256)
        .measured)
        counts.set(uid, (counts.get(uid) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  it('never draws more than asked, nor anyone twice', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 1, max: 50 }), (n, sampleSize) => {
        const neurons = Array.from({ length: n }, (_, uid) => neuron(uid));
        const { measured } = selectMiners(snapshot(neurons), { ...all, sampleSize }, seed, sha256);
        const expected = Math.min(sampleSize, Math.max(0, n - 1));
        return measured.length === expected && new Set(uids(measured)).size === expected;
      }),
    );
  });
});

describe('isValidator', () => {
  it('needs a permit, whatever the stake', () => {
    expect(isValidator(neuron(1, { totalStakeRao: 99n, lastUpdate: 90 }), 10n)).toBe(false);
  });

  it('goes by the stake that the owner named', () => {
    const one = neuron(1, { validatorPermit: true, totalStakeRao: 10n, lastUpdate: 90 });
    expect(isValidator(one, 10n)).toBe(false);
    expect(isValidator(one, 9n)).toBe(true);
  });

  it('goes by weights that were set since registration when no stake is named', () => {
    const permit = { validatorPermit: true, blockAtRegistration: 50 };
    expect(isValidator(neuron(1, { ...permit, lastUpdate: 50 }), null)).toBe(false);
    expect(isValidator(neuron(1, { ...permit, lastUpdate: 20 }), null)).toBe(false);
    expect(isValidator(neuron(1, { ...permit, lastUpdate: 51 }), null)).toBe(true);
  });
});
