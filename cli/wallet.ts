import { Command } from 'commander';
import { toHex } from '../common/hex.ts';
import { publicKeyOf } from '../common/keys/ss58.ts';
import {
  keyState,
  listWallets,
  readColdkeyAddress,
  readHotkey,
  readHotkeyAddress,
  summariseWallet,
  walletFiles,
} from '../common/keys/wallet.ts';
import type {
  KeyState,
  WalletLocation,
  WalletSummary,
  WalletWarning,
} from '../common/keys/wallet.ts';
import type { Ss58 } from '../common/brand.ts';
import { acceptCommonFlags, locationOf, withHotkey, withJson, withWalletPath } from './flags.ts';
import type { OutputFlags, WalletFlags } from './flags.ts';
import type { CliIo } from './io.ts';
import { addWalletChainCommands } from './operator/wallet-chain.ts';
import { walletFlagsText } from './wallet/flags-text.ts';
import { refuseSecretArguments } from './wallet/secret-arguments.ts';
import { addCreate } from './wallet/create.ts';
import { processWalletDeps } from './wallet/wallet-deps.ts';
import type { WalletDeps } from './wallet/wallet-deps.ts';
import { addPasswd } from './wallet/passwd.ts';
import { addRegen } from './wallet/regen.ts';
import { addRepair } from './wallet/repair.ts';
import { addSign } from './wallet/sign.ts';

type Flags = WalletFlags & OutputFlags;

/** `subnet wallet ...`: key files in the Bittensor layout. Only `phrase` ever shows a secret. */
export function walletCommand(io: CliIo, deps: WalletDeps = processWalletDeps(io)): Command {
  const command = new Command('wallet').description('wallets in the Bittensor directory layout');
  addReading(deps, command);
  addCreate(deps, command);
  addRegen(deps, command);
  addSign(deps, command);
  addPasswd(deps, command);
  addRepair(deps, command);
  addWalletChainCommands(io, command);
  command.commands.forEach(acceptCommonFlags);
  command.commands.forEach(refuseSecretArguments);
  return command;
}

function addReading(deps: WalletDeps, command: Command): void {
  withJson(withWalletPath(command.command('list')))
    .description('every wallet with its addresses')
    .action((flags: Flags) => list(deps.io, flags));
  withJson(withHotkey(command.command('show').alias('inspect')))
    .description('one wallet; checks that its hotkey can be read')
    .action((flags: Flags) => show(deps, flags));
  withJson(withHotkey(command.command('export')))
    .description('the public parts of a wallet: addresses and public keys')
    .action((flags: Flags) => exportPublic(deps.io, flags));
}

function list(io: CliIo, flags: Flags): void {
  const { path } = locationOf(io, flags);
  const wallets = listWallets(path);
  if (flags.json === true) io.out(JSON.stringify({ ok: true, wallets }));
  else if (wallets.length === 0) io.out(`no wallets in ${path}`);
  else wallets.forEach((wallet) => printSummary(io, path, wallet));
}

function show(deps: WalletDeps, flags: Flags): void {
  const { io } = deps;
  const location = locationOf(io, flags);
  const { ss58, state, mismatch } = inspectHotkey(deps, location);
  const { coldkey, warnings: open } = summariseWallet(location);
  const warnings = [...mismatch, ...open];
  if (flags.json === true) {
    const { name } = location;
    const hotkey = { name: location.hotkey, ss58, state };
    io.out(JSON.stringify({ ok: true, name, coldkey, hotkey, warnings }));
    return;
  }
  io.out(location.name);
  io.out(`  coldkey  ${coldkey.ss58 ?? '-'}  ${coldkey.state}`);
  io.out(`  hotkey   ${ss58}  ${location.hotkey}  ${state}`);
  warnings.forEach(({ file, detail }) => io.err(`warning: ${file}: ${detail}`));
  if (open.length > 0) adviseRepair(io, location);
}

interface HotkeyFacts {
  readonly ss58: Ss58;
  readonly state: KeyState;
  readonly mismatch: readonly WalletWarning[];
}

function inspectHotkey({ sr25519 }: WalletDeps, location: WalletLocation): HotkeyFacts {
  const state = keyState(walletFiles(location).hotkey);
  if (state === 'encrypted') return { ss58: readHotkeyAddress(location), state, mismatch: [] };
  const { signer, warnings } = readHotkey(sr25519, location);
  signer.dispose();
  const mismatch = warnings.filter(({ kind }) => kind === 'address-mismatch');
  return { ss58: signer.ss58, state, mismatch };
}

function exportPublic(io: CliIo, flags: Flags): void {
  const location = locationOf(io, flags);
  const coldkey = publicParts(readColdkeyAddress(location));
  const hotkey = publicParts(readHotkeyAddress(location));
  if (flags.json === true) {
    io.out(JSON.stringify({ ok: true, name: location.name, coldkey, hotkey }));
    return;
  }
  io.out(`coldkey  ${coldkey.ss58Address}  ${coldkey.publicKey}`);
  io.out(`hotkey   ${hotkey.ss58Address}  ${hotkey.publicKey}`);
}

function publicParts(ss58Address: Ss58) {
  const publicKey = `0x${toHex(publicKeyOf(ss58Address))}`;
  return { accountId: publicKey, publicKey, ss58Address };
}

function printSummary(io: CliIo, path: string, wallet: WalletSummary): void {
  const { name, coldkey, hotkeys, warnings } = wallet;
  io.out(name);
  io.out(`  coldkey  ${coldkey.ss58 ?? '-'}  ${coldkey.state}`);
  hotkeys.forEach((hotkey) =>
    io.out(`  hotkey   ${hotkey.ss58 ?? '(unreadable)'}  ${hotkey.name}`),
  );
  if (warnings.length === 0) return;
  io.err(`warning: ${name}: ${warnings.length} of its files and folders are open to others`);
  adviseRepair(io, { path, name });
}

function adviseRepair(io: CliIo, location: Pick<WalletLocation, 'path' | 'name'>): void {
  io.err(`  fix: subnet wallet repair ${walletFlagsText(location)}`);
}
