import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { packagePath } from '../node/package-root.ts';
import type { SignatureCheck, Verifier } from '../signer-port.ts';

/**
 * 96 secret bytes: scalar (32, canonical mod l), nonce (32), public key (32). The first 64 are
 * what a Bittensor keyfile calls `privateKey`.
 */
export type Keypair = Uint8Array;

/** sr25519 under the signing context `substrate`, run by our own WASM build. */
export interface Sr25519 extends Verifier {
  /** Expands a 32-byte mini secret the way Substrate does. Throws RangeError on another length. */
  keypairFromMiniSecret(miniSecret: Uint8Array): Keypair;
  /** From a keyfile's 64-byte form; `undefined` when its scalar is zero or not reduced. */
  keypairFromSecret(secret: Uint8Array): Keypair | undefined;
  /** The child behind `//name`, with the mini secret that it stands on. */
  deriveHard(keypair: Keypair, chainCode: Uint8Array): { miniSecret: Uint8Array; keypair: Keypair };
  /** The child behind `/name`. Its nonce half is fresh each time; key and address are not. */
  deriveSoft(keypair: Keypair, chainCode: Uint8Array): Keypair;
  /** A 64-byte signature; randomised. */
  sign(keypair: Keypair, message: Uint8Array): Uint8Array;
}

export interface Sr25519Options {
  /** The compiled crate; the artefact of the package by default. */
  readonly wasm?: Uint8Array<ArrayBuffer>;
  /** Fills its argument; the operating system's generator by default. */
  readonly fillRandom?: (bytes: Uint8Array) => void;
}

const miniLength = 32;
const secretLength = 64;
const publicLength = 32;
const signatureLength = 64;
const keypairLength = secretLength + publicLength;
const randomLength = 32;
const entryLength = 16;
/** What goes over in one call: past 32 they share nothing more that would be worth the memory. */
const batchSize = 32;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly __stack_low: { readonly value: number };
  readonly __stack_high: { readonly value: number };
  alloc(length: number): number;
  free(at: number, length: number): void;
  keypair_from_mini(mini: number, out: number): number;
  keypair_from_secret(secret: number, out: number): number;
  derive_hard(keypair: number, chainCode: number, out: number): number;
  derive_soft(keypair: number, chainCode: number, random: number, out: number): number;
  sign(keypair: number, message: number, length: number, random: number, out: number): number;
  verify(publicKey: number, signature: number, message: number, length: number): number;
  verify_batch(entries: number, count: number, verdicts: number): void;
}

// The part of the WebAssembly interface that is used; Node's types for this version have none.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object) => { readonly exports: unknown };
  RuntimeError: new () => Error;
};

/**
 * Compiles and starts the crate; synchronous, some milliseconds. Each call has its own memory, in
 * which the tables of up to 320 public keys come to stay: 31 kB for each that is checked often.
 */
export function loadSr25519(options: Sr25519Options = {}): Sr25519 {
  const crate = new Crate(options.wasm ?? readArtefact());
  const fillRandom = options.fillRandom ?? ((bytes) => void randomFillSync(bytes));
  return makeSr25519(crate, fillRandom);
}

function readArtefact(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(packagePath('native', 'sr25519', 'sr25519.wasm')));
}

type Act<T> = (wasm: Exports, arena: Arena) => T;

interface Instance {
  readonly wasm: Exports;
  readonly arena: Arena;
}

/**
 * The running crate. A trap, of which the usual cause is memory, leaves it in the middle of what it
 * did, and every later call would trap as well: it is started anew, with empty tables, and the call
 * is made once more. No call ever reaches an instance that trapped: its memory is wiped, and what it
 * then says of a signature would be worth nothing.
 */
class Crate {
  readonly #module: object;
  /** Null after a trap, until it could be started anew. */
  #running: Instance | null;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#module = new WebAssembly.Module(bytes);
    this.#running = start(this.#module);
  }

  run<T>(act: Act<T>): T {
    try {
      return this.#try(act);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      return this.#try(act);
    }
  }

  #try<T>(act: Act<T>): T {
    const { wasm, arena } = (this.#running ??= start(this.#module));
    try {
      return act(wasm, arena);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#abandon(wasm);
      throw error;
    }
  }

  #abandon({ memory }: Exports): void {
    this.#running = null;
    // Its stack may hold secrets.
    new Uint8Array(memory.buffer).fill(0);
  }
}

function start(module: object): Instance {
  const { exports } = new WebAssembly.Instance(module);
  return { wasm: exports as Exports, arena: new Arena(exports as Exports) };
}

/** What one call may reserve: addresses of the crate have 32 bits, and it doubles what it asks for. */
const maxReserved = 2 ** 30;

/** One region of WASM memory that every call reuses: arguments in, results out, secrets wiped. */
class Arena {
  readonly #exports: Exports;
  #at = 0;
  #capacity = 0;
  #memory = new Uint8Array();

  constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** The address of `length` bytes, valid until the next call. Throws RangeError for a gibibyte. */
  reserve(length: number): number {
    if (length > maxReserved) throw new RangeError('the message does not fit into memory');
    if (length > this.#capacity) this.#grow(length);
    return this.#at;
  }

  write(at: number, bytes: Uint8Array): void {
    this.#view().set(bytes, at);
  }

  writeWords(at: number, ...words: number[]): void {
    this.write(at, new Uint8Array(Uint32Array.from(words).buffer));
  }

  read(at: number, length: number): Uint8Array {
    return this.#view().slice(at, at + length);
  }

  /** Lets `fill` write `length` bytes in place. */
  fill(at: number, length: number, fill: (bytes: Uint8Array) => void): void {
    fill(this.#view().subarray(at, at + length));
  }

  /** Clears `length` bytes and the stack, where the callee left what it computed with. */
  wipe(at: number, length: number): void {
    const { __stack_low: low, __stack_high: high } = this.#exports;
    this.#view()
      .fill(0, at, at + length)
      .fill(0, low.value, high.value);
  }

  #grow(length: number): void {
    if (this.#capacity > 0) this.#exports.free(this.#at, this.#capacity);
    this.#capacity = 0;
    const capacity = Math.max(16_384, Math.min(length * 2, maxReserved));
    const at = this.#exports.alloc(capacity) >>> 0;
    if (at === 0) throw new RangeError('the message does not fit into memory');
    this.#at = at;
    this.#capacity = capacity;
  }

  // A grown memory detaches earlier views.
  #view(): Uint8Array {
    const { buffer } = this.#exports.memory;
    if (this.#memory.buffer !== buffer) this.#memory = new Uint8Array(buffer);
    return this.#memory;
  }
}

type FillRandom = (bytes: Uint8Array) => void;

function makeSr25519(crate: Crate, fillRandom: FillRandom): Sr25519 {
  return {
    keypairFromMiniSecret(miniSecret) {
      requireLength('a mini secret', miniSecret, miniLength);
      const run: Run = (wasm, at, out) => wasm.keypair_from_mini(at, out);
      return present(transform(crate, [miniSecret], keypairLength, run));
    },
    keypairFromSecret(secret) {
      requireLength('a secret key', secret, secretLength);
      const run: Run = (wasm, at, out) => wasm.keypair_from_secret(at, out);
      return transform(crate, [secret], keypairLength, run);
    },
    deriveHard(keypair, chainCode) {
      requireJunction(keypair, chainCode);
      const run: Run = (wasm, at, out) => wasm.derive_hard(at, at + keypairLength, out);
      const both = present(transform(crate, [keypair, chainCode], miniLength + keypairLength, run));
      const child = { miniSecret: both.slice(0, miniLength), keypair: both.slice(miniLength) };
      both.fill(0);
      return child;
    },
    deriveSoft(keypair, chainCode) {
      requireJunction(keypair, chainCode);
      const random = new Uint8Array(randomLength);
      fillRandom(random);
      const run: Run = (wasm, at, out) =>
        wasm.derive_soft(at, at + keypairLength, at + keypairLength + 32, out);
      return present(transform(crate, [keypair, chainCode, random], keypairLength, run));
    },
    sign(keypair, message) {
      requireLength('a keypair', keypair, keypairLength);
      return crate.run((wasm, arena) => sign(wasm, arena, fillRandom, keypair, message));
    },
    verify(message, signature, publicKey) {
      return crate.run((wasm, arena) => verify(wasm, arena, { message, signature, publicKey }));
    },
    verifyBatch(checks) {
      const verdicts: boolean[] = [];
      for (let from = 0; from < checks.length; from += batchSize) {
        const batch = checks.slice(from, from + batchSize);
        verdicts.push(...crate.run((wasm, arena) => verifyBatch(wasm, arena, batch)));
      }
      return verdicts;
    },
  };
}

type Run = (wasm: Exports, at: number, out: number) => number;

/** Secret bytes in, secret bytes out; `undefined` when the crate refuses the input. */
function transform(
  crate: Crate,
  inputs: readonly Uint8Array[],
  outLength: number,
  run: Run,
): Uint8Array | undefined {
  return crate.run((wasm, arena) => transformIn(wasm, arena, inputs, outLength, run));
}

function transformIn(
  wasm: Exports,
  arena: Arena,
  inputs: readonly Uint8Array[],
  outLength: number,
  run: Run,
): Uint8Array | undefined {
  const inLength = inputs.reduce((sum, input) => sum + input.length, 0);
  const at = arena.reserve(inLength + outLength);
  try {
    let next = at;
    for (const input of inputs) {
      arena.write(next, input);
      next += input.length;
    }
    return run(wasm, at, next) === 1 ? arena.read(next, outLength) : undefined;
  } finally {
    arena.wipe(at, inLength + outLength);
  }
}

function sign(
  wasm: Exports,
  arena: Arena,
  fillRandom: FillRandom,
  keypair: Keypair,
  message: Uint8Array,
): Uint8Array {
  const secrets = keypairLength + randomLength;
  const at = arena.reserve(secrets + signatureLength + message.length);
  const out = at + secrets;
  const text = out + signatureLength;
  try {
    arena.write(at, keypair);
    arena.fill(at + keypairLength, randomLength, fillRandom);
    arena.write(text, message);
    const done = wasm.sign(at, text, message.length, at + keypairLength, out);
    return present(done === 1 ? arena.read(out, signatureLength) : undefined);
  } finally {
    arena.wipe(at, secrets);
  }
}

function verify(wasm: Exports, arena: Arena, check: SignatureCheck): boolean {
  if (!hasLengths(check)) return false;
  const { message, signature, publicKey } = check;
  const at = arena.reserve(publicLength + signatureLength + message.length);
  arena.write(at, publicKey);
  arena.write(at + publicLength, signature);
  arena.write(at + publicLength + signatureLength, message);
  const text = at + publicLength + signatureLength;
  return wasm.verify(at, at + publicLength, text, message.length) === 1;
}

function verifyBatch(wasm: Exports, arena: Arena, checks: readonly SignatureCheck[]): boolean[] {
  const shaped = checks.filter(hasLengths);
  // The crate takes no empty list: it has no address.
  if (shaped.length === 0) return checks.map(() => false);
  const entries = arena.reserve(batchLength(shaped));
  const verdicts = entries + shaped.length * entryLength;
  writeEntries(arena, shaped, entries, verdicts + shaped.length);
  wasm.verify_batch(entries, shaped.length, verdicts);
  const found = arena.read(verdicts, shaped.length).values();
  return checks.map((check) => hasLengths(check) && found.next().value === 1);
}

function batchLength(checks: readonly SignatureCheck[]): number {
  const each = entryLength + 1 + publicLength + signatureLength;
  const messages = checks.reduce((sum, check) => sum + check.message.length, 0);
  return checks.length * each + messages;
}

function writeEntries(
  arena: Arena,
  checks: readonly SignatureCheck[],
  entries: number,
  data: number,
): void {
  let entry = entries;
  let at = data;
  for (const { publicKey, signature, message } of checks) {
    const text = at + publicLength + signatureLength;
    arena.writeWords(entry, at, at + publicLength, text, message.length);
    arena.write(at, publicKey);
    arena.write(at + publicLength, signature);
    arena.write(text, message);
    entry += entryLength;
    at = text + message.length;
  }
}

function hasLengths({ publicKey, signature }: SignatureCheck): boolean {
  return publicKey.length === publicLength && signature.length === signatureLength;
}

function requireJunction(keypair: Keypair, chainCode: Uint8Array): void {
  requireLength('a keypair', keypair, keypairLength);
  requireLength('a chain code', chainCode, 32);
}

function requireLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${what} has ${length} bytes`);
}

// The crate refuses these inputs only when a keypair was not made by it.
function present(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new RangeError('not a keypair');
  return bytes;
}
