import type { BlockRef } from '../../chain-port.ts';
import type { BlockContent, SignedTx } from '../link/link-port.ts';
import type { TimedLink } from '../link/timed-link.ts';

/** The newest blocks may still be replaced: they are looked into again. */
const unsettled = 4;

/** Looks for one extrinsic in the blocks of its era, each of them once or nearly so. */
export class ExtrinsicSearch {
  readonly #tx: SignedTx;
  #from: number;

  constructor(tx: SignedTx) {
    this.#tx = tx;
    this.#from = tx.birth.number + 1;
  }

  /** The block that contains it, if the endpoint has one now. */
  async look(link: TimedLink): Promise<BlockContent | null> {
    const head = await link.head();
    const last = Math.min(head.number, this.#lastBlock);
    for (let number = this.#from; number <= last; number += 1) {
      const hash = await link.blockHash(number);
      const block = hash === null ? null : await link.block(hash);
      if (block?.extrinsicHashes.includes(this.#tx.hash) === true) return block;
    }
    this.#from = Math.max(this.#from, last - unsettled);
    return null;
  }

  /** Whether it can no longer get into any block. */
  isOver(head: BlockRef): boolean {
    return head.number > this.#lastBlock + unsettled;
  }

  get #lastBlock(): number {
    return this.#tx.birth.number + this.#tx.eraBlocks;
  }
}

export function refOf({ number, hash }: BlockRef): BlockRef {
  return { number, hash };
}
