import { createHash } from 'node:crypto';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';

export const sr25519 = loadSr25519();
export const alice = signerFromSuri(sr25519, '//Alice');
export const bob = signerFromSuri(sr25519, '//Bob');
export const charlie = signerFromSuri(sr25519, '//Charlie');

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
