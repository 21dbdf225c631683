import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GenesisConfig } from '../common/config/genesis-schema.ts';
import { SubnetError, messageOf } from '../common/errors.ts';
import { createLifecycle } from '../common/node/lifecycle.ts';
import { packagePath } from '../common/node/package-root.ts';
import type { Logger } from '../common/telemetry-port.ts';
import { duePulses } from './beacon.ts';
import { openBlockStore } from './block-store.ts';
import type { BlockStore } from './block-store.ts';
import { toHex } from './bytes.ts';
import { ChainState } from './chain-state.ts';
import type { Hex } from './chain-state.ts';
import { DevNode } from './dev-node.ts';
import type { Block, NodeOptions } from './dev-node.ts';
import { createExecutor } from './executor.ts';
import type { Executor } from './executor.ts';
import { buildGenesis, defaultGenesis } from './genesis.ts';
import { encodeHeader, genesisHeader, hashOf } from './header.ts';
import { startRpcServer } from './rpc-server.ts';
import { createShield } from './shield.ts';

/** `legacy`: the dialect of 2024, for tests of clients. */
export type RuntimeChoice = keyof typeof runtimeFiles;

export interface DevChainOptions {
  /** 0 finds a free port. */
  readonly port: number;
  /** Loopback unless an operator says otherwise. */
  readonly host?: string;
  /**
   * Milliseconds from block to block; a machine that is slower builds as fast as it can. Blocks that
   * are asked for sooner still stand so far apart by the chain's clock, which then runs ahead.
   */
  readonly blockTimeMs: number;
  readonly genesis?: GenesisConfig;
  /** Where the chain is kept; without it, it is gone with the process. */
  readonly stateDir?: string;
  /** Blocks come only when asked for (`newBlock`, `dev_newBlock`). */
  readonly manual?: boolean;
  /**
   * The clock that blocks are stamped by, in ms since 1970; default the machine's. With one that
   * stands still, time passes by blocks alone, on a slow machine as on a fast one.
   */
  readonly nowMs?: () => number;
  /** What the chain starts with (default `modern`); one that goes on keeps what it has. */
  readonly runtime?: RuntimeChoice;
  readonly log: Logger;
}

/** A running development chain. */
export interface DevChain {
  /** For Substrate clients: ws://host:port */
  readonly url: string;
  readonly httpUrl: string;
  readonly genesisHash: Hex;
  head(): { readonly number: number; readonly hash: Hex };
  /** Builds a block at once. */
  newBlock(): Promise<void>;
  /** Resolves when it stops by itself, with the reason; never while all is well. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

/** Blocks that can be read with their state: four times what a pruning Substrate node keeps. */
const keepBlocks = 1024;

const runtimeFiles = {
  modern: 'subnet-runtime.wasm',
  legacy: 'subnet-runtime-legacy.wasm',
} as const;

/**
 * Starts the embedded chain. Throws PORT_TAKEN, CHAIN_GENESIS_INVALID, CHAIN_RUNTIME_INVALID,
 * CHAIN_STATE_FOREIGN, STORE_LOCKED, STORE_FAILED.
 */
export async function startDevChain(options: DevChainOptions): Promise<DevChain> {
  const parts = createLifecycle(options.log);
  try {
    return await start(options, parts);
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function start(
  options: DevChainOptions,
  parts: ReturnType<typeof createLifecycle>,
): Promise<DevChain> {
  const executor = createExecutor();
  parts.add('executor', () => executor.close());
  const store = options.stateDir === undefined ? null : await openBlockStore(options.stateDir);
  if (store !== null) parts.add('state', () => store.close());
  const node = await openNode(options, executor, store);
  parts.add('node', () => node.close());
  // Block 1 writes the genesis hash that signatures are checked against.
  const slots = await node.slotChanges();
  if (node.head.number === 0 || slots.length > 0) await node.setStorage(slots);
  const server = await startRpcServer(node, {
    host: options.host ?? '127.0.0.1',
    port: options.port,
    log: options.log,
  });
  parts.add('server', () => server.close());
  const stop = new AbortController();
  const clock = options.manual === true ? null : tick(node, options.blockTimeMs, stop.signal);
  parts.add('clock', async () => {
    stop.abort();
    await clock?.catch(() => undefined);
  });
  options.log.info('chain ready', { url: server.url, block: node.head.number });
  return {
    url: server.url,
    httpUrl: server.url.replace(/^ws/, 'http'),
    genesisHash: node.genesisHash,
    head: () => ({ number: node.head.number, hash: node.head.hash }),
    newBlock: async () => void (await node.newBlock()),
    failed: failureOf(clock, options.log),
    close: () => parts.stop(),
  };
}

async function openNode(
  options: DevChainOptions,
  executor: Executor,
  store: BlockStore | null,
): Promise<DevNode> {
  const runtime = readRuntime(options.runtime ?? 'modern');
  const storage = await buildGenesis(executor, runtime, options.genesis ?? defaultGenesis);
  const genesis = await genesisBlock(executor, storage);
  const stored = (await store?.load(genesis.hash)) ?? null;
  if (stored === null) await store?.create(genesis, storage);
  const shield = createShield();
  const nodeOptions: NodeOptions = {
    executor,
    log: options.log,
    nowMs: options.nowMs ?? Date.now,
    blockTimeMs: options.blockTimeMs,
    inherents: (view, time) => [...shield.announcements(view, time), ...duePulses(view, time)],
    unfold: shield.unfold,
    keepBlocks,
    save: store === null ? async () => undefined : store.append,
  };
  const state = new ChainState(stored?.state ?? storage);
  return new DevNode(state, stored?.blocks ?? [genesis], nodeOptions, stored?.hashes);
}

async function genesisBlock(executor: Executor, storage: ReadonlyMap<Hex, Hex>): Promise<Block> {
  const header = genesisHeader(await executor.stateRoot([...storage]));
  const hash = hashOf(encodeHeader(header));
  return { number: 0, hash, header, extrinsics: [], undo: new Map() };
}

function readRuntime(choice: RuntimeChoice): Hex {
  const path = packagePath('chain', 'artefact', runtimeFiles[choice]);
  try {
    return toHex(readFileSync(path));
  } catch (cause) {
    throw new SubnetError('CHAIN_RUNTIME_INVALID', { path, detail: messageOf(cause) }, { cause });
  }
}

/** Block after block, never two at once; a late block does not make the next ones hurry. */
async function tick(node: DevNode, blockTimeMs: number, signal: AbortSignal): Promise<void> {
  let due = performance.now() + blockTimeMs;
  while (!signal.aborted) {
    await sleep(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    due = Math.max(due + blockTimeMs, performance.now());
    await node.newBlock();
  }
}

function failureOf(clock: Promise<void> | null, log: Logger): Promise<Error> {
  return new Promise((resolve) => {
    clock?.catch((error: unknown) => {
      log.error('the chain stopped', { error: messageOf(error) });
      resolve(error instanceof Error ? error : new Error(String(error)));
    });
  });
}
