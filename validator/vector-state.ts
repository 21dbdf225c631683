import { z } from 'zod';
import type { WeightRow } from '../common/chain-port.ts';
import { SubnetError } from '../common/errors.ts';
import { toHex } from '../common/hex.ts';
import { parseStored } from './stored.ts';
import { chainRow, sameRow } from './weights.ts';
import type { WeightVector } from './weights.ts';

/**
 * built -> submitting -> included -> effective
 *            |    \          \-> differs
 *            |     \-> rejected
 *            \-> unknown -> effective | differs | lapsed
 * built and unsent vectors are superseded by newer ones.
 */
const states = [
  'built',
  'submitting',
  'included',
  'unknown',
  'effective',
  'rejected',
  'lapsed',
  'differs',
  'superseded',
] as const;
export type VectorState = (typeof states)[number];

const count = z.int().min(0);
const recordSchema = z.strictObject({
  version: z.literal(1),
  /** Rises by one with each vector of this state directory. */
  id: count,
  netuid: count,
  round: count,
  uids: z.array(count),
  values: z.array(z.int().min(0).max(65_535)),
  /** Decimal. */
  versionKey: z.string(),
  /** Over uids, values and version key: two vectors are the same when this is. */
  sha256: z.string(),
  state: z.enum(states),
  builtAtBlock: count,
  /** Head when the first attempt was signed; what lands, lands above it. */
  firstSentAtBlock: count.nullable(),
  lastSentAtBlock: count.nullable(),
  attempts: count,
  includedAtBlock: count.nullable(),
  extrinsicHash: z.string().nullable(),
  effectiveAtBlock: count.nullable(),
  reason: z.string().nullable(),
});
export type VectorRecord = Readonly<z.infer<typeof recordSchema>>;

export type VectorEvent =
  | { readonly to: 'submitting'; readonly block: number }
  | { readonly to: 'included'; readonly block: number; readonly extrinsicHash: string }
  | { readonly to: 'effective'; readonly block: number }
  | {
      readonly to: 'rejected' | 'unknown' | 'lapsed' | 'differs' | 'superseded';
      readonly reason: string;
    };

const successors: Readonly<Record<VectorState, readonly VectorState[]>> = {
  built: ['submitting', 'superseded'],
  submitting: ['included', 'rejected', 'unknown', 'effective', 'differs', 'lapsed', 'submitting'],
  unknown: ['submitting', 'effective', 'differs', 'lapsed'],
  included: ['effective', 'differs', 'unknown', 'lapsed'],
  effective: [],
  rejected: [],
  lapsed: [],
  differs: [],
  superseded: [],
};

/** Its fate is not known yet: it may still take effect. */
export function isOpen(record: VectorRecord): boolean {
  return ['submitting', 'unknown', 'included'].includes(record.state);
}

/** The record after an event. Throws INTERNAL for a step that the drawing above does not have. */
export function advance(record: VectorRecord, event: VectorEvent): VectorRecord {
  if (!successors[record.state].includes(event.to)) {
    throw new SubnetError('INTERNAL', { detail: `vector step ${record.state} -> ${event.to}` });
  }
  return { ...record, state: event.to, reason: null, ...changesBy(record, event) };
}

function changesBy(record: VectorRecord, event: VectorEvent): Partial<VectorRecord> {
  switch (event.to) {
    case 'submitting':
      return {
        firstSentAtBlock: record.firstSentAtBlock ?? event.block,
        lastSentAtBlock: event.block,
        attempts: record.attempts + 1,
      };
    case 'included':
      return { includedAtBlock: event.block, extrinsicHash: event.extrinsicHash };
    case 'effective':
      return { effectiveAtBlock: event.block };
    case 'rejected':
    case 'unknown':
    case 'lapsed':
    case 'differs':
    case 'superseded':
      return { reason: event.reason };
  }
}

export interface NewVector {
  readonly id: number;
  readonly netuid: number;
  readonly round: number;
  readonly block: number;
  readonly vector: WeightVector;
  readonly versionKey: bigint;
}

export function newRecord(
  input: NewVector,
  sha256: (bytes: Uint8Array) => Uint8Array,
): VectorRecord {
  const { id, netuid, round, block, vector, versionKey } = input;
  return {
    version: 1,
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
  };
}

export function vectorDigest(
  vector: WeightVector,
  versionKey: bigint,
  sha256: (bytes: Uint8Array) => Uint8Array,
): string {
  const text = JSON.stringify([vector.uids, vector.values, String(versionKey)]);
  return toHex(sha256(new TextEncoder().encode(text)));
}

/** What the chain says of an open vector. */
export interface ChainView {
  readonly head: number;
  /** Own `lastUpdate`; null when the hotkey is not registered. */
  readonly lastUpdate: number | null;
  readonly row: WeightRow;
}

/**
 * What became of an open vector, read from the chain alone; null while it is still open.
 * `lifetimeBlocks` is how long the signed extrinsic can be included (its era).
 */
export function settle(
  record: VectorRecord,
  view: ChainView,
  lifetimeBlocks: number,
): VectorEvent | null {
  const sentAt = record.firstSentAtBlock ?? record.builtAtBlock;
  const { lastUpdate, row, head } = view;
  if (lastUpdate !== null && lastUpdate > sentAt) {
    if (sameRow(row, chainRow(record.uids, record.values))) return effective(lastUpdate);
    return { to: 'differs', reason: `the chain holds other weights since block ${lastUpdate}` };
  }
  if (head <= (record.lastSentAtBlock ?? sentAt) + lifetimeBlocks) return null;
  return { to: 'lapsed', reason: `not on chain ${lifetimeBlocks} blocks after it was signed` };
}

function effective(block: number): VectorEvent {
  return { to: 'effective', block };
}

export function encodeRecord(record: VectorRecord): string {
  return JSON.stringify(record);
}

/** Throws STATE_UNREADABLE. */
export function decodeRecord(text: string | Uint8Array): VectorRecord {
  return parseStored('journal', recordSchema, text);
}
