import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { bip39English } from './bip39-english.ts';

const numberOf: ReadonlyMap<string, number> = new Map(bip39English.map((word, at) => [word, at]));
const bitsPerWord = 11;

/**
 * The phrase of 16, 20, 24, 28 or 32 bytes of entropy: 12 to 24 words (BIP-0039).
 * @throws RangeError for another length.
 */
export function entropyToMnemonic(entropy: Uint8Array): string {
  if (!isEntropyLength(entropy.length)) throw new RangeError('entropy has 16 to 32 bytes');
  const bits = toBits(entropy) + toBits(sha256(entropy)).slice(0, entropy.length / 4);
  const words: string[] = [];
  for (let at = 0; at < bits.length; at += bitsPerWord) {
    words.push(bip39English[Number.parseInt(bits.slice(at, at + bitsPerWord), 2)] ?? '');
  }
  return words.join(' ');
}

/** The entropy of a phrase; `undefined` for unknown words, a wrong count or a wrong checksum. */
export function mnemonicToEntropy(phrase: string): Uint8Array | undefined {
  const numbers = phrase
    .normalize('NFKD')
    .trim()
    .split(/\s+/)
    .map((word) => numberOf.get(word));
  const entropyLength = Math.floor((numbers.length * 4) / 3);
  if (numbers.length % 3 !== 0 || !isEntropyLength(entropyLength)) return undefined;
  let bits = '';
  for (const number of numbers) {
    if (number === undefined) return undefined;
    bits += number.toString(2).padStart(bitsPerWord, '0');
  }
  const entropy = fromBits(bits.slice(0, entropyLength * 8));
  const checksum = toBits(sha256(entropy)).slice(0, entropyLength / 4);
  return bits.endsWith(checksum) ? entropy : undefined;
}

/**
 * Substrate's way from a phrase to a mini secret: PBKDF2-HMAC-SHA512 over the entropy (not over
 * the words, as BIP-0039 has it), salt `mnemonic` and password, 2048 rounds, first 32 bytes.
 * `undefined` when the phrase is not valid. Takes some tens of milliseconds.
 */
export function mnemonicToMiniSecret(phrase: string, password = ''): Uint8Array | undefined {
  const entropy = mnemonicToEntropy(phrase);
  if (entropy === undefined) return undefined;
  const salt = new TextEncoder().encode(`mnemonic${password}`);
  const seed = pbkdf2(sha512, entropy, salt, { c: 2048, dkLen: 64 });
  const miniSecret = seed.slice(0, 32);
  seed.fill(0);
  entropy.fill(0);
  return miniSecret;
}

function isEntropyLength(length: number): boolean {
  return length >= 16 && length <= 32 && length % 4 === 0;
}

function toBits(bytes: Uint8Array): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return bits;
}

function fromBits(bits: string): Uint8Array {
  const bytes = new Uint8Array(bits.length / 8);
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = Number.parseInt(bits.slice(at * 8, at * 8 + 8), 2);
  }
  return bytes;
}
