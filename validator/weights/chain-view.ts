import type { Hotkey } from '../../common/brand.ts';
import type { Chain, ChainEvent, PendingCommit, Snapshot } from '../../common/chain-port.ts';
import { storageIndex } from '../../common/timelock/commit-hash.ts';
import { epochOf, revealBlock } from '../../common/timelock/reveal-round.ts';
import { memoryOf } from './chain-memory.ts';
import { lastUpdateOf } from './precheck.ts';
import { eventsOf, notSearched, searchReveal } from './reveal-search.ts';
import type { RevealSearch } from './reveal-search.ts';
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

/** The block in which an epoch begins, by the snapshot's schedule; null when it has begun already. */
export function firstBlockOf(snapshot: Snapshot, epoch: number): number | null {
  const { netuid, block } = snapshot;
  if (snapshot.epoch.tempo === 0) return null;
  const ahead = epoch - epochAt(snapshot, block.number + 1);
  if (ahead > 0) return revealBlock(snapshot.epoch, netuid, block.number, ahead);
  return ahead === 0 && epochAt(snapshot, block.number) < epoch ? block.number + 1 : null;
}

/** Adds what one vector needs. Throws CHAIN_*. */
export async function viewOf(
  chain: Chain,
  mechanism: MechanismView,
  record: VectorRecord,
): Promise<ChainView> {
  const { snapshot, mecid, uid, lastUpdate, epoch, pending } = mechanism;
  const { hyperparams, block, netuid, lastEpochBlock } = snapshot;
  const due = record.epoch === null ? null : record.epoch + hyperparams.commitRevealPeriod;
  const asked = record.state === 'due' && record.path === 'timelocked';
  const pulse = asked ? await chain.hasPulse(record.commit?.revealRound ?? 0) : null;
  const dueBlock = due === null ? null : firstBlockOf(snapshot, due);
  return {
    memory: await memoryOf(chain, block, record),
    dueBlock,
    pulseTooLate: await pulseTooLate(chain, snapshot, record, { due, dueBlock, pulse }),
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
    pulse,
    ...(record.state === 'due' ? await findReveal(chain, mechanism, record) : notSearched),
  };
}

/** A guessed block time must not give a commit up that could still be opened. */
const spareBlocks = 3;

interface Due {
  readonly due: number | null;
  readonly dueBlock: number | null;
  readonly pulse: boolean | null;
}

/**
 * Whether the pulse of a commit comes only after the epoch of its reveal: the schedule, or the
 * reveal period, is another one than it was made for.
 */
async function pulseTooLate(
  chain: Chain,
  snapshot: Snapshot,
  { state, path, commit, revealPeriod }: VectorRecord,
  { due, dueBlock, pulse }: Due,
): Promise<boolean> {
  const earlier = dueBlock !== null && dueBlock < (commit?.revealBlock ?? 0);
  const moved = state === 'committed' && earlier;
  const changed = revealPeriod !== null && revealPeriod !== snapshot.hyperparams.commitRevealPeriod;
  const waits = state === 'due' && pulse === false && changed;
  if (path !== 'timelocked' || due === null || (!moved && !waits)) return false;
  const end = firstBlockOf(snapshot, due + 1);
  const beacon = end === null ? null : await chain.beacon();
  if (end === null || beacon === null) return false;
  const pulseMs = 1000 * (beacon.genesisTimeS + ((commit?.revealRound ?? 0) - 1) * beacon.periodS);
  const { chainTimeMs, blockTimeMs, block } = snapshot;
  return pulseMs > chainTimeMs + (end + spareBlocks - block.number) * blockTimeMs;
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

/** Once the commit is no longer pending: in the blocks of its reveal epoch, as far as it has come. */
async function findReveal(
  chain: Chain,
  { pending, snapshot, mecid, hotkey }: MechanismView,
  record: VectorRecord,
): Promise<RevealSearch> {
  const { netuid, block, lastEpochBlock, epoch } = snapshot;
  const hash = record.commit?.hash ?? null;
  const isPending = (commits: readonly PendingCommit[]): boolean =>
    commits.some((one) => one.hash === hash);
  if (isPending(pending)) return notSearched;
  const from = record.dueAtBlock ?? lastEpochBlock;
  return searchReveal(chain, {
    from,
    until: from === lastEpochBlock ? Infinity : lastOfEpoch(from, epoch),
    readAt: block.number,
    isReveal: (event) => isRevealOf(event, { snapshot, mecid, hotkey }, hash),
    isPending,
    pending: () => chain.pendingCommits(netuid, mecid, hotkey),
  });
}

function lastOfEpoch(first: number, { model, tempo }: Snapshot['epoch']): number {
  return first + (model === 'modulo' ? tempo : tempo - 1);
}

function replacedSince({ neurons }: Snapshot, block: number): ReadonlySet<number> {
  const changed = neurons.filter(({ blockAtRegistration }) => blockAtRegistration > block);
  return new Set(changed.map(({ uid }) => uid));
}
