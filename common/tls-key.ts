/**
 * The public key of an axon's TLS certificate, as the chain keeps it beside the axon
 * (`serve_axon_tls`): one byte that names the algorithm, and at most 64 bytes of key. The chain
 * gives the numbers no meaning; these are the suite's (docs/protocol.md).
 */
export interface TlsKey {
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
}

export const tlsAlgorithms = {
  /** The axon speaks plain HTTP: how a key on chain is taken back, which cannot be removed. */
  none: 0,
  /** 32 bytes (RFC 8032). */
  ed25519: 1,
  /** P-256: x and y, 32 bytes each, big endian. */
  p256: 2,
} as const;

/** Instead of a key: what takes one back. One byte, since the chain ignores an empty one. */
export const withdrawnTlsKey: TlsKey = {
  algorithm: tlsAlgorithms.none,
  publicKey: Uint8Array.of(0),
};

const keyBytes: Readonly<Record<number, number>> = {
  [tlsAlgorithms.ed25519]: 32,
  [tlsAlgorithms.p256]: 64,
};

/** True for a key that a connection can be held against; others mean plain HTTP. */
export function isUsableTlsKey({ algorithm, publicKey }: TlsKey): boolean {
  return keyBytes[algorithm] === publicKey.length;
}

export function sameTlsKey(a: TlsKey, b: TlsKey): boolean {
  return (
    a.algorithm === b.algorithm &&
    a.publicKey.length === b.publicKey.length &&
    a.publicKey.every((byte, at) => byte === b.publicKey[at])
  );
}

/** The argument of `serve_axon_tls`. */
export function tlsKeyBytes({ algorithm, publicKey }: TlsKey): Uint8Array {
  return Uint8Array.of(algorithm, ...publicKey);
}
