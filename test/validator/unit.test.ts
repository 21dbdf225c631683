import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { toUnit } from '../../validator/unit.ts';

it('lets nothing in but finite numbers from 0 to 1', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const unit = toUnit(value);
      return unit >= 0 && unit <= 1 && Object.is(unit, Math.max(0, unit));
    }),
  );
  expect([-0, -1, 2, 0.25].map(toUnit)).toEqual([0, 0, 1, 0.25]);
  for (const value of [NaN, Infinity, -Infinity]) {
    expect(() => toUnit(value)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  }
});
