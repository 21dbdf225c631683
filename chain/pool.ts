import type { Hex } from './chain-state.ts';
import { extrinsicHash, nonceTag, readSigned, readValidity, signerOf } from './extrinsic.ts';
import type { InvalidTransaction, ValidTransaction } from './extrinsic.ts';

/** What becomes of a transaction, in the words of `author_extrinsicUpdate`. */
export type TransactionStatus =
  | 'future'
  | 'ready'
  | 'invalid'
  | 'dropped'
  | { readonly usurped: Hex }
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
  /** Tags that no block has provided yet. */
  readonly missing: Set<Hex>;
  /** The block after which it is too old. */
  readonly lastBlock: bigint;
  readonly watchers: Set<(status: TransactionStatus) => void>;
}

const maxEntries = 8192;
/** More than pass through the pool while one transaction is being validated. */
const maxRecentTags = 4096;

/** Transactions that wait for a block, in the order in which they came. */
export class TransactionPool {
  readonly #validate: (extrinsic: Hex) => Promise<Hex>;
  readonly #entries = new Map<Hex, Entry>();
  /**
   * Tags of the newest blocks: a transaction that was validated before a block and arrives after
   * it would wait for them for ever.
   */
  readonly #recentTags = new Set<Hex>();
  /** Included ones whose watchers still have to hear `finalized`. */
  #settling: readonly (readonly [Entry, Hex])[] = [];
  #head: bigint;

  /** `validate` returns the runtime's `TransactionValidity`; `head` is the newest block. */
  constructor(validate: (extrinsic: Hex) => Promise<Hex>, head: number) {
    this.#validate = validate;
    this.#head = BigInt(head);
  }

  async submit(
    extrinsic: Hex,
    watch?: (status: TransactionStatus) => void,
  ): Promise<Pooled | PoolRefusal> {
    const hash = extrinsicHash(extrinsic);
    if (this.#entries.has(hash)) return imported(hash);
    const valid = readValidity(await this.#validate(extrinsic));
    if (valid.kind === 'invalid') return refusalOf(valid);
    // Somebody else may have brought it while it was validated.
    if (this.#entries.has(hash)) return imported(hash);
    const rivals = this.#rivals(valid);
    const strongest = rivals.find((rival) => rival.valid.priority >= valid.priority);
    if (strongest !== undefined) return tooLow(valid, strongest.valid);
    if (this.#entries.size - rivals.length >= maxEntries) return full();
    for (const rival of rivals) this.#remove(rival, { usurped: hash });
    this.#add(extrinsic, hash, valid, watch);
    return { kind: 'pooled', hash };
  }

  #add(
    extrinsic: Hex,
    hash: Hex,
    valid: ValidTransaction,
    watch: ((status: TransactionStatus) => void) | undefined,
  ): void {
    const missing = new Set(valid.requires.filter((tag) => !this.#recentTags.has(tag)));
    const watchers = new Set(watch === undefined ? [] : [watch]);
    const lastBlock = this.#head + valid.longevity;
    const signer = signerOf(extrinsic);
    const entry = { extrinsic, hash, signer, valid, missing, lastBlock, watchers };
    this.#entries.set(hash, entry);
    tell(entry, this.#isReady(entry) ? 'ready' : 'future');
  }

  /** Every tag it waits for is provided by a transaction that can go into the same block. */
  #isReady(entry: Entry): boolean {
    return entry.missing.size === 0 || this.ready().includes(entry.extrinsic);
  }

  /**
   * What can go into the next block: each one after those whose tags it requires. What is not
   * `wanted` stays, with all that comes after it.
   */
  ready(wanted: (extrinsic: Hex) => boolean = () => true): readonly Hex[] {
    const all = [...this.#entries.values()];
    const waiting = new Set(all.filter(({ extrinsic }) => wanted(extrinsic)));
    const provided = new Set<Hex>();
    const ordered: Hex[] = [];
    for (let progress = true; progress;) {
      progress = false;
      for (const entry of waiting) {
        if (![...entry.missing].every((tag) => provided.has(tag))) continue;
        waiting.delete(entry);
        for (const tag of entry.valid.provides) provided.add(tag);
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
    const settling = this.#settling.map(([entry]) => entry);
    for (const entry of [...this.#entries.values(), ...settling]) entry.watchers.delete(watch);
  }

  drop(extrinsic: Hex, status: TransactionStatus): void {
    const entry = this.#entries.get(extrinsicHash(extrinsic));
    if (entry !== undefined) this.#remove(entry, status);
  }

  /**
   * Tells the watchers of the last block's transactions that it is final. Not together with
   * `inBlock`: clients look the block up when they hear that, and forget it over what follows.
   */
  settle(): void {
    for (const [entry, block] of this.#settling) tell(entry, { finalized: block });
    this.#settling = [];
  }

  /** Takes a new block into account: what it holds, and what it makes too old. */
  included(
    extrinsics: readonly Hex[],
    block: { readonly number: number; readonly hash: Hex },
  ): void {
    this.settle();
    this.#head = BigInt(block.number);
    const included = extrinsics.flatMap((one) => this.#entries.get(extrinsicHash(one)) ?? []);
    for (const entry of included) {
      this.#remove(entry, { inBlock: block.hash });
      this.#provide(entry.valid.provides);
    }
    // Also what came in another's envelope, and was never here: others may wait for its nonce.
    this.#provide(extrinsics.flatMap((one) => tagOf(one) ?? []));
    this.#settling = included.map((entry) => [entry, block.hash] as const);
    for (const entry of this.#entries.values()) {
      if (this.#head > entry.lastBlock) this.#remove(entry, 'invalid');
    }
  }

  #provide(tags: readonly Hex[]): void {
    for (const tag of tags) {
      this.#recentTags.add(tag);
      for (const entry of this.#entries.values()) entry.missing.delete(tag);
    }
    for (const tag of this.#recentTags) {
      if (this.#recentTags.size <= maxRecentTags) break;
      this.#recentTags.delete(tag);
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

function tagOf(extrinsic: Hex): Hex | null {
  const signed = readSigned(extrinsic);
  return signed === null ? null : nonceTag(signed);
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

function imported(hash: Hex): PoolRefusal {
  return refused(1013, 'Transaction Already Imported', `[${hash}]`);
}

function full(): PoolRefusal {
  const data = "The transaction couldn't enter the pool because of the limit";
  return refused(1016, 'Immediately Dropped', data);
}

function tooLow(valid: ValidTransaction, other: ValidTransaction): PoolRefusal {
  const data =
    'The transaction has too low priority to replace another transaction already in the pool.';
  return refused(1014, `Priority is too low: (${valid.priority} vs ${other.priority})`, data);
}
