import type { BlockRef, ChainCall, RuntimeFacts } from './chain-port.ts';
import type { Ss58 } from './brand.ts';

/** One argument of a call, as the metadata lists it. */
export interface CallArgument {
  /** snake_case. */
  readonly name: string;
  /** Type name of the metadata, e.g. `u16`, `Vec<u16>`. */
  readonly type: string;
}

/** A value of `entries`, with the keys that were not given as its prefix. */
export interface StorageEntry {
  readonly keys: readonly unknown[];
  readonly value: unknown;
}

/**
 * The chain's state at one block, by the names of the metadata (`SubtensorModule`, `Tempo`,
 * `SubnetInfoRuntimeApi`, `get_subnet_hyperparams_v3`), decoded with the metadata of that block into
 * JSON-like values: numbers, hex text for integers above 2^53, SS58 text, null for None. Field
 * names are camelCase. Reads throw CHAIN_UNSUPPORTED for a name that this runtime lacks (ask
 * `has...` first), and the other CHAIN_* of a read.
 */
export interface StateView {
  readonly block: BlockRef;
  readonly runtime: RuntimeFacts;
  hasStorage(pallet: string, item: string): boolean;
  storage(pallet: string, item: string, ...keys: readonly unknown[]): Promise<unknown>;
  /** The same item for many keys in one request, in their order. */
  storageMany(
    pallet: string,
    item: string,
    keys: readonly (readonly unknown[])[],
  ): Promise<readonly unknown[]>;
  entries(
    pallet: string,
    item: string,
    ...prefix: readonly unknown[]
  ): Promise<readonly StorageEntry[]>;
  hasApi(api: string, method: string): boolean;
  api(api: string, method: string, ...args: readonly unknown[]): Promise<unknown>;
  /** undefined when the runtime has no such constant. */
  constant(pallet: string, name: string): unknown;
  /** null when the runtime has no such call. */
  callArguments(pallet: string, call: string): readonly CallArgument[] | null;
  /** Fee in RAO that this call would cost this account now. */
  fee(call: ChainCall, payer: Ss58): Promise<bigint>;
}

/** What operators' commands need beyond a node's port; the same connection serves both. */
export interface StateSource {
  /** At this block, or at the head. */
  view(block?: BlockRef): Promise<StateView>;
}
