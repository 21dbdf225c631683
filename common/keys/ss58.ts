import { blake2b } from '@noble/hashes/blake2.js';
import type { Ss58 } from '../brand.ts';

/** The address format of Bittensor and of every chain that has none of its own. */
export const ss58Format = 42;

export interface Ss58Parts {
  readonly format: number;
  readonly publicKey: Uint8Array;
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const digitOf: ReadonlyMap<string, number> = new Map(
  Array.from(alphabet, (char, at) => [char, at]),
);
const checksumPrefix = new TextEncoder().encode('SS58PRE');
const keyLength = 32;
const checksumLength = 2;
// A 32-byte key with its longest prefix takes 50 characters; longer text is not worth decoding.
const longestAddress = 50;

/**
 * The SS58 address of a 32-byte public key.
 * @throws RangeError when the key is not 32 bytes or the format is outside 0..16383.
 */
export function encodeSs58(publicKey: Uint8Array, format: number = ss58Format): Ss58 {
  if (publicKey.length !== keyLength) throw new RangeError('a public key has 32 bytes');
  const body = concat(formatBytes(format), publicKey);
  return toBase58(concat(body, checksum(body))) as Ss58;
}

/** The parts of an address of a 32-byte key in any format; `undefined` when it is not one. */
export function decodeSs58(address: string): Ss58Parts | undefined {
  const bytes = fromBase58(address);
  if (bytes === undefined) return undefined;
  const prefixLength = (bytes[0] ?? 0) < 64 ? 1 : 2;
  if (bytes.length !== prefixLength + keyLength + checksumLength) return undefined;
  const format = readFormat(bytes);
  const body = bytes.subarray(0, prefixLength + keyLength);
  const [first, second] = checksum(body);
  if (format === undefined || bytes.at(-2) !== first || bytes.at(-1) !== second) return undefined;
  return { format, publicKey: body.slice(prefixLength) };
}

/** The address as a checked value, or `undefined` unless it is a valid one of format 42. */
export function parseSs58(address: string): Ss58 | undefined {
  return decodeSs58(address)?.format === ss58Format ? (address as Ss58) : undefined;
}

/** The 32-byte public key of a checked address. */
export function publicKeyOf(address: Ss58): Uint8Array {
  const parts = decodeSs58(address);
  if (parts === undefined) throw new RangeError('not an SS58 address');
  return parts.publicKey;
}

function checksum(body: Uint8Array): Uint8Array {
  const digest = blake2b(concat(checksumPrefix, body), { dkLen: 64 });
  return digest.subarray(0, checksumLength);
}

// Formats below 64 take one byte; up to 16383 two, with the low six bits spread as SS58 says.
function formatBytes(format: number): Uint8Array {
  if (!Number.isInteger(format) || format < 0 || format > 16383) {
    throw new RangeError('an SS58 format lies in 0..16383');
  }
  if (format < 64) return Uint8Array.of(format);
  return Uint8Array.of(((format & 0xfc) >> 2) | 0x40, (format >> 8) | ((format & 0x03) << 6));
}

function readFormat(bytes: Uint8Array): number | undefined {
  const [first = 0, second = 0] = bytes;
  if (first < 64) return first;
  if (first > 127) return undefined;
  const format = ((first & 0x3f) << 2) | (second >> 6) | ((second & 0x3f) << 8);
  // A small format in the long form would be a second spelling of the same address.
  return format < 64 ? undefined : format;
}

function toBase58(bytes: Uint8Array): string {
  const digits: number[] = [];
  for (const byte of bytes) pushDigit(digits, 256, byte, 58);
  return (
    leading(bytes, 0, '1') +
    [...digits]
      .reverse()
      .map((at) => alphabet.charAt(at))
      .join('')
  );
}

function fromBase58(text: string): Uint8Array | undefined {
  if (text.length > longestAddress) return undefined;
  const digits: number[] = [];
  for (const char of text) {
    const digit = digitOf.get(char);
    if (digit === undefined) return undefined;
    pushDigit(digits, 58, digit, 256);
  }
  const zeros = leading(text, '1', '0').length;
  return concat(new Uint8Array(zeros), Uint8Array.from([...digits].reverse()));
}

/** little-endian `digits` in base `to`: multiplied by `from`, plus `digit`. */
function pushDigit(digits: number[], from: number, digit: number, to: number): void {
  let carry = digit;
  for (let at = 0; at < digits.length; at += 1) {
    carry += (digits[at] ?? 0) * from;
    digits[at] = carry % to;
    carry = Math.floor(carry / to);
  }
  for (; carry > 0; carry = Math.floor(carry / to)) digits.push(carry % to);
}

function leading<T>(items: Iterable<T>, item: T, mark: string): string {
  let marks = '';
  for (const one of items) {
    if (one !== item) break;
    marks += mark;
  }
  return marks;
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
