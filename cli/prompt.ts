import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { SubnetError } from '../common/errors.ts';

/** Questions to the person at the terminal; tests hand in answers instead. */
export interface Prompter {
  /**
   * Something secret, typed without echo; blanks around it are cut, as the Bittensor wallets do.
   * Throws USAGE where nobody can be asked (`instead` says what to do then), CANCELLED on Ctrl-C.
   */
  secret(question: string, instead?: string): Promise<string>;
  /** Yes or no; no when Return is pressed. Always yes with `--yes` or `--no-prompt`. */
  confirm(question: string): Promise<boolean>;
  /** Throws USAGE where `confirm` would: for asking before minutes of work, not after them. */
  checkConfirm(question: string): void;
}

export interface PromptFlags {
  /** False with `--no-prompt`: ask nothing; what needs no secret goes ahead, as with btcli. */
  readonly prompt?: boolean;
  /** Yes to every question that can be answered so; secrets are still asked for. */
  readonly yes?: boolean;
}

/** The terminal that questions go to: standard error by default, so that stdout stays machine-readable. */
export interface PromptTerminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly signal: AbortSignal;
}

export function processTerminal(signal: AbortSignal): PromptTerminal {
  return { input: process.stdin, output: process.stderr, signal };
}

/** Asks with @inquirer on a terminal; refuses with USAGE where there is none. */
export function terminalPrompter(terminal: PromptTerminal, flags: PromptFlags = {}): Prompter {
  const checkConfirm = (question: string): void => {
    if (flags.yes === true || flags.prompt === false) return;
    requireTerminal(terminal, flags, question, 'pass --yes to answer yes');
  };
  return {
    checkConfirm,
    async secret(question, instead = '') {
      requireTerminal(terminal, flags, question, instead);
      const { default: password } = await import('@inquirer/password');
      const typed = await ask(() => password({ message: question, mask: false }, { ...terminal }));
      return typed.trim();
    },
    async confirm(question) {
      if (flags.yes === true || flags.prompt === false) return true;
      checkConfirm(question);
      const { default: confirm } = await import('@inquirer/confirm');
      return ask(() => confirm({ message: question, default: false }, { ...terminal }));
    },
  };
}

function requireTerminal(
  { input, output }: PromptTerminal,
  { prompt }: PromptFlags,
  question: string,
  instead: string,
): void {
  const why =
    prompt === false
      ? 'with --no-prompt'
      : input.isTTY !== true
        ? 'because standard input is no terminal'
        : output.isTTY !== true
          ? 'because standard error is no terminal'
          : undefined;
  if (why === undefined) return;
  const detail = `"${question}" cannot be asked ${why}${instead === '' ? '' : `; ${instead}`}`;
  throw new SubnetError('USAGE', { detail });
}

const leavingNames = ['ExitPromptError', 'AbortPromptError', 'CancelPromptError'];

async function ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  try {
    return await question();
  } catch (error) {
    // Its own message quotes the state of the question; ours quotes nothing that was typed.
    if (error instanceof Error && leavingNames.includes(error.name)) {
      throw new SubnetError('CANCELLED');
    }
    throw error;
  }
}
