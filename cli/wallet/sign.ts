import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { Option } from 'commander';
import { messageOf } from '../../common/errors.ts';
import { fromHex, toHex } from '../../common/hex.ts';
import { parseSs58, publicKeyOf } from '../../common/keys/ss58.ts';
import { walletFiles } from '../../common/keys/wallet.ts';
import { locationOf, withAction, withHotkey, withJson } from '../flags.ts';
import type { ActionFlags, OutputFlags, WalletFlags } from '../flags.ts';
import { checkKey } from './check-key.ts';
import { usage } from './wallet-deps.ts';
import type { WalletDeps } from './wallet-deps.ts';
import { throwIfStopped } from '../stopped.ts';
import { openColdkey, openHotkey } from '../wallet-open.ts';

interface MessageFlags {
  readonly message?: string;
  readonly messageFile?: string;
}

interface SignFlags extends WalletFlags, ActionFlags, MessageFlags {
  readonly useHotkey?: boolean;
}

interface VerifyFlags extends OutputFlags, MessageFlags {
  readonly signature: string;
  readonly ss58: string;
}

/** `subnet wallet sign | verify`: the bytes of a message, as btcli signs them. */
export function addSign(deps: WalletDeps, command: Command): void {
  withMessage(withAction(withHotkey(command.command('sign'))))
    .description('sign a message with the coldkey, or with the hotkey')
    .option('--use-hotkey', 'sign with the hotkey')
    .addOption(new Option('--no-use-hotkey').hideHelp())
    .action((flags: SignFlags) => signMessage(deps, flags));
  const verify = withMessage(withJson(command.command('verify')));
  verify
    .description('check the signature of a message; exit code 1 when it is not valid')
    .requiredOption('--signature <hex>', '64 bytes, with or without 0x')
    .requiredOption('--ss58 <address>', 'who signed it')
    .action((flags: VerifyFlags) => verifyMessage(deps, flags));
}

function withMessage(command: Command): Command {
  return command
    .option('--message <text>', 'its UTF-8 bytes are what is signed')
    .option('--message-file <file>', 'the bytes of a file (- for standard input)');
}

async function signMessage(deps: WalletDeps, flags: SignFlags): Promise<void> {
  const { io } = deps;
  const message = await messageIn(deps, flags);
  const location = locationOf(io, flags);
  const kind = flags.useHotkey === true ? 'hotkey' : 'coldkey';
  if (flags.dryRun === true) {
    const file = walletFiles(location)[kind];
    checkKey(deps, kind, file);
    const plan = { ok: true, dryRun: true, kind, file, bytes: message.length };
    io.out(
      flags.json === true
        ? JSON.stringify(plan)
        : `would sign ${message.length} bytes with ${file}`,
    );
    return;
  }
  const open = kind === 'hotkey' ? openHotkey : openColdkey;
  const signer = await open(location, { ...deps, prompter: deps.prompter(flags) });
  throwIfStopped(io.signal);
  const signature = toHex(signer.sign(message));
  signer.dispose();
  if (flags.json === true) io.out(JSON.stringify({ ok: true, signer: signer.ss58, signature }));
  else [`signer     ${signer.ss58}`, `signature  ${signature}`].forEach((line) => io.out(line));
}

async function verifyMessage(deps: WalletDeps, flags: VerifyFlags): Promise<void> {
  const { io, sr25519 } = deps;
  const message = await messageIn(deps, flags);
  const address = parseSs58(flags.ss58);
  if (address === undefined) throw usage('--ss58 is not an SS58 address of format 42');
  const signature = fromHex(flags.signature);
  if (signature?.length !== 64) throw usage('--signature is not 64 bytes of hex');
  const publicKey = publicKeyOf(address);
  const forms = [message, wrapped(message)];
  const valid = forms.some((form) => sr25519.verify(form, signature, publicKey));
  io.out(flags.json === true ? JSON.stringify({ ok: true, valid }) : valid ? 'valid' : 'not valid');
  if (!valid) io.setExitCode(1);
}

/** What browser wallets sign in place of a bare text; the Bittensor wallets take it as well. */
function wrapped(message: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('<Bytes>'), message, Buffer.from('</Bytes>')]);
}

async function messageIn(deps: WalletDeps, flags: MessageFlags): Promise<Uint8Array> {
  const { message, messageFile } = flags;
  if ((message === undefined) === (messageFile === undefined)) {
    throw usage('give one of --message and --message-file');
  }
  if (message !== undefined) return new TextEncoder().encode(message);
  if (messageFile === '-') return deps.readInput();
  try {
    return readFileSync(messageFile ?? '');
  } catch (error) {
    throw usage(`--message-file cannot be read: ${messageOf(error)}`);
  }
}
