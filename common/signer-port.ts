import type { Ss58 } from './brand.ts';

/** One sr25519 key that signs; the secret stays behind this door. */
export interface Signer {
  readonly ss58: Ss58;
  readonly publicKey: Uint8Array;
  /** sr25519 with signing context `substrate`; 64 bytes. Randomised: two signatures differ. */
  sign(message: Uint8Array): Uint8Array;
}

export interface SignatureCheck {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Verification never throws: malformed input is `false`. */
export interface Verifier {
  verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;
  /** One verdict per check, in order; a bad one never changes another's verdict. */
  verifyBatch(checks: readonly SignatureCheck[]): readonly boolean[];
}
