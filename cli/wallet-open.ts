import { SubnetError } from '../common/errors.ts';
import { decodePassword, passwordVariable } from '../common/keys/env-password.ts';
import type { KeyDerivation } from '../common/keys/key-derivation.ts';
import { nodeKeyDerivation } from '../common/keys/key-derivation-node.ts';
import { keyfileEncryption } from '../common/keys/keyfile.ts';
import { decryptKeyfile } from '../common/keys/keyfile-crypt.ts';
import type { KeySigner } from '../common/keys/keys.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import type { Sr25519 } from '../common/keys/sr25519.ts';
import { loadKey, readKeyBytes, walletFiles } from '../common/keys/wallet.ts';
import type { WalletLocation } from '../common/keys/wallet.ts';
import type { CliIo } from './io.ts';
import { readPasswordFile } from './password-file.ts';
import type { Prompter } from './prompt.ts';
import { throwIfStopped } from './stopped.ts';

export type KeyKind = 'coldkey' | 'hotkey';

/** What opening a key may touch; tests hand in their own. */
export interface OpenDeps {
  readonly io: Pick<CliIo, 'env' | 'err' | 'isTty' | 'signal'>;
  readonly prompter: Prompter;
  readonly sr25519?: Sr25519;
  readonly derivation?: KeyDerivation;
}

/**
 * The coldkey as a signer, for commands that spend; dispose it when done. The password of an
 * encrypted one comes from BT_WALLET_PASSWORD, the wallet's own BT_PW variable or
 * BT_WALLET_PASSWORD_FILE, in the order of the Python SDK, else it is asked for.
 * Throws WALLET_NOT_FOUND, WALLET_UNREADABLE, KEYFILE_INVALID, KEYFILE_PUBLIC_ONLY,
 * KEYFILE_PASSWORD, KEYFILE_MEMORY, PASSWORD_VARIABLE_INVALID, PASSWORD_FILE_UNREADABLE, USAGE
 * where nobody can be asked, CANCELLED.
 */
export function openColdkey(location: WalletLocation, deps: OpenDeps): Promise<KeySigner> {
  return openKey('coldkey', location, deps);
}

/**
 * The hotkey as a signer; as `openColdkey`, but of the variables only its own BT_PW counts:
 * the others are the coldkey's.
 */
export function openHotkey(location: WalletLocation, deps: OpenDeps): Promise<KeySigner> {
  return openKey('hotkey', location, deps);
}

async function openKey(
  kind: KeyKind,
  location: WalletLocation,
  deps: OpenDeps,
): Promise<KeySigner> {
  const file = walletFiles(location)[kind];
  const { text } = await openKeyfile(kind, file, deps);
  // Once more for those that were not encrypted: nobody was asked since.
  throwIfStopped(deps.io.signal);
  const { signer, warnings } = loadKey(deps.sr25519 ?? loadSr25519(), file, text);
  warnings.forEach(({ detail }) => deps.io.err(`warning: ${file}: ${detail}`));
  return signer;
}

export interface OpenedKeyfile {
  /** Plain text of the file. Secret: wipe it after use. */
  readonly text: Uint8Array;
  readonly encrypted: boolean;
}

/** A key file's plain text, asking for a password only when it is encrypted. Throws as above. */
export async function openKeyfile(
  kind: KeyKind,
  file: string,
  deps: OpenDeps,
): Promise<OpenedKeyfile> {
  const bytes = readKeyBytes(file);
  const encryption = keyfileEncryption(bytes);
  if (encryption === undefined) return { text: bytes, encrypted: false };
  const password =
    passwordFromSettings(kind, file, deps.io) ?? (await askPassword(kind, file, deps.prompter));
  const { io } = deps;
  throwIfStopped(io.signal);
  if (io.isTty) io.err(progressLine(kind, encryption));
  const derivation = deps.derivation ?? nodeKeyDerivation({ signal: io.signal });
  const text = await decryptKeyfile(derivation, { file, bytes }, password);
  if (io.signal.aborted) text.fill(0);
  throwIfStopped(io.signal);
  return { text, encrypted: true };
}

/** What a person sees while the derivation makes them wait. */
export function progressLine(kind: KeyKind, encryption: string): string {
  const needs = encryption === 'nacl' ? 'some seconds and 512 MiB of memory' : 'some seconds';
  return `working on the password of the ${kind}: takes ${needs} ...`;
}

async function askPassword(kind: KeyKind, file: string, prompter: Prompter): Promise<string> {
  const password = await prompter.secret(`Password of the ${kind} ${file}`, passwordSettings(kind));
  if (password === '') throw new SubnetError('USAGE', { detail: 'the password is empty' });
  return password;
}

/** What to do where no password can be asked for. */
export function passwordSettings(kind: KeyKind): string {
  const own = 'the BT_PW variable of the key file';
  return kind === 'hotkey'
    ? `set ${own}`
    : `name a file that holds the password in BT_WALLET_PASSWORD_FILE, or set BT_WALLET_PASSWORD or ${own}`;
}

/**
 * A password from the environment, or `undefined` when none is set.
 * Throws PASSWORD_VARIABLE_INVALID, PASSWORD_FILE_UNREADABLE.
 */
export function passwordFromSettings(
  kind: KeyKind,
  file: string,
  io: Pick<CliIo, 'env' | 'err'>,
): string | undefined {
  const { env } = io;
  const plain = kind === 'coldkey' ? env['BT_WALLET_PASSWORD'] : undefined;
  if (plain) return plain;
  const variable = passwordVariable(file);
  const encoded = env[variable];
  if (encoded) {
    const password = decodePassword(variable, encoded);
    if (password !== undefined) return password;
    throw new SubnetError('PASSWORD_VARIABLE_INVALID', { variable });
  }
  const passwordFile = kind === 'coldkey' ? env['BT_WALLET_PASSWORD_FILE'] : undefined;
  return passwordFile ? readPasswordFile(passwordFile, io) : undefined;
}
