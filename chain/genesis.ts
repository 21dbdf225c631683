import { raoOf } from '../common/config/field-schemas.ts';
import type { GenesisConfig } from '../common/config/genesis-schema.ts';
import { SubnetError, messageOf } from '../common/errors.ts';
import { keyFromSuri } from '../common/keys/keys.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import type { Sr25519 } from '../common/keys/sr25519.ts';
import { encodeSs58 } from '../common/keys/ss58.ts';
import { ByteReader } from '../common/scale-bytes.ts';
import { devBeaconEntry } from './beacon.ts';
import { fromHex } from './bytes.ts';
import { OverlayView } from './chain-state.ts';
import type { Hex } from './chain-state.ts';
import { codeKey, opaque } from './dev-node.ts';
import type { Executor } from './executor.ts';
import { genesisProblems } from './genesis-problems.ts';
import type { GenesisProblem } from './genesis-problems.ts';

const emptyView = { get: (): null => null, nextKey: (): null => null };
const u64Max = (1n << 64n) - 1n;

/** The public development keys of every Substrate chain, with money; //Alice is sudo. */
export const defaultGenesis: GenesisConfig = {
  sudo: '//Alice',
  balances: [
    ...['//Alice', '//Bob', '//Charlie'].map((account) => ({ account, tao: 1_000_000 })),
    ...['//Dave', '//Eve', '//Ferdie'].map((account) => ({ account, tao: 2000 })),
  ],
  network: {},
  subnets: [],
};

/**
 * The whole storage of block 0: the runtime's own GenesisBuilder turns the configuration into it.
 * Throws CHAIN_GENESIS_INVALID with the runtime's words, and CHAIN_RUNTIME_INVALID.
 */
export async function buildGenesis(
  executor: Executor,
  wasm: Hex,
  config: GenesisConfig,
): Promise<ReadonlyMap<Hex, Hex>> {
  const [problem] = genesisProblems(config);
  if (problem !== undefined) throw invalid(problem);
  const view = new OverlayView(emptyView, [[codeKey, wasm]]);
  const preset = await run('CHAIN_RUNTIME_INVALID', () =>
    executor.run(wasm, view, [{ name: 'GenesisBuilder_get_preset', argument: '0x00' }]),
  );
  const json = genesisJson(presetOf(preset.result), config, loadSr25519());
  const argument = opaque(new TextEncoder().encode(json));
  const built = await run('CHAIN_GENESIS_INVALID', () =>
    executor.run(wasm, view, [{ name: 'GenesisBuilder_build_state', argument }]),
  );
  if (built.result !== '0x00') {
    throw new SubnetError('CHAIN_GENESIS_INVALID', { detail: refusalOf(built.result) });
  }
  const storage = new Map<Hex, Hex>([[codeKey, wasm]]);
  for (const [key, value] of built.diff) if (value !== null) storage.set(key, value);
  if (usesDevBeacon(config)) storage.set(...devBeaconEntry());
  return storage;
}

function invalid({ path, message }: GenesisProblem): SubnetError {
  return new SubnetError('CHAIN_GENESIS_INVALID', { place: path.join('.'), detail: message });
}

async function run<T>(
  code: 'CHAIN_RUNTIME_INVALID' | 'CHAIN_GENESIS_INVALID',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new SubnetError(code, { detail: messageOf(cause) }, { cause });
  }
}

/** `Option<Vec<u8>>` of JSON. */
function presetOf(result: Hex): Record<string, object> {
  const reader = new ByteReader(fromHex(result) ?? new Uint8Array());
  if (reader.u8() !== 1) {
    throw new SubnetError('CHAIN_RUNTIME_INVALID', { detail: 'it has no genesis preset' });
  }
  return JSON.parse(new TextDecoder().decode(reader.bytes())) as Record<string, object>;
}

/** `Err(RuntimeString)` */
function refusalOf(result: Hex): string {
  const reader = new ByteReader(fromHex(result) ?? new Uint8Array());
  reader.u8();
  return new TextDecoder().decode(reader.bytes());
}

function genesisJson(
  preset: Record<string, object>,
  config: GenesisConfig,
  sr25519: Sr25519,
): string {
  const address = (text: string): string => addressOf(sr25519, text);
  return stringify({
    ...preset,
    aura: { authorities: [address('//Alice')] },
    balances: {
      ...preset['balances'],
      balances: config.balances.map(({ account, tao }) => [address(account), raoOf(tao)]),
    },
    sudo: { key: address(config.sudo) },
    subtensorModule: {
      ...preset['subtensorModule'],
      ...networkJson(config.network),
      subnets: config.subnets.map((subnet) => subnetJson(subnet, address)),
    },
  });
}

/**
 * The runtime's own beacon is quicknet. The older dialect has none and ignores what is stored here,
 * but it may be upgraded.
 */
function usesDevBeacon({ beacon = 'development' }: GenesisConfig): boolean {
  return beacon === 'development';
}

/** SS58 of a checked account: an address, or a development key such as `//Alice`. */
function addressOf(sr25519: Sr25519, text: string): string {
  return text.startsWith('//') ? encodeSs58(keyFromSuri(sr25519, text).keypair.slice(64)) : text;
}

function networkJson(network: GenesisConfig['network']): object {
  return given({
    taoWeight: network.taoWeight === undefined ? undefined : fractionOf(network.taoWeight),
    stakeThreshold: rao(network.stakeThresholdTao),
    adminFreezeWindow: network.adminFreezeWindow,
    networkRateLimit: network.networkRateLimit,
    networkMinLockCost: rao(network.networkMinLockTao),
    ownerHparamRateLimit: network.ownerHyperparamRateLimit,
  });
}

type GenesisSubnet = GenesisConfig['subnets'][number];

function subnetJson(subnet: GenesisSubnet, address: (text: string) => string): object {
  const { owner, ownerHotkey, neurons, burnTao, minBurnTao, maxBurnTao, ...rest } = subnet;
  return given({
    ...rest,
    ownerColdkey: address(owner),
    ownerHotkey: address(ownerHotkey),
    burn: rao(burnTao),
    minBurn: rao(minBurnTao),
    maxBurn: rao(maxBurnTao),
    neurons: neurons.map(({ hotkey, coldkey, stakeTao }) => ({
      hotkey: address(hotkey),
      coldkey: address(coldkey),
      stakeRao: raoOf(stakeTao),
    })),
  });
}

function rao(tao: number | string | undefined): bigint | undefined {
  return tao === undefined ? undefined : raoOf(tao);
}

/** A fraction of u64::MAX, as the chain stores TaoWeight. */
function fractionOf(ratio: number): bigint {
  return (BigInt(Math.round(ratio * 2 ** 52)) * u64Max) >> 52n;
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** JSON in which big integers stand as plain digits: amounts lie above 2^53. */
function stringify(value: unknown): string {
  const mark = '\u0000';
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? `${mark}${inner}` : inner,
  );
  return text.replace(/"\\u0000(\d+)"/g, '$1');
}
