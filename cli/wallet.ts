import { Command } from 'commander';
import { SubnetError } from '../common/errors.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { parseSs58 } from '../common/keys/ss58.ts';
import {
  createWallet,
  defaultWalletPath,
  listWallets,
  readHotkey,
  summariseWallet,
  walletLocation,
} from '../common/keys/wallet.ts';
import type {
  CreateOptions,
  WalletLocation,
  WalletSummary,
  WalletWarning,
} from '../common/keys/wallet.ts';
import type { CliIo } from './io.ts';

interface LocationFlags {
  readonly path?: string;
  readonly name?: string;
  readonly hotkey?: string;
  readonly json?: boolean;
}

interface CreateFlags extends LocationFlags {
  readonly words: string;
  readonly unencryptedColdkey?: boolean;
  readonly coldkeyAddress?: string;
  readonly hotkeyOnly?: boolean;
}

const wordCounts = ['12', '15', '18', '21', '24'];

/** `subnet wallet create | list | show`: key files in the Bittensor layout. Never prints a secret. */
export function walletCommand(io: CliIo): Command {
  const command = new Command('wallet').description('wallets in the Bittensor directory layout');
  addCreate(io, command);
  withPath(command.command('list').description('every wallet with its addresses')).action(
    (flags: LocationFlags) => list(io, flags),
  );
  withLocation(
    command.command('show').description('one wallet; checks that its hotkey can be read'),
  ).action((flags: LocationFlags) => show(io, flags));
  return command;
}

function addCreate(io: CliIo, command: Command): void {
  withLocation(command.command('create').description('make a wallet, or add a hotkey to one'))
    .option('--words <count>', `words of a new phrase: ${wordCounts.join(', ')}`, '12')
    .option('--unencrypted-coldkey', 'write the coldkey in the clear (no real funds)')
    .option('--coldkey-address <ss58>', 'the coldkey is kept elsewhere: note its address only')
    .option('--hotkey-only', 'add a hotkey, leave the coldkey alone')
    .action((flags: CreateFlags) => create(io, flags));
}

function withPath(command: Command): Command {
  return command
    .option('--path <folder>', `folder of wallets (BT_WALLET_PATH, else ${defaultWalletPath})`)
    .option('--json', 'machine-readable result as the last line');
}

function withLocation(command: Command): Command {
  return withPath(command)
    .option('--name <name>', 'wallet name (BT_WALLET_NAME, else default)')
    .option('--hotkey <name>', 'hotkey name (BT_WALLET_HOTKEY, else default)');
}

function locationOf(io: CliIo, flags: LocationFlags): WalletLocation {
  return walletLocation({
    path: flags.path ?? io.env['BT_WALLET_PATH'],
    name: flags.name ?? io.env['BT_WALLET_NAME'],
    hotkey: flags.hotkey ?? io.env['BT_WALLET_HOTKEY'],
  });
}

function create(io: CliIo, flags: CreateFlags): void {
  const options = { coldkey: coldkeyChoice(flags), words: wordCount(flags.words) };
  const created = createWallet(loadSr25519(), locationOf(io, flags), options);
  if (flags.json === true) {
    io.out(JSON.stringify({ ok: true, ...created }));
    return;
  }
  if (created.coldkey !== undefined) io.out(`coldkey  ${created.coldkey}`);
  io.out(`hotkey   ${created.hotkey}`);
  created.files.forEach((file) => io.out(`wrote    ${file}`));
  io.out('Back up the files that hold secrets: their phrase is the only way to the keys again.');
}

function coldkeyChoice(flags: CreateFlags): CreateOptions['coldkey'] {
  const given = [flags.unencryptedColdkey, flags.coldkeyAddress, flags.hotkeyOnly];
  const count = given.filter((one) => one !== undefined).length;
  if (count > 1) throw usage('give one of --unencrypted-coldkey, --coldkey-address, --hotkey-only');
  if (flags.hotkeyOnly === true) return 'none';
  if (flags.unencryptedColdkey === true) return 'unencrypted';
  if (flags.coldkeyAddress === undefined) throw usage('say what becomes of the coldkey');
  const address = parseSs58(flags.coldkeyAddress);
  if (address === undefined) throw usage('--coldkey-address is not an SS58 address of format 42');
  return { address };
}

function wordCount(text: string): number {
  if (wordCounts.includes(text)) return Number(text);
  throw usage(`--words is one of ${wordCounts.join(', ')}`);
}

function usage(detail: string): SubnetError {
  return new SubnetError('USAGE', { detail });
}

function list(io: CliIo, flags: LocationFlags): void {
  const { path } = locationOf(io, flags);
  const wallets = listWallets(path);
  if (flags.json === true) io.out(JSON.stringify({ ok: true, wallets }));
  else if (wallets.length === 0) io.out(`no wallets in ${path}`);
  else wallets.forEach((wallet) => printSummary(io, wallet));
}

function show(io: CliIo, flags: LocationFlags): void {
  const location = locationOf(io, flags);
  const { signer, warnings } = readHotkey(loadSr25519(), location);
  signer.dispose();
  const { coldkey } = summariseWallet(location);
  if (flags.json === true) {
    const { name } = location;
    const hotkey = { name: location.hotkey, ss58: signer.ss58 };
    io.out(JSON.stringify({ ok: true, name, coldkey, hotkey, warnings }));
    return;
  }
  io.out(location.name);
  io.out(`  coldkey  ${coldkey.ss58 ?? '-'}  ${coldkey.state}`);
  io.out(`  hotkey   ${signer.ss58}  ${location.hotkey}`);
  printWarnings(io, warnings);
}

function printSummary(io: CliIo, { name, coldkey, hotkeys, warnings }: WalletSummary): void {
  io.out(name);
  io.out(`  coldkey  ${coldkey.ss58 ?? '-'}  ${coldkey.state}`);
  hotkeys.forEach((hotkey) =>
    io.out(`  hotkey   ${hotkey.ss58 ?? '(unreadable)'}  ${hotkey.name}`),
  );
  printWarnings(io, warnings);
}

function printWarnings(io: CliIo, warnings: readonly WalletWarning[]): void {
  warnings.forEach(({ file, detail }) => io.err(`warning: ${file}: ${detail}`));
}
