import { decodeAddress, encodeAddress } from '@polkadot/util-crypto';
import { describe, expect, it } from 'vitest';
import { decodeSs58, encodeSs58, parseSs58, publicKeyOf } from '../../common/keys/ss58.ts';
import { seededBytes } from './seeded-bytes.ts';

const alice = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';

describe('ss58', () => {
  it('writes what @polkadot/util-crypto writes, in every kind of format', () => {
    for (const format of [0, 2, 42, 63, 64, 252, 255, 256, 1024, 16_383]) {
      for (let at = 0; at < 20; at += 1) {
        const key = at === 0 ? new Uint8Array(32) : seededBytes(`${format} ${at}`, 32);
        const address = encodeSs58(key, format);
        expect(address).toBe(encodeAddress(key, format));
        expect(decodeSs58(address)).toEqual({ format, publicKey: key });
      }
    }
  });

  it('reads what @polkadot/util-crypto reads', () => {
    expect(publicKeyOf(parseSs58(alice)!)).toEqual(decodeAddress(alice));
    expect(parseSs58(alice)).toBe(alice);
  });

  it('refuses every single wrong character', () => {
    for (let at = 0; at < alice.length; at += 1) {
      const other = alice[at] === '7' ? '8' : '7';
      expect(decodeSs58(alice.slice(0, at) + other + alice.slice(at + 1))).toBeUndefined();
    }
  });

  it('refuses other text', () => {
    const texts = ['', '1', '0OIl', `${alice}1`, `1${alice}`, ` ${alice}`, alice.slice(1)];
    for (const text of [...texts, 'x'.repeat(10_000), 'é', '\u{1f600}']) {
      expect(decodeSs58(text), text.slice(0, 60)).toBeUndefined();
    }
  });

  it('takes only format 42 for an address of this chain', () => {
    expect(parseSs58(encodeSs58(seededBytes('k', 32), 0))).toBeUndefined();
  });

  it('throws on a key or format that cannot be: a fault of the caller', () => {
    expect(() => encodeSs58(new Uint8Array(31))).toThrow(RangeError);
    expect(() => encodeSs58(new Uint8Array(32), 16_384)).toThrow(RangeError);
    expect(() => encodeSs58(new Uint8Array(32), -1)).toThrow(RangeError);
  });
});
