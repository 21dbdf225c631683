import type { Neuron, Snapshot } from '../../common/chain-port.ts';
import { amountJson, stakeOn, tao } from '../../common/operator/amount.ts';

type Json = Readonly<Record<string, unknown>>;

/** A neuron with its amounts in their units: stake and emission are the subnet's alpha. */
export function neuronJson(neuron: Neuron, netuid: number): Json {
  const { totalStakeRao, alphaStakeRao, emissionRao, ...rest } = neuron;
  const amount = (rao: bigint) => amountJson(stakeOn(netuid, rao));
  return {
    ...rest,
    totalStake: amount(totalStakeRao),
    alphaStake: amount(alphaStakeRao),
    emission: amount(emissionRao),
  };
}

/** The snapshot's own block: a reader needs both halves of one answer to be of one block. */
export function snapshotJson(snapshot: Snapshot): Json {
  const { block, netuid, neurons, hyperparams, stakeThresholdRao, ...rest } = snapshot;
  const { burnRao, ...parameters } = hyperparams;
  return {
    netuid,
    ...rest,
    block: block.number,
    blockHash: block.hash,
    stakeThreshold: amountJson(tao(stakeThresholdRao)),
    hyperparams: { ...parameters, burn: amountJson(tao(burnRao)) },
    neurons: neurons.map((neuron) => neuronJson(neuron, netuid)),
  };
}
