import { existsSync } from 'node:fs';
import type { Ss58 } from '../../common/brand.ts';
import { publicText, secretText, wipeKey } from '../../common/keys/keyfile-key.ts';
import type { KeyMaterial } from '../../common/keys/keys.ts';
import { encodeSs58 } from '../../common/keys/ss58.ts';
import { readPublicAddress, walletFiles } from '../../common/keys/wallet.ts';
import type { WalletFiles, WalletLocation } from '../../common/keys/wallet.ts';
import { refuseExisting, refuseUnwritable, writeKeyFiles } from '../../common/keys/wallet-write.ts';
import type { KeyFileWrite } from '../../common/keys/wallet-write.ts';
import type { ActionFlags } from '../flags.ts';
import { usage } from './wallet-deps.ts';
import type { WalletDeps } from './wallet-deps.ts';
import type { KeyKind } from '../wallet-open.ts';
import { givenPassword, newPassword, sealKey } from './new-password.ts';
import type { NewPasswordSource } from './new-password.ts';

/** A key that a command is about to write. */
export interface KeyToStore {
  readonly kind: KeyKind;
  readonly key: KeyMaterial;
  readonly encrypt: boolean;
  /** Made of random bytes: a dry run has nothing to show of it. */
  readonly random: boolean;
}

export interface StoreFlags extends ActionFlags {
  /** `coldkey` or `hotkeys/NAME`: a key that may be lost for ever. */
  readonly overwrite?: string;
  readonly newPasswordFile?: string;
}

export interface StoredKeys {
  readonly dryRun: boolean;
  readonly files: readonly string[];
  readonly coldkey: Ss58 | undefined;
  readonly hotkey: Ss58 | undefined;
}

interface Target {
  readonly file: string;
  readonly publicFile: string;
  readonly replace: boolean;
}

/**
 * Writes keys into their wallet, all or none, and wipes them. Checks what is there before it asks
 * for a password.
 * Throws WALLET_EXISTS, WALLET_UNWRITABLE, PASSWORD_WEAK, USAGE, CANCELLED, KEYFILE_MEMORY.
 */
export async function storeKeys(
  deps: WalletDeps,
  location: WalletLocation,
  keys: readonly KeyToStore[],
  flags: StoreFlags,
): Promise<StoredKeys> {
  const files = walletFiles(location);
  try {
    const targets = keys.map((one) => targetOf(files, location, one.kind, flags));
    checkOverwrite(location, keys, flags);
    refuseExisting(targets);
    const publics = keys.map((one, at) => publicWrite(one, targets[at]));
    refuseExisting(publics.flat());
    refuseUnwritable(targets);
    if (flags.dryRun === true) checkPasswords(deps, keys, targets, flags);
    else {
      const secrets = await secretWrites(deps, keys, targets, flags);
      writeKeyFiles([...secrets, ...publics.flat()]);
    }
    return {
      dryRun: flags.dryRun === true,
      files: targets.flatMap(({ file }, at) => [file, ...(publics[at] ?? []).map((w) => w.file)]),
      coldkey: addressOf(keys, 'coldkey', flags),
      hotkey: addressOf(keys, 'hotkey', flags),
    };
  } finally {
    keys.forEach(({ key }) => wipeKey(key));
  }
}

/** Says what was written, or would be. */
export function reportStored(deps: WalletDeps, stored: StoredKeys, flags: ActionFlags): void {
  const { io } = deps;
  const { dryRun, coldkey, hotkey, files } = stored;
  if (flags.json === true) {
    io.out(JSON.stringify({ ok: true, ...(dryRun && { dryRun }), files, coldkey, hotkey }));
    return;
  }
  if (coldkey !== undefined) io.out(`coldkey  ${coldkey}`);
  if (hotkey !== undefined) io.out(`hotkey   ${hotkey}`);
  files.forEach((file) => io.out(`${dryRun ? 'would write' : 'wrote   '} ${file}`));
}

/** How `--overwrite` names a key. */
export function overwriteName({ hotkey }: WalletLocation, kind: KeyKind): string {
  return kind === 'coldkey' ? 'coldkey' : `hotkeys/${hotkey}`;
}

function targetOf(
  files: WalletFiles,
  location: WalletLocation,
  kind: KeyKind,
  flags: StoreFlags,
): Target {
  const publicFile = kind === 'coldkey' ? files.coldkeypub : files.hotkeypub;
  return {
    file: files[kind],
    publicFile,
    replace: flags.overwrite === overwriteName(location, kind),
  };
}

function checkOverwrite(
  location: WalletLocation,
  keys: readonly KeyToStore[],
  { overwrite }: StoreFlags,
): void {
  const names = keys.map(({ kind }) => overwriteName(location, kind));
  if (overwrite === undefined || names.includes(overwrite)) return;
  throw usage(`--overwrite names the key that may be lost, here ${names.join(' or ')}`);
}

/** None when the public file holds this address already: what stood for a watched wallet. */
function publicWrite({ key }: KeyToStore, target: Target | undefined): readonly KeyFileWrite[] {
  if (target === undefined) return [];
  const { publicFile: file, replace } = target;
  const publicKey = key.keypair.slice(64);
  if (existsSync(file) && readPublicAddress(file) === encodeSs58(publicKey)) return [];
  return [{ file, content: publicText(publicKey), replace }];
}

async function secretWrites(
  deps: WalletDeps,
  keys: readonly KeyToStore[],
  targets: readonly Target[],
  flags: StoreFlags,
): Promise<readonly KeyFileWrite[]> {
  const prompter = deps.prompter(flags);
  const writes: KeyFileWrite[] = [];
  for (const [at, { kind, key, encrypt }] of keys.entries()) {
    const { file = '', replace = false } = targets[at] ?? {};
    const text = new TextEncoder().encode(secretText(key));
    if (!encrypt) {
      writes.push({ file, content: text, replace });
      continue;
    }
    const password = await newPassword(deps, prompter, passwordSource(kind, file, flags));
    writes.push({ file, content: await sealKey(deps, kind, text, password), replace });
    text.fill(0);
  }
  return writes;
}

function passwordSource(kind: KeyKind, file: string, flags: StoreFlags): NewPasswordSource {
  return { kind, file, passwordFile: flags.newPasswordFile, settings: true };
}

/** What a dry run can know of the passwords: those that nobody has to type. */
function checkPasswords(
  deps: WalletDeps,
  keys: readonly KeyToStore[],
  targets: readonly Target[],
  flags: StoreFlags,
): void {
  for (const [at, { kind, encrypt }] of keys.entries()) {
    const file = targets[at]?.file ?? '';
    if (encrypt) givenPassword(deps, passwordSource(kind, file, flags));
  }
}

function addressOf(
  keys: readonly KeyToStore[],
  kind: KeyKind,
  { dryRun }: StoreFlags,
): Ss58 | undefined {
  const found = keys.find((one) => one.kind === kind);
  if (found === undefined || (dryRun === true && found.random)) return undefined;
  return encodeSs58(found.key.keypair.slice(64));
}
