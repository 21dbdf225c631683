import { ByteReader, compact } from '../common/scale-bytes.ts';

/**
 * The SCALE codec for the few shapes that the embedded chain's own runtime APIs exchange.
 * Integers of 64 bits and more are bigints; everything else is what one expects.
 */
export interface Codec<T> {
  // Methods, because only these let codecs of different types stand in one table.
  write(value: T, out: number[]): void;
  read(from: ByteReader): T;
}

export type Decoded<C> = C extends Codec<infer T> ? T : never;

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const out: number[] = [];
  codec.write(value, out);
  return Uint8Array.from(out);
}

/** Throws a RangeError when the bytes are too short or longer than the value. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const from = new ByteReader(bytes);
  const value = codec.read(from);
  if (from.at !== bytes.length) throw new RangeError('bytes are left over');
  return value;
}

export const u8 = small(1, false);
export const u16 = small(2, false);
export const u32 = small(4, false);
export const i16 = small(2, true);
export const u64 = large(8, false);
export const u128 = large(16, false);
export const i64 = large(8, true);
export const i128 = large(16, true);

export const bool: Codec<boolean> = {
  write: (value, out) => out.push(value ? 1 : 0),
  read: (from) => u8.read(from) === 1,
};

export function vec<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    write: (values, out) => {
      out.push(...compact(values.length));
      for (const value of values) item.write(value, out);
    },
    read: (from) => Array.from({ length: Number(from.compact()) }, () => item.read(from)),
  };
}

export const bytes: Codec<Uint8Array> = {
  write: (value, out) => {
    out.push(...compact(value.length));
    for (const byte of value) out.push(byte);
  },
  read: (from) => from.bytes(),
};

/** Writes what is encoded already; cannot be read, because nothing says where it ends. */
export const encoded: Codec<Uint8Array> = {
  write: (value, out) => {
    for (const byte of value) out.push(byte);
  },
  read: () => {
    throw new RangeError('encoded values cannot be read');
  },
};

/** `undefined` is the absent value. */
export function option<T>(item: Codec<T>): Codec<T | undefined> {
  return {
    write: (value, out) => {
      out.push(value === undefined ? 0 : 1);
      if (value !== undefined) item.write(value, out);
    },
    read: (from) => (u8.read(from) === 1 ? item.read(from) : undefined),
  };
}

export function pair<A, B>(first: Codec<A>, second: Codec<B>): Codec<readonly [A, B]> {
  return {
    write: ([a, b], out) => {
      first.write(a, out);
      second.write(b, out);
    },
    read: (from) => [first.read(from), second.read(from)],
  };
}

type Fields = Readonly<Record<string, Codec<unknown>>>;
type Struct<F extends Fields> = { readonly [K in keyof F]: Decoded<F[K]> };

/** Fields in the order in which they are listed. */
export function struct<F extends Fields>(fields: F): Codec<Struct<F>> {
  const entries = Object.entries(fields);
  return {
    write: (value, out) => {
      for (const [name, codec] of entries) codec.write(value[name], out);
    },
    read: (from) => {
      const pairs = entries.map(([name, codec]) => [name, codec.read(from)] as const);
      return Object.fromEntries(pairs) as Struct<F>;
    },
  };
}

type Variants = Readonly<Record<string, Codec<unknown>>>;
/** One of the variants, as `{ kind, value }`. */
export type Variant<V extends Variants> = {
  readonly [K in keyof V & string]: { readonly kind: K; readonly value: Decoded<V[K]> };
}[keyof V & string];

/** An enum whose indices follow the order in which the variants are listed. */
export function variants<V extends Variants>(table: V): Codec<Variant<V>> {
  const entries = Object.entries(table);
  return {
    write: (value, out) => {
      const index = entries.findIndex(([name]) => name === value.kind);
      out.push(index);
      entries[index]?.[1].write(value.value, out);
    },
    read: (from) => {
      const entry = entries[u8.read(from)];
      if (entry === undefined) throw new RangeError('no such variant');
      return { kind: entry[0], value: entry[1].read(from) } as Variant<V>;
    },
  };
}

function small(size: number, signed: boolean): Codec<number> {
  const wide = large(size, signed);
  return {
    write: (value, out) => wide.write(BigInt(value), out),
    read: (from) => Number(wide.read(from)),
  };
}

function large(size: number, signed: boolean): Codec<bigint> {
  const bits = size * 8;
  const wrap = (value: bigint) =>
    signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  return {
    write: (value, out) => {
      if (wrap(value) !== value) throw new RangeError(`${value} does not fit ${bits} bits`);
      let rest = BigInt.asUintN(bits, value);
      for (let count = 0; count < size; count += 1, rest >>= 8n) out.push(Number(rest & 0xffn));
    },
    read: (from) => wrap(from.uint(size)),
  };
}
