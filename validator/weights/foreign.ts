import type { Chain, ChainEvent, PendingCommit } from '../../common/chain-port.ts';
import { SubnetError } from '../../common/errors.ts';
import { storageIndex } from '../../common/timelock/commit-hash.ts';
import { commitHashesIn, isRevealOf } from './chain-view.ts';
import type { MechanismView } from './chain-view.ts';
import { eventsOf } from './reveal-search.ts';
import type { VectorRecord } from './vector-state.ts';
import { chainRow, sameRow } from './weights.ts';

/**
 * Holds the chain against the journal: what the hotkey did after `since` and the journal does not
 * know, somebody else did with the same hotkey. Two nodes that overwrite each other's weights lose
 * both their vtrust, so this one stops. Throws HOTKEY_SHARED, CHAIN_*.
 */
export async function demandOwnWork(
  chain: Chain,
  view: MechanismView,
  records: readonly VectorRecord[],
  since: number,
): Promise<void> {
  const stray = unknownCommits(view, records).find(({ block }) => block > since);
  if (stray !== undefined) throw shared(view, `a commit ${stray.hash}`, stray.block);
  const { lastUpdate, uid, snapshot } = view;
  const registered = snapshot.neurons[uid ?? -1]?.blockAtRegistration ?? Infinity;
  if (lastUpdate === null || lastUpdate <= since || lastUpdate <= registered) return;
  if (records.some((record) => explains(record, lastUpdate))) return;
  const what = await strangerAt(chain, view, records, lastUpdate);
  if (what !== null) throw shared(view, what, lastUpdate);
}

/** Commits on chain that this journal did not make. */
export function unknownCommits(
  { pending }: Pick<MechanismView, 'pending'>,
  records: readonly VectorRecord[],
): readonly PendingCommit[] {
  const own = new Set(records.map(({ commit }) => commit?.hash));
  return pending.filter(({ hash }) => !own.has(hash));
}

function explains(record: VectorRecord, lastUpdate: number): boolean {
  return record.includedAtBlock === lastUpdate || record.effectiveAtBlock === lastUpdate;
}

/** What moved `LastUpdate` in that block, if it was not this node; null when nothing says so. */
async function strangerAt(
  chain: Chain,
  view: MechanismView,
  records: readonly VectorRecord[],
  block: number,
): Promise<string | null> {
  const events = await eventsOf(chain, block);
  const late = await landedLate(chain, view, records, block, events !== null);
  if (events === null) return late || records.some(revealedUnseen) ? null : 'weights';
  if (records.some((record) => isRevealedIn(events, view, record))) return null;
  const own = new Set(records.map(({ commit }) => commit?.hash));
  const commit = commitHashesIn(events, view).find((hash) => !own.has(hash));
  if (commit !== undefined) return `a commit ${commit}`;
  const index = storageIndex(view.snapshot.netuid, view.mecid);
  const set = events.some(({ name, args }) => {
    return name === 'SubtensorModule.WeightsSet' && args[0] === index && args[1] === view.uid;
  });
  return set && !late ? 'weights' : null;
}

/** Older runtimes move `LastUpdate` at a reveal too. */
function isRevealedIn(
  events: readonly ChainEvent[],
  view: MechanismView,
  { commit }: VectorRecord,
): boolean {
  return commit !== null && events.some((event) => isRevealOf(event, view, commit.hash));
}

function revealedUnseen({ path, state, revealedAtBlock }: VectorRecord): boolean {
  return path !== 'plain' && state === 'effective' && revealedAtBlock === null;
}

/** The longest era of a signature, and some to spare. */
const lateBlocks = 256;

/**
 * Whether a vector that this node sent and never saw to land can have landed in that block. The row
 * alone proves nothing: two nodes with the same scores make the same one. A commit is known by its
 * hash where the block's events are.
 */
async function landedLate(
  chain: Chain,
  { snapshot, uid, mecid }: MechanismView,
  records: readonly VectorRecord[],
  block: number,
  plainAlone: boolean,
): Promise<boolean> {
  const row = await chain.weightsOf(snapshot.netuid, uid ?? 0, mecid);
  return records.some(({ firstSentAtBlock, lastSentAtBlock, includedAtBlock, state, ...sent }) => {
    if (firstSentAtBlock === null || lastSentAtBlock === null) return false;
    if (block <= firstSentAtBlock || block > lastSentAtBlock + lateBlocks) return false;
    if (includedAtBlock !== null && state !== 'lapsed') return false;
    if (sent.commit !== null) return !plainAlone;
    return sameRow(row, chainRow(sent.uids, sent.values));
  });
}

function shared({ snapshot, hotkey, mecid }: MechanismView, what: string, block: number) {
  const detail = `${what} of this hotkey stands on chain since block ${block}, and not from here`;
  return new SubnetError('HOTKEY_SHARED', { detail, hotkey, netuid: snapshot.netuid, mecid });
}
