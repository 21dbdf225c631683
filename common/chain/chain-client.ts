import type { Hotkey, Ss58 } from '../brand.ts';
import type {
  AccountInfo,
  Beacon,
  BlockRef,
  Chain,
  ChainCall,
  ChainEvent,
  EndpointState,
  EndpointVisits,
  PendingCommit,
  RuntimeFacts,
  Snapshot,
  SubmitOptions,
  TxOutcome,
  WeightRow,
} from '../chain-port.ts';
import { SubnetError } from '../errors.ts';
import type { Signer } from '../signer-port.ts';
import type { StateSource, StateView } from '../state-view.ts';
import type { TlsKey } from '../tls-key.ts';
import { BlockPace } from './block-pace.ts';
import { nameCall } from './chain-calls.ts';
import { asBig, asList, asNumber, asRecord, asSs58, asTlsKey } from './decoded.ts';
import { LinkPool } from './link/link-pool.ts';
import type { PoolDeps, PoolOptions } from './link/link-pool.ts';
import { NonceQueue } from './tx/nonce-queue.ts';
import { readBeacon, readHasPulse, readPendingCommits } from './pending-commits.ts';
import { readSnapshot } from './snapshot.ts';
import { mechanismIndex } from './subnet-state.ts';
import { Submission } from './tx/submission.ts';
import type { TimedLink } from './link/timed-link.ts';

const pallet = 'SubtensorModule';

export interface ClientDeps extends PoolDeps {
  /** Aborts `closing`. */
  readonly end: () => void;
}

/** Opens the connection. Throws as `connectChain` does. */
export async function openChain(
  deps: ClientDeps,
  options: PoolOptions,
): Promise<Chain & StateSource & EndpointVisits> {
  const pool = new LinkPool(deps, options);
  try {
    await pool.start();
    const client = new ChainClient(deps, pool);
    await client.view();
    client.followRuntime();
    return client;
  } catch (error) {
    deps.end();
    await pool.close();
    throw error;
  }
}

/** The port over whichever endpoint is in use; each read is at one block of it. */
class ChainClient implements Chain, StateSource, EndpointVisits {
  readonly #deps: ClientDeps;
  readonly #pool: LinkPool;
  readonly #queues = new Map<string, NonceQueue>();
  readonly #pace = new BlockPace();
  #runtime: RuntimeFacts | null = null;

  constructor(deps: ClientDeps, pool: LinkPool) {
    this.#deps = deps;
    this.#pool = pool;
  }

  /** Looks at the runtime anew at the first head after an upgrade, whether somebody reads or not. */
  followRuntime(): void {
    this.#pool.heads.listen(() => {
      const newest = this.#pool.specVersion;
      if (newest === null || newest === this.runtime.specVersion) return;
      void this.view().catch(() => undefined);
    });
  }

  get genesisHash(): string {
    return this.#pool.genesisHash;
  }

  get runtime(): RuntimeFacts {
    if (this.#runtime === null) throw new SubnetError('CHAIN_CLOSED', { what: 'runtime' });
    return this.#runtime;
  }

  endpoints(): readonly EndpointState[] {
    return this.#pool.states();
  }

  othersVisited(): Promise<void> {
    return this.#pool.othersVisited();
  }

  head(): Promise<BlockRef> {
    return this.#pool.read((link) => link.head());
  }

  async blockHash(number: number): Promise<string> {
    const hash = await this.#pool.read((link) => link.blockHash(number));
    if (hash === null) throw new SubnetError('CHAIN_NO_BLOCK', { block: number });
    return hash;
  }

  view(block?: BlockRef): Promise<StateView> {
    return this.#pool.read((link) => this.#viewOn(link, block));
  }

  snapshot(netuid: number): Promise<Snapshot> {
    return this.#pool.read(async (link) => {
      const view = await this.#viewOn(link);
      const blockTimeMs = await this.#pace.measure(view, link);
      const snapshot = await readSnapshot(view, netuid, blockTimeMs);
      this.#pace.note(snapshot.block.number, snapshot.chainTimeMs);
      return snapshot;
    });
  }

  weightsOf(netuid: number, uid: number, mecid = 0): Promise<WeightRow> {
    return this.#atHead(async (view) => {
      const index = mechanismIndex(view, netuid, mecid);
      return asList(await view.storage(pallet, 'Weights', index, uid)).map((pair) => {
        const [target, value] = asList(pair);
        return [asNumber(target), asNumber(value)] as const;
      });
    });
  }

  pendingCommits(
    netuid: number,
    mecid: number,
    hotkey: Hotkey,
    at?: BlockRef,
  ): Promise<readonly PendingCommit[]> {
    return this.#pool.read(async (link) => {
      return readPendingCommits(await this.#viewOn(link, at), netuid, mecid, hotkey);
    });
  }

  beacon(): Promise<Beacon | null> {
    return this.#atHead(readBeacon);
  }

  hasPulse(round: number): Promise<boolean> {
    return this.#atHead((view) => readHasPulse(view, round));
  }

  async eventsAt(block: BlockRef): Promise<readonly ChainEvent[]> {
    const events = await this.#pool.read((link) => link.events(block));
    return events.map(({ name, args }) => ({ name, args }));
  }

  uidOf(netuid: number, hotkey: Hotkey): Promise<number | null> {
    return this.#atHead(async (view) => {
      const uid = await view.storage(pallet, 'Uids', netuid, hotkey);
      return uid === null ? null : asNumber(uid);
    });
  }

  tlsKeys(netuid: number): Promise<ReadonlyMap<Hotkey, TlsKey>> {
    return this.#atHead(async (view) => {
      if (!view.hasStorage(pallet, 'NeuronCertificates')) return new Map();
      const entries = await view.entries(pallet, 'NeuronCertificates', netuid);
      return new Map(entries.map(({ keys, value }) => [asSs58(keys[0]), asTlsKey(value)]));
    });
  }

  account(address: Ss58): Promise<AccountInfo> {
    return this.#atHead(async (view) => {
      const { nonce, data } = asRecord(await view.storage('System', 'Account', address));
      return { freeRao: asBig(asRecord(data)['free']), nonce: asNumber(nonce) };
    });
  }

  netuids(): Promise<readonly number[]> {
    return this.#atHead(async (view) => {
      const entries = await view.entries(pallet, 'NetworksAdded');
      const added = entries.filter(({ value }) => value === true);
      return added.map(({ keys }) => asNumber(keys[0])).sort((a, b) => a - b);
    });
  }

  async submit(call: ChainCall, signer: Signer, options: SubmitOptions = {}): Promise<TxOutcome> {
    const named = nameCall(call, (await this.#pool.link()).offer);
    const queue = this.#queues.get(signer.ss58) ?? new NonceQueue();
    this.#queues.set(signer.ss58, queue);
    const { platform, log, closing } = this.#deps;
    const deps = { pool: this.#pool, platform, log, closing };
    return new Submission(deps, queue, { call: named, signer, options }).run();
  }

  onHead(listener: (head: BlockRef) => void): () => void {
    return this.#pool.heads.listen(listener);
  }

  async close(): Promise<void> {
    if (this.#deps.closing.aborted) return;
    this.#deps.end();
    await this.#pool.close();
  }

  async #viewOn(link: TimedLink, block?: BlockRef): Promise<StateView> {
    const view = await link.view(block ?? (await link.head()));
    if (block === undefined) this.#noteRuntime(view.runtime);
    return view;
  }

  #noteRuntime(runtime: RuntimeFacts): void {
    const before = this.#runtime;
    this.#runtime = runtime;
    // The block of an upgrade has the new version and the state of the old one.
    if (before === null || JSON.stringify(before) !== JSON.stringify(runtime)) {
      this.#deps.log.info('chain runtime', { ...runtime });
    }
  }

  #atHead<T>(work: (view: StateView) => Promise<T>): Promise<T> {
    return this.#pool.read(async (link) => work(await this.#viewOn(link)));
  }
}
