import type { Beacon, EpochSchedule } from '../chain-port.ts';
import { SubnetError } from '../errors.ts';

/**
 * Blocks between the start of the reveal epoch and the beacon's pulse, as the SDK has it: a block
 * time that was guessed too long must not open the weights before their epoch.
 */
const usualMargin = 3;
/** Blocks without an epoch after which the chain runs one whatever the tempo. */
const longestPause = 50_400;

/** What decides when a commit is revealed, all read at one block. */
export interface RevealInput {
  readonly schedule: EpochSchedule;
  readonly netuid: number;
  /** The newest block; the commit is taken to stand in the next one. */
  readonly head: number;
  /** `Timestamp.Now` at the head. */
  readonly chainTimeMs: number;
  readonly blockTimeMs: number;
  /** `RevealPeriodEpochs`, at least 1. */
  readonly periodEpochs: number;
  readonly beacon: Pick<Beacon, 'genesisTimeS' | 'periodS'>;
}

export interface Reveal {
  /** First block of the epoch in which the chain opens the commit. */
  readonly block: number;
  /** Round of the beacon to encrypt to. */
  readonly round: number;
}

/**
 * The round for a commit that is sent now: the last one whose pulse is out when the reveal epoch is
 * `usualMargin` blocks old, by the chain's own time. In an epoch of less than six blocks it is half
 * an epoch, because the chain gives up at its end. Throws SUBNET_NO_EPOCHS when tempo is 0.
 */
export function revealRound(input: RevealInput): Reveal {
  const { schedule, netuid, head, chainTimeMs, blockTimeMs, periodEpochs, beacon } = input;
  const block = revealBlock(schedule, netuid, head, periodEpochs);
  const margin = Math.min(usualMargin, Math.floor(epochLength(schedule) / 2));
  const atS = (chainTimeMs + (block + margin - head) * blockTimeMs) / 1000;
  const round = Math.floor((atS - beacon.genesisTimeS) / beacon.periodS);
  return { block, round: Math.max(1, round) };
}

/**
 * The first block of the epoch in which the chain opens a commit that stands in block head + 1:
 * `periodEpochs` after the commit's own epoch. Epochs that the chain defers, or that an owner asks
 * for later, move it; both are not known at the head. Throws SUBNET_NO_EPOCHS when tempo is 0.
 */
export function revealBlock(
  schedule: EpochSchedule,
  netuid: number,
  head: number,
  periodEpochs: number,
): number {
  const target = epochOf(schedule, netuid, head, head + 1) + periodEpochs;
  if (schedule.model === 'modulo') return target * (schedule.tempo + 1) - (netuid + 1);
  let state = schedule;
  for (let block = head + 1; ; block += 1) {
    if (lookAhead(state, block) === target) return block;
    state = step(state, block);
  }
}

/**
 * The epoch to which a commit in `block` belongs; `block` is above `head`, where the schedule was
 * read. Throws SUBNET_NO_EPOCHS when tempo is 0.
 */
export function epochOf(
  schedule: EpochSchedule,
  netuid: number,
  head: number,
  block: number,
): number {
  if (schedule.tempo === 0) throw new SubnetError('SUBNET_NO_EPOCHS', { netuid });
  if (schedule.model === 'modulo') return Math.floor((block + netuid + 1) / (schedule.tempo + 1));
  let state = schedule;
  for (let at = head + 1; at <= block; at += 1) state = step(state, at);
  return lookAhead(state, block);
}

function epochLength(schedule: EpochSchedule): number {
  return schedule.model === 'modulo' ? schedule.tempo + 1 : schedule.tempo;
}

type Stateful = Extract<EpochSchedule, { model: 'stateful' }>;

/** The chain's `should_run_epoch`. */
function fires(state: Stateful, block: number): boolean {
  if (state.pendingEpochAt > 0 && block >= state.pendingEpochAt) return true;
  if (state.blocksSinceLastStep > longestPause) return true;
  return block - state.lastEpochBlock >= state.tempo;
}

/** The chain's `current_epoch_with_lookahead`. */
function lookAhead(state: Stateful, block: number): number {
  return state.epochIndex + (fires(state, block) ? 1 : 0);
}

/** The state after `block`: the counter goes up first, then the epoch runs if it is due. */
function step(state: Stateful, block: number): Stateful {
  const blocksSinceLastStep = state.blocksSinceLastStep + 1;
  const counted = { ...state, blocksSinceLastStep };
  if (!fires(counted, block)) return counted;
  return {
    ...counted,
    lastEpochBlock: block,
    pendingEpochAt: 0,
    epochIndex: state.epochIndex + 1,
    blocksSinceLastStep: 0,
  };
}
