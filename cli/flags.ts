import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultWalletPath, walletLocation } from '../common/keys/wallet.ts';
import type { WalletLocation } from '../common/keys/wallet.ts';
import type { CliIo } from './io.ts';
import { wholeNumberOption } from './options.ts';

/** Which wallet; what is absent comes from the environment, then from the Bittensor defaults. */
export interface WalletFlags {
  readonly walletPath?: string;
  readonly walletName?: string;
  readonly hotkey?: string;
}

export interface NetworkFlags {
  /** A network name (finney, test, local ...) or an endpoint (`ws://`, `wss://`). */
  readonly network?: string;
}

export interface OutputFlags {
  readonly json?: boolean;
}

/** Of commands that sign or write. */
export interface ActionFlags extends OutputFlags {
  readonly dryRun?: boolean;
  /** False with `--no-prompt`. */
  readonly prompt?: boolean;
  readonly yes?: boolean;
}

export const defaultNetwork = 'finney';

/** `--wallet-path`, with the spellings of btcli and of our first release. */
export function withWalletPath(command: Command): Command {
  const text = `folder of wallets (BT_WALLET_PATH, else ${defaultWalletPath})`;
  const flag = new Option('-p, --wallet-path <folder>', text);
  return addOption(command, flag, ['path', 'wallet_path', 'wallet.path']);
}

/** `--wallet-path` and `--wallet-name`. */
export function withWallet(command: Command): Command {
  const flag = new Option('--wallet-name <name>', 'wallet name (BT_WALLET_NAME, else default)');
  return addOption(withWalletPath(command), flag, ['name', 'wallet_name', 'wallet.name']);
}

/** `--wallet-path`, `--wallet-name` and `--hotkey`. */
export function withHotkey(command: Command): Command {
  const text = 'hotkey name (BT_WALLET_HOTKEY, else default)';
  const flag = new Option('-H, --hotkey <name>', text);
  return addOption(withWallet(command), flag, ['wallet-hotkey', 'wallet_hotkey', 'wallet.hotkey']);
}

/** `--network`: a name or an endpoint. */
export function withNetwork(command: Command): Command {
  const text = `network name, or endpoint ws(s)://host:port (BT_CHAIN_ENDPOINT, BT_NETWORK, else ${defaultNetwork})`;
  const flag = new Option('--network <name>', text);
  return addOption(command, flag, [
    'chain',
    'endpoint',
    'subtensor.network',
    'subtensor.chain_endpoint',
  ]);
}

/** `--netuid`, 0 to 65535; check for its absence where the command needs it. */
export function withNetuid(command: Command): Command {
  return command.option('--netuid <netuid>', 'the subnet', wholeNumberOption(0, 65535));
}

export function withJson(command: Command): Command {
  return command.option('--json', 'machine-readable result as the last line');
}

/** `--json`, `--dry-run`, `--no-prompt` and `--yes`, for commands that sign or write. */
export function withAction(command: Command): Command {
  return withJson(command)
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--no-prompt', 'ask nothing: questions count as yes, what needs typing is refused')
    .option('-y, --yes', 'answer yes to questions; passwords are still asked for');
}

/** Flag, else environment, else default. */
export function locationOf(io: Pick<CliIo, 'env'>, flags: WalletFlags): WalletLocation {
  return walletLocation({
    path: flags.walletPath ?? setting(io, 'BT_WALLET_PATH'),
    name: flags.walletName ?? setting(io, 'BT_WALLET_NAME', 'BT_WALLET'),
    hotkey: flags.hotkey ?? setting(io, 'BT_WALLET_HOTKEY'),
  });
}

/** Flag, else an endpoint from the environment, else a network name from it, else finney. */
export function networkOf(io: Pick<CliIo, 'env'>, flags: NetworkFlags): string {
  const endpoint = setting(io, 'BT_SUBTENSOR_CHAIN_ENDPOINT', 'BT_CHAIN_ENDPOINT');
  const name = setting(io, 'BT_NETWORK', 'BT_SUBTENSOR_NETWORK');
  return flags.network ?? endpoint ?? name ?? defaultNetwork;
}

/** The first of the variables that is set to something. */
function setting({ env }: Pick<CliIo, 'env'>, ...names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
}

/**
 * A name or a path. A value that begins with a dash is the next flag, whose own value was forgotten:
 * taking it would be silent and wrong. A path such as `-x` is written `./-x`.
 */
export function textOption(text: string): string {
  if (text === '') throw new InvalidArgumentError('must not be empty');
  if (text.startsWith('-')) throw new InvalidArgumentError('its value is missing before that flag');
  if (/\p{Cc}/u.test(text)) throw new InvalidArgumentError('must hold no control characters');
  return text;
}

/**
 * The flags that every operator command takes, also where they mean nothing: what others' scripts
 * always pass must not end them. Those that the command has not are not shown in its help.
 */
export function acceptCommonFlags(command: Command): Command {
  const all = withHotkey(withNetuid(withNetwork(withAction(new Command()))));
  for (const option of all.options) {
    if (command.options.some(({ long }) => long === option.long)) continue;
    command.addOption(option.hideHelp());
  }
  return command;
}

/** An option with other spellings that help does not show; the last one on the line wins. */
function addOption(command: Command, option: Option, aliases: readonly string[]): Command {
  command.addOption(option.argParser(textOption));
  for (const alias of aliases) {
    command.addOption(new Option(`--${alias} <value>`).argParser(textOption).hideHelp());
    command.on(`option:${alias}`, (value: string) => {
      command.setOptionValueWithSource(option.attributeName(), value, 'cli');
    });
  }
  return command;
}
