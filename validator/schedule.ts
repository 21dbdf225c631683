import type { Hotkey } from '../common/brand.ts';
import type { Snapshot } from '../common/chain-port.ts';
import { clearsAtBlock, skip } from './precheck.ts';
import type { Skip } from './precheck.ts';

export interface ScheduleOptions {
  /** Rounds start this many blocks apart. */
  readonly intervalBlocks: number;
  /** Set weights in this many blocks before the epoch; null chooses. */
  readonly leadBlocks: number | null;
}

/** At least three rounds, and at least a quarter of the epoch, before it ends. */
export function leadBlocks(tempo: number, options: ScheduleOptions): number {
  return options.leadBlocks ?? Math.max(3 * options.intervalBlocks, Math.ceil(tempo / 4));
}

/**
 * Weights are set once for each epoch: late, so that they stand on the newest scores, but early
 * enough for another try. null: now. With `eager` the lead is not waited for.
 */
export function notDue(
  snapshot: Snapshot,
  hotkey: Hotkey,
  options: ScheduleOptions,
  eager: boolean,
): Skip | null {
  const { nextEpochBlock, lastEpochBlock, hyperparams } = snapshot;
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined || nextEpochBlock === null) return null;
  const setSince = own.lastUpdate > own.blockAtRegistration && own.lastUpdate >= lastEpochBlock;
  if (setSince) {
    const detail = `weights of block ${own.lastUpdate} stand for the epoch at ${nextEpochBlock}`;
    return skip('not-due', detail, nextEpochBlock);
  }
  const lead = leadBlocks(hyperparams.tempo, options);
  const from = Math.max(nextEpochBlock - lead, clearsAtBlock(own, snapshot) - 1);
  if (eager || snapshot.block.number >= from) return null;
  return skip('not-due', `weights are set from block ${from} on`, from);
}

/** True when an epoch ran without weights of ours that are younger than the one before it. */
export function missedEpoch(snapshot: Snapshot, hotkey: Hotkey): boolean {
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined || snapshot.nextEpochBlock === null) return false;
  const { lastEpochBlock, hyperparams } = snapshot;
  const since = Math.max(own.lastUpdate, own.blockAtRegistration);
  return lastEpochBlock - since > Math.max(hyperparams.tempo, hyperparams.weightsRateLimit);
}
