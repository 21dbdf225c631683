import { readFileSync, statSync } from 'node:fs';
import { fromHex } from '../../common/hex.ts';
import { messageOf } from '../../common/errors.ts';
import { keyfileEncryption } from '../../common/keys/keyfile.ts';
import { decryptKeyfile, decryptKeystore } from '../../common/keys/keyfile-crypt.ts';
import { invalidKeyfile, keyFromKeyfile } from '../../common/keys/keyfile-key.ts';
import { keyFromSuri } from '../../common/keys/keys.ts';
import type { KeyMaterial } from '../../common/keys/keys.ts';
import { isJsonKeystore, parseJsonKeystore } from '../../common/keys/keystore-json.ts';
import type { KeystoreSecret } from '../../common/keys/keystore-json.ts';
import { equalBytes } from '../../common/keys/equal-bytes.ts';
import type { Prompter } from '../prompt.ts';
import { usage } from './wallet-deps.ts';
import type { WalletDeps } from './wallet-deps.ts';
import { readPasswordFile } from '../password-file.ts';

export interface ImportFlags {
  /** A file, `-` for standard input; asked for when absent. */
  readonly from?: string;
  /** Password of an encrypted file that is read. */
  readonly fromPasswordFile?: string;
}

const largestFile = 1024 * 1024;

/**
 * The key in what a person kept: words (with derivation path), seed, private key, key file of any
 * kind, or an account exported as JSON.
 * Throws USAGE, CANCELLED, SURI_INVALID, KEYFILE_INVALID, KEYFILE_PUBLIC_ONLY, KEYFILE_PASSWORD,
 * KEYFILE_MEMORY, PASSWORD_FILE_UNREADABLE.
 */
export async function importKey(
  deps: WalletDeps,
  prompter: Prompter,
  flags: ImportFlags,
): Promise<KeyMaterial> {
  if (flags.from === undefined) {
    const text = await prompter.secret(
      'Words, seed or private key',
      'read it from a file or standard input (-) with --from',
    );
    return typedKey(deps, 'what was typed', text);
  }
  const isInput = flags.from === '-';
  const file = isInput ? 'standard input' : flags.from;
  const bytes = isInput ? await deps.readInput() : readSmallFile(file);
  return fileKey(deps, prompter, flags, { file, bytes });
}

/** The key of words, 32 bytes or 64 bytes in hex. Errors never quote them. */
export function typedKey({ sr25519 }: WalletDeps, source: string, text: string): KeyMaterial {
  const typed = text.trim();
  if (/^(0x)?[0-9a-f]{128}$/i.test(typed)) {
    const keypair = sr25519.keypairFromSecret(fromHex(typed.toLowerCase()) ?? new Uint8Array());
    if (keypair !== undefined) return { keypair };
    throw invalidKeyfile(source, 'the private key is not in the canonical form of schnorrkel');
  }
  if (/^(0x)?[0-9a-f]{64}$/i.test(typed)) {
    const miniSecret = fromHex(typed.toLowerCase()) ?? new Uint8Array();
    return { keypair: sr25519.keypairFromMiniSecret(miniSecret), miniSecret };
  }
  // Without words a secret URI means the public development phrase, which nobody wants here.
  if (typed === '' || typed.startsWith('/')) throw usage(`${source} holds no words`);
  return keyFromSuri(sr25519, typed.split(/\s+/).join(' '));
}

interface Source {
  readonly file: string;
  readonly bytes: Uint8Array;
}

async function fileKey(
  deps: WalletDeps,
  prompter: Prompter,
  flags: ImportFlags,
  source: Source,
): Promise<KeyMaterial> {
  const { file, bytes } = source;
  if (keyfileEncryption(bytes) !== undefined) {
    const password = await importPassword(deps, prompter, flags, file);
    const plain = await decryptKeyfile(deps.derivation, source, password);
    return keyFromKeyfile(deps.sr25519, file, new TextDecoder().decode(plain)).key;
  }
  const text = new TextDecoder().decode(bytes);
  if (isJsonKeystore(text)) return keystoreKey(deps, prompter, flags, source);
  if (text.trimStart().startsWith('{')) return keyFromKeyfile(deps.sr25519, file, text).key;
  return typedKey(deps, file, text);
}

async function keystoreKey(
  deps: WalletDeps,
  prompter: Prompter,
  flags: ImportFlags,
  source: Source,
): Promise<KeyMaterial> {
  const head = parseJsonKeystore(new TextDecoder().decode(source.bytes));
  const needsPassword = !('problem' in head) && head.encrypted;
  const password = needsPassword ? await importPassword(deps, prompter, flags, source.file) : '';
  const secret = await decryptKeystore(deps.derivation, source, password);
  return checkedKey(deps, source.file, secret);
}

/** The public key beside the secret is the proof that the secret was read in the right form. */
function checkedKey({ sr25519 }: WalletDeps, file: string, secret: KeystoreSecret): KeyMaterial {
  const keypair =
    secret.kind === 'seed'
      ? sr25519.keypairFromMiniSecret(secret.miniSecret)
      : sr25519.keypairFromSecret(secret.secretKey);
  if (keypair === undefined || !equalBytes(keypair.subarray(64), secret.publicKey)) {
    throw invalidKeyfile(file, 'its secret does not give its public key');
  }
  return secret.kind === 'seed' ? { keypair, miniSecret: secret.miniSecret } : { keypair };
}

async function importPassword(
  { io }: WalletDeps,
  prompter: Prompter,
  { fromPasswordFile }: ImportFlags,
  file: string,
): Promise<string> {
  if (fromPasswordFile !== undefined) return readPasswordFile(fromPasswordFile, io);
  return prompter.secret(`Password of ${file}`, 'name a file with --from-password-file');
}

function readSmallFile(file: string): Uint8Array {
  try {
    if (statSync(file).size > largestFile) throw new Error('it is longer than 1 MiB');
    return readFileSync(file);
  } catch (error) {
    throw usage(`--from cannot be read: ${messageOf(error)}`);
  }
}
