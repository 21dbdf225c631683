import { z } from 'zod';
import { SubnetError } from '../../common/errors.ts';
import { createMutex } from '../../common/mutex.ts';
import type { Store, StoreOp } from '../../common/store-port.ts';
import { parseStored } from '../stored.ts';
import { skip } from './skip.ts';
import type { Skip } from './skip.ts';
import {
  advance,
  decodeRecord,
  encodeRecord,
  isFailed,
  isInFlight,
  isOpen,
  newRecord,
  vectorDigest,
} from './vector-state.ts';
import type { NewVector, SealedCommit, VectorEvent, VectorRecord } from './vector-state.ts';

/** A vector that wants in; its commit is made only when it is let in. */
export interface Admission extends Omit<NewVector, 'id' | 'commit'> {
  readonly seal: () => SealedCommit | null;
}

/**
 * What was decided, sent and seen of every weight vector, on disk before the step is taken. For one
 * mechanism two different vectors are never under way at once, nor ever meant for one epoch,
 * whoever asks and however often the node dies: the store belongs to one process and one hotkey,
 * and every entry is made under one lock.
 */
export interface Journal {
  /** The newest vector of a mechanism, whatever its state. */
  latest(mecid: number): Promise<VectorRecord | null>;
  /** Those whose fate is open, oldest first. */
  open(mecid: number): Promise<readonly VectorRecord[]>;
  /**
   * Takes a vector in: as a new record, or as the open one when it is the very same vector. Skips
   * with `pending-vector` while a different one is in flight, and with `second-vector` when the
   * epoch has one already.
   */
  admit(input: Admission): Promise<VectorRecord | Skip>;
  /** Stores the step, then returns the record after it. */
  step(id: number, event: VectorEvent, more?: readonly StoreOp[]): Promise<VectorRecord>;
  /** Newest first; of one mechanism or of all. */
  recent(limit: number, mecid?: number): Promise<readonly VectorRecord[]>;
  /**
   * The block from which this journal knows all that its hotkey sends: that of its first start, or
   * of the last time that an operator vouched for what stood on chain. null before the first.
   */
  knowsSince(): Promise<number | null>;
  setKnowsSince(block: number): Promise<void>;
}

const prefix = 'vector/';
const sinceKey = 'journal-since';
const keptRecords = 1000;
/** No vector stays open for longer: a reveal comes at most 100 epochs after its commit. */
const openWindow = 128;
const encoder = new TextEncoder();
const sinceSchema = z.strictObject({ block: z.int().min(0) });

export function createJournal(store: Store, sha256: (bytes: Uint8Array) => Uint8Array): Journal {
  const mutex = createMutex();

  function put(record: VectorRecord): StoreOp {
    const value = encoder.encode(encodeRecord(record, sha256));
    return { type: 'put', key: keyOf(record.id), value };
  }

  /** What is no JSON any more was damaged, and was not written by another version. */
  function decode(key: string, value: Uint8Array): VectorRecord {
    const id = Number(key.slice(prefix.length));
    const stored = isJson(value) ? decodeRecord(value, sha256) : null;
    if (stored?.id !== id) throw damagedRecord(id);
    return stored;
  }

  async function recent(limit: number, mecid?: number): Promise<readonly VectorRecord[]> {
    const records: VectorRecord[] = [];
    for await (const [key, value] of store.range({
      gte: prefix,
      lt: `${prefix}~`,
      reverse: true,
    })) {
      const record = decode(key, value);
      if (mecid === undefined || record.mecid === mecid) records.push(record);
      if (records.length >= limit) break;
    }
    return records;
  }

  async function latest(mecid: number): Promise<VectorRecord | null> {
    return (await recent(1, mecid))[0] ?? null;
  }

  async function open(mecid: number): Promise<readonly VectorRecord[]> {
    return (await recent(openWindow, mecid)).filter(isOpen).reverse();
  }

  async function admit(input: Admission): Promise<VectorRecord | Skip> {
    const known = await recent(openWindow, input.mecid);
    const digest = vectorDigest(input.vector, input.versionKey, sha256);
    const flying = known.find(isInFlight);
    if (flying !== undefined) return flying.sha256 === digest ? flying : notBeside(flying);
    const standing = known.find((record) => standsFor(record, input.epoch));
    if (standing !== undefined) return notTwice(standing, standing.sha256 === digest);
    const id = ((await recent(1))[0]?.id ?? -1) + 1;
    const { seal, ...rest } = input;
    const record = newRecord({ ...rest, id, commit: seal() }, sha256);
    await store.batch([...superseded(known[0]).map(put), put(record), ...forgotten(id)]);
    return record;
  }

  async function step(
    id: number,
    event: VectorEvent,
    more: readonly StoreOp[] = [],
  ): Promise<VectorRecord> {
    const value = await store.get(keyOf(id));
    const record = advance(decode(keyOf(id), value ?? new Uint8Array()), event);
    await store.batch([put(record), ...more]);
    return record;
  }

  return {
    latest,
    open,
    recent,
    admit: (input) => mutex.run(() => admit(input)),
    step: (id, event, more) => mutex.run(() => step(id, event, more)),
    knowsSince: async () => {
      const value = await store.get(sinceKey);
      return value === undefined ? null : parseStored('journal', sinceSchema, value).block;
    },
    setKnowsSince: (block) => {
      const value = encoder.encode(JSON.stringify({ block }));
      return store.batch([{ type: 'put', key: sinceKey, value }]);
    },
  };
}

/** It is on chain for this epoch, whether its reveal has come or not. */
function standsFor(record: VectorRecord, epoch: number | null): boolean {
  const landed = !isFailed(record) && record.state !== 'built' && record.state !== 'superseded';
  return landed && epoch !== null && record.epoch === epoch;
}

function notBeside({ id, state }: VectorRecord): Skip {
  const detail = `vector ${id} was sent and its fate is not known yet (${state})`;
  return skip('pending-vector', detail);
}

function notTwice({ id, state, epoch }: VectorRecord, same: boolean): Skip {
  const what = same ? 'this very vector' : 'another vector';
  const detail = `${what} stands for epoch ${epoch ?? '?'} already (vector ${id}, ${state})`;
  return skip(same ? 'not-due' : 'second-vector', detail);
}

/** A vector that was built but never signed gives way. */
function superseded(last: VectorRecord | undefined): readonly VectorRecord[] {
  if (last?.state !== 'built') return [];
  return [advance(last, { to: 'superseded', reason: 'a newer vector was built' })];
}

function forgotten(newest: number): readonly StoreOp[] {
  return newest < keptRecords ? [] : [{ type: 'del', key: keyOf(newest - keptRecords) }];
}

function damagedRecord(vector: number): SubnetError {
  const detail = `the journal's record of vector ${vector} was changed on disk`;
  return new SubnetError('STORE_CORRUPT', { vector, detail });
}

function isJson(value: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(value));
    return true;
  } catch {
    return false;
  }
}

function keyOf(id: number): string {
  return `${prefix}${id.toString().padStart(12, '0')}`;
}
