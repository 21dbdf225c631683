import type { BlockRef, EndpointState } from '../../chain-port.ts';
import { SubnetError, isSubnetError } from '../../errors.ts';
import type { Platform } from '../../platform-port.ts';
import { backoffMs } from '../../retry.ts';
import type { Logger } from '../../telemetry-port.ts';
import { within } from './deadline.ts';
import { EndpointBook } from './endpoint-book.ts';
import { HeadFeed } from './head-feed.ts';
import { BrokenLine } from './link-port.ts';
import type { Dialer, Link, Probe } from './link-port.ts';
import { peerText } from './peer-text.ts';
import { TimedLink, isLineError } from './timed-link.ts';

export interface PoolDeps {
  readonly dialer: Dialer;
  readonly platform: Platform;
  readonly log: Logger;
  /** Ended by `close` of the client, or by its owner. */
  readonly closing: AbortSignal;
}

export interface PoolOptions {
  /** In the order of preference. */
  readonly endpoints: readonly string[];
  /** Of one call, and of connecting to one endpoint. */
  readonly timeoutMs: number;
  /** Where the network's genesis is known; otherwise that of the first endpoint in use. */
  readonly genesisHash: string | null;
}

/** Endpoints that are not in use are visited this often. */
const visitEveryMs = 60_000;
const longestPauseMs = 5000;
/** An endpoint that has not answered by then gets the next one beside it. */
const besideMs = 2500;
/** An endpoint that answered may take this many timeouts to hand over its metadata, a megabyte or so. */
const loadingTimes = 5;

/**
 * One connection in use, and what is known of the other endpoints:
 *
 *            open            line fails, silent, head stands still
 *   (none) ───────▶ in use ─────────────────────────────────────▶ (none), connecting anew
 *                     ▲                                              │ by score, with pauses
 *                     └──────────────────────────────────────────────┘
 *
 * An endpoint of another chain is never used.
 */
export class LinkPool {
  readonly heads: HeadFeed;
  readonly #deps: PoolDeps;
  readonly #options: PoolOptions;
  readonly #book: EndpointBook;
  #current: TimedLink | null = null;
  /** The round of attempts under way; what is asked for meanwhile waits for it. */
  #connecting: Promise<void> | null = null;
  #renewing = false;
  /** Of attempts under way, those that answered and hand over their metadata. */
  #loading = 0;
  #genesisHash: string | null;
  #firstVisits: Promise<void> = Promise.resolve();

  constructor(deps: PoolDeps, options: PoolOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#book = new EndpointBook(options.endpoints, deps.platform.clock);
    this.#genesisHash = options.genesisHash;
    this.heads = new HeadFeed(deps.platform.clock);
  }

  get genesisHash(): string {
    return this.#genesisHash ?? '';
  }

  /** Of the newest runtime that the endpoint in use told of; null while none is. */
  get specVersion(): number | null {
    return this.#current?.specVersion ?? null;
  }

  states(): readonly EndpointState[] {
    return this.#book.states();
  }

  /** The first look at each endpoint that is not in use, whose genesis is known from then on. */
  othersVisited(): Promise<void> {
    return this.#firstVisits;
  }

  /**
   * Connects to the first endpoint that answers. Throws CHAIN_UNREACHABLE with each one's reason,
   * CHAIN_FOREIGN when all serve another chain than the network's, CHAIN_CLOSED.
   */
  async start(): Promise<void> {
    await this.#attempt();
    if (this.#current === null) throw this.#unreachable();
    this.#firstVisits = this.#visitOthers();
    void this.#keepVisiting();
    void this.#watchHeads();
  }

  async close(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    this.heads.clear();
    await current?.close();
  }

  /** The connection in use; waits for attempts under way. Throws CHAIN_UNREACHABLE, CHAIN_CLOSED. */
  async link(): Promise<TimedLink> {
    if (this.#current === null && this.#connecting !== null) await this.#connecting;
    this.#throwIfClosed('connecting');
    if (this.#current === null) throw this.#unreachable();
    return this.#current;
  }

  /**
   * Something idempotent. When the line breaks it is done once more, on whichever is next; when it
   * stays silent, on another endpoint only; when the runtime changes meanwhile, with the new names.
   */
  async read<T>(work: (link: TimedLink) => Promise<T>): Promise<T> {
    const first = await this.link();
    try {
      return await work(first);
    } catch (error) {
      if (isSubnetError(error) && error.code === 'CHAIN_RUNTIME_CHANGED') return work(first);
      if (!isLineError(error)) throw error;
      const isSilent = isSubnetError(error) && error.code === 'CHAIN_TIMEOUT';
      if (isSilent && !this.#book.hasOther(first.url)) throw error;
      const second = await this.link();
      if (second === first || (isSilent && second.url === first.url)) throw error;
      return work(second);
    }
  }

  /** Leaves an endpoint that answers, but not as it should, if there is another one. */
  elsewhere(link: TimedLink, problem: string): void {
    if (this.#book.hasOther(link.url)) this.#drop(link, problem);
  }

  get #closed(): boolean {
    return this.#deps.closing.aborted;
  }

  #throwIfClosed(what: string): void {
    if (this.#closed) throw new SubnetError('CHAIN_CLOSED', { what });
  }

  #unreachable(): SubnetError {
    const detail = this.#book.problems();
    return new SubnetError(this.#book.allForeign() ? 'CHAIN_FOREIGN' : 'CHAIN_UNREACHABLE', {
      detail,
    });
  }

  /** One try at each endpoint, best first, until one is in use. */
  #attempt(): Promise<void> {
    this.#connecting ??= this.#tryEach().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  /** The next one is begun beside those that take long; the first that is open is used. */
  async #tryEach(): Promise<void> {
    const under = new Set<Promise<void>>();
    for (const url of this.#book.candidates()) {
      if (this.#closed || this.#current !== null) break;
      const attempt: Promise<void> = this.#use(url).finally(() => under.delete(attempt));
      under.add(attempt);
      await this.#anyOf(under, besideMs);
      if (this.#loading > 0) await this.#anyOf(under, this.#options.timeoutMs);
    }
    while (under.size > 0 && this.#current === null) await Promise.race(under);
    this.#throwIfClosed('connecting');
  }

  async #anyOf(under: ReadonlySet<Promise<void>>, atMostMs: number): Promise<void> {
    const { platform, closing } = this.#deps;
    if (under.size > 0) await Promise.race([...under, pause(platform, atMostMs, closing)]);
  }

  /** Until there is one again; the first round at once, then with growing pauses. */
  async #connectAnew(): Promise<void> {
    const { platform, closing } = this.#deps;
    for (let round = 0; !this.#closed && this.#current === null; round += 1) {
      await this.#attempt().catch(() => undefined);
      if (this.#current !== null || this.#closed) return;
      this.#deps.log.warn('no chain endpoint answers yet', { problems: this.#book.problems() });
      await pause(platform, backoffMs(round, 250, longestPauseMs), closing);
    }
  }

  /** Opens the endpoint and takes it into use; what fails is written down. */
  async #use(url: string): Promise<void> {
    try {
      const opened = await this.#open(url);
      await this.#adopt(opened);
    } catch (error) {
      if (this.#closed) return;
      this.#book.failed(url, peerText(error));
      this.#deps.log.debug('a chain endpoint failed', {
        url: this.#book.nameOf(url),
        problem: this.#book.problemOf(url),
      });
    }
  }

  async #open(url: string): Promise<TimedLink> {
    const { dialer, platform, closing } = this.#deps;
    const { timeoutMs } = this.#options;
    const seen = await this.#inTime('connecting', (signal) => dialer.probe(url, signal));
    if (!this.#isOurs(url, seen.genesisHash)) throw new Error(this.#book.problemOf(url) ?? '');
    const loadingMs = loadingTimes * timeoutMs;
    const load = (signal: AbortSignal): Promise<Link> => dialer.open(url, signal);
    this.#loading += 1;
    const loaded = this.#inTime('loading the metadata', load, loadingMs);
    const link = await loaded.finally(() => {
      this.#loading -= 1;
    });
    const timed: TimedLink = new TimedLink(
      link,
      { platform, timeoutMs, closing },
      {
        answered: (latencyMs) => this.#book.answered(url, latencyMs),
        failed: (problem) => this.#drop(timed, problem),
      },
    );
    if (this.#isOurs(url, link.genesisHash)) return timed;
    await timed.close();
    throw new Error(this.#book.problemOf(url) ?? 'another chain');
  }

  async #adopt(link: TimedLink): Promise<void> {
    let seen: BlockRef | null = null;
    await link.onHead((head) => {
      seen = head;
      this.#onHead(link, head);
    });
    if (link.down.aborted) throw new Error(whyDown(link));
    if (this.#closed || this.#current !== null) return this.#letGo(link);
    this.#install(link);
    if (seen !== null) this.#onHead(link, seen);
    this.#deps.log.info('chain connected', { url: this.#book.nameOf(link.url) });
  }

  /** Another one was open first. */
  async #letGo(link: TimedLink): Promise<void> {
    if (this.#current !== null && this.#isOurs(link.url, link.genesisHash)) {
      this.#book.ready(link.url);
    }
    await link.close();
  }

  /** The first one in use says which chain it is: one that only answers does not decide. */
  #install(link: TimedLink): void {
    this.#current = link;
    this.#genesisHash ??= link.genesisHash;
    this.#book.inUse(link.url);
    this.heads.expect(link.slotMs);
    const onDown = (): void => this.#drop(link, whyDown(link));
    link.down.addEventListener('abort', onDown, { once: true });
  }

  #inTime<T>(
    what: string,
    work: (signal: AbortSignal) => Promise<T>,
    timeoutMs = this.#options.timeoutMs,
  ): Promise<T> {
    const { platform, closing } = this.#deps;
    const late = (): Error => new SubnetError('CHAIN_TIMEOUT', { what, timeoutMs });
    const closed = (): Error => new SubnetError('CHAIN_CLOSED', { what });
    const endings = [{ signal: closing, error: closed }];
    return within({ platform, timeoutMs, late, endings }, work);
  }

  #isOurs(url: string, genesisHash: string): boolean {
    if (this.#genesisHash === null || this.#genesisHash === genesisHash) return true;
    if (this.#book.foreign(url, genesisHash)) {
      const expected = this.#genesisHash;
      this.#deps.log.error('a chain endpoint serves another chain: it is not used', {
        url: this.#book.nameOf(url),
        genesisHash,
        expected,
      });
    }
    return false;
  }

  #onHead(link: TimedLink, head: BlockRef): void {
    if (link !== this.#current) return;
    this.#book.sawHead(link.url, head.number);
    this.heads.tell(head);
    if (link.isOutdated) void this.#renew(link);
  }

  /** Tried again at the next head until it works; the old connection still reads. */
  async #renew(old: TimedLink): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    try {
      await this.#change(old, await this.#open(old.url), 'its runtime changed');
    } catch (error) {
      this.#deps.log.debug('not connected anew after an upgrade', { problem: peerText(error) });
    } finally {
      this.#renewing = false;
    }
  }

  /** Takes a connection out of use and looks for the next one. */
  #drop(link: TimedLink, problem: string): void {
    if (this.#closed || this.#current !== link) return;
    this.#current = null;
    this.#book.failed(link.url, problem);
    const url = this.#book.nameOf(link.url);
    this.#deps.log.warn('the chain endpoint failed: connecting anew', { url, problem });
    void link.close();
    void this.#connectAnew();
  }

  async #visit(url: string): Promise<Probe | null> {
    const { clock } = this.#deps.platform;
    const startMs = clock.monotonicMs();
    try {
      const seen = await this.#inTime('a visit', (signal) => this.#deps.dialer.probe(url, signal));
      if (!this.#isOurs(url, seen.genesisHash)) return null;
      this.#book.visited(url, clock.monotonicMs() - startMs, seen.head.number);
      return seen;
    } catch (error) {
      if (!this.#closed) this.#book.failed(url, peerText(error));
      return null;
    }
  }

  async #visitOthers(): Promise<void> {
    await Promise.all(this.#book.others().map((url) => this.#visit(url)));
  }

  async #keepVisiting(): Promise<void> {
    const { platform, closing } = this.#deps;
    while (!this.#closed) {
      await pause(platform, visitEveryMs, closing);
      if (this.#closed) return;
      await this.#visitOthers();
      await this.#moveIfBetter();
    }
  }

  /** Back to an endpoint that has recovered, or on to one that does much better. */
  async #moveIfBetter(): Promise<void> {
    const better = this.#book.better();
    if (better !== null && this.#current !== null) await this.#moveTo(better, 'a better endpoint');
  }

  /** The old connection is let go of only when the new one is open. */
  async #moveTo(url: string, why: string): Promise<void> {
    const old = this.#current;
    if (old === null) return;
    try {
      await this.#change(old, await this.#open(url), why);
    } catch (error) {
      this.#book.failed(url, peerText(error));
    }
  }

  async #change(old: TimedLink, opened: TimedLink, why: string): Promise<void> {
    await opened.onHead((head) => this.#onHead(opened, head));
    if (this.#current !== old || opened.down.aborted) return opened.close();
    const [from, to] = [old.url, opened.url].map((one) => this.#book.nameOf(one));
    this.#deps.log.info('changing the chain connection', { from, to, why });
    this.#book.ready(old.url);
    this.#install(opened);
    await old.close();
  }

  /** Notices a silent line and a head that stands still, in two block times and a timeout. */
  async #watchHeads(): Promise<void> {
    const { platform, closing } = this.#deps;
    while (!this.#closed) {
      await pause(platform, this.heads.patienceMs(), closing);
      const link = this.#current;
      if (link === null || this.#closed || !this.heads.isLate()) continue;
      await this.#examine(link);
    }
  }

  #newsTimeMs(): number {
    return Math.min(this.#options.timeoutMs, Math.max(1000, this.heads.blockTimeMs()));
  }

  async #examine(link: TimedLink): Promise<void> {
    const last = this.heads.last;
    const head = await link.head().catch(() => null);
    if (head === null || this.#current !== link) return;
    if (last === null || head.number > last.number) {
      // The news of it may be on its way: on a fast chain, or a busy machine, it nearly always is.
      await pause(this.#deps.platform, this.#newsTimeMs(), this.#deps.closing);
      const isTold = (this.heads.last?.number ?? -1) >= head.number;
      return isTold ? undefined : this.#drop(link, 'it stopped telling new heads');
    }
    await this.#visitOthers();
    const ahead = this.#book.aheadOf(head.number);
    const problem = `the head stands still at block ${head.number}`;
    if (ahead === null) {
      const isReal = this.heads.noteStall(this.#options.timeoutMs);
      const { log } = this.#deps;
      const facts = { head: head.number };
      if (isReal) log.warn('the chain head stands still', facts);
      else log.debug('the chain head is late', facts);
      this.#book.note(link.url, problem);
    } else {
      await this.#leave(link, ahead, problem);
    }
  }

  /** Not dropped: on a busy machine it would answer again before the other one has opened. */
  async #leave(link: TimedLink, ahead: string, problem: string): Promise<void> {
    await this.#moveTo(ahead, problem);
    if (this.#current === link) this.#book.note(link.url, problem);
    else this.#book.failed(link.url, problem);
  }
}

function whyDown({ down: { reason } }: TimedLink): string {
  return reason instanceof BrokenLine ? peerText(reason) : 'the connection was cut';
}

async function pause(platform: Platform, ms: number, signal: AbortSignal): Promise<void> {
  await platform.clock.sleep(ms, signal).catch(() => undefined);
}
