import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { ml_kem768 as mlKem } from '@noble/post-quantum/ml-kem.js';
import { xxhashAsU8a } from '@polkadot/util-crypto';
import { ByteReader, byteVec, concat } from '../common/scale-bytes.ts';
import { toHex } from './bytes.ts';
import type { Hex, StorageView } from './chain-state.ts';
import type { BlockTime } from './dev-node.ts';
import { readSigned } from './extrinsic.ts';

/**
 * The development chain's encrypted mempool. Each block announces a key of its own, which follows from
 * its number: nothing has to be kept, and the secrets are public by design, as that of //Alice is.
 */
const seed = 'the encrypted mempool of subnet chain dev';

/** The storage version of `MevShield`: there wherever the runtime has the pallet. */
const palletKey: Hex = '0x9e94fc9ecf3c8d51c7baba39080fb4334e7b9012096b41c4eb3aaf947f6ea429';
const shieldPallet = 30;
const announceCall = 0;
const submitCall = 1;
/** A key that a block announced is pending, the next author's to open with, this many blocks later. */
const opensAfter = 3;
/** On the chain a key opens one block of this length; where blocks are shorter, as many of them. */
const keyMs = 12_000;
/** A carrier lives eight blocks; who needs twice as long for it does not come into any. */
const maxOpenBlocks = 16;

const keyHashLength = 16;
const nonceLength = 24;

/** The key pair that a block announces. */
export class BlockKey {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
  #hash: Hex | undefined;

  constructor(number: number) {
    const entropy = sha512(new TextEncoder().encode(`${seed} ${number}`));
    const { publicKey, secretKey } = mlKem.keygen(entropy);
    [this.publicKey, this.secretKey] = [publicKey, secretKey];
  }

  /** twox_128 of the public key, by which a carrier names it; most keys are never asked for it. */
  get hash(): Hex {
    return (this.#hash ??= toHex(xxhashAsU8a(this.publicKey, 128)));
  }
}

export interface Shield {
  /** For the head of the next block; none where the runtime has no encrypted mempool. */
  announcements(view: StorageView, time: BlockTime): readonly Hex[];
  /**
   * A transaction with what it carries, or alone when it carries nothing that can be opened; null
   * when it waits for another block's key.
   */
  unfold(extrinsic: Hex, time: BlockTime): readonly Hex[] | null;
}

export function createShield(): Shield {
  const keys = new Map<number, BlockKey>();
  const keyOf = (number: number): BlockKey => {
    const key = keys.get(number) ?? new BlockKey(number);
    keys.set(number, key);
    keys.delete(number - maxOpenBlocks - opensAfter);
    return key;
  };
  return {
    announcements: (view, { number }) =>
      view.get(palletKey) === null ? [] : [announceNextKey(keyOf(number).publicKey)],
    unfold: (extrinsic, time) => {
      const envelope = envelopeOf(extrinsic);
      if (envelope === null) return [extrinsic];
      const key = openBlocks(time)
        .map(keyOf)
        .find(({ hash }) => hash === envelope.keyHash);
      if (key === undefined) return null;
      const inner = openEnvelope(envelope, key.secretKey);
      return inner === null ? [extrinsic] : [extrinsic, inner];
    },
  };
}

/** Blocks whose keys open carriers in the one to be built. */
function openBlocks({ number, blockTimeMs }: BlockTime): readonly number[] {
  const count = Math.min(maxOpenBlocks, Math.ceil(keyMs / blockTimeMs));
  return Array.from({ length: count }, (_, at) => number - opensAfter - at).filter(
    (one) => one > 0,
  );
}

/** `MevShield.announce_next_key(Some(key))` as an unsigned extrinsic. */
function announceNextKey(publicKey: Uint8Array): Hex {
  const call = Uint8Array.of(4, shieldPallet, announceCall, 1);
  return toHex(byteVec(concat(call, byteVec(publicKey))));
}

interface Envelope {
  readonly keyHash: Hex;
  /** The shared secret, for the holder of the key. */
  readonly encapsulated: Uint8Array;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Of `MevShield.submit_encrypted`; null for other transactions, and when a part is missing. */
function envelopeOf(extrinsic: Hex): Envelope | null {
  const call = readSigned(extrinsic)?.call;
  if (call?.[0] !== shieldPallet || call[1] !== submitCall) return null;
  try {
    const reader = new ByteReader(new ByteReader(call.subarray(2)).bytes());
    const keyHash = toHex(reader.take(keyHashLength));
    const encapsulated = reader.take(Number(reader.uint(2)));
    const nonce = reader.take(nonceLength);
    return { keyHash, encapsulated, nonce, sealed: reader.take(reader.left) };
  } catch {
    return null;
  }
}

/** The extrinsic in an envelope; null when it does not open, or holds something else. */
function openEnvelope(envelope: Envelope, secretKey: Uint8Array): Hex | null {
  try {
    const secret = mlKem.decapsulate(envelope.encapsulated, secretKey);
    const opened = xchacha20poly1305(secret, envelope.nonce).decrypt(envelope.sealed);
    return toHex(byteVec(new ByteReader(opened).bytes()));
  } catch {
    return null;
  }
}
