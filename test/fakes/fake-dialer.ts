import type { BlockRef } from '../../common/chain-port.ts';
import type {
  BlockContent,
  BlockEvent,
  Dialer,
  Link,
  PoolStatus,
  SignedTx,
} from '../../common/chain/link/link-port.ts';

/** A network of endpoints that fail on command; no state behind them, only heads and pools. */
export interface FakeEndpoint {
  genesisHash: string;
  head: number;
  /** Of its runtime; a link keeps the one that it was opened with. */
  specVersion: number;
  /**
   * `silent`: takes everything and answers nothing; `shut`: refuses connections; `answers`: to a
   * visit, and can't be opened.
   */
  mode: 'open' | 'silent' | 'shut' | 'answers';
  /** What it says when it is shut. */
  refusal: string;
  /** Links opened and not closed. */
  links: FakeLink[];
  opened: number;
  probes: number;
  nextNonce: number;
  /** What the pool says to the next transactions, in turn: a refusal, or nothing at all. */
  answers: (() => Error | 'silence')[];
  /** Transactions handed over. */
  readonly sent: SignedTx[];
  /** Extrinsic hashes by block number. */
  readonly blocks: Map<number, string[]>;
  readonly failures: Map<string, string>;
}

export interface FakeLink extends Link {
  tell(head?: number): void;
  status(hash: string, status: PoolStatus): void;
  cut(): void;
}

export function hashOf(number: number): string {
  return `0x${number.toString(16).padStart(64, '0')}`;
}

export function createFakeEndpoint(genesisHash = '0xaa'): FakeEndpoint {
  return {
    genesisHash,
    head: 10,
    specVersion: 425,
    mode: 'open',
    refusal: 'refused',
    links: [],
    opened: 0,
    probes: 0,
    nextNonce: 0,
    answers: [],
    sent: [],
    blocks: new Map(),
    failures: new Map(),
  };
}

const never = <T>(): Promise<T> => new Promise(() => undefined);

export function createFakeDialer(endpoints: Readonly<Record<string, FakeEndpoint>>): Dialer {
  const reach = async (url: string): Promise<FakeEndpoint> => {
    const endpoint = endpoints[url];
    if (endpoint === undefined) throw new Error('nobody');
    if (endpoint.mode === 'shut') throw new Error(endpoint.refusal);
    return endpoint.mode === 'silent' ? never() : endpoint;
  };
  return {
    open: async (url) => {
      const endpoint = await reach(url);
      if (endpoint.mode === 'answers') throw new Error('no metadata');
      return openFakeLink(url, endpoint);
    },
    probe: async (url) => {
      const endpoint = await reach(url);
      endpoint.probes += 1;
      const { genesisHash, head } = endpoint;
      return { genesisHash, head: { number: head, hash: hashOf(head) } };
    },
  };
}

function openFakeLink(url: string, endpoint: FakeEndpoint): FakeLink {
  const { specVersion } = endpoint;
  const down = new AbortController();
  const listeners: ((head: BlockRef) => void)[] = [];
  const watchers = new Map<string, (status: PoolStatus) => void>();
  const answer = async <T>(value: () => T | Promise<T>): Promise<T> => {
    if (endpoint.mode === 'silent') return never();
    return value();
  };
  const headNow = (): BlockRef => ({ number: endpoint.head, hash: hashOf(endpoint.head) });
  const close = (): void => {
    down.abort();
    endpoint.links = endpoint.links.filter((one) => one !== link);
  };
  const link: FakeLink = {
    url,
    genesisHash: endpoint.genesisHash,
    down: down.signal,
    slotMs: 12_000,
    specVersion,
    get isOutdated() {
      return endpoint.specVersion !== specVersion;
    },
    offer: { callArguments: () => [] },
    head: () => answer(headNow),
    finalised: () => answer(headNow),
    blockHash: (number) => answer(() => (number <= endpoint.head ? hashOf(number) : null)),
    block: (hash) => answer(() => contentOf(endpoint, Number(hash))),
    events: (block) => answer(() => eventsOf(endpoint, block)),
    view: () => {
      throw new Error('no state behind this link');
    },
    nextNonce: () => answer(() => endpoint.nextNonce),
    sign: ({ call }, _, { nonce, birth, eraBlocks }) =>
      answer(() => {
        const hash = `0x${call}-${nonce}-${birth.number}`;
        return { bytes: hash, hash, birth, eraBlocks, nonce, specVersion: 425 };
      }),
    watch: (tx, onStatus) =>
      answer(() => {
        endpoint.sent.push(tx);
        const said = endpoint.answers.shift()?.();
        if (said === 'silence') return never<() => void>();
        if (said !== undefined) throw said;
        watchers.set(tx.hash, onStatus);
        return () => void watchers.delete(tx.hash);
      }),
    onHead: (listener) =>
      answer(() => {
        listeners.push(listener);
        listener(headNow());
      }),
    close: async () => close(),
    tell: (head) => {
      if (head !== undefined) endpoint.head = head;
      for (const listener of listeners) listener(headNow());
    },
    status: (hash, status) => watchers.get(hash)?.(status),
    cut: close,
  };
  endpoint.links.push(link);
  endpoint.opened += 1;
  return link;
}

function contentOf(endpoint: FakeEndpoint, number: number): BlockContent {
  const extrinsicHashes = endpoint.blocks.get(number) ?? [];
  return { number, hash: hashOf(number), parentHash: hashOf(number - 1), extrinsicHashes };
}

function eventsOf(endpoint: FakeEndpoint, { number }: BlockRef): readonly BlockEvent[] {
  return (endpoint.blocks.get(number) ?? []).map((hash, extrinsic) => {
    const failure = endpoint.failures.get(hash) ?? null;
    const name = failure === null ? 'System.ExtrinsicSuccess' : 'System.ExtrinsicFailed';
    return { name, args: [], extrinsic, failure };
  });
}
