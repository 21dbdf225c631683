import type { Hotkey, Ss58 } from '../brand.ts';
import type { AxonInfo, Neuron } from '../chain-port.ts';
import type { StateView } from '../state-view.ts';
import { asAxon, asBig, asList, asNumber, asRecord, asSs58, unfit } from './decoded.ts';
import { readStakes } from './hotkey-stake.ts';

const pallet = 'SubtensorModule';

/** What is not kept in per-uid lists: who sits on a uid, where, since when, with what stake. */
export type RosterEntry = Pick<
  Neuron,
  'hotkey' | 'coldkey' | 'axon' | 'blockAtRegistration' | 'totalStakeRao' | 'alphaStakeRao'
>;

/** By uid, from the best source that this runtime has. */
export function readRoster(
  view: StateView,
  netuid: number,
  size: number,
): Promise<readonly RosterEntry[]> {
  switch (view.runtime.metagraph) {
    case 'selective':
      return readSelective(view, netuid, size);
    case 'neurons-lite':
      return readLite(view, netuid, size);
    case 'storage':
      return readStored(view, netuid, size);
  }
}

/** Selectors of the selective metagraph: positions of its fields, which are only ever appended. */
const selectors = {
  hotkeys: 52,
  coldkeys: 53,
  axons: 55,
  blockAtRegistration: 66,
  alphaStake: 67,
  totalStake: 69,
} as const;

async function readSelective(
  view: StateView,
  netuid: number,
  size: number,
): Promise<readonly RosterEntry[]> {
  const wanted = Object.values(selectors);
  const answer = await view.api('SubnetInfoRuntimeApi', 'get_selective_metagraph', netuid, wanted);
  const metagraph = asRecord(answer);
  const column = (name: keyof typeof selectors): readonly unknown[] => asList(metagraph[name]);
  const [hotkeys, coldkeys, axons] = [column('hotkeys'), column('coldkeys'), column('axons')];
  const [since, alpha, total] = [
    column('blockAtRegistration'),
    column('alphaStake'),
    column('totalStake'),
  ];
  if (hotkeys.length !== size) throw unfit(`${size} hotkeys`, hotkeys.length);
  return hotkeys.map((hotkey, uid) => ({
    hotkey: asSs58(hotkey),
    coldkey: asSs58(coldkeys[uid]),
    axon: asAxon(axons[uid]),
    blockAtRegistration: asNumber(since[uid]),
    totalStakeRao: asBig(total[uid]),
    alphaStakeRao: asBig(alpha[uid]),
  }));
}

interface Seat {
  readonly hotkey: Hotkey;
  readonly coldkey: Ss58;
  readonly axon: AxonInfo | null;
}

async function readLite(
  view: StateView,
  netuid: number,
  size: number,
): Promise<readonly RosterEntry[]> {
  const answer = await view.api('NeuronInfoRuntimeApi', 'get_neurons_lite', netuid);
  const neurons = asList(answer).map(asRecord);
  if (neurons.length !== size) throw unfit(`${size} neurons`, neurons.length);
  const seats = neurons.map((neuron) => ({
    hotkey: asSs58(neuron['hotkey']),
    coldkey: asSs58(neuron['coldkey']),
    axon: asAxon(neuron['axonInfo']),
  }));
  const hotkeys = seats.map((seat) => seat.hotkey);
  return withStakes(view, netuid, hotkeys, Promise.resolve(seats));
}

/** From storage alone: uids to hotkeys, then what is kept by hotkey. */
async function readStored(
  view: StateView,
  netuid: number,
  size: number,
): Promise<readonly RosterEntry[]> {
  const uids = Array.from({ length: size }, (_, uid) => [netuid, uid] as const);
  const hotkeys = (await view.storageMany(pallet, 'Keys', uids)).map(asSs58);
  return withStakes(view, netuid, hotkeys, readSeats(view, netuid, hotkeys));
}

async function readSeats(
  view: StateView,
  netuid: number,
  hotkeys: readonly Hotkey[],
): Promise<readonly Seat[]> {
  const byHotkey = hotkeys.map((hotkey) => [hotkey]);
  const inSubnet = hotkeys.map((hotkey) => [netuid, hotkey]);
  const [owners, axons] = await Promise.all([
    view.storageMany(pallet, 'Owner', byHotkey),
    view.storageMany(pallet, 'Axons', inSubnet),
  ]);
  return hotkeys.map((hotkey, uid) => {
    return { hotkey, coldkey: asSs58(owners[uid]), axon: asAxon(axons[uid]) };
  });
}

/** The seats are read in the same request as the stakes. */
async function withStakes(
  view: StateView,
  netuid: number,
  hotkeys: readonly Hotkey[],
  seats: Promise<readonly Seat[]>,
): Promise<readonly RosterEntry[]> {
  const uids = hotkeys.map((_, uid) => [netuid, uid] as const);
  const [known, since, stakes] = await Promise.all([
    seats,
    view.storageMany(pallet, 'BlockAtRegistration', uids),
    readStakes(view, netuid, hotkeys),
  ]);
  return known.map((seat, uid) => {
    const stake = stakes[uid] ?? { totalRao: 0n, alphaRao: 0n };
    return {
      ...seat,
      blockAtRegistration: asNumber(since[uid]),
      totalStakeRao: stake.totalRao,
      alphaStakeRao: stake.alphaRao,
    };
  });
}
