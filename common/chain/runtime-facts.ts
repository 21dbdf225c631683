import type { RuntimeFacts } from '../chain-port.ts';
import type { StateView } from '../state-view.ts';

/** What a runtime offers, by the names of its metadata: the only thing that decides a dialect. */
export type RuntimeOffer = Pick<StateView, 'hasStorage' | 'hasApi' | 'callArguments'>;

export interface RuntimeName {
  readonly specName: string;
  readonly specVersion: number;
}

const pallet = 'SubtensorModule';

/** The dialect of a runtime, feature by feature; its version decides nothing. */
export function findRuntimeFacts(name: RuntimeName, offer: RuntimeOffer): RuntimeFacts {
  const hasCall = (call: string): boolean => offer.callArguments(pallet, call) !== null;
  return {
    specName: name.specName,
    specVersion: name.specVersion,
    epochs: offer.hasStorage(pallet, 'LastEpochBlock') ? 'stateful' : 'modulo',
    metagraph: metagraphOf(offer),
    mechanisms: offer.hasStorage(pallet, 'MechanismCountCurrent'),
    commits: {
      hash: hasCall('commit_weights'),
      timelocked: hasCall('commit_timelocked_weights'),
    },
  };
}

function metagraphOf(offer: RuntimeOffer): RuntimeFacts['metagraph'] {
  if (offer.hasApi('SubnetInfoRuntimeApi', 'get_selective_metagraph')) return 'selective';
  return offer.hasApi('NeuronInfoRuntimeApi', 'get_neurons_lite') ? 'neurons-lite' : 'storage';
}
