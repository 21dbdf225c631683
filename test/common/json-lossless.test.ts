import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDeeperThan, parseLossless } from '../../common/wire/json-lossless.ts';

describe('reading JSON with whole integers', () => {
  it('is JSON.parse where doubles suffice', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat({ max: 2 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const parsed: unknown = JSON.parse(text);
        fc.pre(!/[0-9]{16}/.test(text));
        expect(toPlain(parseLossless(text))).toEqual(parsed);
      }),
      { seed: 37, numRuns: 500 },
    );
  });

  it('keeps every integer whole', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt()), (values) => {
        const text = `{"a":[${values.join(', ')}]}`;
        const { a } = parseLossless(text) as { a: (number | bigint)[] };
        expect(a.map(BigInt)).toEqual(values);
        expect(a.every((one) => typeof one === 'bigint' || Number.isSafeInteger(one))).toBe(true);
      }),
      { seed: 41 },
    );
  });

  it('leaves fractions and exponents as numbers', () => {
    expect(parseLossless('[1e30, 9007199254740993.0, -0, 0.1, 1e999]')).toEqual([
      1e30,
      2 ** 53,
      -0,
      0.1,
      1 / 0,
    ]);
  });

  it('is not led astray by brackets, quotes and numbers in strings and keys', () => {
    const value = {
      'a"[{': '}]"\\',
      '\\': ['9007199254740993', { '9': '\u2028\ud83d\ude00' }],
      '': {},
    };
    expect(toPlain(parseLossless(JSON.stringify(value)))).toEqual(value);
  });

  it('takes __proto__ for a key like any other', () => {
    const parsed = parseLossless('{"__proto__":{"x":1}}');
    expect(Object.keys(parsed as object)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(parsed)).toBeNull();
  });
});

describe('the depth of JSON', () => {
  it('is measured exactly', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat({ max: 6 }), (value, most) => {
        expect(isDeeperThan(JSON.stringify(value), most)).toBe(depthOf(value) > most);
      }),
      { seed: 43, numRuns: 500 },
    );
  });

  it('does not count brackets in strings', () => {
    expect(isDeeperThan('["[[[[[","\\"[[[[","\\\\",[]]', 2)).toBe(false);
    expect(isDeeperThan('["[[[[[","\\"[[[[","\\\\",[[]]]', 2)).toBe(true);
    expect(isDeeperThan('"[[[[', 2)).toBe(false);
  });
});

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Objects with a prototype again, for comparison; defining keys, since one may be `__proto__`. */
function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}
