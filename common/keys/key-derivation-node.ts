import { pbkdf2, scrypt } from 'node:crypto';
import { createRequire } from 'node:module';
import process from 'node:process';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { IArgon2Options } from 'hash-wasm';
import { messageOf, SubnetError } from '../errors.ts';
import type { Argon2Input, KeyDerivation, ScryptInput } from './key-derivation.ts';

export interface KeyDerivationOptions {
  /** What this process may use at most, in bytes; a container's limit where there is one. */
  readonly memoryLimit?: number;
  /** Ends the work of a person who will not wait for it: CANCELLED. */
  readonly signal?: AbortSignal;
}

/** OpenSSL on Node's thread pool; Argon2i by hash-wasm in a worker of its own. */
export function nodeKeyDerivation(options: KeyDerivationOptions = {}): KeyDerivation {
  const memoryLimit = options.memoryLimit ?? containerLimit();
  const signal = options.signal ?? new AbortController().signal;
  return {
    argon2i: (input) => argon2i(input, memoryLimit, signal),
    pbkdf2Sha256: ({ password, salt, rounds, length }) =>
      unlessAborted(signal, promisify(pbkdf2)(password, salt, rounds, length, 'sha256')),
    scrypt: (input) => unlessAborted(signal, scryptKey(input)),
  };
}

function scryptKey(input: ScryptInput): Promise<Uint8Array> {
  const { password, salt, length, cost, blockSize, parallel } = input;
  const settings = { N: cost, r: blockSize, p: parallel, maxmem: 256 * cost * blockSize };
  return new Promise((fulfil, reject) => {
    scrypt(password, salt, length, settings, (error, key) =>
      error === null ? fulfil(key) : reject(error),
    );
  });
}

/** The thread pool cannot be told to stop: its result is left behind. */
function unlessAborted<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  return new Promise((fulfil, reject) => {
    const stop = (): void => reject(new SubnetError('CANCELLED'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const done = (): void => signal.removeEventListener('abort', stop);
    work.then(fulfil, reject).finally(done);
  });
}

// Node beside the derivation itself; below this the kernel would end the process without a word.
const ownMemory = 64 * 1024 * 1024;

function containerLimit(): number {
  const limit = process.constrainedMemory();
  return limit === 0 || limit === undefined ? Infinity : limit;
}

async function argon2i(
  input: Argon2Input,
  memoryLimit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (memoryLimit < input.memoryBytes + ownMemory) throw outOfMemory(input, `limit=${memoryLimit}`);
  if (signal.aborted) throw new SubnetError('CANCELLED');
  const { worker, outcome: ended } = startWorker(input);
  const outcome = await unlessAborted(signal, ended).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  if (outcome.key !== undefined) return outcome.key;
  throw outOfMemory(input, outcome.problem);
}

function outOfMemory({ memoryBytes }: Argon2Input, detail: string): SubnetError {
  return new SubnetError('KEYFILE_MEMORY', { detail, neededMiB: memoryBytes / 1024 / 1024 });
}

type Outcome = { readonly key: Uint8Array } | { readonly key?: never; readonly problem: string };

// As text, so that it starts in the same way from sources and from what is built of them.
const workerSource = `
  const { parentPort, workerData } = require('node:worker_threads');
  require(workerData.library).argon2i(workerData.options).then(
    (key) => parentPort.postMessage({ key }),
    (error) => parentPort.postMessage({ problem: String(error && error.message) }),
  );
`;

interface Work {
  readonly worker: Worker;
  readonly outcome: Promise<Outcome>;
}

/** A fault in there can only be want of memory: everything else was checked before. */
function startWorker(input: Argon2Input): Work {
  const options: IArgon2Options = {
    password: input.password,
    salt: input.salt,
    iterations: input.passes,
    parallelism: 1,
    memorySize: input.memoryBytes / 1024,
    hashLength: input.length,
    outputType: 'binary',
  };
  const library = createRequire(import.meta.url).resolve('hash-wasm');
  const worker = new Worker(workerSource, { eval: true, workerData: { library, options } });
  const outcome = new Promise<Outcome>((fulfil) => {
    worker.once('message', (message: Outcome) => fulfil(message));
    worker.once('error', (error) => fulfil({ problem: messageOf(error) }));
  });
  return { worker, outcome };
}
