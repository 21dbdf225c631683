import type { ApiPromise } from '@polkadot/api';
import { hexToU8a, stringCamelCase, u8aConcat, u8aToHex } from '@polkadot/util';
import { SubnetError } from '../errors.ts';
import { asList, asRecord, unfit } from './decoded.ts';
import type { CallItem, Codec, Decorated, StorageItem } from './decorated-view.ts';

type ApiAt = Awaited<ReturnType<ApiPromise['at']>>;
type QueryItem = ApiAt['query'][string][string];
export type Send = (method: string, params: unknown[]) => Promise<unknown>;

/** A runtime API's method as the library describes it, from the metadata or from its own list. */
interface ApiMethod {
  readonly name: string;
  readonly params: readonly { readonly type: string }[];
  readonly type: string;
}

interface BoundKey extends Codec {
  readonly args: readonly Codec[];
  setMeta(meta: unknown, section: string, method: string): BoundKey;
}

type Items<T> = Readonly<Record<string, Readonly<Record<string, T>> | undefined>>;

const none: Codec = { toJSON: () => null };
/** The most that nodes hand out at once. */
const keysPerPage = 1000;

/**
 * Reads at any block of one runtime. The library decorates its metadata anew for each block, which
 * takes it tens of milliseconds; here that is done once.
 */
export class RuntimeReader {
  readonly #at: ApiAt;
  readonly #calls: Items<CallItem>;
  readonly #send: Send;

  /** `at` is of any block of this runtime, `calls` are its transactions. */
  constructor(at: ApiAt, calls: unknown, send: Send) {
    this.#at = at;
    this.#calls = calls as Items<CallItem>;
    this.#send = send;
  }

  /** Items by the names of the metadata, which the library keeps in its own camelCase. */
  decorated(hash: string, isUpgrade: boolean, fee: Decorated['fee']): Decorated {
    const { query, consts } = this.#at;
    return {
      storageItem: (pallet, name) => query[stringCamelCase(pallet)]?.[stringCamelCase(name)],
      queryMany: (reads) => this.#queryMany(hash, reads),
      entries: (item, prefix) => this.#entries(hash, item as QueryItem, prefix),
      apiMethod: (api, name) => (isUpgrade ? undefined : this.#apiMethod(hash, api, name)),
      constant: (pallet, name) => consts[stringCamelCase(pallet)]?.[stringCamelCase(name)],
      call: (pallet, name) => this.#calls[stringCamelCase(pallet)]?.[stringCamelCase(name)],
      fee,
    };
  }

  /** Records of the events of a block. Throws CHAIN_UNSUPPORTED where a runtime keeps none. */
  async events(hash: string): Promise<Codec> {
    const item = this.#at.query['system']?.['events'];
    const [records] = item === undefined ? [] : await this.#queryMany(hash, [{ item, keys: [] }]);
    if (records === undefined) {
      throw new SubnetError('CHAIN_UNSUPPORTED', { missing: 'System.Events' });
    }
    return records;
  }

  async #queryMany(
    hash: string,
    reads: readonly { readonly item: StorageItem; readonly keys: readonly unknown[] }[],
  ): Promise<readonly Codec[]> {
    const asked = reads.map(({ item, keys }) => {
      const found = item as QueryItem;
      return { item: found, key: found.key(...keys) };
    });
    const values = await this.#values(
      hash,
      asked.map(({ key }) => key),
    );
    return asked.map(({ item, key }) => this.#decode(item, values(key)));
  }

  /** A key that is asked for twice is answered once. */
  async #values(hash: string, keys: readonly string[]): Promise<(key: string) => string | null> {
    const answer = await this.#send('state_queryStorageAt', [[...new Set(keys)], hash]);
    const changes = asList(asRecord(asList(answer)[0])['changes']);
    const values = new Map(changes.map((change) => asList(change) as [string, string | null]));
    return (key) => {
      const value = values.get(key);
      if (value === undefined) throw unfit(`a value of ${key}`, undefined);
      return value;
    };
  }

  async #entries(
    hash: string,
    item: QueryItem,
    prefix: readonly unknown[],
  ): ReturnType<Decorated['entries']> {
    const found: [BoundKey, Codec][] = [];
    const under = item.keyPrefix(...prefix);
    let start: string | null = null;
    for (;;) {
      const page: readonly string[] = asList(
        await this.#send('state_getKeysPaged', [under, keysPerPage, start, hash]),
      ).map(String);
      if (page.length === 0) return found;
      const values = await this.#values(hash, page);
      for (const key of page) found.push([this.#key(item, key), this.#decode(item, values(key))]);
      start = page.at(-1) ?? null;
      if (page.length < keysPerPage) return found;
    }
  }

  #key({ creator }: QueryItem, hex: string): BoundKey {
    const key = this.#create('StorageKey', hex) as unknown as BoundKey;
    return key.setMeta(creator.meta, creator.section, creator.method);
  }

  #decode({ creator: { meta } }: QueryItem, value: string | null): Codec {
    if (value === null && meta.modifier.isOptional) return none;
    const { type } = meta;
    const { lookup } = this.#at.registry;
    const def = lookup.getTypeDef(type.isPlain ? type.asPlain : type.asMap.value);
    const bytes = value === null ? meta.fallback.toU8a(true) : hexToU8a(value);
    return this.#create(def.lookupName ?? def.type, bytes);
  }

  #apiMethod(hash: string, api: string, name: string) {
    const found: unknown = this.#at.call[stringCamelCase(api)]?.[stringCamelCase(name)];
    if (found === undefined) return undefined;
    const { meta } = found as { readonly meta: ApiMethod };
    return async (...args: readonly unknown[]): Promise<Codec> => {
      const given = meta.params.map(({ type }, at) => this.#create(type, args[at]).toU8a());
      const answer = await this.#send('state_call', [
        meta.name,
        u8aToHex(u8aConcat(...given)),
        hash,
      ]);
      return this.#create(meta.type, hexToU8a(String(answer)));
    };
  }

  #create(type: string, value: unknown) {
    return this.#at.registry.createTypeUnsafe(type, [value]);
  }
}
