import { ctr } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromHex } from '../hex.ts';
import type { Pbkdf2Input } from './key-derivation.ts';
import { equalBytes } from './equal-bytes.ts';

/** An Ansible vault 1.1, the form of older coldkeys: three hex lines inside of wrapped hex. */
export interface AnsibleVault {
  readonly salt: Uint8Array;
  readonly mac: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const blockLength = 16;

/** The parts of the vault, or `undefined` when it is damaged or of another version. */
export function parseAnsible(file: Uint8Array): AnsibleVault | undefined {
  const [header = '', ...lines] = new TextDecoder().decode(file).split(/\r?\n/);
  if (!/^\$ANSIBLE_VAULT;1\.[12];AES256(;[^;]*)?\s*$/.test(header)) return undefined;
  const inner = fromHex(lines.map((line) => line.trim()).join(''));
  if (inner === undefined) return undefined;
  const parts = new TextDecoder().decode(inner).split('\n').map(fromHex);
  const [salt, mac, ciphertext] = parts;
  if (parts.length !== 3 || !salt || !mac || !ciphertext) return undefined;
  return { salt, mac, ciphertext };
}

/** 80 bytes: AES key (32), HMAC key (32), counter (16). */
export function ansibleDerivation({ salt }: AnsibleVault, password: Uint8Array): Pbkdf2Input {
  return { password, salt, rounds: 10_000, length: 80 };
}

/** The text of the file; `undefined` when key and file do not fit, or the file is damaged. */
export function openAnsible(vault: AnsibleVault, key: Uint8Array): Uint8Array | undefined {
  const mac = hmac(sha256, key.slice(32, 64), vault.ciphertext);
  if (!equalBytes(mac, vault.mac)) return undefined;
  return unpad(ctr(key.slice(0, 32), key.slice(64, 80)).decrypt(vault.ciphertext));
}

// PKCS#7, which a counter mode does not need but Ansible adds.
function unpad(padded: Uint8Array): Uint8Array | undefined {
  const count = padded.at(-1) ?? 0;
  if (count < 1 || count > blockLength || count > padded.length) return undefined;
  return padded.slice(0, padded.length - count);
}
