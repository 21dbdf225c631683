import { blake2b } from '@noble/hashes/blake2.js';
import type { Hotkey } from '../../common/brand.ts';
import type { Beacon, Snapshot } from '../../common/chain-port.ts';
import { toHex } from '../../common/hex.ts';
import { publicKeyOf } from '../../common/keys/ss58.ts';
import { commitHash } from '../../common/timelock/commit-hash.ts';
import { encodePayload } from '../../common/timelock/commit-payload.ts';
import { revealBlock, revealRound } from '../../common/timelock/reveal-round.ts';
import { encrypt } from '../../common/timelock/timelock.ts';
import type { SealedCommit } from './vector-state.ts';
import type { WeightVector } from './weights.ts';

export interface CommitInput {
  readonly snapshot: Snapshot;
  readonly mecid: number;
  readonly hotkey: Hotkey;
  readonly vector: WeightVector;
  readonly versionKey: bigint;
}

/** Turns a vector into what is committed in its place. A commit is made once, then journalled. */
export interface CommitMaker {
  /** Encrypted to the beacon's round of its reveal. Throws TIMELOCK_*. */
  timelocked(input: CommitInput, beacon: Beacon): SealedCommit;
  /** A hash with a fresh salt, which has to be shown at the reveal. */
  hash(input: CommitInput): SealedCommit;
}

/** Length of a salt in u16s. */
const saltLength = 8;

export function createCommitMaker(random: (length: number) => Uint8Array): CommitMaker {
  return {
    timelocked(input, beacon) {
      const { snapshot, hotkey, vector, versionKey } = input;
      const reveal = revealRound({ ...scheduleOf(snapshot), beacon });
      const { uids, values } = vector;
      const payload = encodePayload({ hotkey: publicKeyOf(hotkey), uids, values, versionKey });
      const bytes = encrypt(beacon.publicKey, reveal.round, payload, { random });
      return {
        hash: fingerprint(bytes),
        bytes: toHex(bytes),
        revealRound: reveal.round,
        version: snapshot.commitRevealVersion,
        salt: null,
        revealBlock: reveal.block,
      };
    },
    hash(input) {
      const { snapshot, mecid, hotkey, vector, versionKey } = input;
      const salt = saltFrom(random(2 * saltLength));
      const { netuid, epoch, block, hyperparams } = snapshot;
      const { uids, values } = vector;
      const account = publicKeyOf(hotkey);
      const hash = commitHash({ account, netuid, mecid, uids, values, salt, versionKey });
      const period = hyperparams.commitRevealPeriod;
      const at = revealBlock(epoch, netuid, block.number, period);
      return { hash, bytes: null, revealRound: null, version: null, salt, revealBlock: at };
    },
  };
}

function scheduleOf(snapshot: Snapshot) {
  const { netuid, epoch, block, chainTimeMs, blockTimeMs, hyperparams } = snapshot;
  return {
    schedule: epoch,
    netuid,
    head: block.number,
    chainTimeMs,
    blockTimeMs,
    periodEpochs: hyperparams.commitRevealPeriod,
  };
}

/** blake2-256 of a commit's bytes: how the chain's event names it. */
export function fingerprint(bytes: Uint8Array): string {
  return `0x${toHex(blake2b(bytes, { dkLen: 32 }))}`;
}

function saltFrom(bytes: Uint8Array): number[] {
  return Array.from({ length: saltLength }, (_, at) => {
    return (bytes[2 * at] ?? 0) + 256 * (bytes[2 * at + 1] ?? 0);
  });
}
