import { blake2b } from '@noble/hashes/blake2.js';

/** One step of a derivation path, with the 32-byte chain code that Substrate makes of it. */
export interface Junction {
  readonly kind: 'hard' | 'soft';
  readonly chainCode: Uint8Array;
}

/** A secret URI in its parts: `phrase//hard/soft///password`. Secret: do not log. */
export interface Suri {
  /** BIP-0039 words, or a mini secret as `0x` and 64 hex digits. */
  readonly phrase: string;
  readonly junctions: readonly Junction[];
  readonly password: string;
}

/**
 * The public development phrase: what `//Alice` stands on when no phrase is written.
 * Everyone has its keys, so they are for local chains only.
 */
export const devPhrase = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';

const shape = /^(?<phrase>[^/]*)(?<path>(?:\/\/?[^/]+)*)(?:\/\/\/(?<password>.*))?$/s;
const step = /(?<slashes>\/\/?)(?<name>[^/]+)/g;
const chainCodeLength = 32;

/** The parts of a secret URI, or `undefined` when it is not one. */
export function parseSuri(text: string): Suri | undefined {
  const groups = shape.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const junctions = [...(groups['path'] ?? '').matchAll(step)].map(toJunction);
  const phrase = (groups['phrase'] ?? '').trim();
  return {
    phrase: phrase === '' ? devPhrase : phrase,
    junctions,
    password: groups['password'] ?? '',
  };
}

function toJunction(match: RegExpMatchArray): Junction {
  const kind = match.groups?.['slashes'] === '//' ? 'hard' : 'soft';
  return { kind, chainCode: toChainCode(match.groups?.['name'] ?? '') };
}

/**
 * SCALE of the name (a u64 when it is a decimal number that fits, a string otherwise), padded
 * with zeros to 32 bytes; longer encodings are hashed with blake2b-256.
 */
export function toChainCode(name: string): Uint8Array {
  const encoded = encodeNumber(name) ?? encodeText(name);
  if (encoded.length > chainCodeLength) return blake2b(encoded, { dkLen: chainCodeLength });
  const chainCode = new Uint8Array(chainCodeLength);
  chainCode.set(encoded);
  return chainCode;
}

function encodeNumber(name: string): Uint8Array | undefined {
  if (!/^[0-9]+$/.test(name)) return undefined;
  const number = BigInt(name);
  if (number >= 1n << 64n) return undefined;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, number, true);
  return bytes;
}

function encodeText(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  const prefix = compact(text.length);
  const bytes = new Uint8Array(prefix.length + text.length);
  bytes.set(prefix);
  bytes.set(text, prefix.length);
  return bytes;
}

// SCALE compact integers up to 2^30; a junction is never longer.
function compact(value: number): Uint8Array {
  if (value < 64) return Uint8Array.of(value << 2);
  if (value < 16384) return Uint8Array.of(((value << 2) | 1) & 0xff, value >> 6);
  const wide = value * 4 + 2;
  return Uint8Array.of(wide, wide >>> 8, wide >>> 16, wide >>> 24);
}
