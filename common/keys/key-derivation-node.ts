import { pbkdf2, scrypt } from 'node:crypto';
import { createRequire } from 'node:module';
import process from 'node:process';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { IArgon2Options } from 'hash-wasm';
import { messageOf, SubnetError } from '../errors.ts';
import type { Argon2Input, KeyDerivation } from './key-derivation.ts';

export interface KeyDerivationOptions {
  /** What this process may use at most, in bytes; a container's limit where there is one. */
  readonly memoryLimit?: number;
}

/** OpenSSL on Node's thread pool; Argon2i by hash-wasm in a worker of its own. */
export function nodeKeyDerivation(options: KeyDerivationOptions = {}): KeyDerivation {
  const memoryLimit = options.memoryLimit ?? containerLimit();
  return {
    argon2i: (input) => argon2i(input, memoryLimit),
    pbkdf2Sha256: ({ password, salt, rounds, length }) =>
      promisify(pbkdf2)(password, salt, rounds, length, 'sha256'),
    scrypt: ({ password, salt, length, cost, blockSize, parallel }) => {
      const maxmem = 256 * cost * blockSize;
      const settings = { N: cost, r: blockSize, p: parallel, maxmem };
      return new Promise((fulfil, reject) => {
        scrypt(password, salt, length, settings, (error, key) =>
          error === null ? fulfil(key) : reject(error),
        );
      });
    },
  };
}

// Node beside the derivation itself; below this the kernel would end the process without a word.
const ownMemory = 64 * 1024 * 1024;

function containerLimit(): number {
  const limit = process.constrainedMemory();
  return limit === 0 || limit === undefined ? Infinity : limit;
}

async function argon2i(input: Argon2Input, memoryLimit: number): Promise<Uint8Array> {
  if (memoryLimit < input.memoryBytes + ownMemory) throw outOfMemory(input, `limit=${memoryLimit}`);
  const outcome = await runWorker(input);
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

/** A fault in there can only be want of memory: everything else was checked before. */
function runWorker(input: Argon2Input): Promise<Outcome> {
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
  return new Promise((fulfil) => {
    const worker = new Worker(workerSource, { eval: true, workerData: { library, options } });
    worker.once('message', (outcome: Outcome) => fulfil(outcome));
    worker.once('error', (error) => fulfil({ problem: messageOf(error) }));
  });
}
