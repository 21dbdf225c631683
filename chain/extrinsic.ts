import { ByteReader, compact, concat, littleEndian } from '../common/scale-bytes.ts';
import { fromHex, toHex } from './bytes.ts';
import type { Hex } from './chain-state.ts';
import { hashOf } from './header.ts';

/** `Timestamp.set(now)` as an unsigned extrinsic of format 4: the first inherent of a block. */
export function timestampInherent(nowMs: number): Hex {
  const body = concat(Uint8Array.of(4, 2, 0), compact(nowMs));
  return toHex(concat(compact(body.length), body));
}

export function extrinsicHash(extrinsic: Hex): Hex {
  return hashOf(fromHex(extrinsic) ?? new Uint8Array());
}

/** What these runtimes' signed extrinsics hold. */
export interface SignedExtrinsic {
  /** Public key (MultiAddress::Id). */
  readonly signer: Hex;
  readonly nonce: bigint;
  readonly call: Uint8Array;
}

const signedVersion = 0x84;
/** Of ed25519, sr25519, ECDSA. */
const signatureLengths = [64, 64, 65];

/** null for an extrinsic that is not signed, and for what is none. */
export function readSigned(extrinsic: Hex): SignedExtrinsic | null {
  try {
    const reader = new ByteReader(fromHex(extrinsic) ?? new Uint8Array());
    reader.compact();
    if (reader.u8() !== signedVersion || reader.u8() !== 0) return null;
    const signer = toHex(reader.take(32));
    reader.take(signatureLengths[reader.u8()] ?? Infinity);
    skipEra(reader);
    const nonce = reader.compact();
    // The tip, and the mode of the metadata's hash; no other extension has bytes.
    reader.compact();
    reader.u8();
    return { signer, nonce, call: reader.take(reader.left) };
  } catch {
    return null;
  }
}

/** Immortal is one byte, zero; a mortal one has two. */
function skipEra(reader: ByteReader): void {
  if (reader.u8() !== 0) reader.u8();
}

export function signerOf(extrinsic: Hex): Hex | null {
  return readSigned(extrinsic)?.signer ?? null;
}

/** What a signed extrinsic provides to others in the pool, as the runtime names it. */
export function nonceTag({ signer, nonce }: SignedExtrinsic): Hex {
  return `${signer}${toHex(littleEndian(nonce, 4)).slice(2)}`;
}

/** What the pool must know of a transaction that the runtime calls valid. */
export interface ValidTransaction {
  readonly kind: 'valid';
  readonly priority: bigint;
  readonly requires: readonly Hex[];
  readonly provides: readonly Hex[];
  /** Blocks for which it can wait. */
  readonly longevity: bigint;
}

/** Why the runtime refuses a transaction, in the words of a Substrate node. */
export interface InvalidTransaction {
  readonly kind: 'invalid';
  /** 1010 invalid, 1011 not decidable. */
  readonly code: 1010 | 1011;
  readonly message: string;
  readonly data: string;
  readonly name: string;
}

const invalidNames = [
  ['Call', 'Transaction call is not expected'],
  ['Payment', 'Inability to pay some fees (e.g. account balance too low)'],
  ['Future', 'Transaction will be valid in the future'],
  ['Stale', 'Transaction is outdated'],
  ['BadProof', 'Transaction has a bad signature'],
  ['AncientBirthBlock', 'Transaction has an ancient birth block'],
  ['ExhaustsResources', 'Transaction would exhaust the block limits'],
  ['Custom', 'Custom error'],
  ['BadMandatory', 'A call was labelled as mandatory, but resulted in an Error'],
  ['MandatoryValidation', 'Transaction dispatch is mandatory; transactions must not be validated'],
  ['BadSigner', 'Invalid signing address'],
  ['IndeterminateImplicit', 'The implicit data could not be calculated'],
  ['UnknownOrigin', 'The transaction extension did not authorize any origin'],
] as const;

const unknownNames = [
  ['CannotLookup', 'Could not lookup information required to validate the transaction'],
  ['NoUnsignedValidator', 'Could not find an unsigned validator for the unsigned transaction'],
  ['Custom', 'Custom error'],
] as const;

/** Reads `TransactionValidity`, the answer of TaggedTransactionQueue_validate_transaction. */
export function readValidity(result: Hex): ValidTransaction | InvalidTransaction {
  const reader = new ByteReader(fromHex(result) ?? new Uint8Array());
  if (reader.u8() === 1) return readError(reader);
  const priority = reader.uint(8);
  const tags = (): Hex[] =>
    Array.from({ length: Number(reader.compact()) }, () => toHex(reader.bytes()));
  const [requires, provides] = [tags(), tags()];
  return { kind: 'valid', priority, requires, provides, longevity: reader.uint(8) };
}

/** Reads `ApplyExtrinsicResult`: null when it was applied, whether its dispatch failed or not. */
export function readApplied(result: Hex): InvalidTransaction | null {
  const reader = new ByteReader(fromHex(result) ?? new Uint8Array());
  return reader.u8() === 0 ? null : readError(reader);
}

function readError(reader: ByteReader): InvalidTransaction {
  const isInvalid = reader.u8() === 0;
  const variant = reader.u8();
  const [name, text] = (isInvalid ? invalidNames : unknownNames)[variant] ?? ['Other', 'Unknown'];
  const data = name === 'Custom' ? `Custom error: ${reader.u8()}` : text;
  const message = isInvalid ? 'Invalid Transaction' : 'Unknown Transaction Validity';
  return { kind: 'invalid', code: isInvalid ? 1010 : 1011, message, data, name };
}
