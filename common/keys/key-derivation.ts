/** Turns passwords into keys: slow on purpose, so it runs off the main thread. */
export interface KeyDerivation {
  /** Argon2i version 1.3, one lane. Throws KEYFILE_MEMORY when the memory cannot be had. */
  argon2i(input: Argon2Input): Promise<Uint8Array>;
  pbkdf2Sha256(input: Pbkdf2Input): Promise<Uint8Array>;
  scrypt(input: ScryptInput): Promise<Uint8Array>;
}

export interface DerivationInput {
  /** UTF-8; not kept and not wiped. */
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** Length of the key in bytes. */
  readonly length: number;
}

export interface Argon2Input extends DerivationInput {
  readonly passes: number;
  readonly memoryBytes: number;
}

export interface Pbkdf2Input extends DerivationInput {
  readonly rounds: number;
}

export interface ScryptInput extends DerivationInput {
  /** CPU and memory cost, a power of two; memory is 128 * cost * blockSize bytes. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallel: number;
}
