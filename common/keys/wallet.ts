import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Coldkey, Hotkey, Ss58 } from '../brand.ts';
import { messageOf, SubnetError } from '../errors.ts';
import { formatKeyfile, keyfileEncryption, parseKeyfile } from './keyfile.ts';
import type { Keyfile, KeyfileEncryption, KeyfileSecret } from './keyfile.ts';
import { keyFromSuri, signerFromKeypair } from './keys.ts';
import type { KeyMaterial, KeySigner } from './keys.ts';
import { entropyToMnemonic, mnemonicToMiniSecret } from './mnemonic.ts';
import type { Keypair, Sr25519 } from './sr25519.ts';
import { encodeSs58, parseSs58, publicKeyOf } from './ss58.ts';

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
  readonly kind: 'wide-mode' | 'address-mismatch';
  readonly file: string;
  readonly detail: string;
}

export interface LoadedKey {
  readonly signer: KeySigner;
  readonly warnings: readonly WalletWarning[];
}

export type ColdkeyState = 'plain' | 'encrypted' | 'absent' | 'unreadable';

export interface WalletSummary {
  readonly name: string;
  readonly coldkey: { readonly state: ColdkeyState; readonly ss58: Coldkey | undefined };
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

/** The hotkey's address, without using its secret. Throws like `readHotkey`. */
export function readHotkeyAddress(location: WalletLocation): Hotkey {
  return readAddress(walletFiles(location).hotkey);
}

/** Every wallet in a folder, by name; a broken file makes its entry poor, not the call fail. */
export function listWallets(path: string = defaults.path): readonly WalletSummary[] {
  const root = expandHome(path);
  return foldersIn(root).map((name) =>
    summariseWallet({ path: root, name, hotkey: defaults.hotkey }),
  );
}

/**
 * Writes a new wallet, or a hotkey into an existing one: files 0600, folders 0700, nothing is ever
 * overwritten. Throws WALLET_EXISTS, WALLET_NAME_INVALID, SURI_INVALID, WALLET_UNWRITABLE.
 */
export function createWallet(
  sr25519: Sr25519,
  location: WalletLocation,
  options: CreateOptions,
): CreatedWallet {
  const files = walletFiles(location);
  const hotkey = makeKey(sr25519, options.hotkeySuri, options.words);
  const writes = [
    ...coldkeyWrites(sr25519, files, options),
    { file: files.hotkey, text: secretText(hotkey) },
    { file: files.hotkeypub, text: publicText(hotkey.keypair.slice(64)) },
  ];
  writes.forEach(({ file }) => refuseExisting(file));
  writes.forEach(({ file, text }) => writeNew(file, text));
  const created = {
    files: writes.map(({ file }) => file),
    coldkey: options.coldkey === 'none' ? undefined : readAddress(files.coldkeypub),
    hotkey: encodeSs58(hotkey.keypair.slice(64)),
  };
  wipe(hotkey);
  return created;
}

interface Write {
  readonly file: string;
  readonly text: string;
}

function coldkeyWrites(
  sr25519: Sr25519,
  files: WalletFiles,
  { coldkey, coldkeySuri, words }: CreateOptions,
): readonly Write[] {
  if (coldkey === 'none') return [];
  if (coldkey !== 'unencrypted') {
    return [{ file: files.coldkeypub, text: publicText(publicKeyOf(coldkey.address)) }];
  }
  const key = makeKey(sr25519, coldkeySuri, words);
  const writes = [
    { file: files.coldkey, text: secretText(key) },
    { file: files.coldkeypub, text: publicText(key.keypair.slice(64)) },
  ];
  wipe(key);
  return writes;
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

function secretText({ keypair, miniSecret, phrase }: KeyMaterial): string {
  const publicKey = keypair.subarray(64);
  return formatKeyfile({
    publicKey,
    ss58Address: encodeSs58(publicKey),
    secretKey: keypair.subarray(0, 64),
    ...(miniSecret && { miniSecret }),
    ...(phrase !== undefined && { phrase }),
  });
}

function publicText(publicKey: Uint8Array): string {
  return formatKeyfile({ publicKey, ss58Address: encodeSs58(publicKey) });
}

function wipe({ keypair, miniSecret }: KeyMaterial): void {
  keypair.fill(0);
  miniSecret?.fill(0);
}

function readSecretKey(sr25519: Sr25519, file: string): LoadedKey {
  const keyfile = readKeyfile(file);
  const keypair = secretToKeypair(sr25519, file, keyfile.secret);
  const signer = signerFromKeypair(sr25519, keypair);
  const mismatch = addressMismatch(file, keyfile, signer.ss58);
  return { signer, warnings: [...modeWarnings(file), ...mismatch] };
}

function secretToKeypair(sr25519: Sr25519, file: string, secret: KeyfileSecret): Keypair {
  if (secret.kind === 'none') throw new SubnetError('KEYFILE_PUBLIC_ONLY', { file });
  if (secret.kind === 'secret') {
    const keypair = sr25519.keypairFromSecret(secret.secretKey);
    secret.secretKey.fill(0);
    if (keypair === undefined)
      throw invalid(file, 'privateKey is not in the canonical form of schnorrkel');
    return keypair;
  }
  const mini = secret.kind === 'seed' ? secret.miniSecret : mnemonicToMiniSecret(secret.phrase);
  if (mini === undefined) throw invalid(file, 'secretPhrase is not a BIP-0039 phrase');
  const keypair = sr25519.keypairFromMiniSecret(mini);
  mini.fill(0);
  return keypair;
}

/**
 * Beside a phrase or a seed a wrong address is a blemish, and the Bittensor wallets ignore it. With
 * `privateKey` alone it is the one sign that the bytes are in the form of another library, which
 * is a valid secret of a different key: refused.
 */
function addressMismatch(file: string, keyfile: Keyfile, ss58: Ss58): readonly WalletWarning[] {
  if (keyfile.ss58Address === undefined || keyfile.ss58Address === ss58) return [];
  if (keyfile.secret.kind === 'secret') {
    throw invalid(file, `privateKey gives ${ss58}, not the ss58Address of the file`);
  }
  const detail = `its secret gives ${ss58}, its ss58Address says otherwise`;
  return [{ kind: 'address-mismatch', file, detail }];
}

function readAddress(file: string): Ss58 {
  const address = parseSs58(readKeyfile(file).ss58Address ?? '');
  if (address === undefined) throw invalid(file, 'ss58Address is missing or not valid');
  return address;
}

function readKeyfile(file: string): Keyfile {
  const bytes = readBytes(file);
  const encryption = keyfileEncryption(bytes);
  if (encryption !== undefined) throw encrypted(file, encryption);
  const keyfile = parseKeyfile(new TextDecoder().decode(bytes));
  if ('problem' in keyfile) throw invalid(file, keyfile.problem);
  return keyfile;
}

function encrypted(file: string, encryption: KeyfileEncryption): SubnetError {
  return new SubnetError('KEYFILE_ENCRYPTED', { file, encryption });
}

function invalid(file: string, detail: string): SubnetError {
  return new SubnetError('KEYFILE_INVALID', { detail, file });
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new SubnetError('WALLET_NOT_FOUND', { file });
    throw new SubnetError('WALLET_UNREADABLE', { detail: messageOf(error), file });
  }
}

function modeWarnings(file: string): readonly WalletWarning[] {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) === 0) return [];
  const detail = `others can read it (mode 0${mode.toString(8)}): chmod 600 it`;
  return [{ kind: 'wide-mode', file, detail }];
}

/** Addresses and state of one wallet, without using a secret; parts that cannot be read are absent. */
export function summariseWallet(location: WalletLocation): WalletSummary {
  const files = walletFiles(location);
  const hotkeyFiles = hotkeysIn(join(files.folder, 'hotkeys'));
  const secrets = [files.coldkey, ...hotkeyFiles.map(({ file }) => file)].filter(existsSync);
  return {
    name: location.name,
    coldkey: {
      state: coldkeyState(files.coldkey),
      ss58: attempt(() => readColdkeyAddress(location)),
    },
    hotkeys: hotkeyFiles.map(({ name, file }) => ({
      name,
      ss58: attempt(() => readAddress(file)),
    })),
    warnings: secrets.flatMap(modeWarnings),
  };
}

function coldkeyState(file: string): ColdkeyState {
  if (!existsSync(file)) return 'absent';
  const bytes = attempt(() => readBytes(file));
  if (bytes === undefined) return 'unreadable';
  if (keyfileEncryption(bytes) !== undefined) return 'encrypted';
  return attempt(() => readKeyfile(file)) === undefined ? 'unreadable' : 'plain';
}

function hotkeysIn(folder: string): readonly { name: string; file: string }[] {
  const names = attempt(() => readdirSync(folder)) ?? [];
  return names
    .filter((name) => !name.endsWith(publicSuffix) && !name.startsWith('.'))
    .sort()
    .map((name) => ({ name, file: join(folder, name) }));
}

function foldersIn(root: string): readonly string[] {
  const entries = attempt(() => readdirSync(root, { withFileTypes: true })) ?? [];
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  return folders.map((entry) => entry.name).sort();
}

function attempt<Value>(act: () => Value): Value | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function refuseExisting(file: string): void {
  if (existsSync(file)) throw new SubnetError('WALLET_EXISTS', { file });
}

function writeNew(file: string, text: string): void {
  try {
    makeFolder(dirname(file));
    writeFileSync(file, text, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    if (hasCode(error, 'EEXIST')) throw new SubnetError('WALLET_EXISTS', { file });
    throw new SubnetError('WALLET_UNWRITABLE', { detail: messageOf(error), file });
  }
}

// mkdir's own mode argument is narrowed by the umask only, so 0700 holds for what it makes.
function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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
