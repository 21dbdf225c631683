import type { MechanismState, Neuron, Snapshot } from '../chain-port.ts';
import type { StateView } from '../state-view.ts';
import { asBig, asBool, asList, asNumber, asRatio, unfit } from './decoded.ts';
import { lastEpochOf, nextEpochOf } from './epoch-schedule.ts';
import { readRoster } from './roster.ts';
import type { RosterEntry } from './roster.ts';
import { readMechanism, readSubnet } from './subnet-state.ts';

const pallet = 'SubtensorModule';

/**
 * A subnet at the view's block, by whatever this runtime offers. `blockTimeMs` is the caller's
 * measure. Throws CHAIN_NO_SUBNET, and CHAIN_UNSUPPORTED where an answer does not fit.
 */
export async function readSnapshot(
  view: StateView,
  netuid: number,
  blockTimeMs: number,
): Promise<Snapshot> {
  const [subnet, columns] = await Promise.all([
    readSubnet(view, netuid),
    readColumns(view, netuid),
  ]);
  const [roster, mechanisms] = await Promise.all([
    readRoster(view, netuid, subnet.size),
    readMechanisms(view, netuid, subnet.mechanismCount),
  ]);
  const { size: _, mechanismCount: __, ...rest } = subnet;
  const { number } = view.block;
  return {
    ...rest,
    netuid,
    block: view.block,
    blockTimeMs,
    lastEpochBlock: lastEpochOf(subnet.epoch, netuid, number),
    nextEpochBlock: nextEpochOf(subnet.epoch, netuid, number),
    mechanisms,
    neurons: roster.map((entry, uid) => neuronOf(entry, uid, columns)),
  };
}

function readMechanisms(
  view: StateView,
  netuid: number,
  count: number,
): Promise<readonly MechanismState[]> {
  return Promise.all(
    Array.from({ length: count }, (_, mecid) => readMechanism(view, netuid, mecid)),
  );
}

/** Per-uid lists that every runtime keeps, and those that were removed in 2026. */
const needed = [
  'Active',
  'ValidatorPermit',
  'Incentive',
  'Dividends',
  'Consensus',
  'ValidatorTrust',
  'Emission',
  'LastUpdate',
] as const;
const removed = ['Rank', 'Trust', 'PruningScores'] as const;

type ColumnName = (typeof needed)[number] | (typeof removed)[number];
type Columns = ReadonlyMap<ColumnName, readonly unknown[]>;

async function readColumns(view: StateView, netuid: number): Promise<Columns> {
  const names = [...needed, ...removed.filter((name) => view.hasStorage(pallet, name))];
  const read = names.map(
    async (name) => [name, asList(await view.storage(pallet, name, netuid))] as const,
  );
  return new Map(await Promise.all(read));
}

function neuronOf(entry: RosterEntry, uid: number, columns: Columns): Neuron {
  const cell = (name: ColumnName): unknown => {
    const list = columns.get(name);
    if (list === undefined || uid >= list.length) throw unfit(`${name} of uid ${uid}`, undefined);
    return list[uid];
  };
  return {
    uid,
    ...entry,
    active: asBool(cell('Active')),
    validatorPermit: asBool(cell('ValidatorPermit')),
    incentive: asRatio(cell('Incentive')),
    dividends: asRatio(cell('Dividends')),
    consensus: asRatio(cell('Consensus')),
    validatorTrust: asRatio(cell('ValidatorTrust')),
    emissionRao: asBig(cell('Emission')),
    lastUpdate: asNumber(cell('LastUpdate')),
    ...(columns.has('Rank') ? { rank: asRatio(cell('Rank')) } : {}),
    ...(columns.has('Trust') ? { trust: asRatio(cell('Trust')) } : {}),
    ...(columns.has('PruningScores') ? { pruningScore: asNumber(cell('PruningScores')) } : {}),
  };
}
