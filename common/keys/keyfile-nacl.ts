import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { fromHex } from '../hex.ts';
import type { Argon2Input } from './key-derivation.ts';

/** `$NACL`, 24 bytes of nonce, then a NaCl secretbox (XSalsa20-Poly1305, tag first). */
const magic = new TextEncoder().encode('$NACL');
const nonceLength = 24;
const tagLength = 16;

// The Bittensor wallets use one salt for every file; changing it would make files nobody reads.
const salt = fromHex('137183dff15a09bc9c90b5518739e9b1') ?? new Uint8Array();

/** What the key of every `$NACL` file is made with: libsodium's "sensitive" setting of Argon2i. */
export function naclDerivation(password: Uint8Array): Argon2Input {
  return { password, salt, length: 32, passes: 8, memoryBytes: 512 * 1024 * 1024 };
}

/** The text of the file; `undefined` when key and file do not fit, or the file is damaged. */
export function openNacl(file: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  const start = magic.length + nonceLength;
  if (file.length < start + tagLength) return undefined;
  try {
    return xsalsa20poly1305(key, file.slice(magic.length, start)).decrypt(file.slice(start));
  } catch {
    return undefined;
  }
}

/** The bytes of an encrypted key file. `nonce` has 24 random bytes and is never used twice. */
export function sealNacl(text: Uint8Array, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const box = xsalsa20poly1305(key, nonce).encrypt(text);
  const file = new Uint8Array(magic.length + nonceLength + box.length);
  file.set(magic);
  file.set(nonce, magic.length);
  file.set(box, magic.length + nonceLength);
  return file;
}

export const naclNonceLength = nonceLength;
