import { getRuntimeVersion } from '@acala-network/chopsticks-core';
import { blake2b } from '@noble/hashes/blake2.js';
import { SubnetError, messageOf } from '../common/errors.ts';
import type { Logger } from '../common/telemetry-port.ts';
import { ByteReader, compact, concat, littleEndian } from '../common/scale-bytes.ts';
import { fromHex, toHex } from './bytes.ts';
import { ChainState, OverlayView, PinnedView, StateDiscarded } from './chain-state.ts';
import type { Hex, StorageDiff, StorageView } from './chain-state.ts';
import { RuntimeFailure } from './executor.ts';
import type { Executor, RuntimeCall, RuntimeResult } from './executor.ts';
import { readApplied, timestampInherent } from './extrinsic.ts';
import { decodeHeader, encodeHeader, hashOf, openingHeader } from './header.ts';
import type { Header } from './header.ts';
import { TransactionPool } from './pool.ts';
import { RecentResults } from './recent-results.ts';

export const codeKey: Hex = '0x3a636f6465';
/** twox_128(":SlotMs:"): the length of a slot, where the runtime reads it from storage. */
const slotKey: Hex = '0x4aca236863c4711f0c74c53eb9ce2145';
/** Aura.CurrentSlot */
const currentSlotKey: Hex = '0x57f8dc2f5ab09467896f47300f04243806155b3cd9a8c9e5e9a23fd5dc13a5ed';
/** Of a runtime that does not say it. */
const usualSlotMs = 12_000n;
const maxRecentCalls = 256;
const maxRecentSlots = 8;
const settleMs = 1000;
/** Block hashes that can be asked for: seven hours at four blocks a second, 10 MB. */
export const keepHashes = 100_000;
/** What a runtime of system version 1 uses for the root of a block's extrinsics. */
const extrinsicsRootVersion = 0;
const applyCall = 'BlockBuilder_apply_extrinsic';
const finalizeCall: RuntimeCall = { name: 'BlockBuilder_finalize_block', argument: '0x' };

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

export interface BlockTime {
  /** Of the block to be built. */
  readonly number: number;
  /** By the chain's clock, which the block will tell. */
  readonly nowMs: number;
  /** What a block should take. */
  readonly blockTimeMs: number;
  /** Blocks are made faster than time passes. */
  readonly hurried: boolean;
}

export interface NodeOptions {
  readonly executor: Executor;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** The chain's clock moves at least so far with each block, however quickly they are asked for. */
  readonly blockTimeMs: number;
  /** Extrinsics of the node's own for the next block, before those of the pool. */
  readonly inherents: (view: StorageView, time: BlockTime) => readonly Hex[];
  /**
   * What the next block holds for a transaction of the pool: itself, and what it carries, which goes
   * in behind it. null leaves it in the pool.
   */
  readonly unfold: (extrinsic: Hex, time: BlockTime) => readonly Hex[] | null;
  /** How many blocks can still be asked for, with their state. */
  readonly keepBlocks: number;
  readonly save: BlockSink;
}

/** Transactions of which each goes into the block only if the one before it did. */
type Group = readonly Hex[];

type HeadListener = (block: Block, diff: StorageDiff) => void;

/** A chain of one author without forks: what is built is final. */
export class DevNode {
  readonly pool: TransactionPool;
  readonly genesisHash: Hex;
  readonly #options: NodeOptions;
  readonly #state: ChainState;
  readonly #blocks = new Map<number, Block>();
  readonly #byHash = new Map<Hex, Block>();
  readonly #hashes: Map<number, Hex>;
  readonly #listeners = new Set<HeadListener>();
  #head: Block;
  #lastMs = 0;
  #building: Promise<unknown> = Promise.resolve();
  #closed = false;
  #settling: NodeJS.Timeout | undefined;
  #code = { wasm: '', name: '' };
  /** Clients ask the same of the same block: one run of the runtime serves them all. */
  readonly #calls = new RecentResults<Hex>(maxRecentCalls);
  readonly #slots = new RecentResults<bigint>(maxRecentSlots);

  /** `blocks` ascend and end with the head; `hashes` may reach further back. */
  constructor(
    state: ChainState,
    blocks: readonly Block[],
    options: NodeOptions,
    hashes: ReadonlyMap<number, Hex> = new Map(),
  ) {
    const [genesis, head] = [blocks[0], blocks.at(-1)];
    if (genesis === undefined || head === undefined) {
      throw new SubnetError('INTERNAL', { detail: 'a chain without a block' });
    }
    this.#state = state;
    this.#options = options;
    this.#head = head;
    this.genesisHash = genesis.hash;
    this.#hashes = new Map(hashes);
    for (const block of blocks) this.#remember(block);
    this.#lastMs = timeOf(state);
    this.pool = new TransactionPool((extrinsic) => this.#validate(extrinsic), head.number);
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

  /** Also of blocks of which nothing else is kept. */
  hashAt(number: number): Hex | null {
    return number === 0 ? this.genesisHash : (this.#hashes.get(number) ?? null);
  }

  /** The next nonce of an account at the head, without what waits in the pool. */
  nonceOf(publicKey: Hex): number {
    const id = fromHex(publicKey) ?? new Uint8Array();
    const account = this.#state.get(
      `${accountPrefix}${hexOf(blake2b(id, { dkLen: 16 }))}${hexOf(id)}`,
    );
    return account === null ? 0 : Number(new ByteReader(fromHex(account) ?? id).uint(4));
  }

  blockOf(hash: string): Block | null {
    return this.#byHash.get(hash as Hex) ?? null;
  }

  onHead(listener: HeadListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** True while the storage of this block can be put together from the newest one. */
  hasStateOf(block: Block): boolean {
    return block.number === this.#head.number || this.#blocks.has(block.number + 1);
  }

  /**
   * The storage at one block, which stays that of the block while new ones are built. Throws
   * StateDiscarded when the block is too old, also on a later read.
   */
  viewAt(block: Block): StorageView {
    const view = new PinnedView(
      () => this.#head.number,
      () => this.#viewNow(block),
    );
    view.check();
    return view;
  }

  #viewNow(block: Block): StorageView {
    if (!this.hasStateOf(block)) throw new StateDiscarded(block.hash);
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
    const scope = dependsOnCodeOnly(name) ? this.#dialectOf(view) : block.hash;
    return this.#calls.get(`${scope} ${name} ${argument}`, async () => {
      const { result } = await this.#run(view, [{ name, argument }]);
      return result;
    });
  }

  /**
   * What the runtime answers to a transaction as the first one after `block`; nothing is kept.
   * The next block is opened for it: only then does the state know the hash of `block`, to which
   * clients of a chain without delay of finality tie their transactions.
   */
  async dryRun(block: Block, extrinsic: Hex): Promise<Hex> {
    const view = this.viewAt(block);
    const slot = BigInt(timeOf(view)) / (await this.#slotMsOf(view));
    const opening = toHex(encodeHeader(openingHeader(block.hash, block.number + 1, slot)));
    const { result } = await this.#run(view, [
      { name: 'Core_initialize_block', argument: opening },
      { name: applyCall, argument: extrinsic },
    ]);
    return result;
  }

  /** All that the metadata depends on: the code, and the slots, which are a constant there. */
  #dialectOf(view: StorageView): string {
    return `${this.#codeOf(view)} ${view.get(slotKey) ?? ''}`;
  }

  /** How long the runtime at a view takes its slots to be. */
  #slotMsOf(view: StorageView): Promise<bigint> {
    return this.#slots
      .get(this.#dialectOf(view), async () => {
        const { result } = await this.#run(view, [
          { name: 'AuraApi_slot_duration', argument: '0x' },
        ]);
        const bytes = fromHex(result) ?? new Uint8Array();
        return bytes.length === 8 ? new ByteReader(bytes).uint(8) : usualSlotMs;
      })
      .catch((error: unknown) => {
        if (error instanceof RuntimeFailure) return usualSlotMs;
        throw error;
      });
  }

  /**
   * What makes the runtime's slots as long as this chain's blocks, as clients tell fast chains by;
   * nothing where they are already, or where the runtime's are fixed.
   */
  async slotChanges(): Promise<StorageDiff> {
    const wanted = BigInt(this.#options.blockTimeMs);
    const diff: StorageDiff = [[slotKey, toHex(littleEndian(wanted, 8))]];
    if ((await this.#slotMsOf(this.#state)) === wanted) return [];
    const changed = await this.#slotMsOf(new OverlayView(this.#state, diff));
    return changed === wanted ? diff : [];
  }

  /** A short name of the runtime at a view. */
  #codeOf(view: StorageView): string {
    const wasm = wasmOf(view);
    if (this.#code.wasm !== wasm) {
      this.#code = { wasm, name: hashOf(fromHex(wasm) ?? new Uint8Array()) };
    }
    return this.#code.name;
  }

  /** Ends after the block that is being built; nothing can be built or called afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#building;
    this.#listeners.clear();
    clearTimeout(this.#settling);
  }

  runtimeVersion(block: Block): ReturnType<typeof getRuntimeVersion> {
    return getRuntimeVersion(wasmOf(this.viewAt(block)));
  }

  /** Throws when this is no code that a chain can run. */
  async checkRuntime(wasm: Hex): Promise<void> {
    const view = new OverlayView(this.#state, [[codeKey, wasm]]);
    await this.#run(view, [{ name: 'Core_version', argument: '0x' }]);
  }

  /** Writes storage from outside the runtime, as a block of its own would (`dev_setStorage`). */
  setStorage(diff: StorageDiff): Promise<Block> {
    return this.#inTurn(() => this.#build(diff));
  }

  /**
   * Exchanges the runtime as `System.set_code` does: this block is still the old one's, the next one
   * begins with the new one's migrations.
   */
  setCode(wasm: Hex): Promise<Block> {
    return this.#inTurn(() => this.#build([], [[codeKey, wasm]]));
  }

  /** Builds the next block from what the pool holds. Throws CHAIN_BLOCK_FAILED. */
  newBlock(): Promise<Block> {
    return this.#inTurn(() => this.#build([]));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#building.then(() => {
      if (this.#closed) throw new SubnetError('CHAIN_CLOSED', { what: 'building a block' });
      return work();
    });
    this.#building = done.catch(() => undefined);
    return done;
  }

  /** `changes` stand in the state before the block, `last` from its end on. */
  async #build(changes: StorageDiff, last: StorageDiff = []): Promise<Block> {
    const time = this.#nextTime();
    const { nowMs, number } = time;
    try {
      const { slot, before } = await this.#nextSlot(nowMs, changes);
      const opening = openingHeader(this.#head.hash, number, slot);
      const timestamp = timestampInherent(nowMs);
      const inherents = this.#options.inherents(this.#state, time);
      const candidates = [...inherents.map((one) => [one]), ...this.#unfolded(time)];
      const filled =
        (await this.#fillAtOnce(before, opening, timestamp, candidates)) ??
        (await this.#fillOneByOne(before, opening, timestamp, candidates));
      const made = this.#withLast(filled, last);
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

  #nextTime(): BlockTime {
    const { blockTimeMs } = this.#options;
    const wallMs = this.#options.nowMs();
    const nowMs = Math.max(wallMs, this.#lastMs + blockTimeMs);
    const hurried = nowMs > wallMs + blockTimeMs;
    return { number: this.#head.number + 1, nowMs, blockTimeMs, hurried };
  }

  /** What the pool has for the next block. */
  #unfolded(time: BlockTime): readonly Group[] {
    const { unfold } = this.#options;
    const groups = new Map(this.pool.pending().map((one) => [one, unfold(one, time)]));
    const ready = this.pool.ready((one) => groups.get(one) !== null);
    return ready.map((one) => groups.get(one) ?? [one]);
  }

  /** Aura's slots only rise, so its count is set back when a runtime or a start made them longer. */
  async #nextSlot(nowMs: number, changes: StorageDiff) {
    const view = new OverlayView(this.#state, changes);
    const slot = BigInt(nowMs) / (await this.#slotMsOf(view));
    const counted = fromHex(view.get(currentSlotKey) ?? '0x') ?? new Uint8Array();
    const isAhead = counted.length === 8 && new ByteReader(counted).uint(8) > slot;
    const count = [currentSlotKey, toHex(littleEndian(slot, 8))] as const;
    return { slot, before: isAhead ? [...changes, count] : changes };
  }

  /**
   * The whole block in one run of the runtime, which costs little more than one transaction in a
   * run of its own. Only right when the runtime accepts them all: null otherwise, which the root
   * of the included extrinsics in the header tells.
   */
  async #fillAtOnce(
    before: StorageDiff,
    opening: Header,
    timestamp: Hex,
    candidates: readonly Group[],
  ): Promise<NewBlock | null> {
    const view = new OverlayView(this.#state, before);
    const own = candidates.flat();
    const all = [timestamp, ...own];
    const applied = own.map((argument) => ({ name: applyCall, argument }));
    const calls = [...openingCalls(opening, timestamp), ...applied, finalizeCall];
    try {
      const { result, diff } = await this.#run(view, calls);
      const header = decodeHeader(fromHex(result) ?? new Uint8Array());
      if (header.extrinsicsRoot !== (await this.#rootOf(all))) return null;
      view.apply(diff);
      return this.#seal(header, all, view.changes());
    } catch (error) {
      if (candidates.length > 0 && error instanceof RuntimeFailure) return null;
      throw error;
    }
  }

  /** Root of the trie from compact index to extrinsic (state version of system version 1). */
  #rootOf(extrinsics: readonly Hex[]): Promise<Hex> {
    return this.#options.executor.stateRoot(
      extrinsics.map((extrinsic, index) => [toHex(compact(index)), extrinsic] as const),
      extrinsicsRootVersion,
    );
  }

  /** Applies the pool's transactions one by one; those the runtime refuses leave the pool. */
  async #fillOneByOne(
    before: StorageDiff,
    opening: Header,
    timestamp: Hex,
    candidates: readonly Group[],
  ): Promise<NewBlock> {
    const view = new OverlayView(this.#state, before);
    // A transaction that exchanges the code does so for the next block.
    const wasm = wasmOf(view);
    view.apply((await this.#run(view, openingCalls(opening, timestamp), wasm)).diff);
    const included: Hex[] = [];
    for (const group of candidates) {
      for (const extrinsic of group) {
        if (!(await this.#apply(view, extrinsic, wasm))) break;
        included.push(extrinsic);
      }
    }
    const { result, diff } = await this.#run(view, [finalizeCall], wasm);
    view.apply(diff);
    const header = decodeHeader(fromHex(result) ?? new Uint8Array());
    return this.#seal(header, [timestamp, ...included], view.changes());
  }

  async #apply(view: OverlayView, extrinsic: Hex, wasm: Hex): Promise<boolean> {
    try {
      const call = { name: applyCall, argument: extrinsic };
      const { result, diff } = await this.#run(view, [call], wasm);
      const refusal = readApplied(result);
      if (refusal === null) view.apply(diff);
      else this.#refuse(extrinsic, refusal.name);
      return refusal === null;
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      this.#refuse(extrinsic, 'Panic');
      return false;
    }
  }

  /** A full block, or a nonce whose turn has not come, is no fault: that waits for the next one. */
  #refuse(extrinsic: Hex, reason: string): void {
    if (reason === 'Future' || reason === 'ExhaustsResources') return;
    this.#options.log.debug('transaction dropped at block building', { reason });
    this.pool.drop(extrinsic, 'invalid');
  }

  #run(
    view: StorageView,
    calls: readonly RuntimeCall[],
    wasm = wasmOf(view),
  ): Promise<RuntimeResult> {
    return this.#options.executor.run(wasm, view, calls);
  }

  #seal(header: Header, extrinsics: readonly Hex[], diff: StorageDiff): NewBlock {
    const hash = hashOf(encodeHeader(header));
    const undo = this.#undoOf(diff);
    return { block: { number: header.number, hash, header, extrinsics, undo }, diff };
  }

  #withLast(made: NewBlock, last: StorageDiff): NewBlock {
    if (last.length === 0) return made;
    const diff = [...made.diff, ...last];
    return { block: { ...made.block, undo: this.#undoOf(diff) }, diff };
  }

  #undoOf(diff: StorageDiff): ReadonlyMap<Hex, Hex | null> {
    return new Map(diff.map(([key]) => [key, this.#state.get(key)]));
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
    this.pool.included(block.extrinsics, block);
    this.#settleLater();
    for (const listener of this.#listeners) listener(block, diff);
  }

  /** Without a next block, which tells that this one is final, time does. */
  #settleLater(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.pool.settle(), settleMs).unref();
  }

  #oldest(): Block | null {
    // The genesis block is asked for by every client, and stays.
    if (this.#blocks.size <= this.#options.keepBlocks) return null;
    return this.#blocks.get(this.#head.number - this.#options.keepBlocks + 1) ?? null;
  }

  #remember(block: Block): void {
    this.#blocks.set(block.number, block);
    this.#byHash.set(block.hash, block);
    this.#hashes.set(block.number, block.hash);
    this.#hashes.delete(block.number - keepHashes);
  }

  /** `source` 2 is External. */
  async #validate(extrinsic: Hex): Promise<Hex> {
    const hash = fromHex(this.#head.hash) ?? new Uint8Array();
    const argument = concat(Uint8Array.of(2), fromHex(extrinsic) ?? new Uint8Array(), hash);
    const name = 'TaggedTransactionQueue_validate_transaction';
    return this.call(this.#head, name, toHex(argument));
  }
}

/** System.Account, whose keys are blake2_128 of the account and the account. */
const accountPrefix: Hex = '0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9';

function hexOf(bytes: Uint8Array): string {
  return toHex(bytes).slice(2);
}

/** Timestamp.Now */
const nowKey: Hex = '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb';

/** The time of the newest block: the next one must be later, whatever the wall clock says. */
function timeOf(view: StorageView): number {
  const bytes = fromHex(view.get(nowKey) ?? '0x') ?? new Uint8Array();
  return bytes.length === 8 ? Number(new ByteReader(bytes).uint(8)) : 0;
}

function openingCalls(opening: Header, timestamp: Hex): RuntimeCall[] {
  return [
    { name: 'Core_initialize_block', argument: toHex(encodeHeader(opening)) },
    { name: applyCall, argument: timestamp },
  ];
}

function dependsOnCodeOnly(name: string): boolean {
  return name.startsWith('Metadata_') || name === 'Core_version';
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
