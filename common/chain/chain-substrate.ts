import { once, setMaxListeners } from 'node:events';
import { createConnection } from 'node:net';
import { ApiPromise } from '@polkadot/api';
import type { Header } from '@polkadot/types/interfaces';
import type { IExtrinsicEra } from '@polkadot/types/types';
import { stringCamelCase } from '@polkadot/util';
import { blake2AsHex, blake2AsU8a } from '@polkadot/util-crypto';
import type { Ss58 } from '../brand.ts';
import type { BlockRef, Chain, ChainCall, EndpointVisits } from '../chain-port.ts';
import { SubnetError, messageOf } from '../errors.ts';
import { knownGenesis } from '../networks.ts';
import type { Platform } from '../platform-port.ts';
import type { Signer } from '../signer-port.ts';
import type { StateSource, StateView } from '../state-view.ts';
import type { Logger } from '../telemetry-port.ts';
import { openChain } from './chain-client.ts';
import { nameCall } from './chain-calls.ts';
import type { CallOffer, NamedCall } from './chain-calls.ts';
import { readEvent } from './block-events.ts';
import type { EventRecord, PalletNames } from './block-events.ts';
import { asList, asNumber, asRecord } from './decoded.ts';
import { DecoratedView, argumentsOf } from './decorated-view.ts';
import type { CallItem, Decorated } from './decorated-view.ts';
import { BrokenLine, NodeError } from './link/link-port.ts';
import type {
  Ask,
  BlockContent,
  BlockEvent,
  Dialer,
  Link,
  PoolStatus,
  Probe,
} from './link/link-port.ts';
import type { SignedTx, SigningTerms } from './link/link-port.ts';
import { peerText } from './link/peer-text.ts';
import { RpcSocket } from './link/rpc-socket.ts';
import { RuntimeReader } from './runtime-reader.ts';
import type { Send } from './runtime-reader.ts';
import type { RuntimeName } from './runtime-facts.ts';
import { readPoolStatus } from './tx/pool-status.ts';

export interface ConnectOptions {
  /** In order of preference; all must be of the same chain. */
  readonly endpoints: readonly string[];
  readonly platform: Platform;
  readonly logger: Logger;
  /** Of one read, and of connecting to one endpoint (default 20 s). */
  readonly requestTimeoutMs?: number;
  /** `0x`, 32 bytes. Default: that of the network that an endpoint is known to belong to. */
  readonly genesisHash?: string;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
}

/** The extensions of Subtensor that carry no payload; named here, so that they are not unknown. */
const emptyExtension = { extrinsic: {}, payload: {} };
const signedExtensions = {
  SudoTransactionExtension: emptyExtension,
  CheckShieldedTxValidity: emptyExtension,
  SubtensorTransactionExtension: emptyExtension,
  SubtensorSignedExtension: emptyExtension,
  CommitmentsSignedExtension: emptyExtension,
  DrandPriority: emptyExtension,
};

/**
 * Connects to the first endpoint that answers, and to another one when it fails. Throws
 * CHAIN_UNREACHABLE with each one's reason, CHAIN_FOREIGN when all serve another chain, and
 * CHAIN_CLOSED when the signal aborts.
 */
export async function connectChain(
  options: ConnectOptions,
): Promise<Chain & StateSource & EndpointVisits> {
  const { endpoints, platform, logger, signal, requestTimeoutMs: timeoutMs = 20_000 } = options;
  const closing = new AbortController();
  // Every call under way listens to it.
  setMaxListeners(0, closing.signal);
  const stop = (): void => closing.abort();
  if (signal?.aborted === true) throw new SubnetError('CHAIN_CLOSED', { what: 'connecting' });
  signal?.addEventListener('abort', stop, { once: true });
  const genesisHash = options.genesisHash ?? knownGenesis(endpoints);
  try {
    return await openChain(
      {
        dialer,
        platform,
        log: logger,
        closing: closing.signal,
        end: stop,
      },
      { endpoints, timeoutMs, genesisHash },
    );
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

const dialer: Dialer = {
  open: (url, signal) => openLink(new RpcSocket(url), url, signal),
  probe: (url, signal) => probe(new RpcSocket(url), signal),
};

/** Connects once: a provider that reconnects by itself would hide that its line was cut. */
async function connected(provider: RpcSocket, signal: AbortSignal): Promise<void> {
  const isOpen = await new Promise<boolean>((resolve, reject) => {
    provider.on('connected', () => resolve(true));
    provider.on('disconnected', () => resolve(false));
    provider.on('error', () => resolve(false));
    signal.addEventListener('abort', () => reject(new Error('given up')), { once: true });
    provider.connect().catch(reject);
  });
  if (isOpen) return;
  const listens = await portAnswers(new URL(provider.endpoint), signal);
  throw new Error(listens ? 'it answers, but not as a chain node' : 'no connection');
}

/** The library does not tell a closed port from a server that speaks something else. */
function portAnswers({ hostname, port, protocol }: URL, signal: AbortSignal): Promise<boolean> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const standard = protocol === 'wss:' ? 443 : 80;
  return new Promise((resolve) => {
    const socket = createConnection({ host, port: port === '' ? standard : Number(port) });
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    if (signal.aborted) end(false);
    signal.addEventListener('abort', () => end(false), { once: true });
  });
}

async function probe(provider: RpcSocket, signal: AbortSignal): Promise<Probe> {
  const leave = (): void => void provider.disconnect().catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    await connected(provider, signal);
    const [genesisHash, hash] = await Promise.all([
      provider.send<string>('chain_getBlockHash', [0]),
      provider.send<string>('chain_getBlockHash', []),
    ]);
    const header = await provider.send<{ number: string }>('chain_getHeader', [hash]);
    return { genesisHash, head: { number: Number(header.number), hash } };
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
  }
}

async function openLink(provider: RpcSocket, url: string, signal: AbortSignal): Promise<Link> {
  const leave = (): void => void provider.disconnect().catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    await connected(provider, signal);
    const api = new ApiPromise({
      provider,
      noInitWarn: true,
      throwOnConnect: true,
      signedExtensions,
    });
    await Promise.race([api.isReadyOrError, broken(provider)]);
    return new SubstrateLink(api, provider, url);
  } catch (error) {
    leave();
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** The library waits for ever for a line that broke before it asked anything. */
function broken(provider: RpcSocket): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(new Error(provider.problem ?? 'the connection was cut'));
    if (!provider.isConnected) fail();
    provider.on('disconnected', fail);
  });
}

type ApiAt = Awaited<ReturnType<ApiPromise['at']>>;

const noBlock = new Uint8Array(32);

interface KnownRuntime {
  readonly reader: RuntimeReader;
  readonly names: PalletNames;
  readonly name: RuntimeName;
}

class SubstrateLink implements Link {
  readonly url: string;
  readonly #api: ApiPromise;
  readonly #provider: RpcSocket;
  readonly #down = new AbortController();
  #isOutdated = false;
  /** By the metadata of each runtime that was met. */
  readonly #runtimes = new WeakMap<object, KnownRuntime>();

  constructor(api: ApiPromise, provider: RpcSocket, url: string) {
    this.#api = api;
    this.#provider = provider;
    this.url = url;
    setMaxListeners(0, this.#down.signal);
    provider.on('disconnected', () => this.#down.abort(new BrokenLine(provider.problem ?? '')));
    if (!provider.isConnected) this.#down.abort();
    api.on('decorated', () => {
      this.#isOutdated = true;
      this.#forgetLastBlock();
    });
  }

  get down(): AbortSignal {
    return this.#down.signal;
  }

  /** At an upgrade the library takes the metadata that lists no runtime APIs. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  get genesisHash(): string {
    return this.#api.genesisHash.toHex();
  }

  get slotMs(): number {
    const { aura, timestamp } = this.#api.consts;
    const slot: unknown = aura?.['slotDuration']?.toJSON();
    if (typeof slot === 'number' && slot > 0) return slot;
    const minimum: unknown = timestamp?.['minimumPeriod']?.toJSON();
    return typeof minimum === 'number' && minimum > 0 ? 2 * minimum : 12_000;
  }

  get specVersion(): number {
    return this.#api.runtimeVersion.specVersion.toNumber();
  }

  get offer(): CallOffer {
    return {
      callArguments: (pallet, call) =>
        argumentsOf(this.#callOf(pallet, call) as CallItem | undefined),
    };
  }

  async head(): Promise<BlockRef> {
    const header = await answerOf(this.#api.rpc.chain.getHeader());
    return { number: header.number.toNumber(), hash: header.hash.toHex() };
  }

  async finalised(): Promise<BlockRef> {
    const hash = await answerOf(this.#api.rpc.chain.getFinalizedHead());
    const header = await answerOf(this.#api.rpc.chain.getHeader(hash));
    return { number: header.number.toNumber(), hash: hash.toHex() };
  }

  async blockHash(number: number): Promise<string | null> {
    const hash = await this.#send('chain_getBlockHash', [number]);
    return typeof hash === 'string' && !/^0x0*$/.test(hash) ? hash : null;
  }

  async block(hash: string): Promise<BlockContent | null> {
    const found = await this.#send('chain_getBlock', [hash]);
    if (found === null) return null;
    const { header, extrinsics } = asRecord(asRecord(found)['block']);
    const { number, parentHash } = asRecord(header);
    return {
      hash,
      number: asNumber(number),
      parentHash: String(parentHash),
      extrinsicHashes: asList(extrinsics).map((bytes) => blake2AsHex(String(bytes))),
    };
  }

  async events({ hash }: BlockRef): Promise<readonly BlockEvent[]> {
    const { reader, names } = await this.#runtimeAt(hash);
    const records = await reader.events(hash);
    return [...(records as unknown as Iterable<EventRecord>)].map((one) => readEvent(names, one));
  }

  async view(block: BlockRef, ask: Ask): Promise<StateView> {
    const [{ reader, name }, version] = await Promise.all([
      this.#runtimeAt(block.hash),
      this.#send('state_getRuntimeVersion', [block.hash]),
    ]);
    // In the block that brings a new runtime the state is the old one's, the APIs the new one's.
    const isUpgrade = asRecord(version)['specVersion'] !== name.specVersion;
    const fee: Decorated['fee'] = (call, payer) => this.#fee(call, payer);
    return new DecoratedView(block, name, reader.decorated(block.hash, isUpgrade, fee), ask);
  }

  /** The runtime that wrote the state of a block, which is the one of its parent. */
  async #runtimeAt(hash: string): Promise<KnownRuntime> {
    const bytes = Buffer.from(hash.slice(2), 'hex');
    const registry = await answerOf(this.#api.getBlockRegistry(bytes));
    const { metadata } = registry;
    const known = this.#runtimes.get(metadata);
    if (known !== undefined) return known;
    const at = await answerOf(this.#api.at(hash));
    const check = (): void => {
      if (registry.metadata !== metadata || at.registry !== registry.registry) {
        throw new SubnetError('CHAIN_RUNTIME_CHANGED');
      }
    };
    check();
    const { specName, specVersion } = at.runtimeVersion;
    const made = {
      reader: new RuntimeReader(
        at,
        registry.decoratedMeta?.tx ?? this.#api.tx,
        this.#checked(check),
      ),
      names: palletNames(at),
      name: { specName: specName.toString(), specVersion: specVersion.toNumber() },
    };
    this.#runtimes.set(metadata, made);
    return made;
  }

  /** What arrives after an upgrade can't be read by what the library knew before it. */
  #checked(check: () => void): Send {
    return async (method, params) => {
      const answer = await this.#send(method, params);
      check();
      return answer;
    };
  }

  /**
   * At an upgrade the library puts the new metadata into the registry that it used until then, which
   * it would go on to take for that of the last block it was asked for.
   */
  #forgetLastBlock(): void {
    void this.#api.at(noBlock, this.#api.runtimeVersion).catch(() => undefined);
  }

  nextNonce(address: Ss58): Promise<number> {
    return answerOf(this.#api.rpc.system.accountNextIndex(address)).then((one) => one.toNumber());
  }

  async sign(call: NamedCall, signer: Signer, terms: SigningTerms): Promise<SignedTx> {
    await this.#newestRuntime();
    const { nonce, birth, eraBlocks } = terms;
    const era = this.#api.registry.createType('ExtrinsicEra', {
      current: birth.number,
      period: eraBlocks,
    });
    const signed = await this.#extrinsic(call).signAsync(signer.ss58, {
      signer: { signRaw: async ({ data }) => ({ id: 1, signature: signRaw(signer, data) }) },
      era: era as IExtrinsicEra,
      blockHash: birth.hash,
      nonce,
    });
    return {
      bytes: signed.toHex(),
      hash: signed.hash.toHex(),
      birth,
      eraBlocks,
      nonce,
      specVersion: this.#api.runtimeVersion.specVersion.toNumber(),
    };
  }

  async watch(tx: SignedTx, onStatus: (status: PoolStatus) => void): Promise<() => void> {
    const id = await answerOf(
      this.#provider.subscribe(
        'author_extrinsicUpdate',
        'author_submitAndWatchExtrinsic',
        [tx.bytes],
        (error: Error | null, status: unknown) => {
          const read = error === null ? readPoolStatus(status) : null;
          if (read !== null) onStatus(read);
        },
      ),
    );
    return () => {
      if (!this.#provider.isConnected) return;
      void this.#provider
        .unsubscribe('author_extrinsicUpdate', 'author_unwatchExtrinsic', id)
        .catch(() => undefined);
    };
  }

  async onHead(listener: (head: BlockRef) => void): Promise<void> {
    await answerOf(
      this.#api.rpc.chain.subscribeNewHeads((header) => {
        const head = this.#readHead(header);
        if (head !== null) listener(head);
      }),
    );
  }

  /** The library calls back where nobody catches what is thrown. */
  #readHead({ number, hash }: Header): BlockRef | null {
    try {
      return { number: number.toNumber(), hash: hash.toHex() };
    } catch {
      this.#provider.breakOff('it tells heads that can not be read');
      return null;
    }
  }

  async close(): Promise<void> {
    this.#down.abort();
    await this.#api.disconnect();
  }

  #send(method: string, params: unknown[]): Promise<unknown> {
    return answerOf(this.#provider.send(method, params));
  }

  /** The library follows upgrades by itself, a moment after the block that brings one. */
  async #newestRuntime(): Promise<void> {
    const version = asRecord(await this.#send('state_getRuntimeVersion', []))['specVersion'];
    if (this.#api.runtimeVersion.specVersion.toNumber() !== version) {
      await once(this.#api as unknown as NodeJS.EventEmitter, 'decorated');
    }
  }

  #callOf(pallet: string, call: string) {
    return this.#api.tx[stringCamelCase(pallet)]?.[stringCamelCase(call)];
  }

  #extrinsic({ pallet, call, args, sudo }: NamedCall) {
    const make = this.#callOf(pallet, call);
    if (make === undefined) {
      throw new SubnetError('CHAIN_UNSUPPORTED', { missing: `${pallet}.${call}` });
    }
    const inner = withArguments(() => make(...args.map(rawBytes)), `${pallet}.${call}`);
    if (!sudo) return inner;
    const wrap = this.#callOf('Sudo', 'sudo');
    if (wrap === undefined) throw new SubnetError('CHAIN_UNSUPPORTED', { missing: 'Sudo.sudo' });
    return wrap(inner);
  }

  async #fee(call: ChainCall, payer: Ss58): Promise<bigint> {
    const info = await answerOf(this.#extrinsic(nameCall(call, this.offer)).paymentInfo(payer));
    return info.partialFee.toBigInt();
  }
}

/** The library takes a Uint8Array for encoded bytes, with their length before them; hex as it is. */
function rawBytes(argument: unknown): unknown {
  return argument instanceof Uint8Array ? `0x${Buffer.from(argument).toString('hex')}` : argument;
}

/** The library says in its own words what does not fit the types of the metadata. */
function withArguments<T>(make: () => T, call: string): T {
  try {
    return make();
  } catch (error) {
    const detail = `${call} does not take these arguments: ${peerText(error)}`;
    throw new SubnetError('CHAIN_UNSUPPORTED', { detail }, { cause: error });
  }
}

/** Tells an error that the node answered from a line that broke. */
async function answerOf<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const text = messageOf(error);
    const code = /^(-?\d{3,5}): /.exec(text)?.[1];
    throw code === undefined ? error : new NodeError(Number(code), text.slice(code.length + 2));
  }
}

/** What a chain verifies of a payload longer than this is its blake2-256; the library hands it over whole. */
const longestPlainPayload = 256;

/** MultiSignature::Sr25519 over the payload. */
function signRaw(signer: Signer, data: string): `0x${string}` {
  const payload = new Uint8Array(Buffer.from(data.slice(2), 'hex'));
  const isLong = payload.length > longestPlainPayload;
  const signature = signer.sign(isLong ? blake2AsU8a(payload) : payload);
  return `0x01${Buffer.from(signature).toString('hex')}`;
}

/** Pallets and errors by their numbers, from the metadata of one runtime. */
function palletNames({ registry }: ApiAt): PalletNames {
  const pallets = registry.metadata.pallets.map(
    ({ index, name }) => [index.toNumber(), name.toString()] as const,
  );
  const byIndex = new Map(pallets);
  return {
    pallet: (index) => byIndex.get(index) ?? `Pallet${index}`,
    error: (pallet, error) => registry.findMetaError(new Uint8Array([pallet, error, 0, 0, 0])).name,
  };
}
