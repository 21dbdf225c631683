import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonFault, hasTail, whyNoJson } from '../../common/wire/json-fault.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the first fault of a text', () => {
  it.each([
    ['', 0, false],
    [' [1,2', 5, false],
    ['[1,]', 3, false],
    ['{"a" 1}', 5, false],
    ['{a:1}', 1, false],
    ['{"a":1,}', 7, false],
    ['[01]', 2, false],
    ['[1}', 2, false],
    ['["\u0001"]', 1, false],
    ['{} x', 3, true],
  ])('of %j is at %i', (text, at, isBehind) => {
    expect(findJsonFault(text)).toEqual({ at, isBehind });
  });

  it('is there just when JSON.parse finds one', () => {
    const damaged = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.nat(2),
        fc.constantFrom('', ',', ']', '}', '"', '0', '-', '\n'),
      )
      .map(([text, place, cut, piece]) => {
        const at = place % (text.length + 1);
        return text.slice(0, at) + piece + text.slice(at + cut);
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), damaged), (text) => {
        expect(findJsonFault(text) === null).toBe(isParsed(text));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what is told of bytes that are no JSON', () => {
  it('is no place where only the beginning was looked at', () => {
    for (const text of ['[1,2,3,oops]', '["a long text that is cut', '[1,2,tru', '[1,2,   x']) {
      expect(whyNoJson(utf8(text), 7)).toBe('cannot be parsed');
    }
    expect(whyNoJson(utf8('[1,}   ,3]'), 7)).toBe('cannot be parsed at character 3');
  });

  it('is that they are no UTF-8 where that is all', () => {
    expect(whyNoJson(Uint8Array.of(0x22, 0xff, 0x22))).toBe('is not UTF-8');
  });

  it('knows a value with something behind it', () => {
    expect(hasTail(Uint8Array.of(0x7b, 0x7d, 0xff))).toBe(true);
    expect(hasTail(utf8('{}'))).toBe(false);
    expect(hasTail(utf8('{'))).toBe(false);
  });
});
