import { SubnetError } from '../common/errors.ts';
import { openLevelStore } from '../common/node/store-level.ts';
import type { Store, StoreOp } from '../common/store-port.ts';
import type { Hex } from './chain-state.ts';
import { keepHashes } from './dev-node.ts';
import type { Block, NewBlock } from './dev-node.ts';
import type { Header } from './header.ts';

/** A chain on disk: the newest state whole, and the blocks that can still be asked for. */
export interface StoredChain {
  readonly state: Map<Hex, Hex>;
  /** Ascending; the first is the genesis block. */
  readonly blocks: readonly Block[];
  readonly hashes: ReadonlyMap<number, Hex>;
}

export interface BlockStore {
  /** null when the directory is new. Throws CHAIN_STATE_FOREIGN. */
  load(genesisHash: Hex): Promise<StoredChain | null>;
  /** The first block with the whole state. */
  create(genesis: Block, state: ReadonlyMap<Hex, Hex>): Promise<void>;
  /** One atomic batch: the chain on disk is always at a whole block. */
  append(made: NewBlock, forgotten: Block | null): Promise<void>;
  close(): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const genesisKey = 'genesis';

/** Throws STORE_LOCKED, STORE_FAILED. */
export async function openBlockStore(dir: string): Promise<BlockStore> {
  const store = await openLevelStore(dir);
  return {
    load: (genesisHash) => load(store, dir, genesisHash),
    create: (genesis, state) => store.batch(createOps(genesis, state)),
    append: (made, forgotten) => store.batch(appendOps(made, forgotten)),
    close: () => store.close(),
  };
}

function createOps(genesis: Block, state: ReadonlyMap<Hex, Hex>): StoreOp[] {
  const values = [...state].map(([key, value]) => put(`s/${key}`, value));
  return [put(genesisKey, genesis.hash), ...values, putBlock(genesis)];
}

function appendOps({ block, diff }: NewBlock, forgotten: Block | null): StoreOp[] {
  const changes = diff.map(([key, value]): StoreOp =>
    value === null ? { type: 'del', key: `s/${key}` } : put(`s/${key}`, value),
  );
  const drop: StoreOp[] =
    forgotten === null ? [] : [{ type: 'del', key: blockKey(forgotten.number) }];
  const hashes: StoreOp[] = [
    put(hashKey(block.number), block.hash),
    { type: 'del', key: hashKey(block.number - keepHashes) },
  ];
  return [...changes, putBlock(block), ...drop, ...hashes];
}

function put(key: string, text: string): StoreOp {
  return { type: 'put', key, value: encoder.encode(text) };
}

function blockKey(number: number): string {
  return `b/${String(number).padStart(12, '0')}`;
}

function hashKey(number: number): string {
  return `h/${String(number).padStart(12, '0')}`;
}

interface StoredBlock {
  readonly hash: Hex;
  readonly header: Header;
  readonly extrinsics: readonly Hex[];
  readonly undo: readonly (readonly [Hex, Hex | null])[];
}

function putBlock({ number, hash, header, extrinsics, undo }: Block): StoreOp {
  const stored: StoredBlock = { hash, header, extrinsics, undo: [...undo] };
  return put(blockKey(number), JSON.stringify(stored));
}

async function load(store: Store, dir: string, genesisHash: Hex): Promise<StoredChain | null> {
  const known = await store.get(genesisKey);
  if (known === undefined) return null;
  const stored = decoder.decode(known);
  if (stored !== genesisHash) {
    throw new SubnetError('CHAIN_STATE_FOREIGN', { dir, stored, wanted: genesisHash });
  }
  const state = new Map<Hex, Hex>();
  for await (const [key, value] of store.range({ gte: 's/', lt: 's0' })) {
    state.set(key.slice(2) as Hex, decoder.decode(value) as Hex);
  }
  const blocks: Block[] = [];
  for await (const [key, value] of store.range({ gte: 'b/', lt: 'b0' })) {
    const { undo, ...rest } = JSON.parse(decoder.decode(value)) as StoredBlock;
    blocks.push({ number: Number(key.slice(2)), ...rest, undo: new Map(undo) });
  }
  const hashes = new Map<number, Hex>();
  for await (const [key, value] of store.range({ gte: 'h/', lt: 'h0' })) {
    hashes.set(Number(key.slice(2)), decoder.decode(value) as Hex);
  }
  return { state, blocks, hashes };
}
