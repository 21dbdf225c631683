import { blake2b } from '@noble/hashes/blake2.js';
import { ByteReader, compact, concat, littleEndian } from '../common/scale-bytes.ts';
import { fromHex, toHex } from './bytes.ts';
import type { Hex } from './chain-state.ts';

/** A block header as JSON-RPC shows it. */
export interface Header {
  readonly parentHash: Hex;
  readonly number: number;
  readonly stateRoot: Hex;
  readonly extrinsicsRoot: Hex;
  /** SCALE bytes of each digest item. */
  readonly logs: readonly Hex[];
}

const zeroHash: Hex = `0x${'0'.repeat(64)}`;
/** Root of a trie without entries (state version 0 and 1): what a block without a body has. */
const emptyRoot: Hex = '0x03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314';

/** The header that a block starts with: roots unknown, the Aura slot as pre-runtime digest. */
export function openingHeader(parentHash: Hex, number: number, slot: bigint): Header {
  const digest = concat(
    Uint8Array.of(6),
    new TextEncoder().encode('aura'),
    compact(8),
    littleEndian(slot, 8),
  );
  const logs = [toHex(digest)];
  return { parentHash, number, stateRoot: zeroHash, extrinsicsRoot: zeroHash, logs };
}

export function genesisHeader(stateRoot: Hex): Header {
  return { parentHash: zeroHash, number: 0, stateRoot, extrinsicsRoot: emptyRoot, logs: [] };
}

export function encodeHeader(header: Header): Uint8Array {
  return concat(
    bytesOf(header.parentHash),
    compact(header.number),
    bytesOf(header.stateRoot),
    bytesOf(header.extrinsicsRoot),
    compact(header.logs.length),
    ...header.logs.map(bytesOf),
  );
}

/** Throws RangeError on bytes that are no header. */
export function decodeHeader(bytes: Uint8Array): Header {
  const reader = new ByteReader(bytes);
  const parentHash = toHex(reader.take(32));
  const number = Number(reader.compact());
  const stateRoot = toHex(reader.take(32));
  const extrinsicsRoot = toHex(reader.take(32));
  const count = Number(reader.compact());
  const logs = Array.from({ length: count }, () => readDigest(bytes, reader));
  return { parentHash, number, stateRoot, extrinsicsRoot, logs };
}

/** Variants: Other 0, Consensus 4, Seal 5, PreRuntime 6, RuntimeEnvironmentUpdated 8. */
function readDigest(bytes: Uint8Array, reader: ByteReader): Hex {
  const start = reader.at;
  const variant = reader.u8();
  if (variant >= 4 && variant <= 6) reader.take(4);
  if (variant !== 8) reader.bytes();
  return toHex(bytes.subarray(start, reader.at));
}

export function hashOf(bytes: Uint8Array): Hex {
  return toHex(blake2b(bytes, { dkLen: 32 }));
}

function bytesOf(hex: Hex): Uint8Array {
  return fromHex(hex) ?? new Uint8Array();
}

/** As `chain_getHeader` answers. */
export function headerJson(header: Header): object {
  const { parentHash, number, stateRoot, extrinsicsRoot, logs } = header;
  return {
    parentHash,
    number: `0x${number.toString(16)}`,
    stateRoot,
    extrinsicsRoot,
    digest: { logs },
  };
}
