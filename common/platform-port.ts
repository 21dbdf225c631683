/** The world: time, randomness, hashing. Handed in, so that tests run with a manual clock. */
export interface Clock {
  /** Wall clock in milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Wall clock in nanoseconds since the Unix epoch; strictly rising within one process. */
  nowNs(): bigint;
  /** A clock that never steps, for measuring latency, in milliseconds. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Platform {
  readonly clock: Clock;
  randomBytes(length: number): Uint8Array;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** A signal that aborts after `ms`, or when `parent` does. Call `dispose` when done. */
  deadline(ms: number, parent?: AbortSignal): { readonly signal: AbortSignal; dispose(): void };
}
