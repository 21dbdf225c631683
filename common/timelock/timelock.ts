import { gcm } from '@noble/ciphers/aes.js';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { SubnetError, messageOf } from '../errors.ts';
import { ByteReader, concat, littleEndian } from '../scale-bytes.ts';

/**
 * Timelock encryption as Subtensor's runtime opens it (`TLECiphertext<TinyBLS381>` with an AES-GCM
 * body; the scheme is Boneh-Franklin with the Fujisaki-Okamoto transform). Other timelock formats
 * hash differently: an age file of tlock-js does not open on chain.
 */

const { G1, G2, fields, pairing, shortSignatures } = bls12_381;
type G1Point = ReturnType<typeof G1.Point.fromBytes>;
type G2Point = ReturnType<typeof G2.Point.fromBytes>;
type Target = Parameters<typeof fields.Fp12.toBytes>[0];

const signatureDomain = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_';
const secretLength = 32;
const nonceLength = 12;
const tagLength = 16;
const pointLength = 96;
const fieldLength = 48;
const cipherName = 'AES_GCM_';
/** Bytes of a ciphertext beyond those of its plaintext. */
export const timelockOverhead = 244;
/** What the runtime takes in one commit of weights; newer ones take 32,768. */
export const smallestCommitLimit = 5000;

export interface EncryptOptions {
  /** Fresh secret bytes: two ciphertexts must never share them. */
  readonly random: (length: number) => Uint8Array;
  /** Bytes that the chain takes (default 5000). */
  readonly limit?: number;
}

/**
 * Encrypts to a round of a drand beacon: nobody opens it before that round's signature is out.
 * `publicKey` is the beacon's, 96 bytes. The result is `timelockOverhead` bytes longer than the
 * plaintext. Takes tens of milliseconds. Throws TIMELOCK_KEY_INVALID, TIMELOCK_TOO_LONG.
 */
export function encrypt(
  publicKey: Uint8Array,
  round: number,
  plaintext: Uint8Array,
  { random, limit = smallestCommitLimit }: EncryptOptions,
): Uint8Array {
  const bytes = plaintext.length + timelockOverhead;
  if (bytes > limit) throw new SubnetError('TIMELOCK_TOO_LONG', { bytes, limit });
  const beacon = keyPoint(publicKey);
  const [key, sigma] = [random(secretLength), random(secretLength)];
  const scalar = scalarOf(sigma, key);
  // e(r * Q, PK) is e(Q, r * PK), and multiplying in G1 costs half.
  const shared = targetBytes(pairing(roundPoint(round).multiply(scalar), beacon));
  const sealed = seal(key, random(nonceLength), plaintext);
  const parts = {
    u: G2.Point.BASE.multiply(scalar).toBytes(),
    v: xor(sigma, sha256(shared)),
    w: xor(key, sha256(sigma)),
    body: sealed,
  };
  for (const secret of [key, sigma, shared]) secret.fill(0);
  return write(parts);
}

/**
 * Opens a ciphertext with the signature (48 bytes) of its round. Takes tens of milliseconds.
 * Throws TIMELOCK_NOT_OPENED, whose `detail` says why: not a ciphertext, not a signature, not of
 * this round (or another beacon, or changed on the way).
 */
export function decrypt(signature: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const { u, v, w, body } = read(ciphertext);
  const point = pointOf('the first 96 bytes are no point of G2', () => G2.Point.fromBytes(u));
  const shared = targetBytes(pairing(signaturePoint(signature), point));
  const sigma = xor(v, sha256(shared));
  const key = xor(w, sha256(sigma));
  const scalar = scalarOf(sigma, key);
  try {
    const wrong = 'the signature is of another round or beacon, or the bytes were changed';
    if (!G2.Point.BASE.multiply(scalar).equals(point)) throw notOpened(wrong);
    return open(key, body);
  } finally {
    for (const secret of [key, sigma, shared]) secret.fill(0);
  }
}

/** True when this is the beacon's signature of the round. Malformed bytes are false. */
export function verifyPulse(publicKey: Uint8Array, round: number, signature: Uint8Array): boolean {
  try {
    const beacon = G2.Point.fromBytes(publicKey);
    const signed = G1.Point.fromBytes(signature);
    return shortSignatures.verify(signed, roundPoint(round), beacon);
  } catch {
    return false;
  }
}

/** What a beacon signs: the round's number, hashed to G1. Throws RangeError below round 1. */
export function roundPoint(round: number): G1Point {
  if (!Number.isSafeInteger(round) || round < 1) throw new RangeError(`${round} is no round`);
  const message = sha256(littleEndian(BigInt(round), 8).reverse());
  return shortSignatures.hash(message, signatureDomain);
}

function keyPoint(publicKey: Uint8Array): G2Point {
  try {
    const point = G2.Point.fromBytes(publicKey);
    if (!point.is0()) return point;
  } catch (cause) {
    throw new SubnetError('TIMELOCK_KEY_INVALID', { detail: messageOf(cause) }, { cause });
  }
  throw new SubnetError('TIMELOCK_KEY_INVALID', { detail: 'it is the point at infinity' });
}

function signaturePoint(signature: Uint8Array): G1Point {
  return pointOf('the signature is no point of G1', () => G1.Point.fromBytes(signature));
}

/** Decodes a point, infinity excluded: nothing is secret there. */
function pointOf<P extends { is0(): boolean }>(problem: string, decode: () => P): P {
  try {
    const point = decode();
    if (!point.is0()) return point;
  } catch {
    // Told below: what is wrong with the bytes helps nobody.
  }
  throw notOpened(problem);
}

function notOpened(detail: string): SubnetError {
  return new SubnetError('TIMELOCK_NOT_OPENED', { detail });
}

/** Binds the ephemeral secret to what it hides: an opener can tell that nothing was changed. */
function scalarOf(sigma: Uint8Array, key: Uint8Array): bigint {
  const digest = sha256(concat(sigma, key));
  const value = digest.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return fields.Fr.create(value);
}

/** As arkworks serialises Fp12: twelve field elements, each with the least byte first. */
function targetBytes(value: Target): Uint8Array {
  const bytes = fields.Fp12.toBytes(value);
  for (let at = 0; at < bytes.length; at += fieldLength) {
    bytes.subarray(at, at + fieldLength).reverse();
  }
  return bytes;
}

function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((byte, at) => byte ^ (right[at] ?? 0));
}

function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return concat(framed(gcm(key, nonce).encrypt(plaintext)), framed(nonce));
}

function open(key: Uint8Array, body: Uint8Array): Uint8Array {
  try {
    const reader = new ByteReader(body);
    const sealed = readFramed(reader);
    const nonce = readFramed(reader);
    if (sealed.length >= tagLength && nonce.length === nonceLength && reader.left === 0) {
      return gcm(key, nonce).decrypt(sealed);
    }
  } catch {
    // Told below.
  }
  throw notOpened('its body was changed');
}

interface Parts {
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  readonly w: Uint8Array;
  readonly body: Uint8Array;
}

function write({ u, v, w, body }: Parts): Uint8Array {
  return concat(
    u,
    framed(v),
    framed(w),
    framed(body),
    framed(new TextEncoder().encode(cipherName)),
  );
}

function read(ciphertext: Uint8Array): Parts {
  try {
    const reader = new ByteReader(ciphertext);
    const u = reader.take(pointLength);
    const [v, w, body, name] = [reader, reader, reader, reader].map(readFramed);
    const whole = v?.length === secretLength && w?.length === secretLength && reader.left === 0;
    if (whole && body !== undefined && new TextDecoder().decode(name) === cipherName) {
      return { u, v, w, body };
    }
  } catch {
    // Told below.
  }
  throw notOpened('the bytes are no timelocked ciphertext');
}

/** Eight bytes of length, then the bytes. */
function framed(bytes: Uint8Array): Uint8Array {
  return concat(littleEndian(BigInt(bytes.length), 8), bytes);
}

function readFramed(reader: ByteReader): Uint8Array {
  return reader.take(Number(reader.uint(8)));
}
