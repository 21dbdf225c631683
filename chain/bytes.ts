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
