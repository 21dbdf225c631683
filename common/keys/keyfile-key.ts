import type { Ss58 } from '../brand.ts';
import { SubnetError } from '../errors.ts';
import { formatKeyfile, parseKeyfile } from './keyfile.ts';
import type { Keyfile, KeyfileSecret } from './keyfile.ts';
import type { KeyMaterial } from './keys.ts';
import { mnemonicToMiniSecret } from './mnemonic.ts';
import type { Sr25519 } from './sr25519.ts';
import { encodeSs58 } from './ss58.ts';

/** The key of a file, and what its address says when that is not the key's own. */
export interface KeyfileKey {
  readonly key: KeyMaterial;
  readonly ss58: Ss58;
  readonly mismatch?: string;
}

/**
 * The key in the plain text of a key file. `file` is for errors only.
 * Throws KEYFILE_INVALID, KEYFILE_PUBLIC_ONLY.
 */
export function keyFromKeyfile(sr25519: Sr25519, file: string, text: string): KeyfileKey {
  const keyfile = keyfileOf(file, text);
  const key = keyOf(sr25519, file, keyfile.secret);
  const ss58 = encodeSs58(key.keypair.subarray(64));
  const mismatch = addressMismatch(file, keyfile, ss58);
  return { key, ss58, ...(mismatch !== undefined && { mismatch }) };
}

/** The parsed text. Throws KEYFILE_INVALID, which never quotes it. */
export function keyfileOf(file: string, text: string): Keyfile {
  const keyfile = parseKeyfile(text);
  if ('problem' in keyfile) throw invalidKeyfile(file, keyfile.problem);
  return keyfile;
}

export function invalidKeyfile(file: string, detail: string): SubnetError {
  return new SubnetError('KEYFILE_INVALID', { detail, file });
}

/** The text of the file that holds the secret. Secret: do not log. */
export function secretText({ keypair, miniSecret, phrase }: KeyMaterial): string {
  const publicKey = keypair.subarray(64);
  return formatKeyfile({
    publicKey,
    ss58Address: encodeSs58(publicKey),
    secretKey: keypair.subarray(0, 64),
    ...(miniSecret && { miniSecret }),
    ...(phrase !== undefined && { phrase }),
  });
}

/** The text of the file that holds the address. */
export function publicText(publicKey: Uint8Array): string {
  return formatKeyfile({ publicKey, ss58Address: encodeSs58(publicKey) });
}

export function wipeKey({ keypair, miniSecret }: KeyMaterial): void {
  keypair.fill(0);
  miniSecret?.fill(0);
}

function keyOf(sr25519: Sr25519, file: string, secret: KeyfileSecret): KeyMaterial {
  switch (secret.kind) {
    case 'none':
      throw new SubnetError('KEYFILE_PUBLIC_ONLY', { file });
    case 'secret': {
      const keypair = sr25519.keypairFromSecret(secret.secretKey);
      secret.secretKey.fill(0);
      if (keypair !== undefined) return { keypair };
      throw invalidKeyfile(file, 'privateKey is not in the canonical form of schnorrkel');
    }
    case 'seed':
      return fromMiniSecret(sr25519, secret.miniSecret);
    case 'phrase': {
      const miniSecret = mnemonicToMiniSecret(secret.phrase);
      if (miniSecret === undefined) {
        throw invalidKeyfile(file, 'secretPhrase is not a BIP-0039 phrase');
      }
      return { ...fromMiniSecret(sr25519, miniSecret), phrase: secret.phrase };
    }
  }
}

function fromMiniSecret(sr25519: Sr25519, miniSecret: Uint8Array): KeyMaterial {
  return { keypair: sr25519.keypairFromMiniSecret(miniSecret), miniSecret };
}

/**
 * Beside a phrase or a seed a wrong address is a blemish, and the Bittensor wallets ignore it. With
 * `privateKey` alone it is the one sign that the bytes are in the form of another library, which
 * is a valid secret of a different key: refused.
 */
function addressMismatch(file: string, keyfile: Keyfile, ss58: Ss58): string | undefined {
  if (keyfile.ss58Address === undefined || keyfile.ss58Address === ss58) return undefined;
  if (keyfile.secret.kind === 'secret') {
    throw invalidKeyfile(file, `privateKey gives ${ss58}, not the ss58Address of the file`);
  }
  return `its secret gives ${ss58}, its ss58Address says otherwise`;
}
