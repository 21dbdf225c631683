import type { Hotkey } from '../../common/brand.ts';
import type { Chain, ChainEvent, PendingCommit, Snapshot } from '../../common/chain-port.ts';
import { isSubnetError } from '../../common/errors.ts';
import { storageIndex } from '../../common/timelock/commit-hash.ts';
import { epochOf } from '../../common/timelock/reveal-round.ts';
import { lastUpdateOf } from './precheck.ts';
import type { ChainView } from './vector-fate.ts';
import type { VectorRecord } from './vector-state.ts';

/** What the chain says of one mechanism, whoever asks about which vector. */
export interface MechanismView {
  readonly snapshot: Snapshot;
  readonly mecid: number;
  readonly hotkey: Hotkey;
  readonly uid: number | null;
  readonly lastUpdate: number | null;
  readonly epoch: number;
  readonly pending: readonly PendingCommit[];
}

/** Blocks of a reveal epoch whose events are read at most at a time. */
const scannedBlocks = 32;

/** Throws CHAIN_*. */
export async function viewMechanism(
  chain: Chain,
  snapshot: Snapshot,
  mecid: number,
  hotkey: Hotkey,
): Promise<MechanismView> {
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  const { commits } = chain.runtime;
  const asks = (commits.hash || commits.timelocked) && mecid < snapshot.mechanisms.length;
  const pending = asks ? await chain.pendingCommits(snapshot.netuid, mecid, hotkey) : [];
  return {
    snapshot,
    mecid,
    hotkey,
    uid: own?.uid ?? null,
    lastUpdate: own === undefined ? null : lastUpdateOf(snapshot, own, mecid),
    epoch: epochAt(snapshot, snapshot.block.number),
    pending: pending.map((one) => withEpoch(one, snapshot)),
  };
}

/** Index of the epoch of a block at or above the snapshot's; 0 where there are none. */
export function epochAt({ epoch, netuid, block }: Snapshot, at: number): number {
  return epoch.tempo === 0 ? 0 : epochOf(epoch, netuid, block.number, at);
}

/** Runtimes of the older model keep blocks alone, which say the epoch. */
function withEpoch(commit: PendingCommit, snapshot: Snapshot): PendingCommit {
  if (commit.kind !== 'hash' || commit.epoch !== null) return commit;
  return { ...commit, epoch: epochAt(snapshot, commit.block) };
}

/** Adds what one vector needs. Throws CHAIN_*. */
export async function viewOf(
  chain: Chain,
  mechanism: MechanismView,
  record: VectorRecord,
): Promise<ChainView> {
  const { snapshot, mecid, uid, lastUpdate, epoch, pending } = mechanism;
  const { hyperparams, block, netuid, lastEpochBlock } = snapshot;
  const asked = record.state === 'due' && record.path === 'timelocked';
  return {
    head: block.number,
    epoch,
    epochBlock: lastEpochBlock,
    revealPeriod: hyperparams.commitRevealPeriod,
    commitReveal: hyperparams.commitRevealEnabled,
    lastUpdate,
    updatedBy: await commitsOfUpdate(chain, mechanism, record),
    row: uid === null ? [] : await chain.weightsOf(netuid, uid, mecid),
    replaced: replacedSince(snapshot, record.builtAtBlock),
    pending,
    pulse: asked ? await chain.hasPulse(record.commit?.revealRound ?? 0) : null,
    ...(record.state === 'due' ? await findReveal(chain, mechanism, record) : notSearched),
  };
}

/** Looked up only where it can matter: a commit is out, and something of ours landed since. */
async function commitsOfUpdate(
  chain: Chain,
  mechanism: MechanismView,
  record: VectorRecord,
): Promise<readonly string[] | null> {
  const { lastUpdate } = mechanism;
  const flying = record.state === 'submitting' || record.state === 'unknown';
  if (!flying || record.commit === null || lastUpdate === null) return null;
  if (lastUpdate <= (record.firstSentAtBlock ?? record.builtAtBlock)) return null;
  const events = await eventsOf(chain, lastUpdate);
  return events === null ? null : commitHashesIn(events, mechanism);
}

/** null when the endpoint no longer has the block's state. */
export async function eventsOf(
  chain: Chain,
  number: number,
): Promise<readonly ChainEvent[] | null> {
  try {
    return await chain.eventsAt({ number, hash: await chain.blockHash(number) });
  } catch (error) {
    if (isSubnetError(error) && error.code === 'CHAIN_NO_BLOCK') return null;
    throw error;
  }
}

const commitEvents = [
  'SubtensorModule.TimelockedWeightsCommitted',
  'SubtensorModule.CRV3WeightsCommitted',
  'SubtensorModule.WeightsCommitted',
];

type Whose = Pick<MechanismView, 'snapshot' | 'mecid' | 'hotkey'>;

/** Hashes of the commits that a hotkey made for one mechanism: (who, index, hash, ...). */
export function commitHashesIn(events: readonly ChainEvent[], whose: Whose): readonly string[] {
  const index = storageIndex(whose.snapshot.netuid, whose.mecid);
  return events
    .filter(({ name, args }) => {
      return commitEvents.includes(name) && args[0] === whose.hotkey && args[1] === index;
    })
    .map(({ args }) => String(args[2]));
}

/** Timelocked: (index, who). Hash: (who, index, hash). */
export function isRevealOf(event: ChainEvent, whose: Whose, commitHash: string | null): boolean {
  const { name, args } = event;
  const index = storageIndex(whose.snapshot.netuid, whose.mecid);
  if (name === 'SubtensorModule.WeightsRevealed') {
    return args[0] === whose.hotkey && args[1] === index && args[2] === commitHash;
  }
  const timelocked =
    name === 'SubtensorModule.TimelockedWeightsRevealed' ||
    name === 'SubtensorModule.CRV3WeightsRevealed';
  return timelocked && args[0] === index && args[1] === whose.hotkey;
}

type Search = Pick<ChainView, 'revealedAt' | 'searched'>;

const notSearched: Search = { revealedAt: null, searched: false };

/**
 * The block with the reveal's event: once the commit is no longer pending, from the first block of
 * its epoch on. What lies further back than is read shows in the row.
 */
async function findReveal(
  chain: Chain,
  mechanism: MechanismView,
  record: VectorRecord,
): Promise<Search> {
  const { pending, snapshot } = mechanism;
  const hash = record.commit?.hash ?? null;
  if (pending.some((one) => one.hash === hash)) return notSearched;
  const from = record.dueAtBlock ?? snapshot.lastEpochBlock;
  // What was pending was asked after the snapshot: its reveal may lie above that.
  const head = await chain.head();
  const to = Math.min(head.number, from + scannedBlocks - 1);
  let searched = to === head.number;
  for (let number = from; number <= to; number += 1) {
    const events = await eventsOf(chain, number);
    if (events?.some((event) => isRevealOf(event, mechanism, hash)) === true) {
      return { revealedAt: number, searched };
    }
    searched &&= events !== null;
  }
  return { revealedAt: null, searched };
}

function replacedSince({ neurons }: Snapshot, block: number): ReadonlySet<number> {
  const changed = neurons.filter(({ blockAtRegistration }) => blockAtRegistration > block);
  return new Set(changed.map(({ uid }) => uid));
}
