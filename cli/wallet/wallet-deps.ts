import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { addAbortSignal } from 'node:stream';
import { SubnetError } from '../../common/errors.ts';
import type { KeyDerivation } from '../../common/keys/key-derivation.ts';
import { nodeKeyDerivation } from '../../common/keys/key-derivation-node.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import type { Sr25519 } from '../../common/keys/sr25519.ts';
import type { CliIo } from '../io.ts';
import { processTerminal, terminalPrompter } from '../prompt.ts';
import type { Prompter, PromptFlags } from '../prompt.ts';

/** What the wallet commands touch besides key files. */
export interface WalletDeps {
  readonly io: CliIo;
  readonly sr25519: Sr25519;
  readonly derivation: KeyDerivation;
  prompter(flags: PromptFlags): Prompter;
  randomBytes(length: number): Uint8Array;
  /** All of standard input, as bytes. */
  readInput(): Promise<Uint8Array>;
}

export function processWalletDeps(io: CliIo): WalletDeps {
  return {
    io,
    sr25519: loadSr25519(),
    derivation: nodeKeyDerivation({ signal: io.signal }),
    prompter: (flags) => terminalPrompter(processTerminal(io.signal), flags),
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    readInput: () => readInput(io.signal),
  };
}

const longestInput = 1024 * 1024;

async function readInput(signal: AbortSignal): Promise<Uint8Array> {
  const input = addAbortSignal(signal, process.stdin);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of input as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > longestInput) throw usage('standard input is longer than 1 MiB');
    }
  } catch (error) {
    throw signal.aborted ? new SubnetError('CANCELLED') : error;
  }
  return Buffer.concat(chunks);
}

export function usage(detail: string): SubnetError {
  return new SubnetError('USAGE', { detail });
}
