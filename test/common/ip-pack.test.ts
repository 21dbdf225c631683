import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packIp, unpackIp } from '../../common/chain/ip.ts';
import { SubnetError } from '../../common/errors.ts';

describe('an address on chain', () => {
  // Values observed from the Python SDK (docs/protocol.md names the sources of vectors).
  it.each([
    ['1.2.3.4', 16_909_060n, 4],
    ['192.168.1.10', 3_232_235_786n, 4],
    ['192.0.2.20', 3_221_226_004n, 4],
    ['2001:db8::1', 42_540_766_411_282_592_856_903_984_951_653_826_561n, 6],
  ] as const)('%s is the integer of its bytes', (text, value, type) => {
    expect(packIp(text)).toEqual({ value, type });
    expect(unpackIp({ value, type })).toBe(text);
  });

  it('survives the way there and back', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const value = groups.reduce((sum, one) => (sum << 16n) | BigInt(one), 0n);
        const text = unpackIp({ value, type: 6 });
        expect(packIp(text)).toEqual({ value, type: 6 });
      }),
    );
  });

  it.each(['', 'localhost', '1.2.3', '1.2.3.256', '01.2.3.4', '::1::', 'fe80::1%eth0'])(
    'refuses %j as ADDRESS_INVALID',
    (text) => {
      expect(() => packIp(text)).toThrow(SubnetError);
      expect(() => packIp(text)).toThrow(/is not an IP address/);
    },
  );
});
