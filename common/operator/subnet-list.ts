import { asBool, asNumber, asOwner, asRecord } from '../chain/decoded.ts';
import type { Ss58 } from '../brand.ts';
import { SubnetError } from '../errors.ts';
import type { StateView } from '../state-view.ts';
import { bigOrNull, numberOrNull, optionalMany, textOfBytes } from './optional-reads.ts';
import { readPrices } from './prices.ts';

/** A subnet as lists show it. null: this runtime keeps no such thing. */
export interface SubnetRow {
  readonly netuid: number;
  readonly name: string;
  readonly symbol: string;
  readonly priceRao: bigint;
  /** RAO of TAO that enter its pool a block. */
  readonly taoEmissionRao: bigint | null;
  /** RAO of alpha that its neurons and owner earn a block. */
  readonly alphaEmissionRao: bigint | null;
  readonly tempo: number;
  readonly neurons: number;
  readonly maxNeurons: number;
  readonly burnRao: bigint;
  readonly registrationAllowed: boolean;
  readonly owner: Ss58 | null;
  readonly registeredAtBlock: number | null;
  /** Whether it emits: its owner has started it. null on chains without a start. */
  readonly started: boolean | null;
  readonly poolTaoRao: bigint | null;
  readonly poolAlphaRao: bigint | null;
  readonly alphaOutRao: bigint | null;
}

/** Existing netuids, ascending. */
export async function readNetuids(view: StateView): Promise<readonly number[]> {
  const entries = await view.entries('SubtensorModule', 'NetworksAdded');
  return entries
    .filter(({ value }) => value === true)
    .map(({ keys }) => asNumber(keys.at(-1)))
    .sort((a, b) => a - b);
}

/** Throws CHAIN_NO_SUBNET. */
export async function requireSubnet(view: StateView, netuid: number): Promise<void> {
  const added = await view.storage('SubtensorModule', 'NetworksAdded', netuid);
  if (added !== true) throw new SubnetError('CHAIN_NO_SUBNET', { netuid });
}

const items = [
  'TokenSymbol',
  'SubnetTaoInEmission',
  'SubnetAlphaOutEmission',
  'EmissionValues',
  'Tempo',
  'SubnetworkN',
  'MaxAllowedUids',
  'Burn',
  'NetworkRegistrationAllowed',
  'SubnetOwner',
  'NetworkRegisteredAt',
  'FirstEmissionBlockNumber',
  'SubnetTAO',
  'SubnetAlphaIn',
  'SubnetAlphaOut',
] as const;

type Item = (typeof items)[number];

/** One request an item, whatever the count of subnets. */
export async function readSubnets(
  view: StateView,
  netuids: readonly number[],
): Promise<readonly SubnetRow[]> {
  const [names, prices, ...columns] = await Promise.all([
    readNames(view, netuids),
    readPrices(view, netuids),
    ...items.map((item) => optionalMany(view, item, netuids)),
  ]);
  const hasStart = view.hasStorage('SubtensorModule', 'FirstEmissionBlockNumber');
  return netuids.map((netuid, at) => {
    const value = (item: Item): unknown => columns[items.indexOf(item)]?.[at];
    return {
      netuid,
      name: netuid === 0 ? 'root' : (names[at] ?? ''),
      priceRao: prices.get(netuid) ?? 0n,
      started: hasStart ? netuid === 0 || value('FirstEmissionBlockNumber') !== null : null,
      ...rowOf(value),
    };
  });
}

type RestOfRow = Omit<SubnetRow, 'netuid' | 'name' | 'priceRao' | 'started'>;

function rowOf(value: (item: Item) => unknown): RestOfRow {
  return {
    symbol: textOfBytes(value('TokenSymbol')),
    taoEmissionRao: bigOrNull(value('SubnetTaoInEmission') ?? value('EmissionValues')),
    alphaEmissionRao: bigOrNull(value('SubnetAlphaOutEmission')),
    tempo: numberOrNull(value('Tempo')) ?? 0,
    neurons: numberOrNull(value('SubnetworkN')) ?? 0,
    maxNeurons: numberOrNull(value('MaxAllowedUids')) ?? 0,
    burnRao: bigOrNull(value('Burn')) ?? 0n,
    registrationAllowed: asBool(value('NetworkRegistrationAllowed') ?? false),
    owner: asOwner(value('SubnetOwner')),
    registeredAtBlock: numberOrNull(value('NetworkRegisteredAt')),
    poolTaoRao: bigOrNull(value('SubnetTAO')),
    poolAlphaRao: bigOrNull(value('SubnetAlphaIn')),
    alphaOutRao: bigOrNull(value('SubnetAlphaOut')),
  };
}

/** Where runtimes of three ages keep the identity. */
const identityItems = ['SubnetIdentitiesV3', 'SubnetIdentitiesV2', 'SubnetIdentities'];

async function readNames(view: StateView, netuids: readonly number[]): Promise<readonly string[]> {
  const item = identityItems.find((one) => view.hasStorage('SubtensorModule', one));
  if (item === undefined) return netuids.map(() => '');
  const identities = await optionalMany(view, item, netuids);
  return identities.map((one) => (one === null ? '' : textOfBytes(asRecord(one)['subnetName'])));
}
