import { SubnetError } from '../errors.ts';
import type { KeyDerivation } from './key-derivation.ts';
import { keyfileEncryption } from './keyfile.ts';
import type { KeyfileEncryption } from './keyfile.ts';
import { ansibleDerivation, openAnsible, parseAnsible } from './keyfile-ansible.ts';
import { fernetDerivation, openFernet } from './keyfile-fernet.ts';
import { naclDerivation, openNacl, sealNacl } from './keyfile-nacl.ts';
import {
  keystoreDerivation,
  openKeystore,
  paddedPassword,
  parseJsonKeystore,
  readPkcs8,
} from './keystore-json.ts';
import type { JsonKeystore, KeystoreSecret } from './keystore-json.ts';

/** A key file as it was read, with its path for errors. */
export interface KeyfileBytes {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/**
 * The plain text of a key file; itself when it is not encrypted. Secret: wipe it after use. Takes
 * seconds and, for `$NACL`, 512 MiB.
 * Throws KEYFILE_PASSWORD, KEYFILE_MEMORY.
 */
export async function decryptKeyfile(
  derivation: KeyDerivation,
  { file, bytes }: KeyfileBytes,
  password: string,
): Promise<Uint8Array> {
  const encryption = keyfileEncryption(bytes);
  if (encryption === undefined) return bytes;
  const secret = new TextEncoder().encode(password);
  try {
    const text = await openers[encryption](derivation, bytes, secret);
    if (text !== undefined) return text;
  } finally {
    secret.fill(0);
  }
  throw new SubnetError('KEYFILE_PASSWORD', { file });
}

/** The bytes of a `$NACL` file. `nonce` has 24 random bytes. Throws KEYFILE_MEMORY. */
export async function encryptKeyfile(
  derivation: KeyDerivation,
  text: Uint8Array,
  password: string,
  nonce: Uint8Array,
): Promise<Uint8Array> {
  const secret = new TextEncoder().encode(password);
  try {
    const key = await derivation.argon2i(naclDerivation(secret));
    return withKey(key, () => sealNacl(text, key, nonce));
  } finally {
    secret.fill(0);
  }
}

/**
 * The key in an account exported by polkadot-js.
 * Throws KEYFILE_INVALID, KEYFILE_PASSWORD, KEYFILE_MEMORY.
 */
export async function decryptKeystore(
  derivation: KeyDerivation,
  { file, bytes }: KeyfileBytes,
  password: string,
): Promise<KeystoreSecret> {
  const keystore = parseJsonKeystore(new TextDecoder().decode(bytes));
  if ('problem' in keystore) {
    throw new SubnetError('KEYFILE_INVALID', { detail: keystore.problem, file });
  }
  const plain = keystore.encrypted
    ? await openWithPassword(derivation, keystore, password)
    : keystore.encoded;
  const secret = plain && readPkcs8(plain);
  plain?.fill(0);
  if (secret === undefined) throw new SubnetError('KEYFILE_PASSWORD', { file });
  return secret;
}

async function openWithPassword(
  derivation: KeyDerivation,
  keystore: JsonKeystore,
  password: string,
): Promise<Uint8Array | undefined> {
  const secret = new TextEncoder().encode(password);
  if (!keystore.scrypt) return openKeystore(keystore, paddedPassword(secret));
  const input = keystoreDerivation(keystore, secret);
  if (input === undefined) return undefined;
  const key = await derivation.scrypt(input);
  return withKey(key, () => openKeystore(keystore, key));
}

type Opener = (
  derivation: KeyDerivation,
  file: Uint8Array,
  password: Uint8Array,
) => Promise<Uint8Array | undefined>;

const openers: Readonly<Record<KeyfileEncryption, Opener>> = {
  async nacl(derivation, file, password) {
    const key = await derivation.argon2i(naclDerivation(password));
    return withKey(key, () => openNacl(file, key));
  },
  async 'ansible-vault'(derivation, file, password) {
    const vault = parseAnsible(file);
    if (vault === undefined) return undefined;
    const key = await derivation.pbkdf2Sha256(ansibleDerivation(vault, password));
    return withKey(key, () => openAnsible(vault, key));
  },
  async fernet(derivation, file, password) {
    const key = await derivation.pbkdf2Sha256(fernetDerivation(password));
    return withKey(key, () => openFernet(file, key));
  },
};

function withKey<Value>(key: Uint8Array, use: () => Value): Value {
  try {
    return use();
  } finally {
    key.fill(0);
  }
}
