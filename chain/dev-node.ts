import { getRuntimeVersion } from '@acala-network/chopsticks-core';
import { SubnetError, messageOf } from '../common/errors.ts';
import type { Logger } from '../common/telemetry-port.ts';
import { ByteReader, compact, concat, fromHex, littleEndian, toHex } from './bytes.ts';
import { ChainState, OverlayView } from './chain-state.ts';
import type { Hex, StorageDiff, StorageView } from './chain-state.ts';
import type { Executor, RuntimeCall, RuntimeResult } from './executor.ts';
import { readApplied, timestampInherent } from './extrinsic.ts';
import { decodeHeader, encodeHeader, hashOf, openingHeader } from './header.ts';
import type { Header } from './header.ts';
import { TransactionPool } from './pool.ts';

export const codeKey: Hex = '0x3a636f6465';
const slotMs = 12_000n;

export interface Block {
  readonly number: number;
  readonly hash: Hex;
  readonly header: Header;
  readonly extrinsics: readonly Hex[];
  /** Values before this block of all that it changed. */
  readonly undo: ReadonlyMap<Hex, Hex | null>;
}

export interface NewBlock {
  readonly block: Block;
  readonly diff: StorageDiff;
}

/** Written before a block becomes the head; a failure keeps the old head. */
export type BlockSink = (made: NewBlock, forgotten: Block | null) => Promise<void>;

export interface NodeOptions {
  readonly executor: Executor;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** How many blocks can still be asked for, with their state. */
  readonly keepBlocks: number;
  readonly save: BlockSink;
}

type HeadListener = (block: Block, diff: StorageDiff) => void;

/** A chain of one author without forks: what is built is final. */
export class DevNode {
  readonly pool: TransactionPool;
  readonly genesisHash: Hex;
  readonly #options: NodeOptions;
  readonly #state: ChainState;
  readonly #blocks = new Map<number, Block>();
  readonly #byHash = new Map<Hex, Block>();
  readonly #listeners = new Set<HeadListener>();
  #head: Block;
  #lastMs = 0;
  #building: Promise<unknown> = Promise.resolve();

  constructor(state: ChainState, blocks: readonly Block[], genesisHash: Hex, options: NodeOptions) {
    const head = blocks.at(-1);
    if (head === undefined)
      throw new SubnetError('INTERNAL', { detail: 'a chain without a block' });
    this.#state = state;
    this.#options = options;
    this.#head = head;
    this.genesisHash = genesisHash;
    for (const block of blocks) this.#remember(block);
    this.#lastMs = timeOf(state);
    this.pool = new TransactionPool((extrinsic) => this.#validate(extrinsic));
  }

  get head(): Block {
    return this.#head;
  }

  get keys(): number {
    return this.#state.size;
  }

  blockAt(number: number): Block | null {
    return this.#blocks.get(number) ?? null;
  }

  blockOf(hash: string): Block | null {
    return this.#byHash.get(hash as Hex) ?? null;
  }

  onHead(listener: HeadListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The storage at a block that is still kept. Stays right only until the next block is built. */
  viewAt(block: Block): StorageView {
    if (block.number === this.#head.number) return this.#state;
    const older = new Map<Hex, Hex | null>();
    for (let number = this.#head.number; number > block.number; number -= 1) {
      for (const [key, value] of this.#blocks.get(number)?.undo ?? []) older.set(key, value);
    }
    return new OverlayView(this.#state, [...older]);
  }

  /** Calls a runtime function on a block's state and forgets what it wrote. */
  async call(block: Block, name: string, argument: Hex): Promise<Hex> {
    const view = this.viewAt(block);
    const { result } = await this.#run(view, [{ name, argument }]);
    return result;
  }

  runtimeVersion(block: Block): ReturnType<typeof getRuntimeVersion> {
    return getRuntimeVersion(wasmOf(this.viewAt(block)));
  }

  /** Writes storage from outside the runtime, as a block of its own would (`dev_setStorage`). */
  setStorage(diff: StorageDiff): Promise<Block> {
    return this.#inTurn(() => this.#build(diff));
  }

  /** Builds the next block from what the pool holds. Throws CHAIN_BLOCK_FAILED. */
  newBlock(): Promise<Block> {
    return this.#inTurn(() => this.#build([]));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#building.then(work);
    this.#building = done.catch(() => undefined);
    return done;
  }

  async #build(before: StorageDiff): Promise<Block> {
    const nowMs = Math.max(this.#options.nowMs(), this.#lastMs + 1);
    const number = this.#head.number + 1;
    const opening = openingHeader(this.#head.hash, number, BigInt(nowMs) / slotMs);
    const timestamp = timestampInherent(nowMs);
    const candidates = this.pool.ready();
    try {
      const view = new OverlayView(this.#state, before);
      const included = await this.#fill(view, opening, timestamp, candidates);
      const { result, diff } = await this.#finish(view, opening, timestamp, included);
      view.apply(diff);
      const header = decodeHeader(fromHex(result) ?? new Uint8Array());
      const made = this.#seal(header, [timestamp, ...included], view.changes());
      await this.#options.save(made, this.#oldest());
      this.#lastMs = nowMs;
      this.#adopt(made);
      return made.block;
    } catch (cause) {
      if (cause instanceof SubnetError) throw cause;
      throw new SubnetError(
        'CHAIN_BLOCK_FAILED',
        { block: number, detail: messageOf(cause) },
        { cause },
      );
    }
  }

  /** Applies the pool's transactions one by one; those the runtime refuses leave the pool. */
  async #fill(
    view: OverlayView,
    opening: Header,
    timestamp: Hex,
    candidates: readonly Hex[],
  ): Promise<readonly Hex[]> {
    if (candidates.length === 0) return [];
    const start = await this.#run(view, openingCalls(opening, timestamp));
    view.apply(start.diff);
    const included: Hex[] = [];
    for (const extrinsic of candidates) {
      const applied = await this.#apply(view, extrinsic);
      if (applied) included.push(extrinsic);
    }
    return included;
  }

  async #apply(view: OverlayView, extrinsic: Hex): Promise<boolean> {
    const call = { name: 'BlockBuilder_apply_extrinsic', argument: extrinsic };
    const { result, diff } = await this.#run(view, [call]);
    const refusal = readApplied(result);
    if (refusal === null) {
      view.apply(diff);
      return true;
    }
    // A full block, or a nonce whose turn has not come, is no fault: it stays for the next block.
    if (refusal.name === 'Future' || refusal.name === 'ExhaustsResources') return false;
    this.#options.log.debug('transaction dropped at block building', { reason: refusal.name });
    this.pool.drop(extrinsic, 'invalid');
    return false;
  }

  /** Without transactions the whole block is one run, which costs a third of three. */
  #finish(
    view: OverlayView,
    opening: Header,
    timestamp: Hex,
    included: readonly Hex[],
  ): Promise<RuntimeResult> {
    const end = { name: 'BlockBuilder_finalize_block', argument: '0x' as Hex };
    const started = included.length > 0 || view.get(numberKey) === encodedNumber(opening.number);
    return this.#run(view, started ? [end] : [...openingCalls(opening, timestamp), end]);
  }

  #run(view: StorageView, calls: readonly RuntimeCall[]): Promise<RuntimeResult> {
    return this.#options.executor.run(wasmOf(view), view, calls);
  }

  #seal(header: Header, extrinsics: readonly Hex[], diff: StorageDiff): NewBlock {
    const undo = new Map(diff.map(([key]) => [key, this.#state.get(key)]));
    const hash = hashOf(encodeHeader(header));
    return { block: { number: header.number, hash, header, extrinsics, undo }, diff };
  }

  #adopt({ block, diff }: NewBlock): void {
    this.#state.apply(diff);
    const forgotten = this.#oldest();
    if (forgotten !== null) {
      this.#blocks.delete(forgotten.number);
      this.#byHash.delete(forgotten.hash);
    }
    this.#remember(block);
    this.#head = block;
    this.pool.included(block.extrinsics, block.hash);
    for (const listener of this.#listeners) listener(block, diff);
  }

  #oldest(): Block | null {
    // The genesis block is asked for by every client, and stays.
    if (this.#blocks.size <= this.#options.keepBlocks) return null;
    return this.#blocks.get(this.#head.number - this.#options.keepBlocks + 1) ?? null;
  }

  #remember(block: Block): void {
    this.#blocks.set(block.number, block);
    this.#byHash.set(block.hash, block);
  }

  /** `source` 2 is External. */
  async #validate(extrinsic: Hex): Promise<Hex> {
    const hash = fromHex(this.#head.hash) ?? new Uint8Array();
    const argument = concat(Uint8Array.of(2), fromHex(extrinsic) ?? new Uint8Array(), hash);
    const name = 'TaggedTransactionQueue_validate_transaction';
    return this.call(this.#head, name, toHex(argument));
  }
}

/** Timestamp.Now */
const nowKey: Hex = '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb';

/** The time of the newest block: the next one must be later, whatever the wall clock says. */
function timeOf(view: StorageView): number {
  const bytes = fromHex(view.get(nowKey) ?? '0x') ?? new Uint8Array();
  return bytes.length === 8 ? Number(new ByteReader(bytes).uint(8)) : 0;
}

/** System.Number */
const numberKey: Hex = '0x26aa394eea5630e07c48ae0c9558cef702a5c1b19ab7a04f536c519aca4983ac';

function encodedNumber(number: number): Hex {
  return toHex(littleEndian(BigInt(number), 4));
}

function openingCalls(opening: Header, timestamp: Hex): RuntimeCall[] {
  return [
    { name: 'Core_initialize_block', argument: toHex(encodeHeader(opening)) },
    { name: 'BlockBuilder_apply_extrinsic', argument: timestamp },
  ];
}

function wasmOf(view: StorageView): Hex {
  const wasm = view.get(codeKey);
  if (wasm === null)
    throw new SubnetError('CHAIN_RUNTIME_INVALID', { detail: 'no code in storage' });
  return wasm;
}

/** SCALE of opaque bytes: their length, then they. */
export function opaque(bytes: Uint8Array): Hex {
  return toHex(concat(compact(bytes.length), bytes));
}
