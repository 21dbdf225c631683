import type { Hotkey } from '../../common/brand.ts';
import type { Neuron, Snapshot } from '../../common/chain-port.ts';
import { fail, pass, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

export type Role = 'miner' | 'validator';

/** What the chain says of one hotkey on one subnet. */
export interface NeuronQuestion {
  readonly snapshot: Snapshot;
  readonly hotkey: Hotkey;
  readonly role: Role;
  /** Non-immune neurons below which immune ones are pruned too; 10 where the chain keeps none. */
  readonly minNonImmune: number;
}

/** Registration, immunity, danger of pruning, stake and permit; pure. */
export function neuronFindings(question: NeuronQuestion): readonly Finding[] {
  const { snapshot, hotkey } = question;
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined) return [notRegistered(snapshot, hotkey)];
  const registered = pass(
    'neuron.registered',
    `uid ${own.uid} on netuid ${snapshot.netuid} since block ${own.blockAtRegistration}`,
  );
  return [registered, pruningFinding(question, own), ...roleFindings(question, own)];
}

function notRegistered({ netuid, hyperparams }: Snapshot, hotkey: Hotkey): Finding {
  const price = hyperparams.registrationAllowed
    ? `registering costs ${taoText(hyperparams.burnRao)} TAO now`
    : 'the subnet takes no registrations now';
  return fail(
    'neuron.registered',
    `hotkey ${hotkey} is not registered on netuid ${netuid}; ${price}`,
    `subnet subnets register --netuid ${netuid}`,
  );
}

/** TAO with at most four decimals, for reading. */
export function taoText(rao: bigint): string {
  return (Number(rao / 100_000n) / 10_000).toString();
}

function pruningFinding(question: NeuronQuestion, own: Neuron): Finding {
  const { snapshot } = question;
  const id = 'neuron.pruning';
  const full = snapshot.neurons.length >= snapshot.hyperparams.maxUids;
  const immuneFor = immunityLeft(own, snapshot);
  const immunity = immuneFor > 0 ? `immune for ${immuneFor} more blocks` : 'no longer immune';
  if (!full) {
    const seats = `${snapshot.neurons.length} of ${snapshot.hyperparams.maxUids} seats taken`;
    return pass(id, `${seats}, nobody is pruned; ${immunity}`);
  }
  const place = pruningOrder(question).findIndex(({ uid }) => uid === own.uid);
  if (place < 0) return pass(id, `the subnet is full; uid ${own.uid} is spared (${immunity})`);
  const detail = `the subnet is full and uid ${own.uid} is number ${place + 1} to be pruned (${immunity})`;
  if (place >= 5) return pass(id, detail);
  const fix = 'Earn more emission: only neurons with less are pruned before this one.';
  return place < 2 ? fail(id, detail, fix) : warn(id, detail, fix);
}

function immunityLeft(neuron: Neuron, { block, hyperparams }: Snapshot): number {
  return Math.max(0, neuron.blockAtRegistration + hyperparams.immunityPeriod - block.number);
}

/**
 * Who goes first when somebody registers on a full subnet: least emission, then oldest, then lowest
 * uid; non-immune ones while there are enough of them (Subtensor `get_neuron_to_prune`).
 */
export function pruningOrder(question: NeuronQuestion): readonly Neuron[] {
  const { snapshot, minNonImmune } = question;
  const candidates = snapshot.neurons
    .filter(({ hotkey }) => hotkey !== snapshot.ownerHotkey)
    .toSorted(byPruning);
  const isImmune = (neuron: Neuron): boolean => immunityLeft(neuron, snapshot) > 0;
  const open = candidates.filter((neuron) => !isImmune(neuron));
  return open.length > minNonImmune ? open : candidates.filter(isImmune);
}

function byPruning(a: Neuron, b: Neuron): number {
  if (a.emissionRao !== b.emissionRao) return a.emissionRao < b.emissionRao ? -1 : 1;
  return a.blockAtRegistration - b.blockAtRegistration || a.uid - b.uid;
}

function roleFindings(question: NeuronQuestion, own: Neuron): readonly Finding[] {
  if (question.role === 'miner') return [skipped('neuron.permit', 'a miner needs no permit')];
  return [stakeFinding(question, own), permitFinding(question, own)];
}

function stakeFinding({ snapshot, hotkey }: NeuronQuestion, own: Neuron): Finding {
  const id = 'neuron.stake';
  const { stakeThresholdRao } = snapshot;
  const have = `${taoText(own.totalStakeRao)} of weighted stake, the threshold is ${taoText(stakeThresholdRao)}`;
  if (own.totalStakeRao >= stakeThresholdRao) return pass(id, have);
  if (hotkey === snapshot.ownerHotkey) return pass(id, `${have}; the owner's hotkey needs none`);
  return fail(
    id,
    have,
    'Without it the chain refuses weights: subnet stake add, or find delegators.',
  );
}

function permitFinding({ snapshot, hotkey }: NeuronQuestion, own: Neuron): Finding {
  const id = 'neuron.permit';
  const { maxValidators } = snapshot.hyperparams;
  if (own.validatorPermit)
    return pass(id, `validator permit (the ${maxValidators} largest have one)`);
  if (hotkey === snapshot.ownerHotkey) return pass(id, "the owner's hotkey needs no permit");
  if (own.totalStakeRao === 0n) {
    const fix = `subnet stake add --netuid ${snapshot.netuid}; permits are given at the next epoch.`;
    return fail(id, `no validator permit: no stake, and the ${maxValidators} largest get one`, fix);
  }
  const above = snapshot.neurons.filter(({ totalStakeRao }) => totalStakeRao > own.totalStakeRao);
  const detail = `no validator permit: ${above.length} neurons have more stake, ${maxValidators} get one`;
  if (above.length < maxValidators) {
    return warn(id, detail, 'Permits are given at the next epoch: wait for it.');
  }
  return fail(id, detail, 'Get more stake than the smallest validator: subnet stake add.');
}
