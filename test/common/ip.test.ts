import { isIP } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressClass, parseIpv4, parseIpv6 } from '../../common/chain/ip.ts';
import type { AddressClass } from '../../common/chain/ip.ts';

const classes: readonly (readonly [string, AddressClass])[] = [
  ['8.8.8.8', 'global'],
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'reserved'],
  ['10.0.0.1', 'private'],
  ['100.64.0.1', 'shared'],
  ['100.127.255.255', 'shared'],
  ['100.128.0.1', 'global'],
  ['127.0.0.1', 'loopback'],
  ['127.255.0.9', 'loopback'],
  ['169.254.169.254', 'link-local'],
  ['172.15.0.1', 'global'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'global'],
  ['192.0.2.9', 'reserved'],
  ['192.168.0.1', 'private'],
  ['198.18.0.1', 'reserved'],
  ['198.20.0.1', 'global'],
  ['203.0.113.7', 'reserved'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::2', 'reserved'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['::ffff:8.8.8.8', 'global'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['2002:0a00:0001::', 'private'],
  ['2002:0808:0808::1', 'global'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'reserved'],
  ['fc00::1', 'private'],
  ['fdff::1', 'private'],
  ['ff02::1', 'multicast'],
  ['2001:db8::1', 'reserved'],
  ['2001::1', 'reserved'],
  ['2606:4700:4700::1111', 'global'],
  ['4000::1', 'reserved'],
  ['', 'invalid'],
  ['localhost', 'invalid'],
  ['1.2.3', 'invalid'],
  ['1.2.3.256', 'invalid'],
  ['01.2.3.4', 'invalid'],
  ['0x7f.0.0.1', 'invalid'],
  ['1::2::3', 'invalid'],
  ['fe80::1%eth0', 'invalid'],
  ['1:2:3:4:5:6:7:8:9', 'invalid'],
  ['12345::', 'invalid'],
];

describe('addressClass', () => {
  it.each(classes)('%s is %s', (address, kind) => {
    expect(addressClass(address)).toBe(kind);
  });
});

describe('parsing agrees with the platform', () => {
  it('on which texts are addresses', () => {
    const byte = fc.integer({ min: 0, max: 300 }).map(String);
    const four = fc.array(byte, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'));
    const piece = fc.constantFrom('', '0', '1', 'ff', 'FFFF', '12345', 'g', '1.2.3.4');
    const six = fc.array(piece, { minLength: 1, maxLength: 9 }).map((parts) => parts.join(':'));
    fc.assert(
      fc.property(fc.oneof(four, six, fc.ipV4(), fc.ipV6()), (address) => {
        expect(parseIpv4(address) !== null).toBe(isIP(address) === 4);
        expect(parseIpv6(address) !== null).toBe(isIP(address) === 6);
      }),
      { numRuns: 2000 },
    );
  });
});
