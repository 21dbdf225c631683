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
  recordSum,
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
const headKey = 'journal-head';
/** Newest records whose checksums are kept apart: a step that the store lost shows there. */
const headRecords = 16;
const headSchema = z.strictObject({ sums: z.array(z.tuple([z.int().min(0), z.string()])) });
const sinceSchema = z.strictObject({ block: z.int().min(0) });

const decoder = new TextDecoder();
/** More than are ever asked for at a time. */
const mostDecoded = 256;

interface Decoded {
  readonly text: string;
  readonly record: VectorRecord;
  readonly sum: string;
}

export function createJournal(store: Store, sha256: (bytes: Uint8Array) => Uint8Array): Journal {
  const mutex = createMutex();
  /** Each record is read many times, and changes a few times only. */
  const decoded = new Map<string, Decoded>();

  function put(record: VectorRecord): StoreOp {
    const value = encoder.encode(encodeRecord(record, sha256));
    return { type: 'put', key: keyOf(record.id), value };
  }

  /** What is no JSON any more was damaged, and was not written by another version. */
  function decode(key: string, value: Uint8Array): Decoded {
    const text = decoder.decode(value);
    const known = decoded.get(key);
    if (known?.text === text) return known;
    const id = Number(key.slice(prefix.length));
    const record = isJson(text) ? decodeRecord(text, sha256) : null;
    if (record?.id !== id) throw damagedRecord(id);
    const fresh = { text, record, sum: recordSum(record, sha256) };
    decoded.delete(key);
    decoded.set(key, fresh);
    const [oldest] = decoded.keys();
    if (decoded.size > mostDecoded && oldest !== undefined) decoded.delete(oldest);
    return fresh;
  }

  /** By id, of the newest records; empty in a journal of an older release. */
  async function readSums(): Promise<Map<number, string>> {
    const value = await store.get(headKey);
    return new Map(value === undefined ? [] : parseStored('journal', headSchema, value).sums);
  }

  function checkSum({ record, sum }: Decoded, sums: ReadonlyMap<number, string>): void {
    if ((sums.get(record.id) ?? sum) !== sum) throw damagedRecord(record.id);
  }

  /** The records and the sums that go with them, in one batch. */
  async function putAll(records: readonly VectorRecord[]): Promise<readonly StoreOp[]> {
    const sums = await readSums();
    for (const record of records) sums.set(record.id, recordSum(record, sha256));
    const newest = [...sums].sort(([a], [b]) => b - a).slice(0, headRecords);
    const value = encoder.encode(JSON.stringify({ sums: newest }));
    return [...records.map(put), { type: 'put', key: headKey, value }];
  }

  async function recent(limit: number, mecid?: number): Promise<readonly VectorRecord[]> {
    const records: VectorRecord[] = [];
    const sums = await readSums();
    let expected = Math.max(...sums.keys());
    for await (const [key, value] of store.range({
      gte: prefix,
      lt: `${prefix}~`,
      reverse: true,
    })) {
      const found = decode(key, value);
      const { record } = found;
      if (expected >= 0 && record.id !== expected) throw damagedRecord(expected);
      expected = record.id - 1;
      checkSum(found, sums);
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
    const ops = await putAll([...superseded(known[0]), record]);
    await store.batch([...ops, ...forgotten(id)]);
    return record;
  }

  async function step(
    id: number,
    event: VectorEvent,
    more: readonly StoreOp[] = [],
  ): Promise<VectorRecord> {
    const value = await store.get(keyOf(id));
    const before = decode(keyOf(id), value ?? new Uint8Array());
    checkSum(before, await readSums());
    const record = advance(before.record, event);
    await store.batch([...(await putAll([record])), ...more]);
    return record;
  }

  return {
    // A step that is just being written must not look like one that was lost.
    latest: (mecid) => mutex.run(() => latest(mecid)),
    open: (mecid) => mutex.run(() => open(mecid)),
    recent: (limit, mecid) => mutex.run(() => recent(limit, mecid)),
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

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function keyOf(id: number): string {
  return `${prefix}${id.toString().padStart(12, '0')}`;
}
