import { SubnetError } from '../errors.ts';

/** What an address is good for, by the special-purpose registries of IANA (RFC 6890 and later). */
export type AddressClass =
  | 'invalid'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'shared'
  | 'multicast'
  | 'reserved'
  | 'global';

/** Bytes of a dotted IPv4 text without leading zeros, or null. */
export function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return null;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : null;
}

/** The 16 bytes of an IPv6 text (no zone), or null. */
export function parseIpv6(text: string): Uint8Array | null {
  const expanded = withoutDotted(text);
  if (expanded === null) return null;
  const halves = expanded.split('::');
  if (halves.length > 2) return null;
  const [head = [], tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return Uint8Array.from(groups.flatMap(bytesOfGroup));
}

/** The last 32 bits may be written as IPv4. */
function withoutDotted(text: string): string | null {
  if (!text.includes('.')) return text;
  const at = text.lastIndexOf(':');
  const bytes = at < 0 ? null : parseIpv4(text.slice(at + 1));
  if (bytes === null) return null;
  const group = (from: number): string =>
    (((bytes[from] ?? 0) << 8) | (bytes[from + 1] ?? 0)).toString(16);
  return `${text.slice(0, at + 1)}${group(0)}:${group(2)}`;
}

function bytesOfGroup(group: string): readonly number[] {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 255];
}

/** The class of an address in text; an IPv4 address inside an IPv6 one counts as what it is. */
export function addressClass(text: string): AddressClass {
  const four = parseIpv4(text);
  if (four !== null) return classOfIpv4(four);
  const six = parseIpv6(text);
  return six === null ? 'invalid' : classOfIpv6(six);
}

type Range = readonly [prefix: readonly number[], bits: number, kind: AddressClass];

const ipv4Ranges: readonly Range[] = [
  [[0, 0, 0, 0], 32, 'unspecified'],
  [[0], 8, 'reserved'],
  [[10], 8, 'private'],
  [[100, 64], 10, 'shared'],
  [[127], 8, 'loopback'],
  [[169, 254], 16, 'link-local'],
  [[172, 16], 12, 'private'],
  [[192, 0, 0], 24, 'reserved'],
  [[192, 0, 2], 24, 'reserved'],
  [[192, 88, 99], 24, 'reserved'],
  [[192, 168], 16, 'private'],
  [[198, 18], 15, 'reserved'],
  [[198, 51, 100], 24, 'reserved'],
  [[203, 0, 113], 24, 'reserved'],
  [[224], 4, 'multicast'],
  [[240], 4, 'reserved'],
];

const zeros = (count: number): readonly number[] => Array.from({ length: count }, () => 0);

const ipv6Ranges: readonly Range[] = [
  [zeros(16), 128, 'unspecified'],
  [[...zeros(15), 1], 128, 'loopback'],
  [[0x01, 0x00], 64, 'reserved'],
  [[0x20, 0x01, 0x00], 23, 'reserved'],
  [[0x20, 0x01, 0x0d, 0xb8], 32, 'reserved'],
  [[0x3f, 0xff, 0x00], 20, 'reserved'],
  [[0xfc], 7, 'private'],
  [[0xfe, 0x80], 10, 'link-local'],
  [[0xff], 8, 'multicast'],
  [[0x20], 3, 'global'],
];

/** Where an IPv4 address lies inside: mapped, translated (NAT64), 6to4. */
const carriers: readonly (readonly [prefix: readonly number[], bits: number, at: number])[] = [
  [[...zeros(10), 0xff, 0xff], 96, 12],
  [[0x00, 0x64, 0xff, 0x9b], 96, 12],
  [[0x20, 0x02], 16, 2],
];

function classOfIpv4(bytes: Uint8Array): AddressClass {
  return ipv4Ranges.find(([prefix, bits]) => starts(bytes, prefix, bits))?.[2] ?? 'global';
}

/** What lies in no named range is reserved: only 2000::/3 is given out. */
function classOfIpv6(bytes: Uint8Array): AddressClass {
  const carrier = carriers.find(([prefix, bits]) => starts(bytes, prefix, bits));
  if (carrier !== undefined) return classOfIpv4(bytes.slice(carrier[2], carrier[2] + 4));
  return ipv6Ranges.find(([prefix, bits]) => starts(bytes, prefix, bits))?.[2] ?? 'reserved';
}

function starts(bytes: Uint8Array, prefix: readonly number[], bits: number): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = bits - bit >= 8 ? 0xff : (0xff << (8 - (bits - bit))) & 0xff;
    const at = bit / 8;
    if (((bytes[at] ?? 0) & mask) !== ((prefix[at] ?? 0) & mask)) return false;
  }
  return true;
}

/** An address as the chain stores it: the integer of its bytes, 4 or 6. */
export interface PackedIp {
  readonly value: bigint;
  readonly type: 4 | 6;
}

/** Throws ADDRESS_INVALID for a text that is no IP address. */
export function packIp(text: string): PackedIp {
  const v4 = parseIpv4(text);
  if (v4 !== null) return { value: integerOf(v4), type: 4 };
  const v6 = parseIpv6(text);
  if (v6 !== null) return { value: integerOf(v6), type: 6 };
  throw new SubnetError('ADDRESS_INVALID', { address: text });
}

function integerOf(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Text of a stored address: dotted, or IPv6 groups with the longest run of zeros as `::`. */
export function unpackIp({ value, type }: PackedIp): string {
  if (type === 4) return bytesOf(value, 4).join('.');
  const bytes = bytesOf(value, 16);
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  const runs = groups.join(':').match(/\b0(:0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return groups.join(':');
  const [before, after] = splitOnce(groups.join(':'), longest);
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}

function splitOnce(text: string, part: string): readonly [string, string] {
  const at = new RegExp(`(^|:)${part}(:|$)`).exec(text)?.index ?? 0;
  const start = text.startsWith(':', at) ? at + 1 : at;
  return [text.slice(0, start), text.slice(start + part.length)];
}

function bytesOf(value: bigint, length: number): readonly number[] {
  return Array.from({ length }, (_, at) =>
    Number((value >> BigInt(8 * (length - 1 - at))) & 0xffn),
  );
}
