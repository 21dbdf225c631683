import { createDecipheriv } from 'node:crypto';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { describe, expect, it } from 'vitest';
import { isSubnetError } from '../../../common/errors.ts';
import { fromHex, toHex } from '../../../common/hex.ts';
import { readEnvelope, writeEnvelope } from '../../../common/timelock/portable-envelope.ts';
import {
  decrypt,
  encrypt,
  roundPoint,
  timelockOverhead,
  verifyPulse,
} from '../../../common/timelock/timelock.ts';
import { seededBytes } from '../seeded-bytes.ts';
import vectors from '../../vectors/timelock.json' with { type: 'json' };

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const quicknet = bytesOf(vectors.publicKey);
const signature = bytesOf(vectors.signature);
const plaintext: Uint8Array = new TextEncoder().encode('hello timelock');

/** Other bytes at each call, the same in each run. */
function randomOf(label: string): (length: number) => Uint8Array {
  let calls = 0;
  return (length) => seededBytes(`${label} ${(calls += 1)}`, length);
}

function sealed(text: Uint8Array = plaintext, round = vectors.round): Uint8Array {
  return encrypt(quicknet, round, text, { random: randomOf('sealed') });
}

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isSubnetError(error)) return `${error.code} ${String(error.facts['detail'] ?? '')}`;
    throw error;
  }
  return 'none';
}

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe('timelock encryption', () => {
  it.each(vectors.envelopes)('opens what bittensor-drand encrypted: "$text"', (vector) => {
    const envelope = readEnvelope(bytesOf(vector.envelope));
    expect(envelope?.round).toBe(vectors.round);
    const opened = decrypt(signature, envelope?.ciphertext ?? new Uint8Array());
    expect(new TextDecoder().decode(opened)).toBe(vector.text);
  });

  it('opens what it encrypted, from nothing to the size of a large commit', () => {
    for (const length of [0, 1, 14, 4756]) {
      const text = seededBytes(`text ${length}`, length);
      const ciphertext = sealed(text);
      expect(ciphertext.length).toBe(length + timelockOverhead);
      expect(decrypt(signature, ciphertext)).toEqual(text);
    }
  });

  it('takes its secrets from the randomness that is handed in', () => {
    expect(toHex(sealed())).toBe(toHex(sealed()));
    const other = encrypt(quicknet, 1000, plaintext, { random: randomOf('other') });
    expect(toHex(other)).not.toBe(toHex(sealed()));
  });

  it('wipes the secrets that it was given', () => {
    const given: Uint8Array[] = [];
    const random = (length: number): Uint8Array => {
      const bytes = seededBytes(`wiped ${given.length}`, length);
      given.push(bytes);
      return bytes;
    };
    encrypt(quicknet, 1000, plaintext, { random });
    const zero = new Uint8Array(32);
    expect(given.slice(0, 2)).toEqual([zero, zero]);
  });

  it('seals the body as AES-256-GCM of every other library', () => {
    const [key, , nonce] = [1, 2, 3].map((call) =>
      seededBytes(`sealed ${call}`, call < 3 ? 32 : 12),
    );
    const ciphertext = sealed();
    const start = 96 + 40 + 40 + 8 + 8;
    const body = ciphertext.subarray(start, start + plaintext.length);
    const decipher = createDecipheriv('aes-256-gcm', key ?? body, nonce ?? body);
    decipher.setAuthTag(ciphertext.subarray(start + body.length, start + body.length + 16));
    const opened = Buffer.concat([decipher.update(body), decipher.final()]);
    expect(new Uint8Array(opened)).toEqual(plaintext);
  });

  it('does not open for another round, nor for bytes that are no signature', () => {
    const wrong = 'TIMELOCK_NOT_OPENED the signature is of another round or beacon';
    expect(failure(() => decrypt(signature, sealed(plaintext, 1001)))).toContain(wrong);
    const other = bls12_381.shortSignatures.sign(roundPoint(1000), seededBytes('a key', 32));
    expect(failure(() => decrypt(other.toBytes(), sealed()))).toContain(wrong);
    const none = 'TIMELOCK_NOT_OPENED the signature is no point of G1';
    expect(failure(() => decrypt(signature.subarray(1), sealed()))).toBe(none);
    expect(failure(() => decrypt(new Uint8Array(48), sealed()))).toBe(none);
    expect(failure(() => decrypt(bytesOf(`c0${'00'.repeat(47)}`), sealed()))).toBe(none);
  });

  const [v, w, body, tag] = [104, 144, 192, 192 + plaintext.length];
  it.each([
    ['a bit of V', v, 'another round or beacon, or the bytes were changed'],
    ['a bit of W', w, 'another round or beacon, or the bytes were changed'],
    ['a bit of U', 1, 'no point of G2'],
    ['the sign of U', -1, 'another round or beacon, or the bytes were changed'],
    ['a bit of the body', body, 'its body was changed'],
    ['a bit of the tag', tag, 'its body was changed'],
    ['the length of the nonce', tag + 16, 'its body was changed'],
    ['the name of the cipher', timelockOverhead + plaintext.length - 1, 'no timelocked ciphertext'],
    ['the length of V', 96, 'no timelocked ciphertext'],
  ])('tells that %s was changed', (_, at, detail) => {
    const bytes = at === -1 ? Uint8Array.from(sealed()) : changed(sealed(), at);
    if (at === -1) bytes[0] = (bytes[0] ?? 0) ^ 0x20;
    expect(failure(() => decrypt(signature, bytes))).toContain(detail);
  });

  it('calls bytes that are cut, longer, or of another kind no ciphertext', () => {
    const bytes = sealed();
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    const odd = [bytes.subarray(0, -1), longer, new Uint8Array(), seededBytes('noise', 300)];
    for (const one of odd) {
      expect(failure(() => decrypt(signature, one))).toContain('no timelocked ciphertext');
    }
  });

  it('refuses a public key that is none', () => {
    const keys = [
      quicknet.subarray(1),
      changed(quicknet, 95),
      new Uint8Array(96),
      bytesOf(`c0${'00'.repeat(95)}`),
    ];
    for (const key of keys) {
      const refusal = failure(() => encrypt(key, 1, plaintext, { random: randomOf('key') }));
      expect(refusal).toContain('TIMELOCK_KEY_INVALID');
    }
  });

  it('refuses what the chain would not take, before any work', () => {
    const random = randomOf('long');
    const text = new Uint8Array(4757);
    expect(failure(() => encrypt(quicknet, 1, text, { random }))).toContain('TIMELOCK_TOO_LONG');
    expect(encrypt(quicknet, 1, text, { random, limit: 32_768 })).toHaveLength(5001);
    expect(() => encrypt(quicknet, 0, plaintext, { random })).toThrow(RangeError);
  });
});

describe('a pulse', () => {
  it('is verified: the signature of quicknet for round 1000', () => {
    expect(verifyPulse(quicknet, 1000, signature)).toBe(true);
    expect(verifyPulse(quicknet, 1001, signature)).toBe(false);
    const other = bls12_381.G2.Point.BASE.multiply(5n).toBytes();
    expect(verifyPulse(other, 1000, signature)).toBe(false);
  });

  it('is false for malformed bytes', () => {
    expect(verifyPulse(quicknet, 1000, signature.subarray(1))).toBe(false);
    expect(verifyPulse(quicknet.subarray(1), 1000, signature)).toBe(false);
    expect(verifyPulse(quicknet, 0, signature)).toBe(false);
    expect(verifyPulse(quicknet, 1000, changed(signature, 47))).toBe(false);
  });
});

describe('the portable envelope', () => {
  it('goes to bytes and back', () => {
    const { envelope } = vectors.envelopes[0] ?? { envelope: '' };
    const read = readEnvelope(bytesOf(envelope));
    expect(read && toHex(writeEnvelope(read))).toBe(envelope);
  });

  it('is null for bytes of another form', () => {
    const bytes = writeEnvelope({ ciphertext: plaintext, round: 7 });
    expect(readEnvelope(bytes)).toEqual({ ciphertext: plaintext, round: 7 });
    expect(readEnvelope(bytes.subarray(0, -1))).toBeNull();
    expect(readEnvelope(new Uint8Array([...bytes, 0]))).toBeNull();
    expect(readEnvelope(new Uint8Array())).toBeNull();
  });
});
