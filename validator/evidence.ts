import { z } from 'zod';
import { SubnetError } from '../common/errors.ts';
import { toHex } from '../common/hex.ts';
import { createMutex } from '../common/mutex.ts';
import type { Store, StoreOp } from '../common/store-port.ts';
import { parseStored } from './stored.ts';

type Hash = (bytes: Uint8Array) => Uint8Array;

/** Where the log ends: what the next entry has to name. */
export interface EvidenceHead {
  /** Entries so far, pruned ones included. */
  readonly entries: number;
  /** SHA-256 of the last entry's line in hex; 64 zeros before the first. */
  readonly sha256: string;
}

export type EvidenceKind = 'start' | 'open' | 'close' | 'abandon' | 'weights';

/** Writes the log, one entry after the other, each in one batch with the state it belongs to. */
export interface EvidenceLog {
  readonly head: EvidenceHead;
  /** `commit` stores the operations it is handed, with its own, and decides by failing. */
  append<T>(
    kind: EvidenceKind,
    fields: EvidenceFields,
    commit: (ops: readonly StoreOp[]) => Promise<T>,
  ): Promise<T>;
}

export type EvidenceFields = Readonly<Record<string, unknown>>;

const encoder = new TextEncoder();
const headKey = 'evidence-head';
const entryPrefix = 'evidence/';
const bodyPrefix = 'body/';
const headSchema = z.strictObject({ entries: z.int().min(0), sha256: z.string() });
const firstHead: EvidenceHead = { entries: 0, sha256: '0'.repeat(64) };

export function createEvidenceLog(first: EvidenceHead, sha256: Hash): EvidenceLog {
  const mutex = createMutex();
  let head = first;
  return {
    get head() {
      return head;
    },
    append: (kind, fields, commit) =>
      mutex.run(async () => {
        const entry = nextEntry(head, kind, fields, sha256);
        const result = await commit(entry.ops);
        head = entry.head;
        return result;
      }),
  };
}

/**
 * The next entry of the log: one line of JSON that names the SHA-256 of the line before, so that
 * nothing can be changed, left out or put in between without it showing.
 */
function nextEntry(
  head: EvidenceHead,
  kind: EvidenceKind,
  fields: EvidenceFields,
  sha256: Hash,
): { readonly ops: readonly StoreOp[]; readonly head: EvidenceHead } {
  const line = JSON.stringify({ seq: head.entries, prev: head.sha256, kind, ...fields });
  const value = encoder.encode(line);
  const next = { entries: head.entries + 1, sha256: toHex(sha256(value)) };
  const ops: readonly StoreOp[] = [
    { type: 'put', key: entryKey(head.entries), value },
    { type: 'put', key: headKey, value: encoder.encode(JSON.stringify(next)) },
  ];
  return { ops, head: next };
}

export async function readHead(store: Store): Promise<EvidenceHead> {
  const value = await store.get(headKey);
  if (value === undefined) return firstHead;
  return parseStored('evidence head', headSchema, value);
}

/** A request or answer body, named by its hash. */
export function bodyOp(sha256Hex: string, body: Uint8Array): StoreOp {
  return { type: 'put', key: bodyPrefix + sha256Hex, value: body };
}

export async function readBody(store: Store, sha256Hex: string): Promise<Uint8Array | undefined> {
  return store.get(bodyPrefix + sha256Hex);
}

/** The stored lines, oldest first. */
export async function* evidenceLines(store: Store): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const [, value] of store.range({ gte: entryPrefix, lt: `${entryPrefix}~` })) {
    yield decoder.decode(value);
  }
}

/**
 * Deletions that leave the newest `keep` entries, a bounded number at a time. Bodies go with the
 * entry that names them.
 */
export async function pruneOps(
  store: Store,
  head: EvidenceHead,
  keep: number,
): Promise<readonly StoreOp[]> {
  const below = head.entries - keep;
  if (below <= 0) return [];
  const ops: StoreOp[] = [];
  const range = { gte: entryKey(0), lt: entryKey(below), limit: 64 };
  for await (const [key, value] of store.range(range)) {
    ops.push({ type: 'del', key }, ...bodiesNamedIn(new TextDecoder().decode(value)));
  }
  return ops;
}

function bodiesNamedIn(line: string): readonly StoreOp[] {
  const names = line.matchAll(/"(?:request|response)Sha256":"([0-9a-f]{64})"/g);
  return [...names].map(([, name]) => ({
    type: 'del' as const,
    key: `${bodyPrefix}${name ?? ''}`,
  }));
}

export interface EvidenceSummary {
  readonly entries: number;
  readonly firstSeq: number | null;
  readonly lastSha256: string | null;
}

/**
 * Holds exported lines against each other: each must name the hash of the one before and count on
 * by one. Throws EVIDENCE_BROKEN with the line where it breaks. The first line may be any, since
 * older ones are pruned in time.
 */
export async function checkEvidence(
  lines: AsyncIterable<string> | Iterable<string>,
  sha256: Hash,
): Promise<EvidenceSummary> {
  let [count, firstSeq, last] = [0, null as number | null, null as EvidenceHead | null];
  for await (const line of lines) {
    const { seq, prev } = linkOf(line, count + 1);
    if (last !== null && (seq !== last.entries || prev !== last.sha256)) {
      throw new SubnetError('EVIDENCE_BROKEN', { line: count + 1, seq });
    }
    firstSeq ??= seq;
    last = { entries: seq + 1, sha256: toHex(sha256(encoder.encode(line))) };
    count += 1;
  }
  return { entries: count, firstSeq, lastSha256: last?.sha256 ?? null };
}

function linkOf(text: string, line: number): { readonly seq: number; readonly prev: string } {
  try {
    const { seq, prev } = JSON.parse(text) as { seq: unknown; prev: unknown };
    if (typeof seq === 'number' && typeof prev === 'string') return { seq, prev };
  } catch {
    // Told below, as for any other line that is no entry.
  }
  throw new SubnetError('EVIDENCE_BROKEN', { line, detail: 'this line is no entry' });
}

function entryKey(seq: number): string {
  return `${entryPrefix}${seq.toString().padStart(12, '0')}`;
}
