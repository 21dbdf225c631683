import type { Hotkey } from '../../common/brand.ts';
import type { Snapshot } from '../../common/chain-port.ts';
import { clearsAtBlock, lastUpdateOf } from './precheck.ts';
import { skip } from './skip.ts';
import type { Skip } from './skip.ts';

export interface ScheduleOptions {
  /** Rounds start this many blocks apart. */
  readonly intervalBlocks: number;
  /** Set weights in this many blocks before the epoch; null chooses. */
  readonly leadBlocks: number | null;
}

/**
 * So close to its end no commit is sent for an epoch: it could land in the next one, and its pulse
 * would be out long before the chain opens it. Three blocks, fewer where epochs are very short.
 */
function boundaryBlocks(tempo: number): number {
  return Math.max(1, Math.min(3, Math.floor(tempo / 20)));
}

/** At least three rounds, and at least a quarter of the epoch, before it ends. */
export function leadBlocks(tempo: number, options: ScheduleOptions): number {
  return options.leadBlocks ?? Math.max(3 * options.intervalBlocks, Math.ceil(tempo / 4));
}

/**
 * Weights are set once for each epoch: late, so that they stand on the newest scores, but early
 * enough for another try. null: now. With `eager` the lead is not waited for. Where epochs end is
 * the snapshot's word, so both models are served alike. What was set for this epoch and can no
 * longer take effect does not stand (`stands`).
 */
export function notDue(
  snapshot: Snapshot,
  hotkey: Hotkey,
  mecid: number,
  options: ScheduleOptions,
  eager: boolean,
  stands = true,
): Skip | null {
  const { nextEpochBlock, lastEpochBlock, hyperparams } = snapshot;
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined || nextEpochBlock === null) return null;
  const lastUpdate = lastUpdateOf(snapshot, own, mecid);
  const setSince = stands && lastUpdate > own.blockAtRegistration && lastUpdate >= lastEpochBlock;
  if (setSince) {
    const detail = `weights of block ${lastUpdate} stand for the epoch at ${nextEpochBlock}`;
    return skip('not-due', detail, nextEpochBlock);
  }
  const lead = leadBlocks(hyperparams.tempo, options);
  const from = Math.max(nextEpochBlock - lead, clearsAtBlock(snapshot, own, mecid) - 1);
  if (eager || snapshot.block.number >= from) return null;
  return skip('not-due', `weights are set from block ${from} on`, from);
}

/** A commit that would land in the wrong epoch waits for the right one. */
export function tooLateForEpoch(snapshot: Snapshot): Skip | null {
  const { nextEpochBlock, block, hyperparams } = snapshot;
  const margin = boundaryBlocks(hyperparams.tempo);
  if (nextEpochBlock === null || nextEpochBlock - block.number > margin) return null;
  const detail = `the epoch ends at block ${nextEpochBlock}; a commit now could miss it`;
  return skip('epoch-boundary', detail, nextEpochBlock);
}

/**
 * True when an epoch ran without weights of ours that are younger than the one before it; where the
 * rate limit is longer than an epoch, when two did.
 */
export function missedEpoch(snapshot: Snapshot, hotkey: Hotkey, mecid: number): boolean {
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined || snapshot.nextEpochBlock === null) return false;
  const { lastEpochBlock, hyperparams } = snapshot;
  const since = Math.max(lastUpdateOf(snapshot, own, mecid), own.blockAtRegistration);
  const { tempo, weightsRateLimit } = hyperparams;
  return lastEpochBlock - since > Math.max(tempo, Math.min(weightsRateLimit, longWait(tempo)));
}

/** Of subnets without epochs. */
const usualTempo = 360;

/** A rate limit that holds weights back for longer than two epochs is told. */
export function longWait(tempo: number): number {
  return 2 * (tempo === 0 ? usualTempo : tempo);
}
