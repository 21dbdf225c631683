import type { Hex } from './chain-state.ts';

/** With 0x, and by `Buffer`: a runtime is millions of digits, which common/hex.ts is not made for. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

/** Bytes of hex digits, with or without 0x; null when it is not hex. */
export function fromHex(text: string): Uint8Array | null {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return null;
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

/** SCALE compact of a non-negative integer. */
export function compact(value: number | bigint): Uint8Array {
  const n = BigInt(value);
  if (n < 64n) return Uint8Array.of(Number(n << 2n));
  if (n < 1n << 14n) return littleEndian((n << 2n) | 1n, 2);
  if (n < 1n << 30n) return littleEndian((n << 2n) | 2n, 4);
  const length = Math.max(4, Math.ceil(n.toString(16).length / 2));
  return concat(Uint8Array.of(((length - 4) << 2) | 3), littleEndian(n, length));
}

export function littleEndian(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
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
}
