import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pyRepr, pyStr } from '../../../common/wire/classic/py-text.ts';
import { memberTexts, readPyValue } from '../../../common/wire/classic/py-value.ts';
import { classicVectors } from './vectors.ts';

describe("Python's text of a value", () => {
  it('is that of Python, for each value that Python wrote', () => {
    const wrong = classicVectors.texts.filter(({ json, str }) => pyStr(readPyValue(json)) !== str);
    expect(wrong).toEqual([]);
    expect(classicVectors.texts.length).toBeGreaterThan(500);
  });

  it('tells an integer from a float of the same value', () => {
    expect(pyStr(readPyValue('[1, 1.0, 1e0, -0, -0.0]'))).toBe('[1, 1.0, 1.0, 0, -0.0]');
  });

  it.each([
    [Number.NaN, 'nan'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
  ])('writes %s as %s', (value, text) => {
    expect(pyStr(value)).toBe(text);
  });

  it('writes floats so that they read back the same, with a point or an exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = pyRepr(value);
        expect(Number(text)).toBe(value);
        expect(text).toMatch(/^-?\d+(\.\d+|(\.\d+)?e[-+]\d{2,3})$/);
      }),
      { seed: 3 },
    );
  });
});

describe('the reading of JSON as Python reads it', () => {
  it('agrees with JSON.parse on what both can hold', () => {
    const plain = (value: unknown): unknown => {
      if (typeof value === 'bigint') return Number(value);
      if (value instanceof Map) {
        return Object.fromEntries(Array.from(value, ([key, item]) => [key, plain(item)]));
      }
      return Array.isArray(value) ? value.map(plain) : value;
    };
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent);
        // A key that an object literal treats in its own way is no concern of a Map.
        fc.pre(!text.includes('__proto__'));
        expect(plain(readPyValue(text))).toEqual(
          JSON.parse(text, (_, value: unknown) => (Object.is(value, -0) ? 0 : value)),
        );
      }),
      { seed: 5 },
    );
  });

  it('keeps the order of keys, digits beyond 2^53, and the last of repeated keys', () => {
    const dict = readPyValue('{"b": 1, "2": 1795289076266371799, "1": 0, "b": 3}');
    expect(Array.from(dict as Map<string, unknown>)).toEqual([
      ['b', 3n],
      ['2', 1795289076266371799n],
      ['1', 0n],
    ]);
  });

  it('finds the members of an object as they are written', () => {
    const members = memberTexts(' { "a" : [1, {"x": "]}"}] , "b\\n":-1.50,"c":"\\"", "d": {} } ');
    expect(Array.from(members)).toEqual([
      ['a', '[1, {"x": "]}"}]'],
      ['b\n', '-1.50'],
      ['c', '"\\""'],
      ['d', '{}'],
    ]);
  });

  it('finds members whose texts read as the values of the object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const text = JSON.stringify(object);
        const read = Array.from(memberTexts(text), ([key, json]) => [key, JSON.parse(json)]);
        expect(Object.fromEntries(read)).toEqual(JSON.parse(text));
      }),
      { seed: 7 },
    );
  });
});
