import { parseIpv6 } from '../../common/chain/ip.ts';

const mapped = '::ffff:';
const prefixBytes = 8;

/**
 * Under which name a peer is counted: its IPv4 address, or the /64 of its IPv6 address, for whoever
 * has one address of a /64 has all of them. An IPv4 address is the same however it is written.
 */
export function addressKey(remoteAddress: string): string {
  if (!remoteAddress.includes(':')) return remoteAddress;
  if (remoteAddress.startsWith(mapped) && remoteAddress.includes('.')) {
    return remoteAddress.slice(mapped.length);
  }
  const zone = remoteAddress.indexOf('%');
  const bytes = parseIpv6(zone < 0 ? remoteAddress : remoteAddress.slice(0, zone));
  return bytes === null ? remoteAddress : keyOfBytes(bytes);
}

function keyOfBytes(bytes: Uint8Array): string {
  const isMapped = bytes[10] === 0xff && bytes[11] === 0xff && bytes.indexOf(0xff) === 10;
  if (isMapped && bytes.subarray(0, 10).every((byte) => byte === 0)) {
    return bytes.subarray(12).join('.');
  }
  const groups = Array.from({ length: prefixBytes / 2 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return `${groups.join(':')}::/64`;
}
