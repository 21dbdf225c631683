import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bool,
  bytes,
  decode,
  encode,
  i64,
  option,
  pair,
  struct,
  u16,
  u64,
  variants,
  vec,
} from '../../chain/scale.ts';

const shape = struct({ a: u16, b: vec(pair(u16, u64)), c: option(i64), d: bool, e: bytes });
const choice = variants({ None: u16, Some: struct({ value: u64 }) });

const anyU16 = fc.nat({ max: 65_535 });
const anyU64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const anyI64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });

describe('SCALE', () => {
  it('gives back what was written', () => {
    const anyValue = fc.record({
      a: anyU16,
      b: fc.array(fc.tuple(anyU16, anyU64)),
      c: fc.option(anyI64, { nil: undefined }),
      d: fc.boolean(),
      e: fc.uint8Array(),
    });
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(decode(shape, encode(shape, value))).toEqual(value);
      }),
      { seed: 7 },
    );
  });

  it('writes lengths in one, two and four bytes', () => {
    const lengths = [63, 64, 16_383, 16_384];
    const prefixes = lengths.map((length) => {
      const encoded = encode(bytes, new Uint8Array(length));
      return encoded.slice(0, encoded.length - length);
    });
    expect(prefixes.map((prefix) => [...prefix])).toEqual([
      [0xfc],
      [0x01, 0x01],
      [0xfd, 0xff],
      [0x02, 0x00, 0x01, 0x00],
    ]);
  });

  it('numbers variants by their order', () => {
    const value = { kind: 'Some', value: { value: 258n } } as const;
    expect([...encode(choice, value)]).toEqual([1, 2, 1, 0, 0, 0, 0, 0, 0]);
    expect(decode(choice, encode(choice, value))).toEqual(value);
  });

  it('refuses numbers that do not fit, short bytes and bytes left over', () => {
    expect(() => encode(u16, 65_536)).toThrow(RangeError);
    expect(() => encode(i64, 1n << 63n)).toThrow(RangeError);
    expect(() => decode(u64, new Uint8Array(7))).toThrow(RangeError);
    expect(() => decode(u16, new Uint8Array(3))).toThrow(RangeError);
    expect(() => decode(choice, Uint8Array.of(2))).toThrow(RangeError);
  });
});
