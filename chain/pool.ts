import type { Hex } from './chain-state.ts';
import { extrinsicHash, readValidity, signerOf } from './extrinsic.ts';
import type { InvalidTransaction, ValidTransaction } from './extrinsic.ts';

/** What becomes of a transaction, in the words of `author_extrinsicUpdate`. */
export type TransactionStatus =
  | 'future'
  | 'ready'
  | 'invalid'
  | 'dropped'
  | { readonly inBlock: Hex }
  | { readonly finalized: Hex };

/** Why the pool does not take a transaction: a JSON-RPC error of a Substrate node. */
export interface PoolRefusal {
  readonly kind: 'refused';
  readonly code: number;
  readonly message: string;
  readonly data: string;
}

export interface Pooled {
  readonly kind: 'pooled';
  readonly hash: Hex;
}

interface Entry {
  readonly extrinsic: Hex;
  readonly hash: Hex;
  readonly signer: Hex | null;
  readonly valid: ValidTransaction;
  readonly watchers: Set<(status: TransactionStatus) => void>;
}

const maxEntries = 8192;

/** Transactions that wait for a block, in the order in which they came. */
export class TransactionPool {
  readonly #validate: (extrinsic: Hex) => Promise<Hex>;
  readonly #entries = new Map<Hex, Entry>();

  /** `validate` returns the runtime's `TransactionValidity`. */
  constructor(validate: (extrinsic: Hex) => Promise<Hex>) {
    this.#validate = validate;
  }

  async submit(
    extrinsic: Hex,
    watch?: (status: TransactionStatus) => void,
  ): Promise<Pooled | PoolRefusal> {
    const hash = extrinsicHash(extrinsic);
    if (this.#entries.has(hash)) return refused(1013, 'Transaction Already Imported', `[${hash}]`);
    const validity = readValidity(await this.#validate(extrinsic));
    if (validity.kind === 'invalid') return refusalOf(validity);
    const rivals = this.#rivals(validity);
    if (rivals.some((rival) => rival.valid.priority >= validity.priority)) return tooLow(validity);
    if (this.#entries.size >= maxEntries) {
      return refused(1016, 'Immediately Dropped', 'The transaction pool is full');
    }
    for (const rival of rivals) this.#remove(rival, 'dropped');
    const watchers = new Set(watch === undefined ? [] : [watch]);
    const signer = signerOf(extrinsic);
    this.#entries.set(hash, { extrinsic, hash, signer, valid: validity, watchers });
    return { kind: 'pooled', hash };
  }

  /** What can go into the next block: each one after those whose tags it requires. */
  ready(): readonly Hex[] {
    const waiting = [...this.#entries.values()];
    const provided = new Set(waiting.flatMap((entry) => entry.valid.provides));
    const done = new Set<Hex>();
    const ordered: Hex[] = [];
    for (let progress = true; progress;) {
      progress = false;
      for (const entry of waiting) {
        if (done.has(entry.hash) || !isFree(entry, provided)) continue;
        done.add(entry.hash);
        for (const tag of entry.valid.provides) provided.delete(tag);
        ordered.push(entry.extrinsic);
        progress = true;
      }
    }
    return ordered;
  }

  /** How many transactions of this signer wait. */
  countOf(publicKey: Hex): number {
    return [...this.#entries.values()].filter((entry) => entry.signer === publicKey).length;
  }

  pending(): readonly Hex[] {
    return [...this.#entries.values()].map((entry) => entry.extrinsic);
  }

  unwatch(watch: (status: TransactionStatus) => void): void {
    for (const entry of this.#entries.values()) entry.watchers.delete(watch);
  }

  drop(extrinsic: Hex, status: TransactionStatus): void {
    const entry = this.#entries.get(extrinsicHash(extrinsic));
    if (entry !== undefined) this.#remove(entry, status);
  }

  included(extrinsics: readonly Hex[], block: Hex): void {
    for (const extrinsic of extrinsics) {
      const entry = this.#entries.get(extrinsicHash(extrinsic));
      if (entry === undefined) continue;
      tell(entry, { inBlock: block });
      this.#remove(entry, { finalized: block });
    }
  }

  #remove(entry: Entry, status: TransactionStatus): void {
    this.#entries.delete(entry.hash);
    tell(entry, status);
  }

  #rivals(valid: ValidTransaction): readonly Entry[] {
    const tags = new Set(valid.provides);
    return [...this.#entries.values()].filter((entry) =>
      entry.valid.provides.some((tag) => tags.has(tag)),
    );
  }
}

/**
 * A tag that someone here provides has to wait for that one; one that nobody here provides is for
 * the runtime to judge, which says `Future` when it is missing.
 */
function isFree(entry: Entry, provided: ReadonlySet<Hex>): boolean {
  return entry.valid.requires.every((tag) => !provided.has(tag));
}

function tell(entry: Entry, status: TransactionStatus): void {
  for (const watch of entry.watchers) watch(status);
}

function refused(code: number, message: string, data: string): PoolRefusal {
  return { kind: 'refused', code, message, data };
}

function refusalOf({ code, message, data }: InvalidTransaction): PoolRefusal {
  return refused(code, message, data);
}

function tooLow(valid: ValidTransaction): PoolRefusal {
  const data = `The transaction has too low priority to replace another transaction already in the pool. (${valid.priority})`;
  return refused(1014, 'Priority is too low', data);
}
