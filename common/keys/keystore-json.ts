import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { fromHex } from '../hex.ts';
import { fromBase64 } from './base64.ts';
import { equalBytes } from './equal-bytes.ts';
import type { ScryptInput } from './key-derivation.ts';

/** An account exported by polkadot-js and by browser wallets (`encoding.version` 2 and 3). */
export interface JsonKeystore {
  readonly encoded: Uint8Array;
  /** With a password; else the secret lies in the clear. */
  readonly encrypted: boolean;
  readonly scrypt: boolean;
  readonly address: string | undefined;
}

export interface KeystoreProblem {
  readonly problem: string;
}

/** The secret of an account: the canonical 64 bytes of a key file, or a 32-byte mini secret. */
export type KeystoreSecret =
  | { readonly kind: 'secret'; readonly secretKey: Uint8Array; readonly publicKey: Uint8Array }
  | { readonly kind: 'seed'; readonly miniSecret: Uint8Array; readonly publicKey: Uint8Array };

type Fields = Readonly<Record<string, unknown>>;

/** Whether JSON text looks like such an export rather than a Bittensor key file. */
export function isJsonKeystore(text: string): boolean {
  const fields = toFields(parse(text));
  return fields['encoded'] !== undefined && fields['encoding'] !== undefined;
}

/** The parts of an export. A problem never quotes the file. */
export function parseJsonKeystore(text: string): JsonKeystore | KeystoreProblem {
  const fields = toFields(parse(text));
  const encoding = toFields(fields['encoding']);
  const content = toTexts(encoding['content']);
  const types = toTexts(encoding['type']);
  if (!content.includes('pkcs8')) return { problem: 'it is not an account exported as JSON' };
  if (!content.includes('sr25519')) return { problem: 'its key is not of the kind sr25519' };
  const encoded = toBytes(fields['encoded']);
  if (encoded === undefined) return { problem: 'its field encoded is damaged' };
  const address = fields['address'];
  return {
    encoded,
    encrypted: types.includes('xsalsa20-poly1305'),
    scrypt: types.includes('scrypt'),
    address: typeof address === 'string' ? address : undefined,
  };
}

const saltLength = 32;
const scryptHead = saltLength + 12;
const nonceLength = 24;
// What the exporting wallets write today and wrote before: other settings would be an attack on memory.
const allowedCosts = [1 << 13, 1 << 14, 1 << 15, 1 << 16, 1 << 17, 1 << 18];

/** How the key of an encrypted export is derived; `undefined` when the head is damaged. */
export function keystoreDerivation(
  { encoded }: JsonKeystore,
  password: Uint8Array,
): ScryptInput | undefined {
  if (encoded.length < scryptHead + nonceLength) return undefined;
  const view = new DataView(encoded.buffer, encoded.byteOffset);
  const [cost, parallel, blockSize] = [32, 36, 40].map((at) => view.getUint32(at, true));
  if (cost === undefined || !allowedCosts.includes(cost)) return undefined;
  if (parallel !== 1 || blockSize !== 8) return undefined;
  return { password, salt: encoded.slice(0, saltLength), length: 64, cost, blockSize, parallel };
}

/** Older exports take the password itself, padded with zeros, as the key. */
export function paddedPassword(password: Uint8Array): Uint8Array {
  const key = new Uint8Array(32);
  key.set(password.subarray(0, 32));
  return key;
}

/** The plain bytes; `undefined` when key and file do not fit, or the file is damaged. */
export function openKeystore(keystore: JsonKeystore, key: Uint8Array): Uint8Array | undefined {
  const sealed = keystore.encoded.slice(keystore.scrypt ? scryptHead : 0);
  try {
    const box = xsalsa20poly1305(key.slice(0, 32), sealed.slice(0, nonceLength));
    return box.decrypt(sealed.slice(nonceLength));
  } catch {
    return undefined;
  }
}

const header = fromHex('3053020101300506032b657004220420') ?? new Uint8Array();
const divider = fromHex('a123032100') ?? new Uint8Array();

/** The secret out of the plain bytes: header, 64 or 32 secret bytes, divider, public key. */
export function readPkcs8(bytes: Uint8Array): KeystoreSecret | undefined {
  if (!equalBytes(bytes.subarray(0, header.length), header)) return undefined;
  const length = [64, 32].find((length) => hasDivider(bytes, length));
  if (length === undefined) return undefined;
  const secret = bytes.slice(header.length, header.length + length);
  const publicKey = bytes.slice(header.length + length + divider.length);
  if (publicKey.length !== 32) return undefined;
  if (length === 32) return { kind: 'seed', miniSecret: secret, publicKey };
  return { kind: 'secret', secretKey: toCanonical(secret), publicKey };
}

function hasDivider(bytes: Uint8Array, secretLength: number): boolean {
  const at = header.length + secretLength;
  return equalBytes(bytes.subarray(at, at + divider.length), divider);
}

/**
 * From the form of ed25519 implementations, whose scalar is eight times as large, to that of key
 * files. The scalar is divided by shifting, little endian: the lowest three bits are zero.
 */
function toCanonical(expanded: Uint8Array): Uint8Array {
  const canonical = expanded.slice();
  for (let at = 0; at < 32; at += 1) {
    const above = at === 31 ? 0 : (expanded[at + 1] ?? 0);
    canonical[at] = ((expanded[at] ?? 0) >> 3) | ((above & 7) << 5);
  }
  return canonical;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function toTexts(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function toBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined;
  return value.startsWith('0x') ? fromHex(value) : fromBase64(value);
}
