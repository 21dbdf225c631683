import { SubnetError } from '../errors.ts';
import { fromHex } from '../hex.ts';
import { mnemonicToMiniSecret } from './mnemonic.ts';
import type { Signer } from '../signer-port.ts';
import type { Keypair, Sr25519 } from './sr25519.ts';
import { encodeSs58 } from './ss58.ts';
import { parseSuri } from './suri.ts';
import type { Junction, Suri } from './suri.ts';

/** A signer over a key in this process's memory. */
export interface KeySigner extends Signer {
  /** Wipes the secret; `sign` throws afterwards. */
  dispose(): void;
}

/** A key with what it can be written down as. Secret: do not log. */
export interface KeyMaterial {
  readonly keypair: Keypair;
  /** Absent behind a soft junction, which has no mini secret. */
  readonly miniSecret?: Uint8Array;
  /** Present when the key is that of the phrase itself, without path and password. */
  readonly phrase?: string;
}

/** Takes over `keypair`: it is wiped by `dispose`. */
export function signerFromKeypair(sr25519: Sr25519, keypair: Keypair): KeySigner {
  const publicKey = keypair.slice(64);
  let open = true;
  return {
    ss58: encodeSs58(publicKey),
    publicKey,
    sign(message) {
      if (!open) throw new Error('the signer was disposed');
      return sr25519.sign(keypair, message);
    },
    dispose() {
      open = false;
      keypair.fill(0);
    },
  };
}

/** The signer of a 32-byte mini secret (what a keyfile calls `secretSeed`). */
export function signerFromMiniSecret(sr25519: Sr25519, miniSecret: Uint8Array): KeySigner {
  return signerFromKeypair(sr25519, sr25519.keypairFromMiniSecret(miniSecret));
}

/** The signer of a secret URI such as `//Alice`. Throws SURI_INVALID. */
export function signerFromSuri(sr25519: Sr25519, suri: string): KeySigner {
  return signerFromKeypair(sr25519, keyFromSuri(sr25519, suri).keypair);
}

/**
 * The key of a secret URI: `words//hard/soft///password`, or `0x` and 64 hex digits for the words.
 * No words means the public development phrase. Throws SURI_INVALID, which never quotes it.
 */
export function keyFromSuri(sr25519: Sr25519, text: string): KeyMaterial {
  const suri = parseSuri(text);
  if (suri === undefined) throw new SubnetError('SURI_INVALID', { detail: 'it has another shape' });
  const miniSecret = rootSecret(suri);
  const root = { keypair: sr25519.keypairFromMiniSecret(miniSecret), miniSecret };
  const key = suri.junctions.reduce<KeyMaterial>((key, step) => derive(sr25519, key, step), root);
  const isPhrase = suri.junctions.length === 0 && suri.password === '';
  return isPhrase && !suri.phrase.startsWith('0x') ? { ...key, phrase: suri.phrase } : key;
}

function rootSecret({ phrase, password }: Suri): Uint8Array {
  const isHex = phrase.startsWith('0x');
  const secret = isHex ? fromHex(phrase) : mnemonicToMiniSecret(phrase, password);
  if (secret?.length === 32) return secret;
  const detail = isHex ? 'the hex is not 32 bytes' : 'the words are not a BIP-0039 phrase';
  throw new SubnetError('SURI_INVALID', { detail });
}

function derive(sr25519: Sr25519, parent: KeyMaterial, { kind, chainCode }: Junction): KeyMaterial {
  if (kind === 'hard') return sr25519.deriveHard(parent.keypair, chainCode);
  return { keypair: sr25519.deriveSoft(parent.keypair, chainCode) };
}
