import { createMutex } from '../../mutex.ts';

/**
 * The nonces of one key: who is given one sends before the next is given, so that they reach the
 * node in order; several wait for their blocks at once.
 *
 *   reserved ─▶ submitted ─▶ in block ─▶ finalised
 *       │           │            │
 *       └───────────┴────────────┴─▶ failed | unknown
 */
export class NonceQueue {
  readonly #sending = createMutex();
  readonly #inFlight = new Set<number>();

  /** Nonces that were given and not yet settled. */
  get inFlight(): readonly number[] {
    return [...this.#inFlight].sort((a, b) => a - b);
  }

  /** Runs `send` alone among those of this key. */
  alone<T>(send: () => Promise<T>): Promise<T> {
    return this.#sending.run(send);
  }

  /**
   * The first nonce, from the chain's next one on, that is not in flight: it fills the gap of one
   * that the pool dropped, and passes over those that another endpoint does not know of.
   */
  reserve(chainNext: number): number {
    let nonce = chainNext;
    while (this.#inFlight.has(nonce)) nonce += 1;
    this.#inFlight.add(nonce);
    return nonce;
  }

  /**
   * Included, refused, or lost sight of. The nonce of one that was lost is given again only when
   * the chain has not seen it; then at most one of the two can be valid.
   */
  settle(nonce: number): void {
    this.#inFlight.delete(nonce);
  }
}
