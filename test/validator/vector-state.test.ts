import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import {
  advance,
  decodeRecord,
  encodeRecord,
  isOpen,
  isSigned,
  newRecord,
  vectorDigest,
} from '../../validator/weights/vector-state.ts';
import { nextStep } from '../../validator/weights/vector-fate.ts';
import type { ChainView } from '../../validator/weights/vector-fate.ts';
import type { VectorEvent, VectorRecord } from '../../validator/weights/vector-state.ts';

const vector = { kind: 'vector', uids: [1, 4], values: [65535, 100] } as const;
const input = {
  id: 3,
  netuid: 2,
  mecid: 0,
  round: 9,
  block: 50,
  epoch: 4,
  path: 'plain',
  commit: null,
  vector,
  versionKey: 7n,
} as const;
const built = newRecord(input, sha256);
const reason = 'why';
const sending: VectorEvent = { to: 'submitting', block: 51 };
const included: VectorEvent = { to: 'included', block: 52, extrinsicHash: '0x1' };
const row = [
  [1, 65535],
  [4, 100],
] as const;

const after = (...events: VectorEvent[]): VectorRecord => events.reduce(advance, built);

describe('a vector', () => {
  it('goes from built to effective, and remembers each block', () => {
    const done = after(sending, included, { to: 'effective', block: 52 });
    expect(done).toMatchObject({
      state: 'effective',
      firstSentAtBlock: 51,
      includedAtBlock: 52,
      effectiveAtBlock: 52,
      attempts: 1,
    });
  });

  it('can be sent again, and keeps the block of its first sending', () => {
    const again = after(sending, { to: 'unknown', reason }, { to: 'submitting', block: 60 });
    expect(again).toMatchObject({ firstSentAtBlock: 51, lastSentAtBlock: 60, attempts: 2 });
  });

  it('is never sent again once its fate is known', () => {
    for (const to of ['rejected', 'lapsed', 'differs'] as const) {
      const done = after(sending, { to, reason });
      expect(isOpen(done)).toBe(false);
      expect(() => advance(done, sending)).toThrowError(/vector step/);
    }
    expect(() => advance(after({ to: 'superseded', reason }), sending)).toThrowError();
    expect(() => advance(built, included)).toThrowError();
    expect(() => advance(built, { to: 'effective', block: 1 })).toThrowError();
  });

  it('comes back from its text, and is refused when that was touched', () => {
    const done = after(sending, included);
    expect(decodeRecord(encodeRecord(done, sha256), sha256)).toEqual(done);
    const text = encodeRecord(done, sha256);
    for (const bad of ['', '{}', text.replace('65535', '65536')]) {
      expect(() => decodeRecord(bad, sha256)).toThrowError(/another version/);
    }
    for (const [was, is] of [
      ['65535,100]', '65535,101]'],
      ['"state":"included"', '"state":"rejected"'],
    ] as const) {
      expect(decodeRecord(text.replace(was, is), sha256)).toBeNull();
    }
  });

  it('has a digest of all that the chain would see', () => {
    const digest = vectorDigest(vector, 7n, sha256);
    expect(digest).toBe(built.sha256);
    expect(vectorDigest(vector, 8n, sha256)).not.toBe(digest);
    expect(vectorDigest({ ...vector, values: [65535, 101] }, 7n, sha256)).not.toBe(digest);
    expect(vectorDigest({ ...vector, uids: [1, 5] }, 7n, sha256)).not.toBe(digest);
  });
});

describe('nextStep of plain weights', () => {
  const open = after(sending);
  const view: ChainView = {
    head: 55,
    epoch: 4,
    epochBlock: 40,
    revealPeriod: 1,
    commitReveal: false,
    lastUpdate: 52,
    updatedBy: null,
    row,
    replaced: new Set(),
    pending: [],
    pulse: null,
    revealedAt: null,
    search: 'none',
    memory: { included: 'unsure', anchor: 'unsure' },
    dueBlock: null,
    pulseTooLate: false,
  };
  const at = (head: number, lastUpdate: number | null, found: ChainView['row'] = row) =>
    nextStep(open, { ...view, head, lastUpdate, row: found }, { lifetimeBlocks: 10 });

  it('takes only what the chain holds for effective', () => {
    expect(at(55, 52)).toEqual({ to: 'effective', block: 52 });
    expect(at(55, 51)).toBeNull();
    expect(at(55, null)).toBeNull();
  });

  it('sees other weights than its own', () => {
    expect(at(55, 53, [])?.to).toBe('differs');
  });

  it('gives a vector up only when it cannot land any more', () => {
    expect(at(61, 20)).toBeNull();
    expect(at(62, 20)?.to).toBe('lapsed');
    const again = advance(advance(open, { to: 'unknown', reason }), {
      to: 'submitting',
      block: 60,
    });
    const later = { ...view, head: 62, lastUpdate: 20, row: [] };
    expect(nextStep(again, later, { lifetimeBlocks: 10 })).toBeNull();
  });
});

describe('a record of the first release', () => {
  const { mecid, path, epoch, commit, dueAtBlock, ...rest } = after(sending, included);
  const { revealAttempts, revealSentAtBlock, revealedAtBlock, ...seen } = rest;
  const { includedHash, anchor, revealPeriod, rowStood, signed, ...old } = seen;
  const text = JSON.stringify({ ...old, version: 1 });

  it('is taken up where it stood', () => {
    expect(JSON.parse(text)).not.toHaveProperty('path');
    const record = decodeRecord(text, sha256);
    expect(record).toMatchObject({ version: 3, state: 'included', path: 'plain', mecid: 0 });
    expect(record).toMatchObject({ epoch: null, commit: null, revealAttempts: 0 });
    expect([mecid, path, epoch, commit, dueAtBlock]).toEqual([0, 'plain', 4, null, null]);
    expect([includedHash, anchor, revealPeriod, rowStood]).toEqual([null, null, null, null]);
    expect([revealAttempts, revealSentAtBlock, revealedAtBlock]).toEqual([0, null, null]);
    // Of its signatures nothing is known: it must not pass for one that was never handed over.
    expect(signed).toBeNull();
    expect(record).not.toHaveProperty('signed');
    expect(record && isSigned(record)).toBe(true);
    expect(advance(record ?? built, { to: 'effective', block: 52 }).state).toBe('effective');
    expect(decodeRecord(encodeRecord(record ?? built, sha256), sha256)).toEqual(record);
  });

  it('is not mistaken for one of a later release', () => {
    expect(() => decodeRecord(text.replace('"version":1', '"version":4'), sha256)).toThrowError();
  });
});
