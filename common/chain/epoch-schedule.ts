import type { EpochSchedule } from '../chain-port.ts';

/** Blocks without an epoch after which the stateful chain runs one whatever the tempo. */
const longestPause = 50_400;

/**
 * The block of the next epoch after `block`; null when tempo is 0. Stateful: as the chain's
 * `get_next_epoch_start_block`, an overdue one comes with the next block. Modulo: where
 * (block + netuid + 1) mod (tempo + 1) is tempo, as the chain's `blocks_until_next_epoch` says.
 */
export function nextEpochOf(schedule: EpochSchedule, netuid: number, block: number): number | null {
  const { tempo } = schedule;
  if (tempo === 0) return null;
  if (schedule.model === 'modulo') {
    const from = block + 1;
    return from + (tempo - ((from + netuid + 1) % (tempo + 1)));
  }
  const regular = schedule.lastEpochBlock + tempo;
  const forced = block + Math.max(0, longestPause + 1 - schedule.blocksSinceLastStep);
  const asked = schedule.pendingEpochAt > 0 ? schedule.pendingEpochAt : Infinity;
  return Math.max(block + 1, Math.min(regular, forced, asked));
}

/**
 * The block of the last epoch, at or before `block`; 0 when none has run. In the modulo model it is
 * the one that the formula gives, since nothing in storage says it.
 */
export function lastEpochOf(schedule: EpochSchedule, netuid: number, block: number): number {
  if (schedule.model === 'stateful') return schedule.lastEpochBlock;
  if (schedule.tempo === 0) return 0;
  return Math.max(0, block - ((block + netuid + 2) % (schedule.tempo + 1)));
}
