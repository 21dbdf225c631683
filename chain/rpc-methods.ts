import { blake2b } from '@noble/hashes/blake2.js';
import { packageVersion } from '../common/node/package-root.ts';
import { parseSs58, publicKeyOf } from '../common/keys/ss58.ts';
import { ByteReader, concat, littleEndian } from '../common/scale-bytes.ts';
import { writePulse } from './beacon.ts';
import type { Pulse } from './beacon.ts';
import { fromHex, toHex } from './bytes.ts';
import { keysOf } from './chain-state.ts';
import type { Hex, StorageDiff } from './chain-state.ts';
import { codeKey } from './dev-node.ts';
import type { Block, DevNode } from './dev-node.ts';
import { headerJson } from './header.ts';
import { infoAnswer, infoArguments, infoMethods } from './rpc-info.ts';
import type { InfoMethod } from './rpc-info.ts';
import type { TransactionStatus } from './pool.ts';

/** A JSON-RPC error with its code; anything else that is thrown is an internal error. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  readonly data: string | undefined;

  constructor(code: number, message: string, data?: string) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** One subscription: `send` notifies, and what is given to `onEnd` runs when it ends. */
export interface Subscription {
  readonly id: string;
  /** The last notification ends it. */
  send(result: unknown, last?: boolean): void;
  onEnd(stop: () => void): void;
}

export interface RpcContext {
  readonly node: DevNode;
  /** The client is on this machine: only then may it build blocks and write storage. */
  readonly isLocal: boolean;
  /** Opens a subscription that notifies as `method`; throws -32000 on plain HTTP. */
  subscribe(method: string): Subscription;
  /** True when there was one. */
  unsubscribe(id: unknown): boolean;
}

export type RpcMethod = (context: RpcContext, params: readonly unknown[]) => unknown;

/** Every method of the server, by its name. */
export const rpcMethods: Readonly<Record<string, RpcMethod>> = {
  ...chainMethods(),
  ...stateMethods(),
  ...authorMethods(),
  ...systemMethods(),
  ...subtensorMethods(),
  ...devMethods(),
};

function badParams(detail: string): RpcError {
  return new RpcError(-32602, `Invalid params: ${detail}`);
}

/** The block that a hash names, the head without one. */
function blockOf({ node }: RpcContext, hash: unknown): Block {
  if (hash === undefined || hash === null) return node.head;
  if (typeof hash !== 'string') throw badParams('the block hash is not a text');
  const block = node.blockOf(hash.toLowerCase());
  if (block === null) throw new RpcError(4003, `Unknown block: ${hash}`);
  if (node.hasStateOf(block)) return block;
  throw new RpcError(4003, `State already discarded for ${hash}`);
}

/** As `blockOf`, null for a hash that is not known. */
function blockNamed({ node }: RpcContext, hash: unknown): Block | null {
  return typeof hash === 'string' ? node.blockOf(hash.toLowerCase()) : node.head;
}

function hexParam(value: unknown, what: string): Hex {
  const bytes = typeof value === 'string' ? fromHex(value) : null;
  if (bytes === null) throw badParams(`${what} is not hex`);
  return toHex(bytes);
}

function textParam(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw badParams(`${what} is not a text`);
}

function keysParam(value: unknown): Hex[] {
  if (!Array.isArray(value)) throw badParams('the keys are not a list');
  return value.map((key) => hexParam(key, 'a key'));
}

function chainMethods(): Record<string, RpcMethod> {
  const header: RpcMethod = (context, [hash]) => {
    const block = blockNamed(context, hash);
    return block === null ? null : headerJson(block.header);
  };
  const heads =
    (method: string): RpcMethod =>
    (context) => {
      const subscription = context.subscribe(method);
      subscription.onEnd(
        context.node.onHead((block) => subscription.send(headerJson(block.header))),
      );
      queueMicrotask(() => subscription.send(headerJson(context.node.head.header)));
      return subscription.id;
    };
  return {
    chain_getBlockHash: ({ node }, [number]) => hashAt(node, number),
    chain_getHead: ({ node }, [number]) => hashAt(node, number),
    chain_getFinalizedHead: ({ node }) => node.head.hash,
    chain_getFinalisedHead: ({ node }) => node.head.hash,
    chain_getHeader: header,
    chain_getBlock: (context, [hash]) => {
      const block = blockNamed(context, hash);
      if (block === null) return null;
      const { extrinsics } = block;
      return { block: { header: headerJson(block.header), extrinsics }, justifications: null };
    },
    chain_subscribeNewHeads: heads('chain_newHead'),
    chain_subscribeNewHead: heads('chain_newHead'),
    chain_subscribeAllHeads: heads('chain_allHead'),
    chain_subscribeFinalizedHeads: heads('chain_finalizedHead'),
    chain_subscribeFinalisedHeads: heads('chain_finalizedHead'),
    ...unsubscribers([
      'chain_unsubscribeNewHeads',
      'chain_unsubscribeNewHead',
      'chain_unsubscribeAllHeads',
      'chain_unsubscribeFinalizedHeads',
      'chain_unsubscribeFinalisedHeads',
    ]),
  };
}

function unsubscribers(names: readonly string[]): Record<string, RpcMethod> {
  return Object.fromEntries(
    names.map((name): [string, RpcMethod] => [name, (context, [id]) => context.unsubscribe(id)]),
  );
}

function hashAt(node: DevNode, number: unknown): unknown {
  if (Array.isArray(number)) return number.map((one) => hashAt(node, one));
  if (number === undefined || number === null) return node.head.hash;
  const wanted = Number(number);
  if (!Number.isSafeInteger(wanted) || wanted < 0) throw badParams('not a block number');
  return node.hashAt(wanted);
}

function stateMethods(): Record<string, RpcMethod> {
  const storage: RpcMethod = (context, [key, hash]) =>
    context.node.viewAt(blockOf(context, hash)).get(hexParam(key, 'the key'));
  const keysPaged: RpcMethod = (context, [prefix, count, start, hash]) => {
    const view = context.node.viewAt(blockOf(context, hash));
    const from = start === undefined || start === null ? null : hexParam(start, 'the start key');
    return keysOf(view, hexParam(prefix ?? '0x', 'the prefix'), pageOf(count), from);
  };
  const call: RpcMethod = async (context, [name, data, hash]) => {
    const block = blockOf(context, hash);
    const argument = hexParam(data ?? '0x', 'the data');
    return runtimeCall(context.node, block, textParam(name, 'the method'), argument);
  };
  const version: RpcMethod = (context, [hash]) =>
    context.node.runtimeVersion(blockOf(context, hash));
  const query: RpcMethod = (context, [keys, hash]) => {
    const block = blockOf(context, hash);
    const view = context.node.viewAt(block);
    return [{ block: block.hash, changes: keysParam(keys).map((key) => [key, view.get(key)]) }];
  };
  return {
    state_getStorage: storage,
    state_getStorageAt: storage,
    state_getStorageHash: async (context, params) => {
      const value = (await storage(context, params)) as Hex | null;
      return value === null
        ? null
        : toHex(blake2b(fromHex(value) ?? new Uint8Array(), { dkLen: 32 }));
    },
    state_getStorageSize: async (context, params) => {
      const value = (await storage(context, params)) as Hex | null;
      return value === null ? null : value.length / 2 - 1;
    },
    state_getKeysPaged: keysPaged,
    state_getKeysPagedAt: keysPaged,
    state_getKeys: (context, [prefix, hash]) => keysPaged(context, [prefix, 1000, null, hash]),
    state_getPairs: (context, [prefix, hash]) => {
      const view = context.node.viewAt(blockOf(context, hash));
      const keys = keysOf(view, hexParam(prefix, 'the prefix'), 1000, null);
      return keys.map((key) => [key, view.get(key)]);
    },
    state_queryStorageAt: query,
    state_queryStorage: (context, [keys, , to]) => query(context, [keys, to]),
    state_call: call,
    state_callAt: call,
    state_getMetadata: async (context, [hash]) => {
      const result = await runtimeCall(
        context.node,
        blockOf(context, hash),
        'Metadata_metadata',
        '0x',
      );
      return toHex(new ByteReader(fromHex(result) ?? new Uint8Array()).bytes());
    },
    state_getRuntimeVersion: version,
    chain_getRuntimeVersion: version,
    state_subscribeRuntimeVersion: subscribeVersion,
    chain_subscribeRuntimeVersion: subscribeVersion,
    state_subscribeStorage: subscribeStorage,
    ...unsubscribers([
      'state_unsubscribeRuntimeVersion',
      'chain_unsubscribeRuntimeVersion',
      'state_unsubscribeStorage',
    ]),
  };
}

function pageOf(count: unknown): number {
  const wanted = Number(count);
  if (Number.isSafeInteger(wanted) && wanted > 0 && wanted <= 1000) return wanted;
  throw badParams('the page size must be from 1 to 1000');
}

function runtimeCall(node: DevNode, block: Block, name: string, argument: Hex): Promise<Hex> {
  return executed(() => node.call(block, name, argument));
}

async function executed(work: () => Promise<Hex>): Promise<Hex> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RpcError(4003, `Client error: Execution failed: ${reason.slice(0, 300)}`);
  }
}

function subscribeVersion(context: RpcContext): string {
  const subscription = context.subscribe('state_runtimeVersion');
  let last = '';
  const tell = async (): Promise<void> => {
    const version = await context.node.runtimeVersion(context.node.head);
    const text = JSON.stringify(version);
    if (text !== last) subscription.send(version);
    last = text;
  };
  const quietly = (): void => void tell().catch(() => undefined);
  queueMicrotask(quietly);
  const onCode = (diff: StorageDiff): boolean => diff.some(([key]) => key === codeKey);
  subscription.onEnd(context.node.onHead((_, diff) => (onCode(diff) ? quietly() : undefined)));
  return subscription.id;
}

function subscribeStorage(context: RpcContext, [wanted]: readonly unknown[]): string {
  const keys = keysParam(wanted ?? []);
  const subscription = context.subscribe('state_storage');
  const watched = new Set(keys);
  const now = context.node.viewAt(context.node.head);
  const { hash } = context.node.head;
  const first = keys.map((key) => [key, now.get(key)]);
  queueMicrotask(() => subscription.send({ block: hash, changes: first }));
  subscription.onEnd(
    context.node.onHead((block, diff) => {
      const changes = diff.filter(([key]) => watched.has(key));
      if (changes.length > 0) subscription.send({ block: block.hash, changes });
    }),
  );
  return subscription.id;
}

function authorMethods(): Record<string, RpcMethod> {
  return {
    author_submitExtrinsic: async ({ node }, [extrinsic]) =>
      submit(node, hexParam(extrinsic, 'the extrinsic')),
    author_submitAndWatchExtrinsic: async (context, [extrinsic]) => {
      const early: TransactionStatus[] = [];
      let subscription: Subscription | null = null;
      const watch = (status: TransactionStatus): void => {
        if (subscription === null) early.push(status);
        else subscription.send(status, isLast(status));
      };
      await submit(context.node, hexParam(extrinsic, 'the extrinsic'), watch);
      const opened = context.subscribe('author_extrinsicUpdate');
      opened.onEnd(() => context.node.pool.unwatch(watch));
      queueMicrotask(() => {
        subscription = opened;
        for (const status of early) opened.send(status, isLast(status));
      });
      return opened.id;
    },
    author_pendingExtrinsics: ({ node }) => node.pool.pending(),
    author_hasKey: () => false,
    ...unsubscribers(['author_unwatchExtrinsic']),
  };
}

/** Nothing follows it, so the subscription ends by itself. */
function isLast(status: TransactionStatus): boolean {
  if (typeof status === 'string') return status === 'invalid' || status === 'dropped';
  return 'finalized' in status || 'usurped' in status;
}

async function submit(
  node: DevNode,
  extrinsic: Hex,
  watch?: (status: TransactionStatus) => void,
): Promise<Hex> {
  if (extrinsic.length > 2 * 5_242_880) throw badParams('the extrinsic is too long');
  const taken = await validated(() => node.pool.submit(extrinsic, watch));
  if (taken.kind === 'pooled') return taken.hash;
  throw new RpcError(taken.code, taken.message, taken.data);
}

/** Bytes that are no extrinsic make the runtime fail, which is the sender's fault. */
async function validated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch {
    throw new RpcError(
      1002,
      'Verification Error',
      'Runtime error: the extrinsic cannot be decoded',
    );
  }
}

function systemMethods(): Record<string, RpcMethod> {
  const nextIndex: RpcMethod = ({ node }, [address]) => {
    const publicKey = accountOf(textParam(address, 'the address'));
    return node.nonceOf(publicKey) + node.pool.countOf(publicKey);
  };
  const name = 'subnet-suite';
  return {
    system_accountNextIndex: nextIndex,
    account_nextIndex: nextIndex,
    system_chain: () => 'Subnet Development',
    system_chainType: () => 'Development',
    system_name: () => name,
    system_version: () => packageVersion(),
    system_health: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }),
    system_properties: () => ({ ss58Format: 42, tokenDecimals: 9, tokenSymbol: 'TAO' }),
    system_localPeerId: () => name,
    system_localListenAddresses: () => [],
    system_peers: () => [],
    system_nodeRoles: () => ['Authority'],
    system_syncState: ({ node }) => {
      const { number } = node.head;
      return { startingBlock: 0, currentBlock: number, highestBlock: number };
    },
    system_dryRun: dryRun,
    system_dryRunAt: dryRun,
    payment_queryInfo: async (context, params) =>
      infoJson(await paymentCall(context, 'TransactionPaymentApi_query_info', params)),
    payment_queryFeeDetails: async (context, params) =>
      feeDetailsJson(await paymentCall(context, 'TransactionPaymentApi_query_fee_details', params)),
    rpc_methods: () => ({ methods: Object.keys(rpcMethods).sort() }),
  };
}

async function dryRun(context: RpcContext, [extrinsic, hash]: readonly unknown[]): Promise<Hex> {
  const block = blockOf(context, hash);
  const bytes = hexParam(extrinsic, 'the extrinsic');
  return executed(() => context.node.dryRun(block, bytes));
}

function paymentCall(
  context: RpcContext,
  name: string,
  [extrinsic, hash]: readonly unknown[],
): Promise<Hex> {
  const bytes = fromHex(hexParam(extrinsic, 'the extrinsic')) ?? new Uint8Array();
  const argument = toHex(concat(bytes, littleEndian(BigInt(bytes.length), 4)));
  return runtimeCall(context.node, blockOf(context, hash), name, argument);
}

/** FeeDetails: an optional inclusion fee of three u64; the tip is never shown. */
function feeDetailsJson(result: Hex): object {
  const reader = new ByteReader(fromHex(result) ?? new Uint8Array());
  if (reader.u8() === 0) return { inclusionFee: null };
  const part = (): Hex => `0x${reader.uint(8).toString(16)}`;
  return { inclusionFee: { baseFee: part(), lenFee: part(), adjustedWeightFee: part() } };
}

/** RuntimeDispatchInfo: weight (two compacts), class, fee (u64 on this chain). */
function infoJson(result: Hex): object {
  const reader = new ByteReader(fromHex(result) ?? new Uint8Array());
  const weight = { ref_time: Number(reader.compact()), proof_size: Number(reader.compact()) };
  const dispatchClass = ['normal', 'operational', 'mandatory'][reader.u8()] ?? 'normal';
  return { weight, class: dispatchClass, partialFee: reader.uint(8).toString() };
}

function subtensorMethods(): Record<string, RpcMethod> {
  const entries = Object.entries(infoMethods);
  return Object.fromEntries(entries.map(([name, method]) => [name, infoMethod(method)]));
}

function infoMethod(method: InfoMethod): RpcMethod {
  return async (context, params) => {
    const argument = infoArguments(method, params);
    if (argument === null) throw badParams(`wanted: ${method.args.join(', ')}, block hash`);
    const block = blockOf(context, params[method.args.length]);
    const result = await runtimeCall(context.node, block, method.call, toHex(argument));
    return infoAnswer(method, result);
  };
}

function devMethods(): Record<string, RpcMethod> {
  return {
    dev_newBlock: async (context, [options]) => {
      const node = localNode(context);
      const count = Number((options as { count?: unknown } | null | undefined)?.count ?? 1);
      if (!Number.isSafeInteger(count) || count < 1 || count > 10_000) throw badParams('count');
      for (let built = 0; built < count; built += 1) await node.newBlock();
      return node.head.hash;
    },
    dev_setStorage: async (context, [pairs]) =>
      (await localNode(context).setStorage(diffParam(pairs))).hash,
    dev_setCode: async (context, [code]) => {
      const node = localNode(context);
      const wasm = hexParam(code, 'the code');
      await node.checkRuntime(wasm).catch(() => {
        throw badParams('the code is not a runtime');
      });
      return (await node.setCode(wasm)).hash;
    },
    dev_writePulse: async (context, [pulse]) =>
      submit(localNode(context), writePulse(pulseParam(pulse))),
  };
}

function localNode({ node, isLocal }: RpcContext): DevNode {
  if (isLocal) return node;
  throw new RpcError(-32_604, 'dev_ methods are for clients on the same machine');
}

/** `{ round, signature }`, as drand's own interface answers. */
function pulseParam(value: unknown): Pulse {
  const { round, signature } = (value ?? {}) as { round?: unknown; signature?: unknown };
  const bytes = fromHex(hexParam(signature, 'the signature')) ?? new Uint8Array();
  if (typeof round !== 'number' || !Number.isSafeInteger(round) || round < 1) {
    throw badParams('round is not a whole number from 1');
  }
  if (bytes.length !== 48) throw badParams('the signature is not 48 bytes');
  return { round, signature: bytes };
}

function diffParam(pairs: unknown): StorageDiff {
  if (!Array.isArray(pairs)) throw badParams('a list of [key, value or null] is wanted');
  return pairs.map((pair: unknown): readonly [Hex, Hex | null] => {
    if (!Array.isArray(pair)) throw badParams('a list of [key, value or null] is wanted');
    const [key, value] = pair as unknown[];
    return [hexParam(key, 'a key'), value === null ? null : hexParam(value, 'a value')];
  });
}

/** Public key of an SS58 address or of hex. */
function accountOf(address: string): Hex {
  if (address.startsWith('0x')) return hexParam(address, 'the address');
  const parsed = parseSs58(address);
  if (parsed === undefined) throw badParams('the address is not SS58');
  return toHex(publicKeyOf(parsed));
}
