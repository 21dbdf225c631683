import type { EpochSchedule, PendingCommit, Snapshot } from '../chain-port.ts';
import { epochOf, revealBlock } from '../timelock/reveal-round.ts';

/** The one epoch in which a commit is revealed, in blocks. */
export interface RevealWindow {
  /** Against the next block, the first in which a transaction that is sent now can stand. */
  readonly state: 'early' | 'open' | 'expired';
  readonly fromBlock: number;
  /** The last block that counts. */
  readonly toBlock: number;
  /** False where the chain no longer tells when it ended: that rests on today's tempo then. */
  readonly isExact: boolean;
}

export type RevealFacts = Pick<Snapshot, 'epoch' | 'netuid' | 'block' | 'hyperparams'>;

/**
 * When a pending commit is revealed: `RevealPeriodEpochs` after its own epoch. A hash commit takes
 * its reveal then and never after; a timelocked one the chain opens itself then, once it has the
 * pulse of its round, and drops at the end. Epochs that are deferred, or that an owner asks for,
 * move what lies ahead. null where the subnet runs no epochs.
 */
export function revealWindow(facts: RevealFacts, commit: PendingCommit): RevealWindow | null {
  const { epoch: schedule, netuid, block } = facts;
  if (schedule.tempo === 0) return null;
  const now = epochOf(schedule, netuid, block.number, block.number + 1);
  const target = commitEpoch(facts, commit) + facts.hyperparams.commitRevealPeriod;
  const state = target > now ? 'early' : target === now ? 'open' : 'expired';
  const isExact = target >= now - 1 || schedule.model === 'modulo';
  const toBlock = startOf(facts, now, target + 1) - 1;
  return { state, fromBlock: startOf(facts, now, target), toBlock, isExact };
}

/** Older runtimes keep the block of a commit, from which its epoch follows. */
export function commitEpoch(
  { epoch: schedule, netuid }: Pick<Snapshot, 'epoch' | 'netuid'>,
  { epoch, block }: PendingCommit,
): number {
  return epoch ?? Math.floor((block + netuid + 1) / (schedule.tempo + 1));
}

/** The first block of an epoch, where `now` is that of the next block. */
function startOf({ epoch: schedule, netuid, block }: RevealFacts, now: number, epoch: number) {
  if (schedule.model === 'modulo') return Math.max(0, epoch * (schedule.tempo + 1) - netuid - 1);
  if (epoch > now) return revealBlock(schedule, netuid, block.number, epoch - now);
  return startOfCurrent(schedule, now, block.number) - (now - epoch) * schedule.tempo;
}

function startOfCurrent(
  { epochIndex, lastEpochBlock }: Extract<EpochSchedule, { model: 'stateful' }>,
  now: number,
  head: number,
): number {
  return now > epochIndex ? head + 1 : lastEpochBlock;
}
