import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amountText,
  decimalText,
  parseAmount,
  shortDecimal,
  stakeOn,
  tao,
  worth,
} from '../../../common/operator/amount.ts';

describe('amounts', () => {
  it('come back to the RAO, whatever their size', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (rao) => {
        expect(parseAmount(decimalText(rao))).toBe(rao);
      }),
    );
  });

  it.each([
    ['1', 1_000_000_000n],
    ['0.000000001', 1n],
    ['1.5', 1_500_000_000n],
    ['21000000', 21_000_000_000_000_000n],
  ])('reads %s exactly', (text, rao) => {
    expect(parseAmount(text)).toBe(rao);
  });

  it.each(['', '-1', '1.', '.5', '1e3', '0x10', '1,5', '1.0000000001', 'NaN', '1 2'])(
    'refuses %j',
    (text) => {
      expect(parseAmount(text)).toBeNull();
    },
  );

  it('never stand without their unit', () => {
    expect(amountText(tao(1n))).toBe('0.000000001 TAO');
    expect(amountText(stakeOn(2, 10n ** 9n))).toBe('1 alpha');
    expect(amountText(stakeOn(0, 10n ** 9n))).toBe('1 TAO');
  });

  it('are cut for tables, not rounded up to what is not there', () => {
    expect(shortDecimal(1_999_999_999n, 2)).toBe('1.99');
    expect(shortDecimal(10n ** 9n)).toBe('1.0000');
    expect(decimalText(-1_500_000_000n)).toBe('-1.5');
  });

  it('value alpha at a price, rounded down', () => {
    expect(worth(3n, 500_000_000n)).toBe(1n);
  });
});
