import type { Hotkey, Ss58 } from '../brand.ts';
import type { EpochSchedule, MechanismState, SubnetHyperparams } from '../chain-port.ts';
import { SubnetError } from '../errors.ts';
import type { StateView } from '../state-view.ts';
import { asBig, asBool, asList, asNumber, asOwner, asRatio } from './decoded.ts';

const pallet = 'SubtensorModule';

/** What belongs to a subnet as a whole: from storage items by name, which every runtime has. */
export interface SubnetState {
  readonly hyperparams: SubnetHyperparams;
  readonly epoch: EpochSchedule;
  readonly stakeThresholdRao: bigint;
  readonly commitRevealVersion: number | null;
  readonly ownerHotkey: Hotkey | null;
  readonly ownerColdkey: Ss58 | null;
  readonly chainTimeMs: number;
  readonly size: number;
  readonly mechanismCount: number;
}

/** Reads it; what is asked for in one turn travels in one request. Throws CHAIN_NO_SUBNET. */
export async function readSubnet(view: StateView, netuid: number): Promise<SubnetState> {
  const at = (item: string): Promise<unknown> => view.storage(pallet, item, netuid);
  const [added, hyperparams, epoch, threshold, version, hotkey, coldkey, now, size, count] =
    await Promise.all([
      at('NetworksAdded'),
      readHyperparams(view, netuid),
      readSchedule(view, netuid),
      single(view, 'StakeThreshold'),
      single(view, 'CommitRevealWeightsVersion'),
      optional(view, 'SubnetOwnerHotkey', netuid),
      at('SubnetOwner'),
      view.storage('Timestamp', 'Now'),
      at('SubnetworkN'),
      optional(view, 'MechanismCountCurrent', netuid),
    ]);
  if (added !== true) throw new SubnetError('CHAIN_NO_SUBNET', { netuid });
  return {
    hyperparams,
    epoch,
    stakeThresholdRao: threshold === undefined ? 0n : asBig(threshold),
    commitRevealVersion: version === undefined ? null : asNumber(version),
    ownerHotkey: asOwner(hotkey),
    ownerColdkey: asOwner(coldkey),
    chainTimeMs: asNumber(now),
    size: asNumber(size),
    mechanismCount: count === undefined ? 1 : Math.max(1, asNumber(count)),
  };
}

/** undefined where the runtime has no such item. */
async function optional(view: StateView, item: string, ...keys: readonly unknown[]) {
  return view.hasStorage(pallet, item) ? view.storage(pallet, item, ...keys) : undefined;
}

function single(view: StateView, item: string): Promise<unknown> {
  return optional(view, item);
}

async function readSchedule(view: StateView, netuid: number): Promise<EpochSchedule> {
  const number = async (item: string): Promise<number> =>
    asNumber(await view.storage(pallet, item, netuid));
  const common = Promise.all([number('Tempo'), number('BlocksSinceLastStep')]);
  if (view.runtime.epochs === 'modulo') {
    const [tempo, blocksSinceLastStep] = await common;
    return { model: 'modulo', tempo, blocksSinceLastStep };
  }
  const [[tempo, blocksSinceLastStep], lastEpochBlock, pendingEpochAt, epochIndex] =
    await Promise.all([
      common,
      number('LastEpochBlock'),
      number('PendingEpochAt'),
      number('SubnetEpochIndex'),
    ]);
  const since = { tempo, blocksSinceLastStep };
  return { model: 'stateful', ...since, lastEpochBlock, pendingEpochAt, epochIndex };
}

async function readHyperparams(view: StateView, netuid: number): Promise<SubnetHyperparams> {
  const names = [
    'Tempo',
    'MinAllowedWeights',
    'WeightsSetRateLimit',
    'WeightsVersionKey',
    'CommitRevealWeightsEnabled',
    'ImmunityPeriod',
    'ServingRateLimit',
    'MaxAllowedUids',
    'MaxAllowedValidators',
    'NetworkRegistrationAllowed',
    'Burn',
  ] as const;
  const read = names.map(async (name) => [name, await view.storage(pallet, name, netuid)] as const);
  const [pairs, limit, period, cutoff] = await Promise.all([
    Promise.all(read),
    optional(view, 'MaxWeightsLimit', netuid),
    optional(view, 'RevealPeriodEpochs', netuid),
    readActivityCutoff(view, netuid),
  ]);
  const values = new Map<string, unknown>(pairs);
  const number = (name: (typeof names)[number]): number => asNumber(values.get(name));
  return {
    tempo: number('Tempo'),
    minAllowedWeights: number('MinAllowedWeights'),
    maxWeightsLimit: limit === undefined ? 65_535 : asNumber(limit),
    weightsRateLimit: number('WeightsSetRateLimit'),
    weightsVersionKey: asBig(values.get('WeightsVersionKey')),
    commitRevealEnabled: asBool(values.get('CommitRevealWeightsEnabled')),
    commitRevealPeriod: period === undefined ? 1 : asNumber(period),
    immunityPeriod: number('ImmunityPeriod'),
    activityCutoff: cutoff,
    servingRateLimit: number('ServingRateLimit'),
    maxUids: number('MaxAllowedUids'),
    maxValidators: number('MaxAllowedValidators'),
    registrationAllowed: asBool(values.get('NetworkRegistrationAllowed')),
    burnRao: asBig(values.get('Burn')),
  };
}

/** Blocks; since spec 423 thousandths of a tempo (`ActivityCutoffFactorMilli`), before that plain. */
async function readActivityCutoff(view: StateView, netuid: number): Promise<number> {
  if (!view.hasStorage(pallet, 'ActivityCutoffFactorMilli')) {
    return asNumber(await view.storage(pallet, 'ActivityCutoff', netuid));
  }
  const [factor, tempo] = await Promise.all([
    view.storage(pallet, 'ActivityCutoffFactorMilli', netuid),
    view.storage(pallet, 'Tempo', netuid),
  ]);
  return Math.floor((asNumber(factor) * asNumber(tempo)) / 1000);
}

/** Storage index of a mechanism. Throws CHAIN_UNSUPPORTED above 0 where a runtime has none. */
export function mechanismIndex(view: StateView, netuid: number, mecid: number): number {
  if (mecid > 0 && !view.runtime.mechanisms) {
    throw new SubnetError('CHAIN_UNSUPPORTED', { missing: 'mechanisms', mecid });
  }
  return netuid + 4096 * mecid;
}

export async function readMechanism(
  view: StateView,
  netuid: number,
  mecid: number,
): Promise<MechanismState> {
  const index = mechanismIndex(view, netuid, mecid);
  const [lastUpdate, incentive] = await Promise.all([
    view.storage(pallet, 'LastUpdate', index),
    view.storage(pallet, 'Incentive', index),
  ]);
  return {
    mecid,
    lastUpdate: asList(lastUpdate).map(asNumber),
    incentive: asList(incentive).map(asRatio),
  };
}
