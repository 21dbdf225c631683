import { createMutex } from '../../mutex.ts';
import type { SignedTx } from '../link/link-port.ts';
import { ExtrinsicSearch } from './find-extrinsic.ts';

/** A transaction that was sent and lost sight of: until its era is over it may still land. */
export interface LostTx {
  readonly tx: SignedTx;
  /** What it does, to know the same when it is asked for again. */
  readonly call: string;
  readonly search: ExtrinsicSearch;
}

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
  #lost: readonly LostTx[] = [];

  /** Nonces that were given and not yet settled. */
  get inFlight(): readonly number[] {
    return [...this.#inFlight].sort((a, b) => a - b);
  }

  get lost(): readonly LostTx[] {
    return this.#lost;
  }

  /** Runs `send` alone among those of this key. */
  alone<T>(send: () => Promise<T>): Promise<T> {
    return this.#sending.run(send);
  }

  /**
   * First that of a lost one: at most one of two with the same nonce can be valid, whichever pool
   * still holds the other. Then the first nonce, from the chain's next one on, that is not in
   * flight: it fills the gap of one that the pool dropped, and passes over those that another
   * endpoint does not know of.
   */
  reserve(chainNext: number): number {
    const lost = this.#lost.map(({ tx }) => tx.nonce).filter((one) => !this.#inFlight.has(one));
    let nonce = lost.length > 0 ? Math.min(...lost) : chainNext;
    while (this.#inFlight.has(nonce)) nonce += 1;
    this.#inFlight.add(nonce);
    return nonce;
  }

  /** That of an earlier signature of the same call, which may have been lost by another process. */
  claim(nonce: number): number {
    this.#inFlight.add(nonce);
    return nonce;
  }

  /** Whether a lost one may hold this nonce in some pool. */
  isLost(nonce: number): boolean {
    return this.#lost.some(({ tx }) => tx.nonce === nonce);
  }

  /** Included or refused. */
  settle(nonce: number): void {
    this.#inFlight.delete(nonce);
  }

  /** Sent, and not seen again. */
  lose(tx: SignedTx, call: string): void {
    this.settle(tx.nonce);
    if (this.#lost.some((one) => one.tx.hash === tx.hash)) return;
    this.#lost = [...this.#lost, { tx, call, search: new ExtrinsicSearch(tx) }];
  }

  /** It was found, or can no longer be valid. */
  found({ tx }: Pick<LostTx, 'tx'>): void {
    this.#lost = this.#lost.filter((one) => one.tx.hash !== tx.hash);
  }

  /** Something with this nonce is in a block. */
  used(nonce: number): void {
    this.#lost = this.#lost.filter(({ tx }) => tx.nonce !== nonce);
  }
}
