import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** A stream of pseudo-random numbers: the same seed and label give the same stream in every engine. */
export interface Prng {
  /** A whole number from 0 to 2^32 - 1. */
  readonly u32: () => number;
  /** A whole number from 0 to `bound` - 1, each equally likely; `bound` from 1 to 2^32. */
  readonly below: (bound: number) => number;
  /** A number from `low` up to, not including, `high`. */
  readonly between: (low: number, high: number) => number;
  /** Bell-shaped with mean 0 and variance 1, between -6 and 6. */
  readonly bell: () => number;
}

type State = [number, number, number, number];

const encoder = new TextEncoder();

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/** xoshiro128** 1.1 (Blackman and Vigna, public domain): one step, in place. */
function step(s: State): number {
  const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
  const t = s[1] << 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotateLeft(s[3], 11);
  return result;
}

function initialState(seed: Uint8Array, label: string): State {
  const digest = sha256(concat([seed, encoder.encode(label)]));
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  const word = (at: number): number => view.getUint32(at, true) | 0;
  return [word(0), word(4), word(8), word(12)];
}

/**
 * The sum of twelve uniform 16-bit numbers, centred and scaled (Irwin and Hall). Math.log and
 * Math.cos may differ in the last bit between engines; whole numbers cannot.
 */
function bellFrom(u32: () => number): number {
  let total = 0;
  for (let i = 0; i < 6; i += 1) {
    const x = u32();
    total += (x & 0xffff) + (x >>> 16);
  }
  return (total + 6) / 65536 - 6;
}

function belowFrom(u32: () => number, bound: number): number {
  // Numbers past the last whole multiple of the bound would favour the small results.
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let x = u32();
  while (x >= limit) x = u32();
  return x % bound;
}

/**
 * Not for keys: whoever sees enough of a stream can continue it. Each challenge has a seed of its
 * own, so a miner that does so learns nothing beyond the challenge in its hands.
 * State: the first 16 bytes of sha256(seed || label) as four little-endian words.
 */
export function prng(seed: Uint8Array, label: string): Prng {
  const state = initialState(seed, label);
  const u32 = (): number => step(state);
  return {
    u32,
    below: (bound) => belowFrom(u32, bound),
    between: (low, high) => low + (high - low) * (u32() / 2 ** 32),
    bell: () => bellFrom(u32),
  };
}

/** Length and bytes of each part, so that no two lists of parts give the same bytes. */
function framed(parts: readonly Uint8Array[]): Uint8Array {
  return concat(
    parts.flatMap((part) => {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, part.length, true);
      return [length, part];
    }),
  );
}

function taggedHash(tag: string, parts: readonly Uint8Array[]): Uint8Array {
  return sha256(framed([encoder.encode(`subnet-suite/${tag}/1`), ...parts]));
}

/**
 * The secret of one round, from the validator's long-lived one: disclosing it in the evidence
 * reveals the challenges of that round and of no other. 32 bytes.
 */
export function roundSecret(secret: Uint8Array, round: number): Uint8Array {
  return hmac(sha256, secret, framed([encoder.encode(`subnet-suite/round/1/${round}`)]));
}

/** What a validator publishes before a round, to be held to its secret afterwards. 32 bytes. */
export function secretCommitment(secret: Uint8Array): Uint8Array {
  return taggedHash('secret', [secret]);
}

export interface SeedParts {
  /** Of a block that no one could foresee when the secret was committed to; `0x` hex. */
  readonly blockHash: string;
  /** What `roundSecret` gave. */
  readonly secret: Uint8Array;
  readonly round: number;
  readonly hotkey: string;
  readonly task: string;
}

/** The seed of one miner's challenge for one task in one round. 32 bytes. */
export function challengeSeed(parts: SeedParts): Uint8Array {
  const { blockHash, secret, round, hotkey, task } = parts;
  const texts = [blockHash.toLowerCase(), String(round), hotkey, task];
  return taggedHash('challenge', [secret, ...texts.map((text) => encoder.encode(text))]);
}
