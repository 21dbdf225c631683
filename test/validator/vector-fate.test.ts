import { sha256 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextStep } from '../../validator/weights/vector-fate.ts';
import type { ChainView } from '../../validator/weights/vector-fate.ts';
import { advance, isOpen, newRecord } from '../../validator/weights/vector-state.ts';
import type { Sight } from '../../validator/weights/chain-memory.ts';
import type { CommitPath, VectorRecord } from '../../validator/weights/vector-state.ts';

const hash = '0xaa';
const row = [
  [1, 65_535],
  [2, 9],
] as const;

function sent(path: CommitPath): VectorRecord {
  const commit = {
    hash,
    bytes: path === 'timelocked' ? '00' : null,
    revealRound: path === 'timelocked' ? 77 : null,
    version: path === 'timelocked' ? 4 : null,
    salt: path === 'hash' ? [1, 2] : null,
    revealBlock: 120,
  };
  const record = newRecord(
    {
      id: 0,
      netuid: 2,
      mecid: 0,
      round: 1,
      block: 100,
      epoch: 5,
      path,
      commit: path === 'plain' ? null : commit,
      vector: { kind: 'vector', uids: [1, 2], values: [65_535, 9] },
      versionKey: 0n,
    },
    sha256,
  );
  return advance(record, { to: 'submitting', block: 100 });
}

const pendingOne = (epoch: number) =>
  [{ kind: 'timelocked', hash, block: 101, epoch, revealRound: 77 }] as const;

const sights = fc.constantFrom<Sight>('there', 'gone', 'unsure');

const views: fc.Arbitrary<ChainView> = fc.record({
  head: fc.integer({ min: 100, max: 260 }),
  epoch: fc.integer({ min: 4, max: 9 }),
  epochBlock: fc.integer({ min: 90, max: 200 }),
  revealPeriod: fc.integer({ min: 1, max: 3 }),
  commitReveal: fc.boolean(),
  lastUpdate: fc.option(fc.integer({ min: 90, max: 200 })),
  updatedBy: fc.option(fc.constantFrom([], [hash], ['0xbb'])),
  row: fc.constantFrom([], row, [[3, 65_535] as const]),
  replaced: fc.constantFrom(new Set<number>(), new Set([2])),
  pending: fc.constantFrom([], pendingOne(5), pendingOne(6)),
  pulse: fc.option(fc.boolean()),
  revealedAt: fc.option(fc.integer({ min: 100, max: 200 })),
  search: fc.constantFrom('none', 'partly', 'whole'),
  memory: fc.record({ included: sights, anchor: sights }),
  dueBlock: fc.option(fc.integer({ min: 100, max: 300 })),
  pulseTooLate: fc.boolean(),
});
const paths = fc.constantFrom<CommitPath>('plain', 'timelocked', 'hash');
const patience = { lifetimeBlocks: 30 };
/** What a second look sees: its block was taken anew from this very chain. */
const there = { included: 'there', anchor: 'there' } as const;

describe('the fate of a vector, whatever the chain says', () => {
  it('takes only steps of the drawing, comes to an end, and stays there', () => {
    fc.assert(
      fc.property(paths, fc.array(views, { minLength: 1, maxLength: 12 }), (path, seen) => {
        let record = sent(path);
        for (const view of seen) {
          let steps = 0;
          for (;;) {
            const event = nextStep(
              record,
              steps === 0 ? view : { ...view, memory: there },
              patience,
            );
            if (event === null) break;
            const before = record.state;
            record = advance(record, event);
            expect(before === 'effective' || isOpen({ ...record, state: before })).toBe(true);
            steps += 1;
            expect(steps).toBeLessThan(6);
          }
        }
      }),
      { numRuns: 2000, seed: 4 },
    );
  });

  it('never calls a vector effective that the chain does not hold', () => {
    fc.assert(
      fc.property(paths, fc.array(views, { maxLength: 12 }), (path, seen) => {
        let record = sent(path);
        for (const view of seen) {
          for (let steps = 0; ; steps += 1) {
            const event = nextStep(
              record,
              steps === 0 ? view : { ...view, memory: there },
              patience,
            );
            if (event === null) break;
            if (event.to === 'effective') expect(view.row).toEqual(row);
            if (event.to === 'missed') expect(record.path).not.toBe('plain');
            record = advance(record, event);
          }
        }
      }),
      { numRuns: 2000, seed: 5 },
    );
  });

  it('never gives a commit up while the chain still keeps it for its epoch', () => {
    fc.assert(
      fc.property(views, (view) => {
        const committed = advance(sent('timelocked'), { to: 'committed', block: 101, epoch: 5 });
        const calm = { memory: there, pulseTooLate: false, dueBlock: 120 };
        const waits = { ...view, ...calm, pending: pendingOne(5), revealedAt: null };
        const before = { ...waits, epoch: 4 + view.revealPeriod };
        expect(nextStep(committed, before, patience)).toBeNull();
        const due = advance(committed, { to: 'due', block: 120 });
        const during = { ...waits, epoch: 5 + view.revealPeriod };
        expect(nextStep(due, during, patience)).toBeNull();
      }),
      { numRuns: 500, seed: 6 },
    );
  });
});
