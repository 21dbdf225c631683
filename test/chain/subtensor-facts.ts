import type { ApiPromise } from '@polkadot/api';

type Lookup = ApiPromise['registry']['lookup'];
type TypeId = Parameters<Lookup['getSiType']>[0];
type SiType = ReturnType<Lookup['getSiType']>;
type Field = SiType['def']['asComposite']['fields'][number];
type Pallet = ApiPromise['runtimeMetadata']['asLatest']['pallets'][number];

/** What a client can see of one pallet, in the form of the vectors. */
export interface PalletFacts {
  readonly calls: Readonly<Record<string, { index: number; args: readonly string[] }>>;
  readonly errors: readonly string[];
  readonly events: readonly string[];
  readonly storage: Readonly<Record<string, StorageFact>>;
  readonly constants: Readonly<Record<string, readonly [type: string, value: string]>>;
}

export interface StorageFact {
  readonly keys: readonly (readonly [hasher: string, type: string])[];
  readonly value: string;
  readonly optional: boolean;
  readonly default?: string;
}

/** Structs that are written as what they hold, since their SCALE form is the same. */
const transparent = new Set(['BoundedVec', 'WeakBoundedVec']);
const generic = new Set(['Option', 'BTreeMap', 'BTreeSet']);

/** The name of a type as clients read it: structs and enums by the last part of their path. */
export function typeName(lookup: Lookup, id: TypeId): string {
  const { def, path, params } = lookup.getSiType(id);
  const name = path.at(-1)?.toString() ?? '';
  const of = (inner: TypeId): string => typeName(lookup, inner);
  if (def.isPrimitive) return def.asPrimitive.type.toLowerCase();
  if (def.isCompact) return `Compact<${of(def.asCompact.type)}>`;
  if (def.isSequence) return `Vec<${of(def.asSequence.type)}>`;
  if (def.isArray) return `[${of(def.asArray.type)}; ${def.asArray.len.toNumber()}]`;
  if (def.isTuple) return `(${def.asTuple.map(of).join(', ')})`;
  const [only] = def.isComposite ? def.asComposite.fields : [];
  if (transparent.has(name) && only !== undefined) return of(only.type);
  if (!generic.has(name)) return name;
  return `${name}<${params.map(({ type }) => of(type.unwrap())).join(', ')}>`;
}

function fieldNames(lookup: Lookup, fields: readonly Field[]): string[] {
  return fields.map(({ name, type }) => {
    const prefix = name.isSome ? `${name.unwrap().toString()}: ` : '';
    return prefix + typeName(lookup, type);
  });
}

/** The fields of a struct, or the variants of an enum. */
export function typeBody(lookup: Lookup, { def }: SiType): string {
  if (def.isComposite) return `{ ${fieldNames(lookup, def.asComposite.fields).join(', ')} }`;
  const variants = def.asVariant.variants.map(
    ({ index, name, fields }) =>
      `${index.toNumber()} ${name.toString()}(${fieldNames(lookup, fields).join(', ')})`,
  );
  return variants.join(' | ');
}

export function palletFacts(lookup: Lookup, pallet: Pallet): PalletFacts {
  const variants = (id: TypeId) => [...lookup.getSiType(id).def.asVariant.variants];
  const calls = pallet.calls.isSome ? variants(pallet.calls.unwrap().type) : [];
  const errors = pallet.errors.isSome ? variants(pallet.errors.unwrap().type) : [];
  const events = pallet.events.isSome ? variants(pallet.events.unwrap().type) : [];
  return {
    calls: Object.fromEntries(
      calls.map(({ name, index, fields }) => [
        name.toString(),
        { index: index.toNumber(), args: fieldNames(lookup, fields) },
      ]),
    ),
    errors: errors.map(({ name }) => name.toString()),
    events: events.map(
      ({ name, fields }) => `${name.toString()}(${fieldNames(lookup, fields).join(', ')})`,
    ),
    storage: storageFacts(lookup, pallet),
    constants: Object.fromEntries(
      pallet.constants.map(({ name, type, value }) => [
        name.toString(),
        [typeName(lookup, type), value.toHex()],
      ]),
    ),
  };
}

function storageFacts(lookup: Lookup, pallet: Pallet): PalletFacts['storage'] {
  const items = pallet.storage.isSome ? [...pallet.storage.unwrap().items] : [];
  return Object.fromEntries(
    items.map(({ name, type, modifier, fallback }) => {
      const value = typeName(lookup, type.isPlain ? type.asPlain : type.asMap.value);
      const keys = type.isPlain ? [] : storageKeys(lookup, type.asMap);
      const fact = { keys, value, optional: modifier.isOptional, default: fallback.toHex() };
      return [name.toString(), fact];
    }),
  );
}

type MapType = ReturnType<Pallet['storage']['unwrap']>['items'][number]['type']['asMap'];

function storageKeys(lookup: Lookup, { hashers, key }: MapType): StorageFact['keys'] {
  const { def } = lookup.getSiType(key);
  const types = hashers.length === 1 ? [key] : [...def.asTuple];
  return hashers.map((hasher, at) => {
    const id = types[at];
    if (id === undefined) throw new Error('fewer keys than hashers');
    return [hasher.type.replace(/_*128/, '_128'), typeName(lookup, id)];
  });
}
