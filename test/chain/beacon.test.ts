import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { devBeacon, duePulses, roundsToWrite, signRound } from '../../chain/beacon.ts';
import { fromHex, toHex } from '../../chain/bytes.ts';
import { ChainState } from '../../chain/chain-state.ts';
import type { Hex } from '../../chain/chain-state.ts';
import type { BlockTime } from '../../chain/dev-node.ts';
import { byteVec, compact, concat, littleEndian } from '../../common/scale-bytes.ts';
import { decrypt, encrypt, verifyPulse } from '../../common/timelock/timelock.ts';
import { seededBytes } from '../common/seeded-bytes.ts';
import vectors from '../vectors/timelock.json' with { type: 'json' };

const configKey: Hex = '0xa285cdb66e8b8524ea70b1693c7b1e0508194cd5e83170f4eb38043b5770aa61';
const lastRoundKey: Hex = '0xa285cdb66e8b8524ea70b1693c7b1e05087f3dd6e0ceded0e388dd34f810a73d';
const version: readonly [Hex, Hex] = [
  '0xa285cdb66e8b8524ea70b1693c7b1e054e7b9012096b41c4eb3aaf947f6ea429',
  '0x0000',
];
const weightCommits: Hex = '0x658faa385070e074c85bf6b568cf0555119e1c428ff5c7c6dac4c888a10d1443';
const commitments: Hex = '0xca407206ec1ab726b2636c4b145ac287419a60ae8b01e6dcaebd7317e43c69bf';

const le = (value: number, length: number): Uint8Array => littleEndian(BigInt(value), length);

function configOf(publicKey: Uint8Array = devBeacon.publicKey): Hex {
  const empty = Uint8Array.of(0, 0, 0, 0);
  return toHex(concat(byteVec(publicKey), le(1, 4), le(devBeacon.genesisTimeS, 4), empty));
}

/** A timelocked commit of weights as the chain keeps it. */
function waiting(...rounds: number[]): Hex {
  const entries = rounds.map((round) =>
    concat(new Uint8Array(32), le(7, 8), byteVec(new Uint8Array(300)), le(round, 8)),
  );
  return toHex(concat(compact(rounds.length), ...entries));
}

const timeOf = (round: number): BlockTime => ({
  nowMs: nowMs(round),
  blockTimeMs: 16_000,
  hurried: false,
  number: 1,
});
const nowMs = (round: number): number => (devBeacon.genesisTimeS + round - 1) * 1000;

/** Rounds of the pulses that would go into a block. */
function roundsOf(
  entries: readonly (readonly [Hex, Hex])[],
  round: number,
  hurried = true,
  blockTimeMs = 16_000,
): number[] {
  const state = new ChainState([version, [configKey, configOf()], ...entries]);
  return duePulses(state, { number: 1, nowMs: nowMs(round), blockTimeMs, hurried }).map(
    (extrinsic) => {
      const bytes = fromHex(extrinsic) ?? new Uint8Array();
      // Length, version, pallet, call, block number, count.
      return Number(new DataView(bytes.buffer, 2 + 3 + 4 + 1, 8).getBigUint64(0, true));
    },
  );
}

const last = (round: number): readonly [Hex, Hex] => [lastRoundKey, toHex(le(round, 8))];

describe('the development beacon', () => {
  it('signs rounds that verify and open what is encrypted to them', () => {
    const signature = signRound(42);
    expect(verifyPulse(devBeacon.publicKey, 42, signature)).toBe(true);
    expect(verifyPulse(devBeacon.publicKey, 43, signature)).toBe(false);
    const plaintext = seededBytes('weights', 100);
    const random = (length: number): Uint8Array => seededBytes(`random ${length}`, length);
    const ciphertext = encrypt(devBeacon.publicKey, 42, plaintext, { random });
    expect(decrypt(signature, ciphertext)).toEqual(plaintext);
  });

  it('has the same key in every release, since it stands in genesis blocks', () => {
    expect(toHex(devBeacon.publicKey)).toBe(
      '0x8c0ff1904c59cd6f9f75bbff3b183979848230091b3281b58bc07715a6053086bfd2ea3afd8737c7369f8152' +
        '3ae3b415103347b0a1cbefbad38f66ab917da664d4a528c32087747b06f4b0120af4a9dd0008e745122d5590118d36bd4c91b204',
    );
  });

  it('writes a round that a commit waits for as soon as it is due, once', () => {
    const awaited = [`${weightCommits}01`, waiting(100, 101, 102)] as [Hex, Hex];
    expect(roundsOf([last(99), awaited], 101)).toEqual([100, 101]);
    expect(roundsOf([last(101), awaited], 101)).toEqual([]);
    expect(roundsOf([last(101), awaited], 102)).toEqual([102]);
    expect(roundsOf([last(200), awaited], 101)).toEqual([]);
  });

  it('begins with the newest round, and tells the newest now and then', () => {
    expect(roundsOf([], 80_000_000)).toEqual([80_000_000]);
    expect(roundsOf([last(10)], 5000)).toEqual([5000]);
    expect(roundsOf([last(70)], 99)).toEqual([]);
    expect(roundsOf([last(70)], 100)).toEqual([100]);
  });

  it('does not make a chain of short blocks later than it is', () => {
    const awaited = [`${weightCommits}01`, waiting(95, 96, 98, 100)] as [Hex, Hex];
    expect(roundsOf([last(90), awaited], 101, false, 250)).toEqual([95, 96, 98]);
    expect(roundsOf([last(98), awaited], 101, false, 250)).toEqual([100]);
  });

  it('never leaves out a round that a commit waits for', () => {
    const commits = [`${weightCommits}01`, waiting(4000, 300, 6000)] as [Hex, Hex];
    const more = [`${weightCommits}02`, waiting(300, 20, 5)] as [Hex, Hex];
    expect(roundsOf([last(10), commits, more], 5000)).toEqual([20, 300, 4000, 5000]);
    const crowd = [`${weightCommits}03`, waiting(21, 22, 23)] as [Hex, Hex];
    expect(roundsOf([last(10), commits, more, crowd], 5000)).toEqual([20, 21, 22, 23]);
    expect(roundsOf([last(23), commits, more, crowd], 5000)).toEqual([300, 4000, 5000]);
  });

  it('knows the rounds of timelocked commitments', () => {
    const fields = [
      concat(Uint8Array.of(6), new Uint8Array(5)),
      concat(Uint8Array.of(131), new Uint8Array(32)),
      concat(Uint8Array.of(134), byteVec(new Uint8Array(70)), le(1234, 8)),
      concat(Uint8Array.of(135)),
      concat(Uint8Array.of(136), byteVec(new Uint8Array(200))),
      concat(Uint8Array.of(134), byteVec(new Uint8Array()), le(99, 8)),
    ];
    const value = toHex(concat(le(0, 8), le(5, 4), compact(fields.length), ...fields));
    expect(roundsOf([last(10), [`${commitments}aa`, value]], 5000)).toEqual([99, 1234, 5000]);
  });

  it('is not stopped by storage that makes no sense', () => {
    const odd = [`${weightCommits}01`, '0xffffffff'] as [Hex, Hex];
    expect(roundsOf([last(10), odd], 5000)).toEqual([5000]);
  });

  it('is silent before its time, without a beacon, and where pulses come from outside', () => {
    const config = [configKey, configOf()] as const;
    expect(duePulses(new ChainState([version, config]), timeOf(5000))).toHaveLength(1);
    expect(duePulses(new ChainState([config]), timeOf(5000))).toEqual([]);
    expect(duePulses(new ChainState([version, config]), timeOf(-1))).toEqual([]);
    expect(duePulses(new ChainState([]), timeOf(5))).toEqual([]);
    const quicknet = fromHex(vectors.publicKey) ?? new Uint8Array();
    expect(
      duePulses(new ChainState([version, [configKey, configOf(quicknet)]]), timeOf(5)),
    ).toEqual([]);
  });

  it('writes rising rounds, few at a time, that end near the newest and miss no awaited one', () => {
    const input = fc.tuple(
      fc.nat(500),
      fc.nat(2000),
      fc.uniqueArray(fc.nat(2600)),
      fc.integer({ min: 1, max: 16 }),
    );
    fc.assert(
      fc.property(input, ([first, more, wanted, limit]) => {
        const current = first + more;
        const awaited = wanted.sort((a, b) => a - b);
        const written: number[] = [];
        for (let at = first, tries = 0; at < current && tries < 3000; tries += 1) {
          const rounds = roundsToWrite(at, current, limit, () => awaited);
          expect(rounds.length).toBeLessThanOrEqual(limit);
          if (rounds.length === 0) break;
          written.push(...rounds);
          at = written.at(-1) ?? at;
        }
        expect(written).toEqual([...new Set(written)].sort((a, b) => a - b));
        const due = awaited.filter((round) => round > first && round <= current);
        expect(written).toEqual(expect.arrayContaining(due));
        expect(current - (written.at(-1) ?? first)).toBeLessThan(30);
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});
