import type { Command } from 'commander';
import { Option } from 'commander';
import { SubnetError } from '../../common/errors.ts';
import { keyFromKeyfile, wipeKey } from '../../common/keys/keyfile-key.ts';
import { walletFiles } from '../../common/keys/wallet.ts';
import { refuseUnwritable, writeKeyFiles } from '../../common/keys/wallet-write.ts';
import { locationOf, withAction, withHotkey } from '../flags.ts';
import type { ActionFlags, WalletFlags } from '../flags.ts';
import type { Prompter } from '../prompt.ts';
import { usage } from './wallet-deps.ts';
import type { WalletDeps } from './wallet-deps.ts';
import { openKeyfile } from '../wallet-open.ts';
import type { KeyKind } from '../wallet-open.ts';
import { checkKey } from './check-key.ts';
import { givenPassword, newPassword, sealKey } from './new-password.ts';
import type { NewPasswordSource } from './new-password.ts';

interface PasswdFlags extends WalletFlags, ActionFlags {
  readonly key: KeyKind;
  readonly newPasswordFile?: string;
}

type Change = 'encrypt' | 'decrypt' | 'passwd';

const descriptions: Readonly<Record<Change, string>> = {
  encrypt: 'protect a key that lies in the clear with a password',
  decrypt: 'write an encrypted key in the clear',
  passwd: 'change the password of an encrypted key; older forms become $NACL',
};

/** `subnet wallet encrypt | decrypt | passwd | phrase`. */
export function addPasswd(deps: WalletDeps, command: Command): void {
  for (const change of ['encrypt', 'decrypt', 'passwd'] as const) {
    const one = withKey(withAction(withHotkey(command.command(change))));
    one.description(descriptions[change]);
    if (change !== 'decrypt') {
      one.option('--new-password-file <file>', 'take the new password from a file');
    }
    one.action((flags: PasswdFlags) => changeKey(deps, change, flags));
  }
  withKey(withAction(withHotkey(command.command('phrase'))))
    .description('show the phrase of a key on this terminal, to be written down')
    .action((flags: PasswdFlags) => showPhrase(deps, flags));
}

function withKey(command: Command): Command {
  const kinds: readonly KeyKind[] = ['coldkey', 'hotkey'];
  const option = new Option('--key <kind>', 'coldkey or hotkey').choices(kinds).default('coldkey');
  return command.addOption(option);
}

async function changeKey(deps: WalletDeps, change: Change, flags: PasswdFlags): Promise<void> {
  const { io } = deps;
  const file = walletFiles(locationOf(io, flags))[flags.key];
  const isEncrypted = checkKey(deps, flags.key, file) !== undefined;
  if (change === 'encrypt' && isEncrypted) throw usage(`${file} is encrypted: use passwd`);
  if (change !== 'encrypt' && !isEncrypted) throw usage(`${file} is not encrypted`);
  refuseUnwritable([{ file }]);
  if (flags.dryRun !== true) await rewrite(deps, change, flags, file);
  else if (change !== 'decrypt') givenPassword(deps, passwordSource(change, flags, file));
  const dryRun = flags.dryRun === true ? { dryRun: true } : {};
  if (flags.json === true) io.out(JSON.stringify({ ok: true, ...dryRun, change, file }));
  else io.out(`${flags.dryRun === true ? 'would write' : 'wrote   '} ${file}`);
}

async function rewrite(
  deps: WalletDeps,
  change: Change,
  flags: PasswdFlags,
  file: string,
): Promise<void> {
  const prompter = deps.prompter(flags);
  if (change === 'decrypt') await requireConsent(prompter, file);
  const { text } = await openKeyfile(flags.key, file, { ...deps, prompter });
  try {
    // What cannot be read as a key must not take the place of the file.
    wipeKey(keyFromKeyfile(deps.sr25519, file, new TextDecoder().decode(text)).key);
    const source = passwordSource(change, flags, file);
    const content = change === 'decrypt' ? text : await sealed(deps, prompter, source, text);
    writeKeyFiles([{ file, content, replace: true }]);
  } finally {
    text.fill(0);
  }
}

async function requireConsent(prompter: Prompter, file: string): Promise<void> {
  const question = `Write the secret of ${file} in the clear?`;
  if (!(await prompter.confirm(question))) throw new SubnetError('CANCELLED');
}

async function sealed(
  deps: WalletDeps,
  prompter: Prompter,
  source: NewPasswordSource,
  text: Uint8Array,
): Promise<Uint8Array> {
  return sealKey(deps, source.kind, text, await newPassword(deps, prompter, source));
}

function passwordSource(change: Change, flags: PasswdFlags, file: string): NewPasswordSource {
  // With passwd the variables hold the old password.
  const settings = change === 'encrypt';
  return { kind: flags.key, file, passwordFile: flags.newPasswordFile, settings };
}

/** The one command that shows a secret: to a person at a terminal, never into a pipe or a file. */
async function showPhrase(deps: WalletDeps, flags: PasswdFlags): Promise<void> {
  const { io } = deps;
  if (flags.json === true || !io.isTty) {
    throw usage('a phrase is shown on a terminal only, never with --json or into a pipe or file');
  }
  const file = walletFiles(locationOf(io, flags))[flags.key];
  checkKey(deps, flags.key, file);
  if (flags.dryRun === true) return io.out(`would show the phrase in ${file}`);
  const prompter = deps.prompter(flags);
  const question = `Show the phrase of ${file} on this screen? Whoever sees it owns the key.`;
  if (!(await prompter.confirm(question))) throw new SubnetError('CANCELLED');
  const { text } = await openKeyfile(flags.key, file, { ...deps, prompter });
  const { key } = keyFromKeyfile(deps.sr25519, file, new TextDecoder().decode(text));
  text.fill(0);
  wipeKey(key);
  io.out(
    key.phrase ??
      'This key has no phrase: it was made from a seed or a private key. Keep a copy of its file.',
  );
}
