import { setMaxListeners } from 'node:events';
import { ApiPromise, WsProvider } from '@polkadot/api';
import type { SubmittableExtrinsic } from '@polkadot/api/types';
import { stringCamelCase } from '@polkadot/util';
import type { Hotkey, Ss58 } from '../brand.ts';
import { nameCall } from './chain-calls.ts';
import type { NamedCall } from './chain-calls.ts';
import type {
  Beacon,
  BlockRef,
  Chain,
  ChainCall,
  ChainEvent,
  EndpointState,
  PendingCommit,
  RuntimeFacts,
  Snapshot,
  SubmitOptions,
  TxOutcome,
  WeightRow,
} from '../chain-port.ts';
import { asBig, asList, asNumber, asRecord } from './decoded.ts';
import { DecoratedView, snakeCase } from './decorated-view.ts';
import type { CallItem, Codec, Decorated, StorageItem } from './decorated-view.ts';
import { readBeacon, readHasPulse, readPendingCommits } from './pending-commits.ts';
import { namePoolError } from './pool-errors.ts';
import { readSnapshot } from './snapshot.ts';
import { mechanismIndex } from './subnet-state.ts';
import type { CallArgument, StateSource, StateView } from '../state-view.ts';
import { SubnetError, messageOf } from '../errors.ts';
import { createMutex } from '../mutex.ts';
import type { Platform } from '../platform-port.ts';
import type { Signer } from '../signer-port.ts';
import type { Logger } from '../telemetry-port.ts';

export interface ConnectOptions {
  /** Tried in order until one answers. */
  readonly endpoints: readonly string[];
  readonly platform: Platform;
  readonly logger: Logger;
  /** Of one read, and of connecting to one endpoint (default 20 s). */
  readonly requestTimeoutMs?: number;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
}

/** Blocks during which a signed extrinsic stays valid. */
const eraBlocks = 64;
const reconnectPauseMs = 1000;

/** The extensions of Subtensor that carry no payload; named here, so that they are not unknown. */
const emptyExtension = { extrinsic: {}, payload: {} };
const signedExtensions = {
  SudoTransactionExtension: emptyExtension,
  CheckShieldedTxValidity: emptyExtension,
  SubtensorTransactionExtension: emptyExtension,
  DrandPriority: emptyExtension,
};

/**
 * Connects to the first endpoint that answers. Throws CHAIN_UNREACHABLE with each one's reason,
 * and CHAIN_CLOSED when the signal aborts.
 */
export async function connectChain(options: ConnectOptions): Promise<Chain & StateSource> {
  const chain = new SubstrateChain(await connectFirst(options), options);
  await chain.watchHeads();
  await chain.view();
  return chain;
}

interface Connection {
  readonly api: ApiPromise;
  readonly provider: WsProvider;
}

async function connectFirst(options: ConnectOptions): Promise<Connection> {
  const reasons: string[] = [];
  for (const endpoint of options.endpoints) {
    if (options.signal?.aborted === true) break;
    try {
      return await connectOne(endpoint, options);
    } catch (error) {
      reasons.push(`${endpoint}: ${reasonOf(error)}`);
    }
  }
  if (options.signal?.aborted === true)
    throw new SubnetError('CHAIN_CLOSED', { what: 'connecting' });
  throw new SubnetError('CHAIN_UNREACHABLE', { detail: reasons.join('; ') });
}

/** A socket fails with an event, whose message may be empty. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message === '' || message.startsWith('[object') ? 'no connection' : message;
}

async function connectOne(endpoint: string, options: ConnectOptions): Promise<Connection> {
  const timeoutMs = timeoutOf(options);
  // The library's own deadline only clears away what ours has given up before.
  const provider = new WsProvider(endpoint, reconnectPauseMs, {}, 2 * timeoutMs);
  const api = new ApiPromise({
    // The class lists optional members without `undefined`, the interface demands it.
    provider: provider as unknown as ProviderOf,
    noInitWarn: true,
    throwOnConnect: true,
    signedExtensions,
  });
  try {
    const limit = { platform: options.platform, timeoutMs, signal: options.signal };
    await withDeadline(limit, 'connecting', api.isReadyOrError);
  } catch (error) {
    await api.disconnect().catch(() => undefined);
    throw error;
  }
  return { api, provider };
}

function timeoutOf({ requestTimeoutMs }: ConnectOptions): number {
  return requestTimeoutMs ?? 20_000;
}

interface Limit {
  readonly platform: Platform;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Rejects with CHAIN_TIMEOUT when `work` is not done in time, with CHAIN_CLOSED on abort. */
async function withDeadline<T>(
  { platform, timeoutMs, signal }: Limit,
  what: string,
  work: Promise<T>,
): Promise<T> {
  const deadline = platform.deadline(timeoutMs);
  const over = new AbortController();
  const failsOn = (reason: AbortSignal | undefined, error: () => SubnetError): Promise<never> =>
    new Promise((_, reject) => {
      const fail = (): void => reject(error());
      if (reason?.aborted === true) return fail();
      reason?.addEventListener('abort', fail, { once: true, signal: over.signal });
    });
  const late = failsOn(
    deadline.signal,
    () => new SubnetError('CHAIN_TIMEOUT', { what, timeoutMs }),
  );
  const closed = failsOn(signal, () => new SubnetError('CHAIN_CLOSED', { what }));
  try {
    return await Promise.race([work, late, closed]);
  } finally {
    over.abort();
    deadline.dispose();
  }
}

type ProviderOf = NonNullable<NonNullable<ConstructorParameters<typeof ApiPromise>[0]>['provider']>;

type ApiAt = Awaited<ReturnType<ApiPromise['at']>>;

class SubstrateChain implements Chain, StateSource {
  #api: ApiPromise;
  #provider: WsProvider;
  readonly #options: ConnectOptions;
  readonly #platform: Platform;
  readonly #log: Logger;
  readonly #timeoutMs: number;
  readonly #listeners = new Set<(head: BlockRef) => void>();
  /** One submission of a key at a time: its nonces come in order. */
  readonly #queues = new Map<string, ReturnType<typeof createMutex>>();
  readonly #closing = new AbortController();
  #replacing = false;
  #runtime: RuntimeFacts | undefined;

  constructor(connection: Connection, options: ConnectOptions) {
    this.#api = connection.api;
    this.#provider = connection.provider;
    this.#options = options;
    this.#platform = options.platform;
    this.#log = options.logger;
    this.#timeoutMs = timeoutOf(options);
    this.#logConnection(connection);
    // Every read under way listens to it.
    setMaxListeners(0, this.#closing.signal);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  get #limit(): Limit {
    const { signal } = this.#closing;
    return { platform: this.#platform, timeoutMs: this.#timeoutMs, signal };
  }

  #logConnection({ provider }: Connection): void {
    const inUse = (): boolean => provider === this.#provider && !this.#closed;
    provider.on('disconnected', () => inUse() && this.#log.warn('chain disconnected'));
    provider.on('connected', () => inUse() && this.#log.info('chain connected'));
  }

  get genesisHash(): string {
    return this.#api.genesisHash.toHex();
  }

  async watchHeads(): Promise<void> {
    const api = this.#api;
    await this.#ask('subscribing to heads', () =>
      api.rpc.chain.subscribeNewHeads((header) => {
        if (api !== this.#api) return;
        const head = { number: header.number.toNumber(), hash: header.hash.toHex() };
        for (const listener of this.#listeners) listener(head);
      }),
    );
  }

  async head(): Promise<BlockRef> {
    const header = await this.#ask('head', () => this.#api.rpc.chain.getHeader());
    return { number: header.number.toNumber(), hash: header.hash.toHex() };
  }

  async blockHash(number: number): Promise<string> {
    const hash = await this.#ask('block hash', () => this.#api.rpc.chain.getBlockHash(number));
    if (hash.isEmpty) throw new SubnetError('CHAIN_NO_BLOCK', { block: number });
    return hash.toHex();
  }

  get runtime(): RuntimeFacts {
    if (this.#runtime === undefined) throw new SubnetError('CHAIN_CLOSED', { what: 'runtime' });
    return this.#runtime;
  }

  endpoints(): readonly EndpointState[] {
    const inUse = this.#provider.endpoint;
    return this.#options.endpoints.map((url) => ({
      url,
      state: url === inUse ? 'in-use' : 'untried',
      score: 1,
      latencyMs: null,
      headBlock: null,
      failures: 0,
      problem: null,
    }));
  }

  async view(block?: BlockRef): Promise<StateView> {
    const api = this.#api;
    const of = block ?? (await this.head());
    const at = await this.#ask('state', () => api.at(of.hash));
    const { specName, specVersion } = at.runtimeVersion;
    const name = { specName: specName.toString(), specVersion: specVersion.toNumber() };
    const view = new DecoratedView(of, name, decorate(api, at), (what, work) =>
      this.#ask(what, work),
    );
    if (block === undefined) this.#runtime = view.runtime;
    return view;
  }

  async snapshot(netuid: number): Promise<Snapshot> {
    return readSnapshot(await this.view(), netuid, 12_000);
  }

  async weightsOf(netuid: number, uid: number, mecid = 0): Promise<WeightRow> {
    const view = await this.view();
    const index = mechanismIndex(view, netuid, mecid);
    return asList(await view.storage('SubtensorModule', 'Weights', index, uid)).map((pair) => {
      const [target, value] = asList(pair);
      return [asNumber(target), asNumber(value)] as const;
    });
  }

  async pendingCommits(
    netuid: number,
    mecid: number,
    hotkey: Hotkey,
  ): Promise<readonly PendingCommit[]> {
    return readPendingCommits(await this.view(), netuid, mecid, hotkey);
  }

  async beacon(): Promise<Beacon | null> {
    return readBeacon(await this.view());
  }

  async hasPulse(round: number): Promise<boolean> {
    return readHasPulse(await this.view(), round);
  }

  async eventsAt(block: BlockRef): Promise<readonly ChainEvent[]> {
    const at = await this.#ask('state', () => this.#api.at(block.hash));
    const events = at.query['system']?.['events'];
    if (events === undefined) throw missing('System.Events');
    const records = await this.#ask('events', () => events());
    return [...(records as unknown as Iterable<EventRecord>)].map(({ event }) => ({
      name: `${upperFirst(event.section)}.${event.method}`,
      args: asList(event.data.toJSON()),
    }));
  }

  async uidOf(netuid: number, hotkey: Ss58): Promise<number | null> {
    const uid = await (await this.view()).storage('SubtensorModule', 'Uids', netuid, hotkey);
    return uid === null ? null : asNumber(uid);
  }

  async account(address: Ss58): Promise<{ freeRao: bigint; nonce: number }> {
    const account = await (await this.view()).storage('System', 'Account', address);
    const { nonce, data } = asRecord(account);
    return { freeRao: asBig(asRecord(data)['free']), nonce: asNumber(nonce) };
  }

  async netuids(): Promise<readonly number[]> {
    const entries = await (await this.view()).entries('SubtensorModule', 'NetworksAdded');
    const added = entries.filter(({ value }) => value === true);
    return added.map(({ keys }) => asNumber(keys[0])).sort((a, b) => a - b);
  }

  onHead(listener: (head: BlockRef) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async submit(call: ChainCall, signer: Signer, options: SubmitOptions = {}): Promise<TxOutcome> {
    const named = nameCall(call, await this.view());
    const queue = this.#queues.get(signer.ss58) ?? createMutex();
    this.#queues.set(signer.ss58, queue);
    return queue.run(() => this.#send(named, signer, options.timeoutMs ?? 60_000));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closing.abort();
    this.#listeners.clear();
    // A half-dead socket must not keep the node from ending.
    const { signal, dispose } = this.#platform.deadline(2000);
    const late = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.#api.disconnect().catch(() => undefined), late]);
    dispose();
  }

  #callOf(pallet: string, call: string): ((...args: readonly unknown[]) => Extrinsic) | null {
    const found = this.#api.tx[stringCamelCase(pallet)]?.[stringCamelCase(call)];
    return found === undefined ? null : (...args) => found(...args);
  }

  #extrinsic({ pallet, call, args, sudo }: NamedCall): Extrinsic {
    const make = this.#callOf(pallet, call);
    if (make === null) throw missing(`${pallet}.${call}`);
    const inner = make(...args);
    if (!sudo) return inner;
    const wrap = this.#callOf('Sudo', 'sudo');
    if (wrap === null) throw missing('Sudo.sudo');
    return wrap(inner);
  }

  async #send(named: NamedCall, signer: Signer, timeoutMs: number): Promise<TxOutcome> {
    const signed = await this.#ask('signing', () =>
      this.#extrinsic(named).signAsync(signer.ss58, {
        signer: { signRaw: async ({ data }) => ({ id: 1, signature: signRaw(signer, data) }) },
        era: eraBlocks,
      }),
    );
    const extrinsicHash = signed.hash.toHex();
    this.#log.debug('extrinsic sent', { call: named.call, extrinsicHash });
    try {
      const limit = { ...this.#limit, timeoutMs };
      return await withDeadline(limit, named.call, this.#fate(signed, named));
    } catch (error) {
      return { kind: 'unknown', message: messageOf(error), extrinsicHash };
    }
  }

  /** Resolves once the extrinsic is in a block, or can no longer get into one. */
  #fate(signed: Extrinsic, named: NamedCall): Promise<TxOutcome> {
    const extrinsicHash = signed.hash.toHex();
    const provider = this.#provider;
    return new Promise((resolve) => {
      let stop: (() => void) | null = null;
      const settle = (outcome: TxOutcome): void => {
        forget();
        stop?.();
        resolve(outcome);
      };
      // A watch is not taken up again by the next connection: nothing more would be heard of it.
      const forget = provider.on('disconnected', () => {
        const message = 'the connection was cut before it was seen in a block';
        settle({ kind: 'unknown', message, extrinsicHash });
      });
      const onStatus = (result: SendResult): void => {
        const { status } = result;
        if (status.isInBlock || status.isFinalized) {
          const hash = (status.isInBlock ? status.asInBlock : status.asFinalized).toHex();
          void this.#included(hash, extrinsicHash, result, named).then(settle, (error: unknown) =>
            settle({ kind: 'unknown', message: messageOf(error), extrinsicHash }),
          );
        } else if (status.isInvalid || status.isDropped || status.isUsurped) {
          const message = `the transaction pool says ${status.type}`;
          settle({ kind: 'refused', where: 'pool', name: status.type, message });
        }
      };
      signed.send(onStatus).then(
        (unsubscribe) => {
          stop = unsubscribe;
        },
        (error: unknown) => settle(refusedByPool(error, extrinsicHash)),
      );
    });
  }

  async #included(
    hash: string,
    extrinsicHash: string,
    result: SendResult,
    named: NamedCall,
  ): Promise<TxOutcome> {
    const header = await this.#ask('header', () => this.#api.rpc.chain.getHeader(hash));
    const block = { number: header.number.toNumber(), hash };
    const events: ChainEvent[] = result.events.map(({ event }) => ({
      name: `${upperFirst(event.section)}.${event.method}`,
      args: asList(event.data.toJSON()),
    }));
    const failure = this.#failureOf(result, events, named);
    if (failure === null)
      return { kind: 'included', block, extrinsicHash, events, finalised: false };
    const message = `${named.pallet}.${named.call} failed in block ${block.number}: ${failure}`;
    return { kind: 'refused', where: 'dispatch', name: failure, message, block };
  }

  #failureOf(result: SendResult, events: readonly ChainEvent[], named: NamedCall): string | null {
    const error: unknown = result.dispatchError?.toJSON();
    if (error !== undefined) return this.#nameOf(error);
    const sudid = named.sudo ? events.find((event) => event.name === 'Sudo.Sudid') : undefined;
    const inner = sudid === undefined ? undefined : asRecord(sudid.args[0])['err'];
    return inner === undefined ? null : this.#nameOf(inner);
  }

  /** The name of a DispatchError by the metadata, never by a stored index. */
  #nameOf(error: unknown): string {
    if (typeof error === 'string') return upperFirst(error);
    const [kind = 'Unknown', inner] = Object.entries(asRecord(error))[0] ?? [];
    if (kind !== 'module') return upperFirst(kind);
    const { index, error: code } = asRecord(inner);
    const bytes = typeof code === 'string' ? Number(code.slice(0, 4)) : asNumber(code);
    const place = { index: asNumber(index), error: bytes };
    try {
      const found = this.#api.registry.findMetaError(
        new Uint8Array([place.index, place.error, 0, 0, 0]),
      );
      return found.name;
    } catch {
      return `Module${place.index}Error${place.error}`;
    }
  }

  /** A read with a deadline; a connection that stays silent is replaced. */
  async #ask<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new SubnetError('CHAIN_CLOSED', { what });
    try {
      return await withDeadline(this.#limit, what, work());
    } catch (error) {
      if (error instanceof SubnetError) {
        if (error.code === 'CHAIN_TIMEOUT') void this.#replace();
        throw error;
      }
      const code = this.#provider.isConnected ? 'CHAIN_RPC' : 'CHAIN_UNREACHABLE';
      throw new SubnetError(
        code,
        { what, detail: messageOf(error).slice(0, 300) },
        { cause: error },
      );
    }
  }

  /**
   * A half-dead socket may look open for minutes, and its library only opens anew what it saw
   * close: a new connection, to whichever endpoint answers first, takes the place of the silent
   * one.
   */
  async #replace(): Promise<void> {
    if (this.#closed || this.#replacing) return;
    this.#replacing = true;
    this.#log.warn('the chain endpoint stays silent: connecting anew');
    const silentApi = this.#api;
    while (!this.#closed && this.#api === silentApi) await this.#tryAnother();
    this.#replacing = false;
    void silentApi.disconnect().catch(() => undefined);
    if (this.#closed) return;
    await this.watchHeads().catch((error: unknown) =>
      this.#log.warn('the heads are not told yet', { error: messageOf(error) }),
    );
  }

  async #tryAnother(): Promise<void> {
    const { signal } = this.#closing;
    try {
      const connection = await connectFirst({ ...this.#options, signal });
      await this.#adopt(connection);
    } catch (error) {
      this.#log.warn('no chain endpoint answers yet', { error: messageOf(error) });
      await this.#platform.clock.sleep(reconnectPauseMs, signal).catch(() => undefined);
    }
  }

  async #adopt(connection: Connection): Promise<void> {
    const isSame = connection.api.genesisHash.toHex() === this.genesisHash;
    if (isSame && !this.#closed) {
      this.#api = connection.api;
      this.#provider = connection.provider;
      this.#logConnection(connection);
      this.#log.info('chain connected');
      return;
    }
    await connection.api.disconnect().catch(() => undefined);
    throw new SubnetError('CHAIN_UNREACHABLE', { detail: 'the endpoint serves another chain' });
  }
}

type Extrinsic = SubmittableExtrinsic<'promise'>;
type SendResult = Parameters<Parameters<Extrinsic['send']>[0]>[0];

/** MultiSignature::Sr25519 over the payload, which comes hashed when it is long. */
function signRaw(signer: Signer, data: string): `0x${string}` {
  const signature = signer.sign(new Uint8Array(Buffer.from(data.slice(2), 'hex')));
  return `0x01${Buffer.from(signature).toString('hex')}`;
}

function refusedByPool(error: unknown, extrinsicHash: string): TxOutcome {
  const text = messageOf(error);
  // Only an answer of the node is a refusal; a cut connection leaves the fate open.
  if (!/^\d{3,5}: /.test(text)) return { kind: 'unknown', message: text, extrinsicHash };
  const { name, customCode } = namePoolError(text);
  const message = `the node refused it: ${name} (${text.slice(0, 200)})`;
  const base = { kind: 'refused', where: 'pool', name, message } as const;
  return customCode === undefined ? base : { ...base, customCode };
}

function missing(what: string): SubnetError {
  return new SubnetError('CHAIN_UNSUPPORTED', { missing: what });
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Items by the names of the metadata, which the library keeps in its own camelCase. */
function decorate(api: ApiPromise, at: ApiAt): Decorated {
  return {
    storageItem: (pallet, item) =>
      at.query[stringCamelCase(pallet)]?.[stringCamelCase(item)] as StorageItem | undefined,
    queryMany: (reads) =>
      at.queryMulti(reads.map(({ item, keys }) => multiRead(item, keys)) as MultiReads),
    apiMethod: (name, method) =>
      at.call[stringCamelCase(name)]?.[stringCamelCase(method)] as Callable | undefined,
    constant: (pallet, name) => at.consts[stringCamelCase(pallet)]?.[stringCamelCase(name)],
    call: (pallet, name) =>
      api.tx[stringCamelCase(pallet)]?.[stringCamelCase(name)] as CallItem | undefined,
    fee: async (call, payer) => {
      const {
        pallet,
        call: name,
        args,
        sudo,
      } = nameCall(call, {
        callArguments: (one, other) => argumentsOf(api, one, other),
      });
      const make = api.tx[stringCamelCase(pallet)]?.[stringCamelCase(name)];
      if (make === undefined) throw missing(`${pallet}.${name}`);
      const inner = make(...args);
      const whole = sudo ? api.tx['sudo']?.['sudo']?.(inner) : inner;
      const info = await (whole ?? inner).paymentInfo(payer);
      return info.partialFee.toBigInt();
    },
  };
}

function argumentsOf(
  api: ApiPromise,
  pallet: string,
  call: string,
): readonly CallArgument[] | null {
  const found = api.tx[stringCamelCase(pallet)]?.[stringCamelCase(call)];
  if (found === undefined) return null;
  return found.meta.args.map(({ name, type }) => ({
    name: snakeCase(name.toString()),
    type: type.toString(),
  }));
}

type Callable = (...args: readonly unknown[]) => Promise<Codec>;
type MultiReads = Parameters<ApiAt['queryMulti']>[0];

/** A plain item has no key, a map one, and one of several keys takes them as a list. */
function multiRead(item: StorageItem, keys: readonly unknown[]): unknown {
  if (keys.length === 0) return item;
  return keys.length === 1 ? [item, keys[0]] : [item, keys];
}

interface EventRecord {
  readonly event: { readonly section: string; readonly method: string; readonly data: Codec };
}
