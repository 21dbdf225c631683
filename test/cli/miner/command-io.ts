import { Command } from 'commander';
import type { CliIo } from '../../../cli/io.ts';

/** A terminal that is looked at by tests. */
export interface SeenIo extends CliIo {
  readonly lines: readonly string[];
  readonly errors: readonly string[];
  readonly exitCode: number;
}

export function seenIo(signal: AbortSignal = new AbortController().signal): SeenIo {
  const lines: string[] = [];
  const errors: string[] = [];
  let exitCode = 0;
  return {
    lines,
    errors,
    get exitCode() {
      return exitCode;
    },
    out: (text) => void lines.push(text),
    err: (text) => void errors.push(text),
    env: {},
    isTty: false,
    colour: false,
    columns: Infinity,
    signal,
    setExitCode: (code) => void (exitCode = code),
  };
}

/** Runs one command line; usage errors are thrown rather than ending the process. */
export async function runCommand(command: Command, ...args: readonly string[]): Promise<void> {
  for (const one of [command, ...command.commands]) {
    one.exitOverride().configureOutput({ writeErr: () => undefined });
  }
  await command.parseAsync([...args], { from: 'user' });
}
