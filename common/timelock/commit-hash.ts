import { blake2b } from '@noble/hashes/blake2.js';
import { toHex } from '../hex.ts';
import { concat, littleEndian, u16Vec, u64 } from '../scale-bytes.ts';

const maxSubnets = 4096;

/** What a hash commit hides, and its reveal shows. */
export interface HashedWeights {
  /** Public key of the hotkey, 32 bytes. */
  readonly account: Uint8Array;
  readonly netuid: number;
  readonly mecid: number;
  readonly uids: readonly number[];
  /** Exactly as `reveal_weights` will send them: the chain rescales only after hashing. */
  readonly values: readonly number[];
  readonly salt: readonly number[];
  readonly versionKey: bigint;
}

/** Where the chain keeps what belongs to one mechanism of a subnet (`NetUidStorageIndex`). */
export function storageIndex(netuid: number, mecid: number): number {
  return mecid * maxSubnets + netuid;
}

/**
 * The hash that `commit_weights` takes, `0x` and 64 digits: blake2-256 of SCALE(account, index u16,
 * uids, values, salt (Vec<u16> each), version key u64). Throws RangeError for what does not fit.
 */
export function commitHash(weights: HashedWeights): string {
  const { account, netuid, mecid, uids, values, salt, versionKey } = weights;
  const index = storageIndex(netuid, mecid);
  if (account.length !== 32 || index > 0xffff) throw new RangeError('not an account or mechanism');
  const lists = concat(u16Vec(uids), u16Vec(values), u16Vec(salt));
  const bytes = concat(account, littleEndian(BigInt(index), 2), lists, u64(versionKey));
  return `0x${toHex(blake2b(bytes, { dkLen: 32 }))}`;
}
