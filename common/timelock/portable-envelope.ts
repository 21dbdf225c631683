import { ByteReader, byteVec, concat, u64 } from '../scale-bytes.ts';

/** A ciphertext that says itself which round opens it: SCALE `{ Vec<u8>, u64 }`. */
export interface PortableEnvelope {
  readonly ciphertext: Uint8Array;
  readonly round: number;
}

export function writeEnvelope({ ciphertext, round }: PortableEnvelope): Uint8Array {
  return concat(byteVec(ciphertext), u64(BigInt(round)));
}

/** null for bytes that are no envelope. */
export function readEnvelope(bytes: Uint8Array): PortableEnvelope | null {
  try {
    const reader = new ByteReader(bytes);
    const ciphertext = reader.bytes().slice();
    const round = Number(reader.uint(8));
    return reader.left === 0 && Number.isSafeInteger(round) ? { ciphertext, round } : null;
  } catch {
    return null;
  }
}
