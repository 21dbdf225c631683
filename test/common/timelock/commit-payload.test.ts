import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../common/hex.ts';
import { commitHash, storageIndex } from '../../../common/timelock/commit-hash.ts';
import { decodePayload, encodePayload } from '../../../common/timelock/commit-payload.ts';
import { decrypt } from '../../../common/timelock/timelock.ts';
import { alice } from '../wire-keys.ts';
import vectors from '../../vectors/timelock.json' with { type: 'json' };

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const u16 = fc.integer({ min: 0, max: 0xffff });

describe('the payload of a timelocked commit', () => {
  it.each(vectors.commits.map((commit) => [commit.uids.length, commit] as const))(
    'is read from a commit of bittensor-drand with %i uids, and written alike',
    (_, { uids, values, commit }) => {
      const opened = decrypt(bytesOf(vectors.signature), bytesOf(commit));
      const payload = decodePayload(opened);
      const hotkey = bytesOf(vectors.hotkey);
      expect(payload).toEqual({ hotkey, uids, values, versionKey: BigInt(vectors.versionKey) });
      expect(payload && toHex(encodePayload(payload))).toBe(toHex(opened));
    },
  );

  it('goes to bytes and back, in both forms', () => {
    const payload = fc.record({
      hotkey: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: null }),
      uids: fc.array(u16, { maxLength: 300 }),
      values: fc.array(u16, { maxLength: 300 }),
      versionKey: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    });
    fc.assert(
      fc.property(payload, (one) => {
        expect(decodePayload(encodePayload(one))).toEqual(one);
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it('refuses what the chain could not read', () => {
    const fine = { hotkey: alice.publicKey, uids: [1], values: [2], versionKey: 0n };
    expect(() => encodePayload({ ...fine, values: [65_536] })).toThrow(RangeError);
    expect(() => encodePayload({ ...fine, uids: [-1] })).toThrow(RangeError);
    expect(() => encodePayload({ ...fine, uids: [0.5] })).toThrow(RangeError);
    expect(() => encodePayload({ ...fine, hotkey: new Uint8Array(31) })).toThrow(RangeError);
    expect(() => encodePayload({ ...fine, versionKey: 1n << 64n })).toThrow(RangeError);
    const bytes = encodePayload(fine);
    expect(decodePayload(bytes.subarray(1))).toBeNull();
    expect(decodePayload(bytes.subarray(0, -1))).toBeNull();
    expect(decodePayload(new Uint8Array([...bytes, 0]))).toBeNull();
  });
});

describe('the hash of a commit', () => {
  const oneToEight = [1, 2, 3, 4, 5, 6, 7, 8];
  const row = { account: alice.publicKey, netuid: 1, salt: oneToEight };
  const sdk = { ...row, uids: [1, 2, 3], values: [65_535, 32_768, 100], versionKey: 10_005_000n };

  // The first two from the runtime's own hash function, the others from the Python SDK 10.5.
  it.each([
    [
      { ...row, mecid: 0, uids: [0, 1, 2], values: [100, 200, 65_535], versionKey: 0n },
      '0x17f2654b785fe16b0ffb9354278a027d097fb03cdbcfd0205322cb99d027d05a',
    ],
    [
      { ...row, mecid: 1, uids: [7], values: [65_535], salt: [], versionKey: 10_002_000n },
      '0xc79b4675d484197a6318314eef0689483fdd1217b58b55905d30ed22a0d09ce9',
    ],
    [{ ...sdk, mecid: 0 }, '0xbffc3457dc23cf74eef1f7a720a51add50d79e6b1a9590fe609ceaf08c4efb8f'],
    [{ ...sdk, mecid: 1 }, '0x824c2e8e1f4252ba8290e492ecb0a22d67fdc3d7b6a7cc816f2321f24e0fd0ae'],
  ])('is that of the chain: %o', (weights, hash) => {
    expect(commitHash(weights)).toBe(hash);
  });

  it('depends on each part', () => {
    const base = { ...sdk, mecid: 0 };
    const others = [
      { ...base, account: new Uint8Array(32) },
      { ...base, netuid: 2 },
      { ...base, mecid: 1 },
      { ...base, uids: [1, 2, 4] },
      { ...base, values: [65_535, 32_768, 101] },
      { ...base, salt: oneToEight.slice(1) },
      { ...base, versionKey: 0n },
    ];
    expect(new Set([base, ...others].map(commitHash)).size).toBe(8);
  });

  it('belongs to a mechanism by its storage index', () => {
    expect([storageIndex(1, 0), storageIndex(1, 1), storageIndex(4095, 15)]).toEqual([
      1, 4097, 65_535,
    ]);
    expect(() => commitHash({ ...sdk, mecid: 16 })).toThrow(RangeError);
    expect(() => commitHash({ ...sdk, mecid: 0, account: new Uint8Array(31) })).toThrow(RangeError);
    expect(() => commitHash({ ...sdk, mecid: 0, salt: [70_000] })).toThrow(RangeError);
  });
});
