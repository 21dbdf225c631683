import { createMutex } from '../common/mutex.ts';
import type { Store, StoreOp } from '../common/store-port.ts';
import { skip } from './precheck.ts';
import type { Skip } from './precheck.ts';
import {
  advance,
  decodeRecord,
  encodeRecord,
  isOpen,
  newRecord,
  vectorDigest,
} from './vector-state.ts';
import type { NewVector, VectorEvent, VectorRecord } from './vector-state.ts';

/**
 * What was decided, sent and seen of every weight vector, on disk before the step is taken. Two
 * different vectors are never under way at once, whoever asks and however often the node dies.
 */
export interface Journal {
  /** The newest vector, whatever its state. */
  latest(): Promise<VectorRecord | null>;
  /** The one vector whose fate is open, if any. */
  open(): Promise<VectorRecord | null>;
  /**
   * Takes a vector in: as a new record, or as the open one when it is the very same vector.
   * Skips with `pending-vector` while a different one is open.
   */
  admit(input: Omit<NewVector, 'id'>): Promise<VectorRecord | Skip>;
  /** Stores the step, then returns the record after it. */
  step(id: number, event: VectorEvent, more?: readonly StoreOp[]): Promise<VectorRecord>;
  /** Newest first. */
  recent(limit: number): Promise<readonly VectorRecord[]>;
}

const prefix = 'vector/';
const keptRecords = 1000;
const encoder = new TextEncoder();

export function createJournal(store: Store, sha256: (bytes: Uint8Array) => Uint8Array): Journal {
  const mutex = createMutex();

  async function recent(limit: number): Promise<readonly VectorRecord[]> {
    const records: VectorRecord[] = [];
    const newest = { gte: prefix, lt: `${prefix}~`, reverse: true, limit };
    for await (const [, value] of store.range(newest)) {
      records.push(decodeRecord(value));
    }
    return records;
  }

  async function latest(): Promise<VectorRecord | null> {
    return (await recent(1))[0] ?? null;
  }

  async function open(): Promise<VectorRecord | null> {
    const last = await latest();
    return last !== null && isOpen(last) ? last : null;
  }

  async function admit(input: Omit<NewVector, 'id'>): Promise<VectorRecord | Skip> {
    const last = await latest();
    if (last !== null && isOpen(last)) return sameOrSkip(last, input, sha256);
    const record = newRecord({ ...input, id: (last?.id ?? -1) + 1 }, sha256);
    await store.batch([...superseded(last), put(record), ...forgotten(record.id)]);
    return record;
  }

  async function step(
    id: number,
    event: VectorEvent,
    more: readonly StoreOp[] = [],
  ): Promise<VectorRecord> {
    const value = await store.get(keyOf(id));
    const record = advance(decodeRecord(value ?? ''), event);
    await store.batch([put(record), ...more]);
    return record;
  }

  return {
    latest,
    open,
    recent,
    admit: (input) => mutex.run(() => admit(input)),
    step: (id, event, more) => mutex.run(() => step(id, event, more)),
  };
}

function sameOrSkip(
  open: VectorRecord,
  input: Omit<NewVector, 'id'>,
  sha256: (bytes: Uint8Array) => Uint8Array,
): VectorRecord | Skip {
  if (open.sha256 === vectorDigest(input.vector, input.versionKey, sha256)) return open;
  const detail = `vector ${open.id} was sent and its fate is not known yet (${open.state})`;
  return skip('pending-vector', detail);
}

/** A vector that was built but never signed gives way. */
function superseded(last: VectorRecord | null): readonly StoreOp[] {
  if (last?.state !== 'built') return [];
  return [put(advance(last, { to: 'superseded', reason: 'a newer vector was built' }))];
}

function forgotten(newest: number): readonly StoreOp[] {
  return newest < keptRecords ? [] : [{ type: 'del', key: keyOf(newest - keptRecords) }];
}

function put(record: VectorRecord): StoreOp {
  return { type: 'put', key: keyOf(record.id), value: encoder.encode(encodeRecord(record)) };
}

function keyOf(id: number): string {
  return `${prefix}${id.toString().padStart(12, '0')}`;
}
