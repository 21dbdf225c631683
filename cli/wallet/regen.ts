import type { Command } from 'commander';
import { Option } from 'commander';
import type { Ss58 } from '../../common/brand.ts';
import { fromHex } from '../../common/hex.ts';
import { encodeSs58, parseSs58 } from '../../common/keys/ss58.ts';
import type { KeyMaterial } from '../../common/keys/keys.ts';
import { locationOf, withAction, withHotkey, withWallet } from '../flags.ts';
import type { WalletFlags } from '../flags.ts';
import { secretArgument } from './secret-arguments.ts';
import { isEncrypted, withKeyFlags } from './create.ts';
import type { KeyFlags } from './create.ts';
import { usage } from './wallet-deps.ts';
import type { WalletDeps } from './wallet-deps.ts';
import { importKey, typedKey } from './import-key.ts';
import type { ImportFlags } from './import-key.ts';
import type { KeyKind } from '../wallet-open.ts';
import { publicPlan, storePublic } from './public-file.ts';
import { reportStored, storeKeys } from './store-keys.ts';
import type { StoreFlags } from './store-keys.ts';

interface RegenFlags extends KeyFlags, ImportFlags {
  readonly mnemonic?: readonly string[];
  readonly seed?: string;
  readonly privateKey?: string;
  readonly insecureArguments?: boolean;
}

interface PublicFlags extends WalletFlags, StoreFlags {
  readonly ss58?: string;
  readonly publicKey?: string;
}

/** `subnet wallet regen-coldkey | regen-hotkey | regen-coldkeypub | regen-hotkeypub`. */
export function addRegen(deps: WalletDeps, command: Command): void {
  const coldkey = withWallet(command.command('regen-coldkey').alias('regen_coldkey'));
  addSecret(deps, coldkey, 'coldkey');
  const hotkey = withHotkey(command.command('regen-hotkey').alias('regen_hotkey'));
  addSecret(deps, hotkey, 'hotkey');
  const coldkeypub = withWallet(command.command('regen-coldkeypub').alias('regen_coldkeypub'));
  addPublic(deps, coldkeypub, 'coldkey');
  const hotkeypub = withHotkey(command.command('regen-hotkeypub').alias('regen_hotkeypub'));
  addPublic(deps, hotkeypub, 'hotkey');
}

function addSecret(deps: WalletDeps, command: Command, kind: KeyKind): void {
  withKeyFlags(command, [kind])
    .description(`write the ${kind} again from its words, seed, private key or a JSON file`)
    .option('--from <file>', 'file that holds it, - for standard input; asked for when absent')
    .addOption(new Option('-j, --json-path <file>').hideHelp())
    .on('option:json-path', (file: string) => command.setOptionValue('from', file))
    .option('--from-password-file <file>', 'password of an encrypted file that is read')
    .addOption(new Option('--mnemonic <words...>').hideHelp())
    .addOption(new Option('--seed <hex>').hideHelp())
    .addOption(new Option('--private-key <hex>').hideHelp())
    .option('--insecure-arguments', 'take --mnemonic, --seed or --private-key all the same')
    .action((flags: RegenFlags) => regenerate(deps, kind, flags));
}

async function regenerate(deps: WalletDeps, kind: KeyKind, flags: RegenFlags): Promise<void> {
  const key = argumentKey(deps, flags) ?? (await importKey(deps, deps.prompter(flags), flags));
  const encrypt = isEncrypted(kind, flags);
  const location = locationOf(deps.io, flags);
  const stored = await storeKeys(deps, location, [{ kind, key, encrypt, random: false }], flags);
  reportStored(deps, stored, flags);
}

const advice =
  'leave it out to be asked, or read it from a file or standard input with --from; --insecure-arguments takes it all the same';

function argumentKey(deps: WalletDeps, flags: RegenFlags): KeyMaterial | undefined {
  const given: readonly (readonly [string, string | undefined])[] = [
    ['mnemonic', flags.mnemonic?.join(' ')],
    ['seed', flags.seed],
    ['private-key', flags.privateKey],
  ];
  const [first, ...more] = given.filter(([, value]) => value !== undefined);
  if (first === undefined) return undefined;
  if (more.length > 0 || flags.from !== undefined) throw usage('give one source of the key');
  const [flag, value = ''] = first;
  if (flags.insecureArguments !== true) throw secretArgument(flag, advice);
  return typedKey(deps, `--${flag}`, value);
}

function addPublic(deps: WalletDeps, command: Command, kind: KeyKind): void {
  withAction(command)
    .description(`note the address of a ${kind} whose secret is kept elsewhere`)
    .option('--ss58 <address>', 'its address')
    .addOption(new Option('--ss58-address <address>').hideHelp())
    .on('option:ss58-address', (address: string) => command.setOptionValue('ss58', address))
    .option('--public-key <hex>', 'or its public key, 32 bytes')
    .option('--overwrite <file>', 'replace this file: coldkeypub.txt, or hotkeys/NAMEpub.txt')
    .action((flags: PublicFlags) => regeneratePublic(deps, kind, flags));
}

function regeneratePublic(deps: WalletDeps, kind: KeyKind, flags: PublicFlags): void {
  const ss58 = addressIn(flags);
  const plan = publicPlan(locationOf(deps.io, flags), kind, ss58, flags);
  storePublic(plan, flags);
  const files = plan.map(({ file }) => file);
  const address = { coldkey: undefined, hotkey: undefined, [kind]: ss58 };
  reportStored(deps, { dryRun: flags.dryRun === true, files, ...address }, flags);
}

function addressIn({ ss58, publicKey }: PublicFlags): Ss58 {
  if ((ss58 === undefined) === (publicKey === undefined)) {
    throw usage('give one of --ss58 and --public-key');
  }
  const bytes = publicKey === undefined ? undefined : fromHex(publicKey);
  if (bytes?.length === 32) return encodeSs58(bytes);
  if (bytes !== undefined) throw usage('--public-key is not 32 bytes of hex');
  const address = parseSs58(ss58 ?? '');
  if (address === undefined) throw usage('--ss58 is not an SS58 address of format 42');
  return address;
}
