import { z } from 'zod';
import { SubnetError } from '../../common/errors.ts';
import type { SignedExtrinsic } from '../../common/chain-port.ts';
import { toHex } from '../../common/hex.ts';
import { parseStored } from '../stored.ts';
import type { WeightVector } from './weights.ts';

/**
 * The way of a weight vector; every step is on disk before the next one is taken.
 *
 *   commit-reveal   built ─> submitting ─> committed(block, hash) ─> due(block) ─> revealed ─> effective
 *   plain setting   built ─> submitting ─> included(block) ─────────────────────────────────> effective
 *
 *   submitting <─> unknown     sent, but nobody saw what became of it: found on chain, or sent again
 *                              with the same nonce, or waited for until its era is over
 *   submitting ──> rejected    the chain refused it; another may be built at once
 *   submitting ──> lapsed      its signature has expired and it is not on chain
 *   committed, due ──> missed  the reveal did not come; answered by a new commit
 *   submitting, included, due, revealed ──> differs   the chain holds other weights
 *   built ──> superseded       never signed; a newer one took its place
 *
 * A chain can go back behind a block, and a mechanism can be removed:
 *
 *   included, committed, due, revealed, effective ──> unknown   its block is gone, it may land again
 *   revealed, effective ──> due                       the reveal is gone, the commit waits again
 *   all that are sent or on chain ──> lapsed          gone, and it cannot land any more
 *
 * A hash commit that is due is revealed by this node: each attempt is journalled before it is sent.
 */
export const vectorStates = [
  'built',
  'submitting',
  'unknown',
  'included',
  'committed',
  'due',
  'revealed',
  'effective',
  'rejected',
  'lapsed',
  'missed',
  'differs',
  'superseded',
] as const;
export type VectorState = (typeof vectorStates)[number];

/** How it gets to the chain. */
export const commitPaths = ['plain', 'timelocked', 'hash'] as const;
export type CommitPath = (typeof commitPaths)[number];

const count = z.int().min(0);
const u16 = z.int().min(0).max(65_535);

/** What goes to the chain in the place of the weights, kept so that it can be sent again as it is. */
const commitSchema = z.strictObject({
  /** `0x`: the hash that is committed, or blake2-256 of the commit's bytes. */
  hash: z.string(),
  /** Hex of a timelocked commit; null for a hash. */
  bytes: z.string().nullable(),
  revealRound: count.nullable(),
  version: count.nullable(),
  /** Of a hash commit; secret until its reveal. */
  salt: z.array(u16).nullable(),
  /** First block of the epoch of its reveal, as far as the schedule told when it was made. */
  revealBlock: count,
});
export type SealedCommit = Readonly<z.infer<typeof commitSchema>>;

const firstShape = {
  /** Rises by one with each vector of this state directory. */
  id: count,
  netuid: count,
  round: count,
  uids: z.array(count),
  values: z.array(u16),
  /** Decimal. */
  versionKey: z.string(),
  /** Over uids, values and version key: two vectors are the same when this is. */
  sha256: z.string(),
  state: z.enum(vectorStates),
  builtAtBlock: count,
  /** Head when the first attempt was signed; what lands, lands above it. */
  firstSentAtBlock: count.nullable(),
  lastSentAtBlock: count.nullable(),
  attempts: count,
  includedAtBlock: count.nullable(),
  extrinsicHash: z.string().nullable(),
  effectiveAtBlock: count.nullable(),
  reason: z.string().nullable(),
};

/** Of the first release: plain setting, one mechanism. */
const firstSchema = z.strictObject({ version: z.literal(1), ...firstShape });

const secondShape = {
  ...firstShape,
  mecid: count,
  path: z.enum(commitPaths),
  /** Index of the epoch that it was made for, later of the one it landed in; null: not known. */
  epoch: count.nullable(),
  commit: commitSchema.nullable(),
  dueAtBlock: count.nullable(),
  /** Own reveals of a hash commit. */
  revealAttempts: count,
  revealSentAtBlock: count.nullable(),
  revealedAtBlock: count.nullable(),
};

/** Of the second release: commits and mechanisms, and no block hashes. */
const secondSchema = z.strictObject({ version: z.literal(2), ...secondShape });

const recordSchema = z.strictObject({
  version: z.literal(3),
  ...secondShape,
  /** Hash of the block that it was included in; null: not known. */
  includedHash: z.string().nullable(),
  /** A block shortly before the last signing: without it, what was signed cannot land any more. */
  anchor: z.strictObject({ block: count, hash: z.string() }).nullable(),
  /**
   * The newest signature, on disk before a node gets it; all of one record share their nonce, so
   * that one of them at most can land. null: none was ever handed over; absent in records of older
   * releases, which did not keep it.
   */
  signed: z
    .strictObject({ extrinsicHash: z.string(), nonce: count, lastBlock: count })
    .nullable()
    .optional(),
  /** Epochs from commit to reveal when it was made. */
  revealPeriod: count.nullable(),
  /** Whether the chain held the very same row before; null: not known. */
  rowStood: z.boolean().nullable(),
});
export type VectorRecord = Readonly<z.infer<typeof recordSchema>>;

const sumSchema = z.string();
const storedSchema = z.discriminatedUnion('version', [
  recordSchema.extend({ sum: sumSchema }),
  secondSchema,
  firstSchema,
]);

export type VectorEvent =
  | { readonly to: 'submitting'; readonly block: number; readonly anchor?: VectorRecord['anchor'] }
  /** It was signed, and is about to be handed over. */
  | { readonly to: 'signed'; readonly signed: SignedExtrinsic }
  | {
      readonly to: 'included' | 'committed';
      readonly block: number;
      readonly blockHash?: string | null;
      readonly epoch?: number | null;
      readonly extrinsicHash?: string;
    }
  /** The schedule of the subnet has moved its reveal. */
  | { readonly to: 'rescheduled'; readonly block: number }
  | { readonly to: 'due'; readonly block: number }
  /** An attempt to reveal is about to be signed. */
  | { readonly to: 'revealing'; readonly block: number }
  /** null: it was revealed while nobody looked, the block is not known. */
  | { readonly to: 'revealed'; readonly block: number | null }
  | { readonly to: 'effective'; readonly block: number; readonly blockHash?: string | null }
  | { readonly to: FailedState | 'unknown' | 'superseded'; readonly reason: string };

/** A node may have a signature of it. Records of older releases do not say. */
export function isSigned({ signed, attempts }: VectorRecord): boolean {
  return signed === undefined ? attempts > 0 : signed !== null;
}

const failedStates = ['rejected', 'lapsed', 'missed', 'differs'] as const;
export type FailedState = (typeof failedStates)[number];

const successors: Readonly<Record<VectorState, readonly VectorState[]>> = {
  built: ['submitting', 'superseded'],
  submitting: [
    'included',
    'committed',
    'rejected',
    'unknown',
    'effective',
    'differs',
    'lapsed',
    'submitting',
  ],
  unknown: ['submitting', 'committed', 'effective', 'differs', 'lapsed'],
  included: ['effective', 'differs', 'unknown', 'lapsed'],
  committed: ['due', 'missed', 'unknown', 'lapsed'],
  due: ['revealed', 'missed', 'differs', 'unknown', 'lapsed'],
  revealed: ['effective', 'differs', 'due', 'unknown', 'lapsed'],
  effective: ['due', 'unknown', 'lapsed'],
  rejected: [],
  lapsed: [],
  missed: [],
  differs: [],
  superseded: [],
};

/** Sent, and not known yet to be on chain: nothing else may be sent meanwhile. */
export function isInFlight({ state }: VectorRecord): boolean {
  return state === 'submitting' || state === 'unknown' || state === 'included';
}

/** On chain, its reveal yet to come. */
export function isWaiting({ state }: VectorRecord): boolean {
  return state === 'committed' || state === 'due' || state === 'revealed';
}

/** Its fate is not known yet: it may still take effect. */
export function isOpen(record: VectorRecord): boolean {
  return isInFlight(record) || isWaiting(record);
}

export function isFailed(record: VectorRecord): boolean {
  return failedStates.some((state) => state === record.state);
}

const sameState = { signed: 'submitting', revealing: 'due', rescheduled: 'committed' } as const;

/** The record after an event. Throws INTERNAL for a step that the drawing above does not have. */
export function advance(record: VectorRecord, event: VectorEvent): VectorRecord {
  const stays = event.to === 'signed' || event.to === 'revealing' || event.to === 'rescheduled';
  const state = stays ? sameState[event.to] : event.to;
  const fits = stays ? record.state === state : successors[record.state].includes(state);
  if (!fits) {
    throw new SubnetError('INTERNAL', { detail: `vector step ${record.state} -> ${event.to}` });
  }
  return { ...record, state, reason: null, ...changesBy(record, event) };
}

function changesBy(record: VectorRecord, event: VectorEvent): Partial<VectorRecord> {
  switch (event.to) {
    case 'submitting':
      return {
        firstSentAtBlock: record.firstSentAtBlock ?? event.block,
        lastSentAtBlock: event.block,
        // Of several signatures the deepest block counts: an older one may still land above it.
        anchor: isSigned(record) ? record.anchor : (event.anchor ?? null),
        attempts: record.attempts + 1,
      };
    case 'signed':
      return { signed: { ...event.signed }, extrinsicHash: event.signed.extrinsicHash };
    case 'included':
    case 'committed':
      return {
        includedAtBlock: event.block,
        includedHash: event.blockHash ?? null,
        epoch: event.epoch ?? record.epoch,
        extrinsicHash: event.extrinsicHash ?? record.extrinsicHash,
      };
    case 'rescheduled':
      return { commit: record.commit && { ...record.commit, revealBlock: event.block } };
    case 'due':
      return { dueAtBlock: event.block, revealedAtBlock: null, effectiveAtBlock: null };
    case 'revealing':
      return { revealAttempts: record.revealAttempts + 1, revealSentAtBlock: event.block };
    case 'revealed':
      return { revealedAtBlock: event.block };
    case 'effective':
      return { effectiveAtBlock: event.block, ...landedUnseen(record, event) };
    case 'unknown':
      return { reason: event.reason, ...notOnChain };
    case 'rejected':
    case 'lapsed':
    case 'missed':
    case 'differs':
    case 'superseded':
      return { reason: event.reason };
  }
}

const notOnChain = {
  includedAtBlock: null,
  includedHash: null,
  dueAtBlock: null,
  revealedAtBlock: null,
  effectiveAtBlock: null,
};

/** Plain weights that were only found on chain: the block of their inclusion is that of their effect. */
function landedUnseen(
  record: VectorRecord,
  { block, blockHash = null }: Extract<VectorEvent, { to: 'effective' }>,
): Partial<VectorRecord> {
  if (record.path !== 'plain' || record.includedAtBlock === block) return {};
  return { includedAtBlock: block, includedHash: blockHash };
}

export interface NewVector {
  readonly id: number;
  readonly netuid: number;
  readonly mecid: number;
  readonly round: number;
  readonly block: number;
  readonly epoch: number | null;
  readonly path: CommitPath;
  readonly commit: SealedCommit | null;
  readonly vector: WeightVector;
  readonly versionKey: bigint;
  readonly revealPeriod?: number;
  readonly rowStood?: boolean;
}

type Hash = (bytes: Uint8Array) => Uint8Array;

export function newRecord(input: NewVector, sha256: Hash): VectorRecord {
  const { id, netuid, mecid, round, block, epoch, path, commit, vector, versionKey } = input;
  return {
    version: 3,
    id,
    netuid,
    round,
    uids: [...vector.uids],
    values: [...vector.values],
    versionKey: String(versionKey),
    sha256: vectorDigest(vector, versionKey, sha256),
    state: 'built',
    builtAtBlock: block,
    firstSentAtBlock: null,
    lastSentAtBlock: null,
    attempts: 0,
    includedAtBlock: null,
    extrinsicHash: null,
    effectiveAtBlock: null,
    reason: null,
    mecid,
    path,
    epoch,
    commit,
    ...nothingRevealed,
    ...nothingSeen,
    signed: null,
    revealPeriod: input.revealPeriod ?? null,
    rowStood: input.rowStood ?? null,
  };
}

const nothingRevealed = {
  dueAtBlock: null,
  revealAttempts: 0,
  revealSentAtBlock: null,
  revealedAtBlock: null,
};

const nothingSeen = { includedHash: null, anchor: null, revealPeriod: null, rowStood: null };

export function vectorDigest(vector: WeightVector, versionKey: bigint, sha256: Hash): string {
  const text = JSON.stringify([vector.uids, vector.values, String(versionKey)]);
  return toHex(sha256(new TextEncoder().encode(text)));
}

export function vectorOf({ uids, values }: VectorRecord): WeightVector {
  return { kind: 'vector', uids, values };
}

/** With a checksum over all of it: the store below may hand out damaged bytes without a word. */
export function encodeRecord(record: VectorRecord, sha256: Hash): string {
  const ordered = recordSchema.parse(record);
  return JSON.stringify({ ...ordered, sum: sumOf(ordered, sha256) });
}

const checksumLength = 16;

/** Of a record whatever the order of its fields. */
export function recordSum(record: VectorRecord, sha256: Hash): string {
  return sumOf(recordSchema.parse(record), sha256);
}

/** The schema has put the fields in their order. */
function sumOf(parsed: VectorRecord, sha256: Hash): string {
  const bytes = new TextEncoder().encode(JSON.stringify(parsed));
  return toHex(sha256(bytes)).slice(0, checksumLength);
}

/** Takes records of older releases too. null: it was changed on disk. Throws STATE_UNREADABLE. */
export function decodeRecord(text: string | Uint8Array, sha256: Hash): VectorRecord | null {
  const stored = parseStored('journal', storedSchema, text);
  if (stored.version === 2) return fromSecond(stored);
  if (stored.version === 1) return fromSecond(fromFirst(stored));
  const { sum, ...record } = stored;
  return sum === sumOf(record, sha256) ? record : null;
}

/** The first release set weights plainly, of mechanism 0 alone. */
function fromFirst(record: z.infer<typeof firstSchema>): z.infer<typeof secondSchema> {
  const more = { version: 2, mecid: 0, path: 'plain', epoch: null, commit: null } as const;
  return { ...record, ...more, ...nothingRevealed };
}

function fromSecond(record: z.infer<typeof secondSchema>): VectorRecord {
  return { ...record, version: 3, ...nothingSeen };
}
