import { cbc } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64 } from './base64.ts';
import { equalBytes } from './equal-bytes.ts';
import type { Pbkdf2Input } from './key-derivation.ts';

const version = 0x80;
// Version (1), time (8), initial vector (16), ciphertext, HMAC-SHA256 (32).
const vectorAt = 9;
const ciphertextAt = 25;
const macLength = 32;

/** The derivation of the oldest encrypted coldkeys, whose salt and rounds are part of the format. */
export function fernetDerivation(password: Uint8Array): Pbkdf2Input {
  const salt = 'Iguesscyborgslikemyselfhaveatendencytobeparanoidaboutourorigins';
  return { password, salt: new TextEncoder().encode(salt), rounds: 10_000_000, length: 32 };
}

/** The text of a Fernet token; `undefined` when key and token do not fit, or it is damaged. */
export function openFernet(file: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  const text = new TextDecoder().decode(file).trim().replaceAll('-', '+').replaceAll('_', '/');
  const token = fromBase64(text);
  if (token?.[0] !== version || token.length < ciphertextAt + 16 + macLength) return undefined;
  const signed = token.subarray(0, -macLength);
  const mac = hmac(sha256, key.slice(0, 16), signed);
  if (!equalBytes(mac, token.subarray(-macLength))) return undefined;
  try {
    const vector = token.slice(vectorAt, ciphertextAt);
    return cbc(key.slice(16), vector).decrypt(signed.slice(ciphertextAt));
  } catch {
    return undefined;
  }
}
