import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Coldkey, Hotkey, Ss58 } from '../brand.ts';
import { messageOf, SubnetError } from '../errors.ts';
import { keyfileEncryption } from './keyfile.ts';
import {
  invalidKeyfile,
  keyfileOf,
  keyFromKeyfile,
  publicText,
  secretText,
  wipeKey,
} from './keyfile-key.ts';
import { keyFromSuri, signerFromKeypair } from './keys.ts';
import type { KeyMaterial, KeySigner } from './keys.ts';
import { entropyToMnemonic } from './mnemonic.ts';
import type { Sr25519 } from './sr25519.ts';
import { encodeSs58, parseSs58, publicKeyOf } from './ss58.ts';
import { findModeProblems, openMode } from './wallet-modes.ts';
import { refuseExisting, writeKeyFiles } from './wallet-write.ts';
import type { KeyFileWrite } from './wallet-write.ts';

/** Names a wallet the way `--wallet.path`, `--wallet.name`, `--wallet.hotkey` do. */
export interface WalletLocation {
  /** Folder of wallets; `~` is the home folder. */
  readonly path: string;
  readonly name: string;
  readonly hotkey: string;
}

export interface WalletFiles {
  readonly folder: string;
  readonly coldkey: string;
  readonly coldkeypub: string;
  readonly hotkey: string;
  readonly hotkeypub: string;
}

/** Something worth telling that does not stop the work. */
export interface WalletWarning {
  readonly kind: 'wide-mode' | 'left-behind' | 'foreign' | 'address-mismatch';
  readonly file: string;
  readonly detail: string;
}

export interface LoadedKey {
  readonly signer: KeySigner;
  readonly warnings: readonly WalletWarning[];
}

export type KeyState = 'plain' | 'encrypted' | 'absent' | 'unreadable';

export interface WalletSummary {
  readonly name: string;
  readonly coldkey: { readonly state: KeyState; readonly ss58: Coldkey | undefined };
  readonly hotkeys: readonly { readonly name: string; readonly ss58: Hotkey | undefined }[];
  readonly warnings: readonly WalletWarning[];
}

export interface CreateOptions {
  /**
   * `unencrypted` writes the coldkey's secret in the clear; an address writes only
   * `coldkeypub.txt` for a coldkey that is kept elsewhere; `none` adds a hotkey and nothing else.
   */
  readonly coldkey: 'unencrypted' | 'none' | { readonly address: Ss58 };
  /** Secret URI to use instead of a new phrase. */
  readonly coldkeySuri?: string;
  readonly hotkeySuri?: string;
  /** Words of a new phrase: 12 (default), 15, 18, 21 or 24. */
  readonly words?: number;
}

export interface CreatedWallet {
  readonly files: readonly string[];
  readonly coldkey: Coldkey | undefined;
  readonly hotkey: Hotkey;
}

export const defaultWalletPath = '~/.bittensor/wallets';

const defaults: WalletLocation = {
  path: defaultWalletPath,
  name: 'default',
  hotkey: 'default',
};
const publicSuffix = 'pub.txt';

/** A location with the Bittensor defaults for what is left out. */
export function walletLocation(parts: {
  readonly [Part in keyof WalletLocation]?: string | undefined;
}): WalletLocation {
  return {
    path: parts.path ?? defaults.path,
    name: parts.name ?? defaults.name,
    hotkey: parts.hotkey ?? defaults.hotkey,
  };
}

/** Where the files of a wallet lie. Throws WALLET_NAME_INVALID for a name that leaves its folder. */
export function walletFiles(location: WalletLocation): WalletFiles {
  const folder = join(expandHome(location.path), checkName('wallet', location.name));
  const hotkey = join(folder, 'hotkeys', checkName('hotkey', location.hotkey));
  return {
    folder,
    coldkey: join(folder, 'coldkey'),
    coldkeypub: join(folder, `coldkey${publicSuffix}`),
    hotkey,
    hotkeypub: `${hotkey}${publicSuffix}`,
  };
}

/**
 * The hotkey as a signer.
 * Throws WALLET_NOT_FOUND, WALLET_UNREADABLE, KEYFILE_ENCRYPTED, KEYFILE_PUBLIC_ONLY,
 * KEYFILE_INVALID.
 */
export function readHotkey(sr25519: Sr25519, location: WalletLocation): LoadedKey {
  return readSecretKey(sr25519, walletFiles(location).hotkey);
}

/** The coldkey as a signer, when it is not encrypted. Throws like `readHotkey`. */
export function readColdkey(sr25519: Sr25519, location: WalletLocation): LoadedKey {
  return readSecretKey(sr25519, walletFiles(location).coldkey);
}

/**
 * The coldkey's address, without its secret: from `coldkeypub.txt`, else from an unencrypted
 * coldkey. Throws like `readHotkey`.
 */
export function readColdkeyAddress(location: WalletLocation): Coldkey {
  const files = walletFiles(location);
  return readAddress(existsSync(files.coldkeypub) ? files.coldkeypub : files.coldkey);
}

/**
 * The hotkey's address, without using its secret; from its public file when it is encrypted.
 * Throws like `readHotkey`.
 */
export function readHotkeyAddress(location: WalletLocation): Hotkey {
  return addressBeside(walletFiles(location).hotkey);
}

/** The address in a public file, or `undefined` when it has none that can be read. */
export function readPublicAddress(file: string): Ss58 | undefined {
  return attempt(() => readAddress(file));
}

/**
 * Every wallet in a folder, by name; a broken file makes its entry poor, not the call fail. None
 * where the folder does not exist. Throws USAGE for what is no folder, WALLET_UNREADABLE.
 */
export function listWallets(path: string = defaults.path): readonly WalletSummary[] {
  const root = expandHome(path);
  return foldersIn(root).map((name) =>
    summariseWallet({ path: root, name, hotkey: defaults.hotkey }),
  );
}

/**
 * Writes a new wallet with keys in the clear, or a hotkey into an existing one: files 0600, folders
 * 0700, all or nothing, and nothing is ever overwritten. Throws WALLET_EXISTS, WALLET_NAME_INVALID, SURI_INVALID, WALLET_UNWRITABLE.
 */
export function createWallet(
  sr25519: Sr25519,
  location: WalletLocation,
  options: CreateOptions,
): CreatedWallet {
  const files = walletFiles(location);
  const hotkey = makeKey(sr25519, options.hotkeySuri, options.words);
  const coldkey = makeColdkey(sr25519, options);
  const writes = [...coldkeyWrites(files, options, coldkey), ...hotkeyWrites(files, hotkey)];
  refuseExisting(writes);
  writeKeyFiles(writes);
  const created = {
    files: writes.map(({ file }) => file),
    coldkey: options.coldkey === 'none' ? undefined : readAddress(files.coldkeypub),
    hotkey: encodeSs58(hotkey.keypair.slice(64)),
  };
  wipeKey(hotkey);
  if (coldkey !== undefined) wipeKey(coldkey);
  return created;
}

function makeColdkey(
  sr25519: Sr25519,
  { coldkey, coldkeySuri, words }: CreateOptions,
): KeyMaterial | undefined {
  return coldkey === 'unencrypted' ? makeKey(sr25519, coldkeySuri, words) : undefined;
}

function coldkeyWrites(
  files: WalletFiles,
  { coldkey }: CreateOptions,
  key: KeyMaterial | undefined,
): readonly KeyFileWrite[] {
  if (key !== undefined) {
    return [
      { file: files.coldkey, content: secretText(key) },
      { file: files.coldkeypub, content: publicText(key.keypair.slice(64)) },
    ];
  }
  if (typeof coldkey === 'string') return [];
  return [{ file: files.coldkeypub, content: publicText(publicKeyOf(coldkey.address)) }];
}

function hotkeyWrites(files: WalletFiles, key: KeyMaterial): readonly KeyFileWrite[] {
  return [
    { file: files.hotkey, content: secretText(key) },
    { file: files.hotkeypub, content: publicText(key.keypair.slice(64)) },
  ];
}

function makeKey(sr25519: Sr25519, suri: string | undefined, words = 12): KeyMaterial {
  return keyFromSuri(sr25519, suri ?? newPhrase(words));
}

/** A new phrase of 12, 15, 18, 21 or 24 words. Secret: do not log. */
export function newPhrase(words = 12): string {
  const entropy = new Uint8Array(randomBytes((words * 4) / 3));
  const phrase = entropyToMnemonic(entropy);
  entropy.fill(0);
  return phrase;
}

function readSecretKey(sr25519: Sr25519, file: string): LoadedKey {
  const bytes = readKeyBytes(file);
  const encryption = keyfileEncryption(bytes);
  if (encryption !== undefined) throw new SubnetError('KEYFILE_ENCRYPTED', { file, encryption });
  return loadKey(sr25519, file, bytes);
}

/**
 * The signer of a key file's plain bytes, which are wiped.
 * Throws KEYFILE_INVALID, KEYFILE_PUBLIC_ONLY.
 */
export function loadKey(sr25519: Sr25519, file: string, plain: Uint8Array): LoadedKey {
  const text = new TextDecoder().decode(plain);
  plain.fill(0);
  const { key, mismatch } = keyFromKeyfile(sr25519, file, text);
  key.miniSecret?.fill(0);
  const signer = signerFromKeypair(sr25519, key.keypair);
  const warnings = modeWarnings(file);
  if (mismatch === undefined) return { signer, warnings };
  return { signer, warnings: [...warnings, { kind: 'address-mismatch', file, detail: mismatch }] };
}

// An encrypted file says nothing; the public file beside it does.
function addressBeside(file: string): Ss58 {
  const beside = `${file}${publicSuffix}`;
  const state = keyState(file);
  return readAddress(state === 'encrypted' && existsSync(beside) ? beside : file);
}

function readAddress(file: string): Ss58 {
  const bytes = readKeyBytes(file);
  const encryption = keyfileEncryption(bytes);
  if (encryption !== undefined) throw new SubnetError('KEYFILE_ENCRYPTED', { file, encryption });
  const keyfile = keyfileOf(file, new TextDecoder().decode(bytes));
  const address = parseSs58(keyfile.ss58Address ?? '');
  if (address === undefined) throw invalidKeyfile(file, 'ss58Address is missing or not valid');
  return address;
}

/** The bytes of a key file. Throws WALLET_NOT_FOUND, WALLET_UNREADABLE, KEYFILE_INVALID. */
export function readKeyBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new SubnetError('WALLET_NOT_FOUND', { file });
    if (hasCode(error, 'EISDIR')) {
      throw invalidKeyfile(file, 'a folder stands where the key file belongs: move it away');
    }
    if (hasCode(error, 'ENOTDIR')) {
      const detail = 'a file stands where one of its folders belongs';
      throw new SubnetError('WALLET_NOT_FOUND', { detail, file });
    }
    throw new SubnetError('WALLET_UNREADABLE', { detail: messageOf(error), file });
  }
}

function modeWarnings(file: string): readonly WalletWarning[] {
  const open = openMode(file);
  if (open === undefined) return [];
  return [{ kind: 'wide-mode', file, detail: `${open}: chmod 600 ${file}` }];
}

const warningKinds = { chmod: 'wide-mode', remove: 'left-behind', none: 'foreign' } as const;

/** What `subnet wallet repair` would find. */
function folderWarnings(folder: string): readonly WalletWarning[] {
  return findModeProblems(folder).map(({ file, problem, repair }) => {
    return { kind: warningKinds[repair.kind], file, detail: problem };
  });
}

/** Addresses and state of one wallet, without using a secret; parts that cannot be read are absent. */
export function summariseWallet(location: WalletLocation): WalletSummary {
  const files = walletFiles(location);
  const hotkeyFiles = hotkeysIn(join(files.folder, 'hotkeys'));
  return {
    name: location.name,
    coldkey: {
      state: keyState(files.coldkey),
      ss58: attempt(() => readColdkeyAddress(location)),
    },
    hotkeys: hotkeyFiles.map(({ name, file }) => ({
      name,
      ss58: attempt(() => addressBeside(file)),
    })),
    warnings: folderWarnings(files.folder),
  };
}

/** How a key file lies there, told without a password. */
export function keyState(file: string): KeyState {
  if (!existsSync(file)) return 'absent';
  const bytes = attempt(() => readKeyBytes(file));
  if (bytes === undefined) return 'unreadable';
  if (keyfileEncryption(bytes) !== undefined) return 'encrypted';
  const keyfile = attempt(() => keyfileOf(file, new TextDecoder().decode(bytes)));
  return keyfile === undefined ? 'unreadable' : 'plain';
}

function hotkeysIn(folder: string): readonly { name: string; file: string }[] {
  const names = attempt(() => readdirSync(folder)) ?? [];
  return names
    .filter((name) => !name.endsWith(publicSuffix) && !name.startsWith('.'))
    .sort()
    .map((name) => ({ name, file: join(folder, name) }));
}

function foldersIn(root: string): readonly string[] {
  const entries = entriesOf(root).filter(({ name }) => !name.startsWith('.'));
  const folders = entries.filter((entry) => entry.isDirectory() || isLinkedFolder(root, entry));
  return folders.map((entry) => entry.name).sort();
}

function entriesOf(root: string): readonly Dirent[] {
  try {
    return readdirSync(root, { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    if (hasCode(error, 'ENOTDIR')) {
      throw new SubnetError('USAGE', { detail: `the wallet path ${root} is not a folder` });
    }
    throw new SubnetError('WALLET_UNREADABLE', { detail: messageOf(error), file: root });
  }
}

function isLinkedFolder(root: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return false;
  return attempt(() => statSync(join(root, entry.name)).isDirectory()) ?? false;
}

function attempt<Value>(act: () => Value): Value | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function expandHome(path: string): string {
  return resolve(path.replace(/^~(?=$|[/\\])/, homedir()));
}

function checkName(what: string, name: string): string {
  if (/^(?!\.)[^/\\\0]+$/.test(name)) return name;
  throw new SubnetError('WALLET_NAME_INVALID', { detail: `a ${what} name is one folder name` });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
