import type { Ss58 } from '../../brand.ts';
import type { BlockRef, ChainEvent } from '../../chain-port.ts';
import type { Signer } from '../../signer-port.ts';
import type { StateView } from '../../state-view.ts';
import type { CallOffer, NamedCall } from '../chain-calls.ts';

/** The node answered, with an error. Anything else that a link throws means a broken line. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
  /** Of JSON-RPC, e.g. 1010. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Why a line is down, where more is known than that it was cut. */
export class BrokenLine extends Error {
  override readonly name = 'BrokenLine';
}

export interface BlockContent extends BlockRef {
  readonly parentHash: string;
  /** blake2-256 of each extrinsic, in order: `0x`, 32 bytes. */
  readonly extrinsicHashes: readonly string[];
}

export interface BlockEvent extends ChainEvent {
  /** Index of the extrinsic that it belongs to; null outside of any. */
  readonly extrinsic: number | null;
  /** Name of the dispatch error that it carries, by the metadata; null when it carries none. */
  readonly failure: string | null;
}

export interface SignedTx {
  /** `0x`, SCALE with its length. */
  readonly bytes: string;
  readonly hash: string;
  /** Block that its era begins at; it is valid for `eraBlocks` after it. */
  readonly birth: BlockRef;
  readonly eraBlocks: number;
  readonly nonce: number;
  readonly specVersion: number;
}

export interface SigningTerms {
  readonly nonce: number;
  readonly birth: BlockRef;
  readonly eraBlocks: number;
}

/** What a node tells of a transaction that it watches. */
export type PoolStatus =
  | { readonly kind: 'pooled' }
  | { readonly kind: 'in-block' | 'finalised' | 'retracted'; readonly blockHash: string }
  | { readonly kind: 'finality-timeout' }
  | { readonly kind: 'gone'; readonly how: 'Invalid' | 'Dropped' | 'Usurped' };

/** One read, with a deadline and errors that people can meet. */
export type Ask = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/** The connection to one endpoint. It does not mend itself: once `down`, it is done with. */
export interface Link {
  readonly url: string;
  readonly genesisHash: string;
  /** Aborts when the line is gone. */
  readonly down: AbortSignal;
  /** Time between blocks that the runtime aims at. */
  readonly slotMs: number;
  /** Of the newest runtime that was heard of. */
  readonly specVersion: number;
  /** The runtime changed since it was opened; another connection knows more of the new one. */
  readonly isOutdated: boolean;
  /** Calls of the newest runtime. */
  readonly offer: CallOffer;
  head(): Promise<BlockRef>;
  /** The last block that can no longer be replaced. */
  finalised(): Promise<BlockRef>;
  blockHash(number: number): Promise<string | null>;
  /** null when the node does not know it. */
  block(hash: string): Promise<BlockContent | null>;
  events(block: BlockRef): Promise<readonly BlockEvent[]>;
  view(block: BlockRef, ask: Ask): Promise<StateView>;
  /** Next nonce, transactions in the node's pool counted. */
  nextNonce(address: Ss58): Promise<number>;
  sign(call: NamedCall, signer: Signer, terms: SigningTerms): Promise<SignedTx>;
  /** Hands it to the node and tells what becomes of it, until the returned function is called. */
  watch(tx: SignedTx, onStatus: (status: PoolStatus) => void): Promise<() => void>;
  /** Tells each new head, for as long as the line holds. */
  onHead(listener: (head: BlockRef) => void): Promise<void>;
  close(): Promise<void>;
}

export interface Probe {
  readonly genesisHash: string;
  readonly head: BlockRef;
}

/** How links come to be. Both give up, and leave nothing open, when the signal aborts. */
export interface Dialer {
  open(url: string, signal: AbortSignal): Promise<Link>;
  /** A short visit: which chain, and how far it is. */
  probe(url: string, signal: AbortSignal): Promise<Probe>;
}
