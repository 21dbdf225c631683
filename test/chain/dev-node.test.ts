import { describe, expect, it } from 'vitest';
import { concat, littleEndian } from '../../common/scale-bytes.ts';
import { fromHex, toHex } from '../../chain/bytes.ts';
import { ChainState, StateDiscarded } from '../../chain/chain-state.ts';
import type { Hex, StorageDiff, StorageView } from '../../chain/chain-state.ts';
import { DevNode, codeKey } from '../../chain/dev-node.ts';
import type { Block, BlockTime, NodeOptions } from '../../chain/dev-node.ts';
import { RuntimeFailure } from '../../chain/executor.ts';
import type { Executor, RuntimeCall } from '../../chain/executor.ts';
import { decodeHeader, encodeHeader, genesisHeader, hashOf } from '../../chain/header.ts';
import { rpcMethods } from '../../chain/rpc-methods.ts';
import { createLogger } from '../../common/node/log.ts';

const counterKey: Hex = '0x01';
const refusedTx: Hex = '0x1c2c';
const panickingTx: Hex = '0x1c2d';
const goodTx: Hex = '0x1c2e';
const otherTx: Hex = '0x1c2f';
const innerTx: Hex = '0x1c30';
/** SCALE of a valid transaction without tags that is never too old. */
const validResult: Hex = toHex(
  concat(littleEndian(0n, 9), Uint8Array.of(0, 0), littleEndian(64n, 8), Uint8Array.of(1)),
);

/** A runtime that counts blocks under one key and refuses what it is told to. */
function fakeExecutor(): Executor & { readonly runs: string[][] } {
  const runs: string[][] = [];
  return {
    runs,
    async run(_wasm, view, calls) {
      runs.push(calls.map(({ name }) => name));
      const applied = calls.map(({ argument }) => argument);
      if (applied.includes(panickingTx)) throw new RuntimeFailure(calls, 'unreachable');
      return { result: resultOf(calls, view), diff: diffOf(calls, view) };
    },
    // Differs from what `resultOf` puts into the header as soon as one of them was refused.
    stateRoot: async (entries) => rootOf(entries.map(([, extrinsic]) => extrinsic)),
    close: async () => undefined,
  };
}

const rootOf = (extrinsics: readonly Hex[]): Hex =>
  hashOf(new TextEncoder().encode(extrinsics.join()));

let opening: Hex = '0x';
let body: Hex[] = [];

function resultOf(calls: readonly RuntimeCall[], _view: StorageView): Hex {
  let result: Hex = '0x';
  for (const { name, argument } of calls) {
    if (name === 'Core_initialize_block') [opening, body] = [argument, []];
    if (name === 'BlockBuilder_apply_extrinsic') {
      result = argument === refusedTx ? '0x010003' : '0x0000';
      if (argument !== refusedTx) body.push(argument);
    }
    if (name === 'TaggedTransactionQueue_validate_transaction') result = validResult;
    if (name === 'BlockBuilder_finalize_block') {
      const header = decodeHeader(fromHex(opening) ?? new Uint8Array());
      result = toHex(encodeHeader({ ...header, extrinsicsRoot: rootOf(body) }));
    }
  }
  return result;
}

function diffOf(calls: readonly RuntimeCall[], view: StorageView): StorageDiff {
  if (!calls.some(({ name }) => name === 'Core_initialize_block')) return [];
  const count = Number(view.get(counterKey) ?? '0x00') + 1;
  return [[counterKey, `0x${count.toString(16).padStart(2, '0')}`]];
}

function makeNode(
  keepBlocks = 3,
  inherents: NodeOptions['inherents'] = () => [],
  unfold: NodeOptions['unfold'] = (one) => [one],
) {
  const header = genesisHeader(`0x${'11'.repeat(32)}`);
  const hash = hashOf(encodeHeader(header));
  const genesis: Block = { number: 0, hash, header, extrinsics: [], undo: new Map() };
  const state = new ChainState([
    [codeKey, '0x00'],
    [counterKey, '0x00'],
  ]);
  const executor = fakeExecutor();
  const node = new DevNode(state, [genesis], {
    executor,
    log: createLogger({ level: 'silent' }),
    nowMs: () => 1_000_000,
    blockTimeMs: 250,
    inherents,
    unfold,
    keepBlocks,
    save: async () => undefined,
  });
  return { node, executor, genesis };
}

async function build(node: DevNode, count: number): Promise<Block[]> {
  const blocks: Block[] = [];
  for (let made = 0; made < count; made += 1) blocks.push(await node.newBlock());
  return blocks;
}

describe('the node of the development chain', () => {
  it('builds each block on the one before', async () => {
    const { node, genesis } = makeNode();
    const blocks = await build(node, 3);
    expect(blocks.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(blocks.map(({ header }) => header.parentHash)).toEqual([
      genesis.hash,
      blocks[0]?.hash,
      blocks[1]?.hash,
    ]);
    expect(node.head.number).toBe(3);
  });

  it('moves its clock by a block time at least, also when nobody waits for it', async () => {
    const times: BlockTime[] = [];
    const { node } = makeNode(3, (_, time) => {
      times.push(time);
      return [];
    });
    await build(node, 3);
    expect(times).toEqual([
      { number: 1, nowMs: 1_000_000, blockTimeMs: 250, hurried: false },
      { number: 2, nowMs: 1_000_250, blockTimeMs: 250, hurried: false },
      { number: 3, nowMs: 1_000_500, blockTimeMs: 250, hurried: true },
    ]);
  });

  it('puts its own extrinsics before those of the pool', async () => {
    const { node } = makeNode(3, (view) => (view.get(counterKey) === '0x01' ? ['0x1c30'] : []));
    await build(node, 1);
    await node.pool.submit(goodTx);
    const block = await node.newBlock();
    expect(block.extrinsics.slice(1)).toEqual(['0x1c30', goodTx]);
  });

  it('builds its block without what the runtime refuses of its own', async () => {
    const { node } = makeNode(3, () => [refusedTx]);
    await node.pool.submit(goodTx);
    expect((await node.newBlock()).extrinsics.slice(1)).toEqual([goodTx]);
  });

  it('reads older blocks as they were, and refuses those it no longer keeps', async () => {
    const { node, genesis } = makeNode();
    const blocks = await build(node, 6);
    const counts = blocks.slice(3).map((block) => node.viewAt(block).get(counterKey));
    expect(counts).toEqual(['0x04', '0x05', '0x06']);
    expect(node.blockAt(1)).toBeNull();
    expect(node.hashAt(1)).toBe(blocks[0]?.hash);
    expect(node.hashAt(7)).toBeNull();
    expect(node.blockOf(genesis.hash)?.number).toBe(0);
    expect(() => node.viewAt(genesis)).toThrow(StateDiscarded);
    expect([0, 1, 2, 3, 4, 5, 6].map((at) => node.blockAt(at) !== null)).toEqual([
      true,
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it('keeps a view at its block while new blocks are built', async () => {
    const { node } = makeNode();
    const [block] = await build(node, 1);
    if (block === undefined) throw new Error('a block was built');
    const view = node.viewAt(block);
    expect(view.get(counterKey)).toBe('0x01');
    await build(node, 2);
    expect(view.get(counterKey)).toBe('0x01');
    await build(node, 3);
    expect(() => view.get(counterKey)).toThrow(StateDiscarded);
  });

  it('builds a block of accepted transactions in one run', async () => {
    const { node, executor } = makeNode();
    await build(node, 1);
    await node.pool.submit(goodTx);
    executor.runs.length = 0;
    const block = await node.newBlock();
    expect(block.extrinsics).toHaveLength(2);
    expect(executor.runs).toHaveLength(1);
    expect(node.pool.pending()).toEqual([]);
  });

  it('puts what a transaction carries behind it, and not without it', async () => {
    const inner: Record<Hex, Hex> = { [goodTx]: innerTx, [refusedTx]: innerTx };
    const { node } = makeNode(3, undefined, (one) => [one, inner[one] ?? refusedTx]);
    await build(node, 1);
    await node.pool.submit(goodTx);
    expect((await node.newBlock()).extrinsics.slice(1)).toEqual([goodTx, innerTx]);
    await node.pool.submit(refusedTx);
    await node.pool.submit(otherTx);
    expect((await node.newBlock()).extrinsics.slice(1)).toEqual([otherTx]);
    expect(node.pool.pending()).toEqual([]);
  });

  it('leaves in the pool what waits for another block', async () => {
    const { node } = makeNode(3, undefined, (one, { number }) => (number < 3 ? null : [one]));
    await build(node, 1);
    await node.pool.submit(goodTx);
    const [second, third] = await build(node, 2);
    expect(second?.extrinsics).toHaveLength(1);
    expect(third?.extrinsics.slice(1)).toEqual([goodTx]);
  });

  it.each([
    ['the runtime refuses', refusedTx],
    ['makes the runtime panic', panickingTx],
  ])('leaves out a transaction that %s, and keeps the others', async (_, bad) => {
    const { node } = makeNode();
    const seen: unknown[] = [];
    await node.pool.submit(goodTx);
    await node.pool.submit(bad, (status) => void seen.push(status));
    const block = await node.newBlock();
    expect(block.extrinsics.slice(1)).toEqual([goodTx]);
    expect(seen).toEqual(['ready', 'invalid']);
    expect(node.pool.pending()).toEqual([]);
  });

  it('answers the same call at the same block once', async () => {
    const { node, executor } = makeNode();
    const [block] = await build(node, 1);
    if (block === undefined) throw new Error('a block was built');
    executor.runs.length = 0;
    await Promise.all([node.call(block, 'Api_read', '0x01'), node.call(block, 'Api_read', '0x01')]);
    await node.call(block, 'Api_read', '0x02');
    expect(executor.runs).toHaveLength(2);
    await build(node, 1);
    await node.call(node.head, 'Api_read', '0x01');
    expect(executor.runs).toHaveLength(4);
  });

  it('takes what is written from outside as a block of its own', async () => {
    const { node } = makeNode();
    const block = await node.setStorage([['0x07', '0xff']]);
    expect(node.viewAt(block).get('0x07')).toBe('0xff');
    expect(block.undo.get('0x07')).toBeNull();
  });

  it('lets only clients on the same machine build blocks and write storage', async () => {
    const { node } = makeNode();
    const subscribe = (): never => {
      throw new Error('nothing is subscribed here');
    };
    const context = { node, subscribe, unsubscribe: () => false };
    for (const name of ['dev_newBlock', 'dev_setStorage', 'dev_setCode', 'dev_writePulse']) {
      const method = rpcMethods[name];
      const remote = async (): Promise<unknown> => method?.({ ...context, isLocal: false }, []);
      await expect(remote()).rejects.toMatchObject({ code: -32_604 });
    }
    expect(node.head.number).toBe(0);
    await rpcMethods['dev_newBlock']?.({ ...context, isLocal: true }, []);
    expect(node.head.number).toBe(1);
  });

  it('builds nothing once it is closed', async () => {
    const { node } = makeNode();
    await node.close();
    await expect(node.newBlock()).rejects.toMatchObject({ code: 'CHAIN_CLOSED' });
  });

  it('keeps its head when a block cannot be saved, and goes on afterwards', async () => {
    const { genesis } = makeNode();
    let failing = true;
    const node = new DevNode(
      new ChainState([
        [codeKey, '0x00'],
        [counterKey, '0x00'],
      ]),
      [genesis],
      {
        executor: fakeExecutor(),
        log: createLogger({ level: 'silent' }),
        nowMs: () => 0,
        blockTimeMs: 250,
        inherents: () => [],
        unfold: (one) => [one],
        keepBlocks: 3,
        save: async () => {
          if (failing) throw new Error('disk full');
        },
      },
    );
    await expect(node.newBlock()).rejects.toMatchObject({ code: 'CHAIN_BLOCK_FAILED' });
    expect(node.head.number).toBe(0);
    failing = false;
    expect((await node.newBlock()).number).toBe(1);
  });
});
