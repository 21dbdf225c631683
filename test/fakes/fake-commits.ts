import { blake2b } from '@noble/hashes/blake2.js';
import type { Ss58 } from '../../common/brand.ts';
import type { EpochSchedule, PendingCommit } from '../../common/chain-port.ts';
import { toHex } from '../../common/hex.ts';
import { publicKeyOf } from '../../common/keys/ss58.ts';

/** What a timelocked commit holds once it is open. */
export interface FakePayload {
  readonly hotkey: Ss58;
  readonly uids: readonly number[];
  readonly values: readonly number[];
  readonly versionKey: bigint;
}

/** Opens a commit with the pulse of its round; null for bytes that do not open. */
export type OpenCommit = (commit: Uint8Array, revealRound: number) => FakePayload | null;

export interface HashCommit {
  readonly who: Ss58;
  readonly hash: string;
  readonly epoch: number;
  readonly block: number;
}

export interface TimelockedCommit {
  readonly who: Ss58;
  readonly bytes: Uint8Array;
  readonly epoch: number;
  readonly block: number;
  readonly revealRound: number;
}

/** Not secret at all: JSON that says which round it belongs to, with a nonce of its maker. */
export function sealOpenly(payload: FakePayload, revealRound: number, nonce: string): Uint8Array {
  const { hotkey, uids, values, versionKey } = payload;
  const text = { hotkey, uids, values, versionKey: String(versionKey), revealRound, nonce };
  return new TextEncoder().encode(JSON.stringify(text));
}

/** The other side of `sealOpenly`: another round's pulse does not open it. */
export function openOpenly(commit: Uint8Array, revealRound: number): FakePayload | null {
  try {
    const found = JSON.parse(new TextDecoder().decode(commit)) as {
      readonly hotkey: Ss58;
      readonly uids: number[];
      readonly values: number[];
      readonly versionKey: string;
      readonly revealRound: number;
    };
    if (found.revealRound !== revealRound) return null;
    return { ...found, versionKey: BigInt(found.versionKey) };
  } catch {
    return null;
  }
}

const le = (value: bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, at) => Number((value >> BigInt(8 * at)) & 255n));

/** Compact length of SCALE, up to 16,383: enough for a row of weights. */
function compact(length: number): number[] {
  return length < 64 ? [length << 2] : le(BigInt((length << 2) | 1), 2);
}

const list = (values: readonly number[]): number[] => [
  ...compact(values.length),
  ...values.flatMap((value) => le(BigInt(value), 2)),
];

/** blake2-256 of SCALE(account, storage index, uids, values, salt, version key). */
export function commitHashOf(
  who: Ss58,
  index: number,
  row: { readonly uids: readonly number[]; readonly values: readonly number[] },
  salt: readonly number[],
  versionKey: bigint,
): string {
  const account = [...publicKeyOf(who)];
  const bytes = [
    ...account,
    ...le(BigInt(index), 2),
    ...list(row.uids),
    ...list(row.values),
    ...list(salt),
    ...le(versionKey, 8),
  ];
  return blake2Hex(Uint8Array.from(bytes));
}

export function blake2Hex(bytes: Uint8Array): string {
  return `0x${toHex(blake2b(bytes, { dkLen: 32 }))}`;
}

export function pendingHash(commit: HashCommit, keepsEpochs: boolean): PendingCommit {
  const { hash, block, epoch } = commit;
  return { kind: 'hash', hash, block, epoch: keepsEpochs ? epoch : null };
}

export function pendingTimelocked(commit: TimelockedCommit): PendingCommit {
  const { bytes, block, epoch, revealRound } = commit;
  return { kind: 'timelocked', hash: blake2Hex(bytes), block, epoch, revealRound };
}

/** The part of a subnet that its epochs go by. */
export interface EpochClock {
  lastEpochBlock: number;
  pendingEpochAt: number;
  epochIndex: number;
  blocksSinceLastStep: number;
}

const longestEpoch = 50_400;

/** Whether an epoch runs in this block, by either model. */
export function epochDue(
  clock: EpochClock,
  model: EpochSchedule['model'],
  tempo: number,
  netuid: number,
  block: number,
): boolean {
  if (tempo === 0) return false;
  // Subtensor `blocks_until_next_epoch`: the last block of each index.
  if (model === 'modulo') return (block + netuid + 1) % (tempo + 1) === tempo;
  const { pendingEpochAt, blocksSinceLastStep, lastEpochBlock } = clock;
  const asked = pendingEpochAt > 0 && block >= pendingEpochAt;
  return asked || blocksSinceLastStep > longestEpoch || block - lastEpochBlock >= tempo;
}

/** The epoch that a commit of this block belongs to, once the block's own epoch has run. */
export function epochIndexAt(
  clock: EpochClock,
  model: EpochSchedule['model'],
  tempo: number,
  netuid: number,
  block: number,
): number {
  if (model === 'stateful') return clock.epochIndex;
  return tempo === 0 ? 0 : Math.floor((block + netuid + 1) / (tempo + 1));
}
