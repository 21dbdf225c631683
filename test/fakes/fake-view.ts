import type { BlockRef, RuntimeFacts } from '../../common/chain-port.ts';
import { findRuntimeFacts } from '../../common/chain/runtime-facts.ts';
import { SubnetError } from '../../common/errors.ts';
import type { StateView, StorageEntry } from '../../common/state-view.ts';

/** What a fake view holds; names as the metadata writes them. What is absent the runtime lacks. */
export interface FakeState {
  readonly block?: number;
  /** Of SubtensorModule, or `Pallet.Item`: by keys joined with `/`, '' for none. */
  readonly storage?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** `Api.method` to its answer. */
  readonly apis?: Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
  readonly constants?: Readonly<Record<string, unknown>>;
  /** `Pallet.call` to the names of its arguments. */
  readonly calls?: Readonly<Record<string, readonly string[]>>;
  readonly feeRao?: bigint;
}

/** The state of a chain as a record: reads by name, CHAIN_UNSUPPORTED for what it does not hold. */
export function fakeView(state: FakeState): StateView {
  const itemOf = (pallet: string, item: string) =>
    state.storage?.[pallet === 'SubtensorModule' ? item : `${pallet}.${item}`];
  const read = (pallet: string, item: string, keys: readonly unknown[]): unknown => {
    const found = itemOf(pallet, item);
    if (found === undefined) throw missing(`${pallet}.${item}`);
    return found[keys.map(keyText).join('/')] ?? found['default'] ?? null;
  };
  const view: Omit<StateView, 'runtime'> = {
    block: blockOf(state.block ?? 100),
    hasStorage: (pallet, item) => itemOf(pallet, item) !== undefined,
    storage: async (pallet, item, ...keys) => read(pallet, item, keys),
    storageMany: async (pallet, item, keys) => keys.map((one) => read(pallet, item, one)),
    entries: async (pallet, item, ...prefix) => entriesOf(itemOf(pallet, item), prefix),
    hasApi: (api, method) => state.apis?.[`${api}.${method}`] !== undefined,
    api: async (api, method, ...args) => {
      const found = state.apis?.[`${api}.${method}`];
      if (found === undefined) throw missing(`${api}.${method}`);
      return found(...args);
    },
    constant: (pallet, name) => state.constants?.[`${pallet}.${name}`],
    callArguments: (pallet, call) =>
      state.calls?.[`${pallet}.${call}`]?.map((name) => ({ name, type: 'any' })) ?? null,
    fee: async () => state.feeRao ?? 0n,
  };
  return { ...view, runtime: runtimeOf(view) };
}

function keyText(key: unknown): string {
  return typeof key === 'string' ? key : JSON.stringify(key);
}

function blockOf(number: number): BlockRef {
  return { number, hash: `0x${number.toString(16).padStart(64, '0')}` };
}

function runtimeOf(view: Omit<StateView, 'runtime'>): RuntimeFacts {
  return findRuntimeFacts({ specName: 'node-subtensor', specVersion: 1 }, view);
}

function missing(what: string): SubnetError {
  return new SubnetError('CHAIN_UNSUPPORTED', { missing: what });
}

/** Keys that are numbers come back as numbers, as from a real chain. */
function entriesOf(
  item: Readonly<Record<string, unknown>> | undefined,
  prefix: readonly unknown[],
): readonly StorageEntry[] {
  const wanted = prefix.map(keyText);
  return Object.entries(item ?? {})
    .filter(([key]) => key !== 'default')
    .map(([key, value]) => ({ parts: key.split('/'), value }))
    .filter(({ parts }) => wanted.every((one, at) => parts[at] === one))
    .map(({ parts, value }) => ({
      keys: parts.slice(wanted.length).map((one) => (/^\d+$/.test(one) ? Number(one) : one)),
      value,
    }));
}
