import { parseSs58, publicKeyOf } from '../common/keys/ss58.ts';
import { ByteReader, compact, concat, littleEndian } from '../common/scale-bytes.ts';
import { fromHex } from './bytes.ts';
import type { Hex } from './chain-state.ts';

type Argument = 'u8' | 'u16' | 'u64' | 'account' | 'account bytes' | 'u16 list';
type Answer = 'bytes' | 'u64' | 'optional u16' | 'prices';

/** A method that the chain's nodes add to those of Substrate: one runtime call under a name. */
export interface InfoMethod {
  readonly call: string;
  readonly args: readonly Argument[];
  readonly answer: Answer;
}

function info(call: string, args: readonly Argument[] = [], answer: Answer = 'bytes'): InfoMethod {
  return { call, args, answer };
}

/** The last parameter of each is a block hash, the head's when it is left out. */
export const infoMethods: Readonly<Record<string, InfoMethod>> = {
  delegateInfo_getDelegates: info('DelegateInfoRuntimeApi_get_delegates'),
  delegateInfo_getDelegate: info('DelegateInfoRuntimeApi_get_delegate', ['account bytes']),
  delegateInfo_getDelegated: info('DelegateInfoRuntimeApi_get_delegated', ['account bytes']),
  neuronInfo_getNeurons: info('NeuronInfoRuntimeApi_get_neurons', ['u16']),
  neuronInfo_getNeuron: info('NeuronInfoRuntimeApi_get_neuron', ['u16', 'u16']),
  neuronInfo_getNeuronsLite: info('NeuronInfoRuntimeApi_get_neurons_lite', ['u16']),
  neuronInfo_getNeuronLite: info('NeuronInfoRuntimeApi_get_neuron_lite', ['u16', 'u16']),
  subnetInfo_getSubnetInfo: subnet('get_subnet_info', 'u16'),
  subnetInfo_getSubnetsInfo: subnet('get_subnets_info'),
  subnetInfo_getSubnetInfo_v2: subnet('get_subnet_info_v2', 'u16'),
  subnetInfo_getSubnetsInfo_v2: subnet('get_subnets_info_v2'),
  subnetInfo_getSubnetHyperparams: subnet('get_subnet_hyperparams', 'u16'),
  subnetInfo_getSubnetHyperparamsV2: subnet('get_subnet_hyperparams_v2', 'u16'),
  subnetInfo_getAllDynamicInfo: subnet('get_all_dynamic_info'),
  subnetInfo_getDynamicInfo: subnet('get_dynamic_info', 'u16'),
  subnetInfo_getAllMetagraphs: subnet('get_all_metagraphs'),
  subnetInfo_getMetagraph: subnet('get_metagraph', 'u16'),
  subnetInfo_getAllMechagraphs: subnet('get_all_mechagraphs'),
  subnetInfo_getMechagraph: subnet('get_mechagraph', 'u16', 'u8'),
  subnetInfo_getSubnetState: subnet('get_subnet_state', 'u16'),
  subnetInfo_getSelectiveMetagraph: subnet('get_selective_metagraph', 'u16', 'u16 list'),
  subnetInfo_getSelectiveMechagraph: subnet('get_selective_mechagraph', 'u16', 'u8', 'u16 list'),
  subnetInfo_getColdkeyAutoStakeHotkey: subnet('get_coldkey_auto_stake_hotkey', 'account', 'u16'),
  subnetInfo_getSubnetAccountId: subnet('get_subnet_account_id', 'u16'),
  subnetInfo_getSubnetToPrune: info('SubnetInfoRuntimeApi_get_subnet_to_prune', [], 'optional u16'),
  subnetInfo_getLockCost: info(
    'SubnetRegistrationRuntimeApi_get_network_registration_cost',
    [],
    'u64',
  ),
  stakeInfo_getColdkeyLock: info('StakeInfoRuntimeApi_get_coldkey_lock', ['account', 'u16']),
  swap_currentAlphaPrice: info('SwapRuntimeApi_current_alpha_price', ['u16'], 'u64'),
  swap_currentAlphaPriceAll: info('SwapRuntimeApi_current_alpha_price_all', [], 'prices'),
  swap_simSwapTaoForAlpha: info('SwapRuntimeApi_sim_swap_tao_for_alpha', ['u16', 'u64']),
  swap_simSwapAlphaForTao: info('SwapRuntimeApi_sim_swap_alpha_for_tao', ['u16', 'u64']),
};

function subnet(method: string, ...args: readonly Argument[]): InfoMethod {
  return info(`SubnetInfoRuntimeApi_${method}`, args);
}

/** The arguments in SCALE; null where a parameter is not what the method wants. */
export function infoArguments(method: InfoMethod, params: readonly unknown[]): Uint8Array | null {
  const parts = method.args.map((kind, at) => argumentBytes(kind, params[at]));
  const whole = parts.filter((part) => part !== null);
  return whole.length === parts.length ? concat(...whole) : null;
}

function argumentBytes(kind: Argument, value: unknown): Uint8Array | null {
  switch (kind) {
    case 'u8':
      return integer(value, 1);
    case 'u16':
      return integer(value, 2);
    case 'u64':
      return integer(value, 8);
    case 'account':
      return account(value);
    case 'account bytes':
      return list(value, 1, 32);
    case 'u16 list':
      return u16List(value);
  }
}

function integer(value: unknown, length: number): Uint8Array | null {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return null;
  return value < 2 ** (8 * length) ? littleEndian(BigInt(value), length) : null;
}

function account(value: unknown): Uint8Array | null {
  const address = typeof value === 'string' ? parseSs58(value) : undefined;
  return address === undefined ? null : publicKeyOf(address);
}

function list(value: unknown, width: number, count?: number): Uint8Array | null {
  if (!Array.isArray(value) || (count !== undefined && value.length !== count)) return null;
  const parts = value.map((one) => integer(one, width)).filter((part) => part !== null);
  return parts.length === value.length ? concat(...parts) : null;
}

function u16List(value: unknown): Uint8Array | null {
  const items = list(value, 2);
  return items === null ? null : concat(compact(items.length / 2), items);
}

/** SCALE bytes as a list of numbers, and what the chain's nodes decode themselves. */
export function infoAnswer({ answer }: InfoMethod, result: Hex): unknown {
  const bytes = fromHex(result) ?? new Uint8Array();
  const reader = new ByteReader(bytes);
  switch (answer) {
    case 'bytes':
      return [...bytes];
    case 'u64':
      return Number(reader.uint(8));
    case 'optional u16':
      return reader.u8() === 0 ? null : Number(reader.uint(2));
    case 'prices':
      return Array.from({ length: Number(reader.compact()) }, () => ({
        netuid: Number(reader.uint(2)),
        price: Number(reader.uint(8)),
      }));
  }
}
