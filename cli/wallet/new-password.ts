import { SubnetError } from '../../common/errors.ts';
import { encryptKeyfile } from '../../common/keys/keyfile-crypt.ts';
import { naclNonceLength } from '../../common/keys/keyfile-nacl.ts';
import { passwordProblem } from '../../common/keys/password-policy.ts';
import type { Prompter } from '../prompt.ts';
import { usage } from './wallet-deps.ts';
import type { WalletDeps } from './wallet-deps.ts';
import { readPasswordFile } from '../password-file.ts';
import { passwordFromSettings, passwordSettings, progressLine } from '../wallet-open.ts';
import type { KeyKind } from '../wallet-open.ts';

export interface NewPasswordSource {
  readonly kind: KeyKind;
  readonly file: string;
  /** A file to read it from. */
  readonly passwordFile?: string | undefined;
  /** Whether the variables of the wallet may give it: not where they hold the old one. */
  readonly settings: boolean;
}

/**
 * A password for a key file to be written: from a file or the environment, else asked for twice.
 * Throws PASSWORD_WEAK, PASSWORD_VARIABLE_INVALID, PASSWORD_FILE_UNREADABLE, USAGE, CANCELLED.
 */
export async function newPassword(
  deps: WalletDeps,
  prompter: Prompter,
  source: NewPasswordSource,
): Promise<string> {
  return givenPassword(deps, source) ?? (await askTwice(deps, prompter, source));
}

/**
 * The password that a file or the environment gives, `undefined` when a person will be asked.
 * Throws PASSWORD_WEAK, PASSWORD_VARIABLE_INVALID, PASSWORD_FILE_UNREADABLE.
 */
export function givenPassword({ io }: WalletDeps, source: NewPasswordSource): string | undefined {
  const { kind, file, passwordFile, settings } = source;
  const fromSettings = () => (settings ? passwordFromSettings(kind, file, io) : undefined);
  const given = passwordFile === undefined ? fromSettings() : readPasswordFile(passwordFile, io);
  const problem = given === undefined ? undefined : passwordProblem(given);
  if (problem === undefined) return given;
  throw new SubnetError('PASSWORD_WEAK', { detail: problem, file });
}

const tries = 3;

async function askTwice(
  { io }: WalletDeps,
  prompter: Prompter,
  { kind, settings }: NewPasswordSource,
): Promise<string> {
  const instead = settings ? passwordSettings(kind) : 'name a file with --new-password-file';
  for (let left = tries; left > 0; left -= 1) {
    const password = await prompter.secret(`New password of the ${kind}`, instead);
    const problem = passwordProblem(password);
    if (problem !== undefined) io.err(`the password is too weak: ${problem}`);
    else if ((await prompter.secret('The same password again')) === password) return password;
    else io.err('the two passwords differ');
  }
  throw usage(`no usable password after ${tries} tries`);
}

/** The bytes of the encrypted file. Throws KEYFILE_MEMORY. */
export function sealKey(
  deps: WalletDeps,
  kind: KeyKind,
  text: Uint8Array,
  password: string,
): Promise<Uint8Array> {
  if (deps.io.isTty) deps.io.err(progressLine(kind, 'nacl'));
  return encryptKeyfile(deps.derivation, text, password, deps.randomBytes(naclNonceLength));
}
