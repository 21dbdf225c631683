/** SCALE compact of a non-negative integer. */
export function compact(value: number | bigint): Uint8Array {
  const n = BigInt(value);
  if (n < 64n) return Uint8Array.of(Number(n << 2n));
  if (n < 1n << 14n) return littleEndian((n << 2n) | 1n, 2);
  if (n < 1n << 30n) return littleEndian((n << 2n) | 2n, 4);
  const length = Math.max(4, Math.ceil(n.toString(16).length / 2));
  return concat(Uint8Array.of(((length - 4) << 2) | 3), littleEndian(n, length));
}

/** The low `length` bytes of an integer, least significant first. */
export function littleEndian(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

/** Throws RangeError for a value that is no u64. */
export function u64(value: bigint): Uint8Array {
  if (BigInt.asUintN(64, value) !== value) throw new RangeError(`${value} is not a u64`);
  return littleEndian(value, 8);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** `Vec<u8>`: the length, then the bytes. */
export function byteVec(bytes: Uint8Array): Uint8Array {
  return concat(compact(bytes.length), bytes);
}

/** `Vec<u16>`. Throws RangeError for a value that is no u16. */
export function u16Vec(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  for (const [at, value] of values.entries()) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff) {
      throw new RangeError(`${value} is not a u16`);
    }
    bytes[2 * at] = value & 0xff;
    bytes[2 * at + 1] = value >> 8;
  }
  return concat(compact(values.length), bytes);
}

/** Reads SCALE bytes from front to back; reading past the end throws a RangeError. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError(`needs ${length} bytes at ${this.#at}`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  u8(): number {
    return this.take(1)[0] ?? 0;
  }

  uint(length: number): bigint {
    return this.take(length).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  compact(): bigint {
    const first = this.u8();
    const mode = first & 3;
    if (mode === 0) return BigInt(first >> 2);
    if (mode === 3) return this.uint((first >> 2) + 4);
    const rest = this.uint(mode === 1 ? 1 : 3);
    return ((rest << 8n) | BigInt(first)) >> 2n;
  }

  bytes(): Uint8Array {
    return this.take(Number(this.compact()));
  }

  u16s(): number[] {
    const bytes = this.take(2 * Number(this.compact()));
    const numbers: number[] = [];
    for (let at = 0; at < bytes.length; at += 2) {
      numbers.push((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
    }
    return numbers;
  }
}
