import type { Hotkey, Ss58 } from '../brand.ts';
import type { AxonInfo, BlockRef, Neuron, Snapshot, SubnetHyperparams } from '../chain-port.ts';
import { SubnetError } from '../errors.ts';
import { unpackIp } from './ip.ts';
import { parseSs58 } from '../keys/ss58.ts';

/**
 * Reading what a runtime answered, after the metadata decoded it into JSON-like values: numbers,
 * hex for numbers above 2^53, SS58 texts, null for `None`. What does not fit is CHAIN_UNSUPPORTED.
 */

function unfit(what: string, value: unknown): SubnetError {
  const detail = `${what} was expected, got ${JSON.stringify(value)?.slice(0, 80) ?? 'nothing'}`;
  return new SubnetError('CHAIN_UNSUPPORTED', { detail });
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unfit('a structure', value);
  }
  return value as Readonly<Record<string, unknown>>;
}

export function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unfit('a list', value);
  return value as readonly unknown[];
}

export function asBig(value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(value)) return BigInt(value);
  throw unfit('an integer', value);
}

/** Throws for integers above 2^53. */
export function asNumber(value: unknown): number {
  const number = Number(asBig(value));
  if (!Number.isSafeInteger(number)) throw unfit('an integer below 2^53', value);
  return number;
}

function asBool(value: unknown): boolean {
  if (typeof value !== 'boolean') throw unfit('true or false', value);
  return value;
}

function asSs58(value: unknown): Ss58 {
  const parsed = typeof value === 'string' ? parseSs58(value) : undefined;
  if (parsed === undefined) throw unfit('an SS58 address', value);
  return parsed;
}

/** u16 as a share of 65535. */
function asRatio(value: unknown): number {
  return asNumber(value) / 65535;
}

/** Fields of the selective metagraph that a snapshot needs (chain index, by name). */
export const snapshotSelectors: readonly number[] = [
  0, // netuid
  5, // owner hotkey
  8, // tempo
  24, // min allowed weights
  25, // max weights limit
  26, // weights version
  27, // weights rate limit
  28, // activity cutoff
  29, // max validators
  31, // max uids
  32, // burn
  34, // registration allowed
  36, // immunity period
  45, // serving rate limit
  46, // commit-reveal enabled
  47, // commit-reveal period
  66, // block at registration
  67, // alpha stake
  69, // total stake
];

export interface SnapshotParts {
  readonly metagraph: unknown;
  readonly neurons: unknown;
  readonly nextEpoch: unknown;
  readonly lastEpoch: unknown;
  readonly threshold: unknown;
}

/** Puts the parts, all read at `block`, together. Throws CHAIN_UNSUPPORTED. */
export function readSnapshot(netuid: number, block: BlockRef, parts: SnapshotParts): Snapshot {
  const metagraph = asRecord(parts.metagraph);
  const neurons = asList(parts.neurons);
  return {
    netuid,
    block,
    hyperparams: readHyperparams(metagraph),
    stakeThresholdRao: asBig(parts.threshold),
    lastEpochBlock: asNumber(parts.lastEpoch),
    nextEpochBlock: parts.nextEpoch === null ? null : asNumber(parts.nextEpoch),
    ownerHotkey: ownerOf(metagraph['ownerHotkey']),
    neurons: neurons.map((neuron, uid) => readNeuron(asRecord(neuron), uid, metagraph)),
  };
}

const zeroAccount = '5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM';

function ownerOf(value: unknown): Hotkey | null {
  if (value === null || value === undefined || value === zeroAccount) return null;
  return asSs58(value);
}

function readHyperparams(metagraph: Readonly<Record<string, unknown>>): SubnetHyperparams {
  const number = (name: string): number => asNumber(metagraph[name]);
  return {
    tempo: number('tempo'),
    minAllowedWeights: number('minAllowedWeights'),
    maxWeightsLimit: number('maxWeightsLimit'),
    weightsRateLimit: number('weightsRateLimit'),
    weightsVersionKey: asBig(metagraph['weightsVersion']),
    commitRevealEnabled: asBool(metagraph['commitRevealWeightsEnabled']),
    commitRevealPeriod: number('commitRevealPeriod'),
    immunityPeriod: number('immunityPeriod'),
    activityCutoff: number('activityCutoff'),
    servingRateLimit: number('servingRateLimit'),
    maxUids: number('maxUids'),
    maxValidators: number('maxValidators'),
    registrationAllowed: asBool(metagraph['registrationAllowed']),
    burnRao: asBig(metagraph['burn']),
  };
}

function readNeuron(
  neuron: Readonly<Record<string, unknown>>,
  uid: number,
  metagraph: Readonly<Record<string, unknown>>,
): Neuron {
  if (asNumber(neuron['uid']) !== uid) throw unfit(`uid ${uid}`, neuron['uid']);
  const column = (name: string): unknown => asList(metagraph[name])[uid];
  return {
    uid,
    hotkey: asSs58(neuron['hotkey']),
    coldkey: asSs58(neuron['coldkey']),
    axon: readAxon(asRecord(neuron['axonInfo'])),
    active: asBool(neuron['active']),
    validatorPermit: asBool(neuron['validatorPermit']),
    totalStakeRao: asBig(column('totalStake')),
    alphaStakeRao: asBig(column('alphaStake')),
    incentive: asRatio(neuron['incentive']),
    dividends: asRatio(neuron['dividends']),
    consensus: asRatio(neuron['consensus']),
    validatorTrust: asRatio(neuron['validatorTrust']),
    emissionRao: asBig(neuron['emission']),
    lastUpdate: asNumber(neuron['lastUpdate']),
    blockAtRegistration: asNumber(column('blockAtRegistration')),
  };
}

/** ip 0 is how a miner unserves. An ip_type that is neither is read as IPv4 when it fits. */
function readAxon(axon: Readonly<Record<string, unknown>>): AxonInfo | null {
  const value = asBig(axon['ip']);
  if (value === 0n) return null;
  const ipType = asNumber(axon['ipType']) === 6 || value >= 1n << 32n ? 6 : 4;
  return {
    ip: unpackIp({ value, type: ipType }),
    port: asNumber(axon['port']),
    ipType,
    protocol: asNumber(axon['protocol']),
    version: asNumber(axon['version']),
    block: asNumber(axon['block']),
  };
}
