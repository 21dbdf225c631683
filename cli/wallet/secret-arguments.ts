import { Option } from 'commander';
import type { Command } from 'commander';
import { usage } from './wallet-deps.ts';

const passwordFlags = [
  'password',
  'wallet-password',
  'coldkey-password',
  'hotkey-password',
  'json-password',
  'old-password',
  'new-password',
];
const keyFlags = ['mnemonic', 'seed', 'private-key', 'suri'];

/**
 * Other wallet tools take secrets as arguments, where every user of the machine sees them in the
 * list of processes and the shell writes them down. The flags are known here, so that they are
 * refused with the way that is safe, and never quoted as unknown.
 */
export function refuseSecretArguments(command: Command): void {
  passwordFlags.forEach((flag) => refuse(command, flag, passwordAdvice));
  keyFlags.forEach((flag) => refuse(command, flag, keyAdvice));
}

const passwordAdvice =
  'leave it out to be asked, or name a file that holds it in BT_WALLET_PASSWORD_FILE';
const keyAdvice =
  'use regen-coldkey or regen-hotkey, which ask for it, or read it from a file or standard input with --from';

function refuse(command: Command, flag: string, advice: string): void {
  if (command.options.some(({ long }) => long === `--${flag}`)) return;
  command.addOption(new Option(`--${flag} <secret...>`).hideHelp());
  command.on(`option:${flag}`, () => {
    throw secretArgument(flag, advice);
  });
}

/** Why `--mnemonic` and the like are not taken; never quotes what was given. */
export function secretArgument(flag: string, advice: string) {
  const why = 'arguments are seen by every user of the machine and kept by the shell';
  return usage(`--${flag} is refused: ${why}; ${advice}`);
}
