import type { PendingCommit, WeightRow } from '../../common/chain-port.ts';
import { stepBack } from './chain-memory.ts';
import type { ChainMemory } from './chain-memory.ts';
import type { SearchExtent } from './reveal-search.ts';
import type { VectorEvent, VectorRecord } from './vector-state.ts';
import { chainRow, sameRow } from './weights.ts';

/** What the chain says of one mechanism, and of one vector of it, read at one head. */
export interface ChainView {
  readonly memory: ChainMemory;
  /** First block of the vector's reveal epoch, as the schedule has it now; null: begun, or unknown. */
  readonly dueBlock: number | null;
  /** The pulse that opens it comes only after that epoch. */
  readonly pulseTooLate: boolean;
  readonly head: number;
  /** Index of the epoch that the head lies in, and its first block. */
  readonly epoch: number;
  readonly epochBlock: number;
  /** Epochs from a commit to its reveal, as the subnet has it now. */
  readonly revealPeriod: number;
  readonly commitReveal: boolean;
  /** Own `LastUpdate`; null when the hotkey is not registered. */
  readonly lastUpdate: number | null;
  /** Hashes of own commits in the events of that block; null when it is not, or no longer, known. */
  readonly updatedBy: readonly string[] | null;
  readonly row: WeightRow;
  /** Uids that changed hands since the vector was built: their entries are no longer its own. */
  readonly replaced: ReadonlySet<number>;
  readonly pending: readonly PendingCommit[];
  /** Whether the chain has the pulse that opens the vector; null when it needs none. */
  readonly pulse: boolean | null;
  /** Block with the event of the reveal; null when none was found. */
  readonly revealedAt: number | null;
  readonly search: SearchExtent;
}

export interface Patience {
  /** Blocks in which a signed extrinsic can still be included: its era (64), and some to spare. */
  readonly lifetimeBlocks: number;
}

/** The next step of a vector, from the chain alone; null while there is nothing new. */
export function nextStep(
  record: VectorRecord,
  view: ChainView,
  patience: Patience,
): VectorEvent | null {
  return stepBack(record, view.memory) ?? nextOnChain(record, view, patience);
}

function nextOnChain(
  record: VectorRecord,
  view: ChainView,
  patience: Patience,
): VectorEvent | null {
  switch (record.state) {
    case 'submitting':
    case 'unknown':
      return record.commit === null
        ? plainStep(record, view, patience)
        : landingStep(record, view, patience);
    case 'included':
      return plainStep(record, view, patience);
    case 'committed':
      return committedStep(record, view, patience);
    case 'due':
      return dueStep(record, view);
    case 'revealed':
      return revealTakenBack(record, view) ?? revealedStep(record, view);
    case 'effective':
      return revealTakenBack(record, view);
    case 'built':
    case 'rejected':
    case 'lapsed':
    case 'missed':
    case 'differs':
    case 'superseded':
      return null;
  }
}

function plainStep(
  record: VectorRecord,
  view: ChainView,
  { lifetimeBlocks }: Patience,
): VectorEvent | null {
  const sentAt = record.firstSentAtBlock ?? record.builtAtBlock;
  const { lastUpdate, head } = view;
  if (lastUpdate !== null && lastUpdate > sentAt) {
    if (holds(record, view)) return { to: 'effective', block: lastUpdate };
    return { to: 'differs', reason: `the chain holds other weights since block ${lastUpdate}` };
  }
  return lapsed(record, head, lifetimeBlocks);
}

/** A fork may still replace so many blocks, with what it holds. */
const spareBlocks = 8;

/** At this head it is certain that what is not on chain never will be. */
export function certainAt(record: VectorRecord, lifetimeBlocks: number): number {
  if (record.signed) return record.signed.lastBlock + spareBlocks + 1;
  return (record.lastSentAtBlock ?? record.builtAtBlock) + lifetimeBlocks + 1;
}

function lapsed(record: VectorRecord, head: number, lifetimeBlocks: number): VectorEvent | null {
  if (head < certainAt(record, lifetimeBlocks)) return null;
  const last = record.signed?.lastBlock;
  const why =
    last === undefined
      ? `${lifetimeBlocks} blocks after it was signed`
      : `at block ${head}, and its signature ended with block ${last}`;
  return { to: 'lapsed', reason: `not on chain ${why}` };
}

/** A commit that was sent is found by its hash: among those that wait, or in its block's events. */
function landingStep(
  record: VectorRecord,
  view: ChainView,
  { lifetimeBlocks }: Patience,
): VectorEvent | null {
  const waiting = pendingOf(record, view);
  if (waiting !== undefined) return { to: 'committed', block: waiting.block, epoch: waiting.epoch };
  const sentAt = record.firstSentAtBlock ?? record.builtAtBlock;
  const { lastUpdate, updatedBy, head } = view;
  const moved = lastUpdate !== null && lastUpdate > sentAt;
  if (moved && updatedBy?.includes(record.commit?.hash ?? '') === true) {
    return { to: 'committed', block: lastUpdate };
  }
  // Its block is forgotten, but nobody else was about: it came and went while this node was away.
  const inTime = moved && lastUpdate <= (record.lastSentAtBlock ?? sentAt) + lifetimeBlocks;
  if (inTime && updatedBy === null) return { to: 'committed', block: lastUpdate };
  return lapsed(record, head, lifetimeBlocks);
}

function committedStep(
  record: VectorRecord,
  view: ChainView,
  { lifetimeBlocks }: Patience,
): VectorEvent | null {
  const { epoch, epochBlock, head } = view;
  const due = revealEpoch(record, view);
  if (due === null || epoch >= due) {
    const expected = Math.min(head, record.commit?.revealBlock ?? head);
    return { to: 'due', block: due === epoch ? epochBlock : expected };
  }
  const switchedOff = record.path === 'hash' && !view.commitReveal;
  if (switchedOff) {
    return missed('commit-reveal was switched off: a hash can no longer be revealed');
  }
  if (view.pulseTooLate) return missed(whyTooLate(record, view));
  if (pendingOf(record, view) !== undefined) return rescheduled(record, view);
  return goneEarly(record, view, lifetimeBlocks);
}

/** The schedule of the subnet is not what it was when the commit was made. */
function rescheduled({ commit }: VectorRecord, { dueBlock }: ChainView): VectorEvent | null {
  if (dueBlock === null || commit === null || dueBlock === commit.revealBlock) return null;
  return { to: 'rescheduled', block: dueBlock };
}

function goneEarly(
  record: VectorRecord,
  view: ChainView,
  lifetimeBlocks: number,
): VectorEvent | null {
  const { head } = view;
  // It may have been revealed by the period that held before.
  const expected = record.commit?.revealBlock ?? head;
  if (periodChanged(record, view) && expected <= head) return { to: 'due', block: expected };
  // A fork may drop a commit for a few blocks; what is gone longer than it can come back is gone.
  const goneFor = head - (record.includedAtBlock ?? head);
  if (goneFor <= lifetimeBlocks) return null;
  return missed('the commit is gone from the chain before its time');
}

function dueStep(record: VectorRecord, view: ChainView): VectorEvent | null {
  if (pendingOf(record, view) !== undefined) return stillPending(record, view);
  if (view.revealedAt !== null) return { to: 'revealed', block: view.revealedAt };
  switch (view.search) {
    case 'none':
      return null;
    case 'whole':
      return missed(whyMissed(record, view));
    case 'partly':
      return provenByRow(record, view)
        ? { to: 'revealed', block: null }
        : missed(
            `${whyMissed(record, view)}; whether it was revealed cannot be seen any more: ` +
              'blocks of its epoch are forgotten, and the row does not prove it',
          );
  }
}

function stillPending(record: VectorRecord, view: ChainView): VectorEvent | null {
  const due = revealEpoch(record, view);
  if (due !== null && view.epoch > due) return missed(whyMissed(record, view));
  const switchedOff = record.path === 'hash' && !view.commitReveal;
  if (switchedOff) return missed('commit-reveal was switched off before the reveal');
  return view.pulseTooLate ? missed(whyTooLate(record, view)) : null;
}

/**
 * Without the blocks of its reveal the row decides, and only one that did not stand before: it may
 * be that of an epoch before. That the commit itself was there is what `LastUpdate` says.
 */
function provenByRow(record: VectorRecord, view: ChainView): boolean {
  const { includedAtBlock, rowStood } = record;
  const moved = (view.lastUpdate ?? -1) >= (includedAtBlock ?? Infinity);
  return rowStood === false && moved && view.pulse !== false && holds(record, view);
}

/** The commit waits again, above the block of its reveal: a fork took that one back. */
function revealTakenBack(record: VectorRecord, view: ChainView): VectorEvent | null {
  const { revealedAtBlock, dueAtBlock } = record;
  if (revealedAtBlock === null || view.head < revealedAtBlock) return null;
  if (pendingOf(record, view) === undefined) return null;
  return { to: 'due', block: dueAtBlock ?? revealedAtBlock };
}

function revealedStep(record: VectorRecord, view: ChainView): VectorEvent | null {
  if (holds(record, view)) {
    return { to: 'effective', block: record.revealedAtBlock ?? view.head };
  }
  return { to: 'differs', reason: 'the chain holds other weights than were revealed' };
}

/** The epoch of the reveal, by the chain's own word where the commit still waits. */
export function revealEpoch(record: VectorRecord, view: ChainView): number | null {
  const epoch = pendingOf(record, view)?.epoch ?? record.epoch;
  return epoch === null ? null : epoch + view.revealPeriod;
}

function pendingOf({ commit }: VectorRecord, { pending }: ChainView): PendingCommit | undefined {
  return pending.find(({ hash }) => hash === commit?.hash);
}

function periodChanged({ revealPeriod }: VectorRecord, view: ChainView): boolean {
  return revealPeriod !== null && revealPeriod !== view.revealPeriod;
}

function whyPeriod({ includedAtBlock, revealPeriod }: VectorRecord, view: ChainView): string {
  const since = includedAtBlock ?? '?';
  return `reveal period changed at or after block ${since} (${revealPeriod ?? '?'} -> ${view.revealPeriod})`;
}

function whyTooLate(record: VectorRecord, view: ChainView): string {
  const cause = periodChanged(record, view) ? whyPeriod(record, view) : 'the epochs have moved';
  const round = record.commit?.revealRound ?? '?';
  return `${cause}: the pulse of round ${round} comes after the epoch of its reveal`;
}

function whyMissed(record: VectorRecord, view: ChainView): string {
  const due = revealEpoch(record, view);
  const passed = due === null || view.epoch > due;
  if (periodChanged(record, view)) {
    return `${whyPeriod(record, view)}: the epoch of its reveal passed`;
  }
  if (record.path === 'hash') {
    const tries = record.revealAttempts;
    return `the epoch of its reveal passed (${tries === 0 ? 'not revealed' : `${tries} attempts`})`;
  }
  if (view.pulse === false) {
    return `the chain never got the beacon's pulse of round ${record.commit?.revealRound ?? '?'}`;
  }
  const when = passed ? ' (the epoch of its reveal passed)' : '';
  return `the chain dropped the commit${when}: it could not be opened, or its weights were refused`;
}

function missed(reason: string): VectorEvent {
  return { to: 'missed', reason };
}

/** Whether the chain holds the vector, but for uids that somebody else has now. */
function holds(record: VectorRecord, { row, replaced }: ChainView): boolean {
  const kept = (entries: WeightRow): WeightRow => entries.filter(([uid]) => !replaced.has(uid));
  return row.length > 0 && sameRow(kept(row), kept(chainRow(record.uids, record.values)));
}
