import type { Ss58 } from '../brand.ts';
import type { BlockRef, ChainCall, RuntimeFacts } from '../chain-port.ts';
import { SubnetError } from '../errors.ts';
import type { CallArgument, StateView, StorageEntry } from '../state-view.ts';
import type { Ask } from './link/link-port.ts';
import { findRuntimeFacts } from './runtime-facts.ts';
import type { RuntimeName } from './runtime-facts.ts';

/** A decoded value of the library. */
export interface Codec {
  toJSON(): unknown;
}

/** An item of the metadata; how its keys are made is the library's affair. */
export type StorageItem = object;

export interface CallItem {
  readonly meta: {
    readonly args: readonly {
      readonly name: Codec;
      readonly type: Codec;
      readonly typeName: Codec;
    }[];
  };
}

/** A runtime's metadata in its decorated form at one block: items by camelCase names. */
export interface Decorated {
  storageItem(pallet: string, item: string): StorageItem | undefined;
  /** Many items in one request; each list is the keys of one. */
  queryMany(
    reads: readonly { readonly item: StorageItem; readonly keys: readonly unknown[] }[],
  ): Promise<readonly Codec[]>;
  entries(
    item: StorageItem,
    prefix: readonly unknown[],
  ): Promise<readonly (readonly [{ readonly args: readonly Codec[] }, Codec])[]>;
  apiMethod(
    api: string,
    method: string,
  ): ((...args: readonly unknown[]) => Promise<Codec>) | undefined;
  constant(pallet: string, name: string): Codec | undefined;
  call(pallet: string, name: string): CallItem | undefined;
  fee(call: ChainCall, payer: Ss58): Promise<bigint>;
}

interface Waiting {
  readonly what: string;
  readonly item: StorageItem;
  readonly keys: readonly unknown[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys in one request; a longer list travels in several. */
const keysPerRequest = 1000;

/** What is asked for within one turn of the event loop travels in one request. */
export class DecoratedView implements StateView {
  readonly block: BlockRef;
  readonly runtime: RuntimeFacts;
  readonly #at: Decorated;
  readonly #ask: Ask;
  #waiting: Waiting[] = [];

  constructor(block: BlockRef, name: RuntimeName, at: Decorated, ask: Ask) {
    this.block = block;
    this.#at = at;
    this.#ask = ask;
    this.runtime = findRuntimeFacts(name, this);
  }

  hasStorage(pallet: string, item: string): boolean {
    return this.#at.storageItem(pallet, item) !== undefined;
  }

  async storage(pallet: string, item: string, ...keys: readonly unknown[]): Promise<unknown> {
    const found = this.#item(pallet, item);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ what: `${pallet}.${item}`, item: found, keys, resolve, reject });
      if (this.#waiting.length === 1) void Promise.resolve().then(() => this.#flush());
    });
  }

  storageMany(
    pallet: string,
    item: string,
    keys: readonly (readonly unknown[])[],
  ): Promise<readonly unknown[]> {
    return Promise.all(keys.map((one) => this.storage(pallet, item, ...one)));
  }

  async entries(
    pallet: string,
    item: string,
    ...prefix: readonly unknown[]
  ): Promise<readonly StorageEntry[]> {
    const found = this.#item(pallet, item);
    const pairs = await this.#ask(`${pallet}.${item}`, () => this.#at.entries(found, prefix));
    return pairs.map(([key, value]) => ({
      keys: key.args.slice(prefix.length).map((one) => one.toJSON()),
      value: value.toJSON(),
    }));
  }

  hasApi(api: string, method: string): boolean {
    return this.#at.apiMethod(api, method) !== undefined;
  }

  async api(api: string, method: string, ...args: readonly unknown[]): Promise<unknown> {
    const found = this.#at.apiMethod(api, method);
    if (found === undefined) throw missing(`${api}.${method}`);
    return (await this.#ask(`${api}.${method}`, () => found(...args))).toJSON();
  }

  constant(pallet: string, name: string): unknown {
    return this.#at.constant(pallet, name)?.toJSON();
  }

  callArguments(pallet: string, call: string): readonly CallArgument[] | null {
    return argumentsOf(this.#at.call(pallet, call));
  }

  fee(call: ChainCall, payer: Ss58): Promise<bigint> {
    return this.#ask('fee', () => this.#at.fee(call, payer));
  }

  #item(pallet: string, item: string): StorageItem {
    const found = this.#at.storageItem(pallet, item);
    if (found === undefined) throw missing(`${pallet}.${item}`);
    return found;
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += keysPerRequest) {
      void this.#query(waiting.slice(from, from + keysPerRequest));
    }
  }

  async #query(batch: readonly Waiting[]): Promise<void> {
    const first = batch[0]?.what ?? '';
    const what = batch.length === 1 ? first : `${first} and ${batch.length - 1} more`;
    try {
      const values = await this.#ask(what, () => this.#at.queryMany(batch));
      for (const [at, one] of batch.entries()) one.resolve(values[at]?.toJSON());
    } catch (error) {
      for (const one of batch) one.reject(error);
    }
  }
}

function missing(what: string): SubnetError {
  return new SubnetError('CHAIN_UNSUPPORTED', { missing: what });
}

/** The library turns the metadata's `version_key` into `versionKey`. */
export function argumentsOf(item: CallItem | undefined): readonly CallArgument[] | null {
  if (item === undefined) return null;
  return item.meta.args.map(({ name, type, typeName }) => ({
    name: snakeCase(String(name.toJSON())),
    type: String(typeName.toJSON() ?? type.toJSON()),
  }));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
