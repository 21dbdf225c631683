import type { Command } from 'commander';
import { Option } from 'commander';
import { keyFromSuri } from '../../common/keys/keys.ts';
import type { KeyMaterial } from '../../common/keys/keys.ts';
import { entropyToMnemonic } from '../../common/keys/mnemonic.ts';
import { parseSs58 } from '../../common/keys/ss58.ts';
import { locationOf, withAction, withHotkey, withWallet } from '../flags.ts';
import type { WalletFlags } from '../flags.ts';
import { usage } from './wallet-deps.ts';
import type { WalletDeps } from './wallet-deps.ts';
import type { KeyKind } from '../wallet-open.ts';
import { publicPlan, storePublic } from './public-file.ts';
import { reportStored, storeKeys } from './store-keys.ts';
import type { KeyToStore, StoreFlags } from './store-keys.ts';

/** Flags of every command that writes a key. */
export interface KeyFlags extends WalletFlags, StoreFlags {
  readonly unencryptedColdkey?: boolean;
  readonly encryptHotkey?: boolean;
  /** False with btcli's `--no-use-password` or `--no-password`. */
  readonly usePassword?: boolean;
  readonly password?: boolean;
}

interface CreateFlags extends KeyFlags {
  readonly words: string;
  readonly uri?: string;
  readonly coldkeyAddress?: string;
  readonly hotkeyOnly?: boolean;
}

const wordCounts = ['12', '15', '18', '21', '24'];

/** `subnet wallet create | new-coldkey | new-hotkey`. */
export function addCreate(deps: WalletDeps, command: Command): void {
  const create = withNewKey(withHotkey(command.command('create')), ['coldkey', 'hotkey'])
    .description('make a wallet: an encrypted coldkey and a hotkey')
    .option('--coldkey-address <ss58>', 'the coldkey is kept elsewhere: note its address only')
    .option('--hotkey-only', 'add a hotkey, leave the coldkey alone');
  create.action((flags: CreateFlags) => createWallet(deps, flags));
  withNewKey(withWallet(command.command('new-coldkey').alias('new_coldkey')), ['coldkey'])
    .description('make a coldkey, encrypted with a password')
    .action((flags: CreateFlags) => storeNew(deps, flags, ['coldkey']));
  withNewKey(withHotkey(command.command('new-hotkey').alias('new_hotkey')), ['hotkey'])
    .description('make a hotkey in a wallet')
    .action((flags: CreateFlags) => storeNew(deps, flags, ['hotkey']));
}

/** Flags that say how a key of these kinds is written. */
export function withKeyFlags(command: Command, kinds: readonly KeyKind[]): Command {
  if (kinds.includes('coldkey')) {
    command
      .option('--unencrypted-coldkey', 'write the coldkey in the clear (no real funds)')
      .addOption(new Option('--no-use-password').hideHelp())
      .addOption(new Option('--no-password').hideHelp());
  }
  if (kinds.includes('hotkey')) {
    command.option('--encrypt-hotkey', 'protect the hotkey too; a node then cannot use it');
  }
  return withAction(command)
    .option('--new-password-file <file>', 'take the new password from a file')
    .option('--overwrite <key>', 'replace this key for ever: coldkey, or hotkeys/NAME');
}

function withNewKey(command: Command, kinds: readonly KeyKind[]): Command {
  return withKeyFlags(command, kinds)
    .option('--words <count>', `words of a new phrase: ${wordCounts.join(', ')}`, '12')
    .addOption(new Option('--n-words <count>').hideHelp())
    .on('option:n-words', (count: string) => command.setOptionValue('words', count))
    .option('--uri <uri>', 'a public development key such as //Alice, for local chains only');
}

/** Whether the key of a kind is encrypted: a coldkey unless told otherwise, a hotkey when told. */
export function isEncrypted(kind: KeyKind, flags: KeyFlags): boolean {
  if (kind === 'hotkey') return flags.encryptHotkey === true;
  const refused = flags.usePassword === false || flags.password === false;
  return flags.unencryptedColdkey !== true && !refused;
}

async function createWallet(deps: WalletDeps, flags: CreateFlags): Promise<void> {
  const given = [flags.unencryptedColdkey, flags.coldkeyAddress, flags.hotkeyOnly];
  if (given.filter((one) => one !== undefined).length > 1) {
    throw usage('give one of --unencrypted-coldkey, --coldkey-address, --hotkey-only');
  }
  if (flags.hotkeyOnly === true) return storeNew(deps, flags, ['hotkey']);
  if (flags.coldkeyAddress === undefined) return storeNew(deps, flags, ['coldkey', 'hotkey']);
  return createWatched(deps, flags, flags.coldkeyAddress);
}

async function createWatched(deps: WalletDeps, flags: CreateFlags, address: string): Promise<void> {
  const ss58 = parseSs58(address);
  if (ss58 === undefined) throw usage('--coldkey-address is not an SS58 address of format 42');
  const location = locationOf(deps.io, flags);
  const plan = publicPlan(location, 'coldkey', ss58, flags);
  const stored = await storeKeys(deps, location, [newKey(deps, 'hotkey', flags)], flags);
  storePublic(plan, flags);
  const files = [...plan.map(({ file }) => file), ...stored.files];
  reportStored(deps, { ...stored, coldkey: ss58, files }, flags);
}

async function storeNew(
  deps: WalletDeps,
  flags: CreateFlags,
  kinds: readonly KeyKind[],
): Promise<void> {
  const keys = kinds.map((kind) => newKey(deps, kind, flags));
  const stored = await storeKeys(deps, locationOf(deps.io, flags), keys, flags);
  reportStored(deps, stored, flags);
  if (flags.json === true || stored.dryRun || flags.uri !== undefined) return;
  deps.io.out(
    'Back up the phrase of each key: it is the only way to the key again (subnet wallet phrase shows it).',
  );
}

function newKey(deps: WalletDeps, kind: KeyKind, flags: CreateFlags): KeyToStore {
  const key = flags.uri === undefined ? randomKey(deps, flags.words) : uriKey(deps, flags.uri);
  return { kind, key, encrypt: isEncrypted(kind, flags), random: flags.uri === undefined };
}

function randomKey(deps: WalletDeps, words: string): KeyMaterial {
  if (!wordCounts.includes(words)) throw usage(`--words is one of ${wordCounts.join(', ')}`);
  const entropy = deps.randomBytes((Number(words) * 4) / 3);
  const phrase = entropyToMnemonic(entropy);
  entropy.fill(0);
  return keyFromSuri(deps.sr25519, phrase);
}

// With words in it the argument would be a secret, and arguments are seen by others.
function uriKey({ sr25519 }: WalletDeps, uri: string): KeyMaterial {
  if (uri.startsWith('//')) return keyFromSuri(sr25519, uri);
  throw usage('--uri takes public development keys only: it starts with //, as in //Alice');
}
