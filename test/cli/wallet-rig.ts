import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { CommanderError } from 'commander';
import type { Command } from 'commander';
import type { CliIo } from '../../cli/io.ts';
import type { Prompter } from '../../cli/prompt.ts';
import { walletCommand } from '../../cli/wallet.ts';
import type { WalletDeps } from '../../cli/wallet/wallet-deps.ts';
import { isSubnetError } from '../../common/errors.ts';
import type { KeyDerivation } from '../../common/keys/key-derivation.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { fakePrompter } from '../fakes/fake-prompter.ts';

export interface WalletRun {
  readonly out: string[];
  readonly err: string[];
  readonly code: string;
  readonly exit: number;
  readonly text: string;
}

export interface RunOptions {
  readonly answers?: readonly (string | boolean)[];
  readonly prompter?: Prompter;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly isTty?: boolean;
  readonly derivation?: KeyDerivation;
  readonly signal?: AbortSignal;
}

/**
 * Every derivation as one quick PBKDF2 over all of its inputs: files made with it are opened with it
 * only. The real one is measured against vectors in test/common/wallet-crypt.test.ts.
 */
export const quickDerivation: KeyDerivation = {
  argon2i: async ({ password, salt, length }) => quick('argon2i', password, salt, length),
  pbkdf2Sha256: async ({ password, salt, rounds, length }) =>
    quick(`pbkdf2 ${rounds}`, password, salt, length),
  scrypt: async ({ password, salt, length, cost, blockSize, parallel }) =>
    new Uint8Array(
      scryptSync(password, salt, length, { N: cost, r: blockSize, p: parallel, maxmem: 2 ** 28 }),
    ),
};

function quick(kind: string, password: Uint8Array, salt: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(
    pbkdf2Sync(password, Buffer.concat([Buffer.from(kind), salt]), 1, length, 'sha256'),
  );
}

const sr25519 = loadSr25519();

/** A folder of wallets for one test, and the wallet commands upon it. */
export function walletRig() {
  const path = mkdtempSync(join(tmpdir(), 'wallets-'));
  return {
    path,
    file: (...parts: readonly string[]) => join(path, ...parts),
    remove: () => rmSync(path, { recursive: true, force: true }),
    run: (args: readonly string[], options: RunOptions = {}) => runWallet(path, args, options),
  };
}

async function runWallet(
  path: string,
  args: readonly string[],
  options: RunOptions,
): Promise<WalletRun> {
  const [out, err]: [string[], string[]] = [[], []];
  let exit = 0;
  const io: CliIo = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    env: { BT_WALLET_PATH: path, BT_WALLET_NAME: 'mine', ...options.env },
    isTty: options.isTty ?? false,
    colour: false,
    columns: 80,
    signal: options.signal ?? new AbortController().signal,
    setExitCode: (code) => {
      exit = code;
    },
  };
  const code = await codeOf(() => runCommand(io, args, options));
  return { out, err, code: code.code, exit, text: [...out, ...err, code.text].join('\n') };
}

async function runCommand(io: CliIo, args: readonly string[], options: RunOptions): Promise<void> {
  const deps: WalletDeps = {
    io,
    sr25519,
    derivation: options.derivation ?? quickDerivation,
    prompter: () => options.prompter ?? fakePrompter(...(options.answers ?? [])),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    readInput: async () => Buffer.from(options.input ?? ''),
  };
  const command = walletCommand(io, deps);
  quiet(command, io);
  await command.parseAsync([...args], { from: 'user' });
}

function quiet(command: Command, io: CliIo): void {
  command.exitOverride().configureOutput({ writeErr: io.err, writeOut: io.out });
  command.commands.forEach((one) => quiet(one, io));
}

async function codeOf(act: () => Promise<void>): Promise<{ code: string; text: string }> {
  try {
    await act();
    return { code: 'ok', text: '' };
  } catch (error) {
    if (isSubnetError(error)) return { code: error.code, text: `${error.message} ${error.fix}` };
    if (error instanceof CommanderError) return { code: error.code, text: error.message };
    throw error;
  }
}

export function json(run: WalletRun): Record<string, unknown> {
  return JSON.parse(run.out.at(-1) ?? '') as Record<string, unknown>;
}
