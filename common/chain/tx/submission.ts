import type { BlockRef, ChainEvent, SubmitOptions, TxOutcome, TxState } from '../../chain-port.ts';
import { SubnetError } from '../../errors.ts';
import type { Platform } from '../../platform-port.ts';
import type { Signer } from '../../signer-port.ts';
import type { Logger } from '../../telemetry-port.ts';
import type { NamedCall } from '../chain-calls.ts';
import { ExtrinsicSearch, refOf } from './find-extrinsic.ts';
import type { LinkPool } from '../link/link-pool.ts';
import { NodeError } from '../link/link-port.ts';
import { peerText } from '../link/peer-text.ts';
import type { SignedTx } from '../link/link-port.ts';
import type { NonceQueue } from './nonce-queue.ts';
import { isOfPool, judge } from './pool-verdict.ts';
import { StatusQueue } from './status-queue.ts';
import type { Verdict } from './pool-verdict.ts';
import type { TimedLink } from '../link/timed-link.ts';
import { isLineError } from '../link/timed-link.ts';

export interface SubmissionDeps {
  readonly pool: Pick<LinkPool, 'link' | 'read' | 'heads' | 'elsewhere'>;
  readonly platform: Platform;
  readonly log: Logger;
  readonly closing: AbortSignal;
}

/** Blocks during which a signed extrinsic stays valid. */
const eraBlocks = 64;
/** Signings in all: more would only repeat what the pool has said. */
const signings = 3;
const refindMs = 500;
/** What a busy node is given before it is asked once more. */
const longestBusyMs = 6000;

/**
 * One transaction from its nonce to its block. It is signed anew only when the bytes before were
 * surely not taken, or when both have the same nonce, so that one of them at most can be valid.
 * The same call that was lost sight of before is that transaction still, until its era is over.
 */
export class Submission {
  readonly #deps: SubmissionDeps;
  readonly #queue: NonceQueue;
  readonly #call: NamedCall;
  readonly #name: string;
  readonly #signer: Signer;
  readonly #options: SubmitOptions;
  readonly #untilMs: number;
  #nonce: number | null = null;
  #tx: SignedTx | null = null;

  constructor(
    deps: SubmissionDeps,
    queue: NonceQueue,
    what: { readonly call: NamedCall; readonly signer: Signer; readonly options: SubmitOptions },
  ) {
    this.#deps = deps;
    this.#queue = queue;
    this.#call = what.call;
    this.#name = nameOf(what.call);
    this.#signer = what.signer;
    this.#options = what.options;
    this.#untilMs = deps.platform.clock.monotonicMs() + (what.options.timeoutMs ?? 60_000);
  }

  async run(): Promise<TxOutcome> {
    try {
      const outcome = (await this.#resume()) ?? (await this.#sendAndFollow());
      this.#settle(outcome);
      this.#tell(stateOf(outcome));
      return outcome;
    } catch (error) {
      if (this.#tx === null) throw error;
      const outcome = this.#unknown(peerText(error));
      this.#settle(outcome);
      this.#tell('unknown');
      return outcome;
    } finally {
      if (this.#nonce !== null) this.#queue.settle(this.#nonce);
    }
  }

  async #sendAndFollow(): Promise<TxOutcome> {
    return this.#follow(await this.#queue.alone(() => this.#send()));
  }

  /** What was asked for before and lost sight of, as long as it may still land; null otherwise. */
  async #resume(): Promise<TxOutcome | null> {
    const lost = this.#queue.lost.find(({ call }) => call === this.#name);
    if (lost === undefined) return null;
    await this.#tellSigned(lost.tx);
    this.#tx = lost.tx;
    const outcome = await this.#search(lost.tx);
    if (outcome.kind !== 'refused' || outcome.where !== 'pool') return outcome;
    this.#queue.found(lost);
    this.#tx = null;
    return null;
  }

  #settle(outcome: TxOutcome): void {
    if (this.#tx === null) return;
    if (outcome.kind === 'unknown') this.#queue.lose(this.#tx, this.#name);
    else if (outcome.kind === 'included' || outcome.where === 'dispatch') {
      this.#queue.used(this.#tx.nonce);
    }
  }

  /** Forgets what was found in a block meanwhile, or can no longer get into one. */
  async #lookForLost(link: TimedLink): Promise<void> {
    for (const lost of this.#queue.lost) {
      const head = await link.head();
      const block = await lost.search.look(link);
      if (block !== null) this.#queue.used(lost.tx.nonce);
      else if (lost.search.isOver(head)) this.#queue.found(lost);
    }
  }

  #tell(state: TxState): void {
    this.#options.onState?.(state);
  }

  #unknown(message: string): TxOutcome {
    const hash = this.#tx?.hash;
    return { kind: 'unknown', message, ...(hash === undefined ? {} : { extrinsicHash: hash }) };
  }

  /** Signs and hands over until a pool takes it, or says no for good. */
  async #send(): Promise<Watched | TxOutcome> {
    for (let round = 1; ; round += 1) {
      const { link, tx } = await this.#deps.pool.read(async (one) => {
        return { link: one, tx: await this.#sign(one) };
      });
      await this.#tellSigned(tx);
      const sent = await this.#handOverInTime(link, tx);
      if (!('verdict' in sent)) return sent;
      const { verdict } = sent;
      this.#deps.log.debug('the pool refused', { call: this.#call.call, ...verdict.error });
      const found = await this.#alreadyIn(verdict, link, tx);
      if (found !== null) return found;
      if (verdict.kind === 'busy') return this.#unknown(`no node could take it: ${sent.said}`);
      if (sent.mayHaveArrived) return unwatched(tx);
      if (verdict.kind === 'taken' && this.#options.nonce !== undefined) {
        return this.#unknown('a pool holds another transaction with its nonce');
      }
      if (verdict.kind === 'nonce' && this.#options.nonce !== undefined) {
        return this.#refused(verdict);
      }
      const waits = verdict.kind === 'taken' && this.#queue.isLost(tx.nonce);
      const isLast = waits ? this.#remainingMs() <= 0 : round >= signings;
      if (verdict.kind === 'refused' || isLast) return this.#refused(verdict);
      await this.#prepareAgain(verdict, tx);
    }
  }

  /** The same bytes again, here and elsewhere, while the node is only busy. */
  async #handOverInTime(first: TimedLink, tx: SignedTx): Promise<Watched | Refusal> {
    let link = first;
    let mayHaveArrived = false;
    for (let attempt = 0; ; attempt += 1) {
      const sent = await this.#handOver(link, tx);
      if (!('verdict' in sent)) return sent;
      mayHaveArrived ||= sent.mayHaveArrived;
      if (sent.verdict.kind !== 'busy') return { ...sent, mayHaveArrived };
      if (this.#remainingMs() <= 0) return sent;
      this.#deps.log.debug('the node is busy', { call: this.#call.call, said: sent.said });
      if (attempt > 0) this.#deps.pool.elsewhere(link, `it takes no transactions: ${sent.said}`);
      await this.#pause(Math.min(longestBusyMs, refindMs * 2 ** attempt));
      link = (await this.#linkAgain()) ?? link;
    }
  }

  async #linkAgain(): Promise<TimedLink | null> {
    return this.#deps.pool.link().catch(() => null);
  }

  async #sign(link: TimedLink): Promise<SignedTx> {
    if (this.#nonce === null) {
      this.#nonce = await this.#takeNonce(link);
      this.#tell('reserved');
    }
    const birth = await link.head();
    const terms = { nonce: this.#nonce, birth, eraBlocks };
    return link.sign(this.#call, this.#signer, terms);
  }

  async #takeNonce(link: TimedLink): Promise<number> {
    const { nonce } = this.#options;
    if (nonce !== undefined) return this.#queue.claim(nonce);
    await this.#lookForLost(link);
    return this.#queue.reserve(await link.nextNonce(this.#signer.ss58));
  }

  async #tellSigned({ hash, nonce, birth, eraBlocks: valid }: SignedTx): Promise<void> {
    const lastBlock = birth.number + valid;
    await this.#options.onSigned?.({ extrinsicHash: hash, nonce, lastBlock });
  }

  async #handOver(link: TimedLink, tx: SignedTx): Promise<Watched | Refusal> {
    const statuses = new StatusQueue();
    this.#tx = tx;
    this.#deps.log.debug('extrinsic sent', { call: this.#call.call, extrinsicHash: tx.hash });
    try {
      const stop = await link.watch(tx, (status) => statuses.push(status));
      this.#tell('submitted');
      return { tx, link, statuses, stop };
    } catch (error) {
      if (error instanceof NodeError) {
        const said = `${error.code}: ${peerText(error)}`;
        const verdict = judge(error, tx.specVersion);
        return { verdict, said, mayHaveArrived: verdict.kind === 'busy' && !isOfPool(error) };
      }
      if (!isLineError(error)) throw error;
      // It may have arrived: from here on it is looked for, never replaced.
      return unwatched(tx);
    }
  }

  /** Bytes that the node has met before may be in its pool, or in a block already. */
  async #alreadyIn(
    verdict: Verdict,
    link: TimedLink,
    tx: SignedTx,
  ): Promise<Watched | TxOutcome | null> {
    if (verdict.kind === 'known') return unwatched(tx);
    if (verdict.kind !== 'banned') return null;
    const block = await new ExtrinsicSearch(tx).look(link);
    return block === null ? null : this.#outcomeIn(block.hash, tx, false);
  }

  async #prepareAgain(verdict: Verdict, tx: SignedTx): Promise<void> {
    if (verdict.error.name === 'Stale') this.#queue.used(tx.nonce);
    if (verdict.kind === 'nonce' || verdict.kind === 'taken') {
      if (this.#nonce !== null) this.#queue.settle(this.#nonce);
      this.#nonce = null;
    }
    // Another birth block makes other bytes; a taken nonce is free again once its block is there.
    if (verdict.kind === 'banned' || verdict.kind === 'taken') await this.#nextHead(tx.birth);
  }

  async #nextHead(after: BlockRef): Promise<void> {
    while (this.#remainingMs() > 0) {
      const head = await this.#deps.pool.read((link) => link.head());
      if (head.number > after.number) return;
      await this.#pause(refindMs);
    }
  }

  #refused({ error }: Verdict): TxOutcome {
    const message = `the node refused ${this.#call.pallet}.${this.#call.call}: ${error.name}`;
    const base = { kind: 'refused', where: 'pool', name: error.name, message } as const;
    return error.customCode === undefined ? base : { ...base, customCode: error.customCode };
  }

  #remainingMs(): number {
    return this.#untilMs - this.#deps.platform.clock.monotonicMs();
  }

  async #pause(ms: number): Promise<void> {
    const { platform, closing } = this.#deps;
    await platform.clock.sleep(Math.max(0, Math.min(ms, this.#remainingMs())), closing);
  }

  /** Watches while the line holds; then looks for it in the blocks, by whichever endpoint answers. */
  async #follow(sent: Watched | TxOutcome): Promise<TxOutcome> {
    if (!('statuses' in sent)) return sent;
    if (sent.link === null) return this.#search(sent.tx);
    try {
      return (await this.#watch(sent, sent.link)) ?? (await this.#search(sent.tx));
    } finally {
      sent.stop();
    }
  }

  /** null when the line broke, or the pool let go of it: another node may put it into a block yet. */
  async #watch({ tx, statuses }: Watched, link: TimedLink): Promise<TxOutcome | null> {
    let seen: TxOutcome | null = null;
    for (;;) {
      const status = await statuses.next(this.#deps.platform, this.#remainingMs(), [
        link.down,
        this.#deps.closing,
      ]);
      if (status === 'down') return this.#deps.closing.aborted ? (seen ?? this.#closed()) : seen;
      if (status === 'late') return seen ?? (await this.#lastLook(tx));
      if (status.kind === 'gone') {
        this.#deps.log.debug('the pool let go of an extrinsic', { how: status.how, hash: tx.hash });
        return null;
      }
      if (status.kind === 'retracted') seen = null;
      if (status.kind === 'finality-timeout') return seen;
      if (status.kind !== 'in-block' && status.kind !== 'finalised') continue;
      const finalised = status.kind === 'finalised';
      const outcome = await this.#outcomeIn(status.blockHash, tx, finalised).catch(unlessLine);
      if (outcome === null) return seen;
      if (finalised || this.#options.until !== 'finalised') return outcome;
      if (outcome.kind === 'refused') return outcome;
      this.#tell('in-block');
      seen = outcome;
    }
  }

  #closed(): TxOutcome {
    return this.#unknown(new SubnetError('CHAIN_CLOSED', { what: this.#call.call }).message);
  }

  async #lastLook(tx: SignedTx): Promise<TxOutcome> {
    const block = await this.#find(tx).catch(() => null);
    if (block !== null) return this.#outcomeIn(block.hash, tx, false);
    return this.#unknown('it was not seen in a block in time');
  }

  #find(tx: SignedTx, search = new ExtrinsicSearch(tx)): Promise<BlockRef | null> {
    return this.#deps.pool.read((link) => search.look(link));
  }

  /**
   * Until it is found, its era is over, or the time is up. The same bytes are offered to the next
   * endpoint's pool, which changes nothing when they are known there.
   */
  async #search(tx: SignedTx): Promise<TxOutcome> {
    const search = new ExtrinsicSearch(tx);
    let offered = false;
    while (this.#remainingMs() > 0 && !this.#deps.closing.aborted) {
      const head = await this.#deps.pool.read((link) => link.head()).catch(unlessLine);
      const block = await this.#find(tx, search).catch(unlessLine);
      const outcome = block && (await this.#awaitFinality(block, tx).catch(unlessLine));
      if (outcome !== null) return outcome;
      if (head !== null && search.isOver(head)) return this.#expired(tx);
      if (!offered) offered = await this.#offerAgain(tx);
      await this.#pause(refindMs).catch(() => undefined);
    }
    return this.#unknown('it was sent, and was not seen in a block in time');
  }

  #expired(tx: SignedTx): TxOutcome {
    const last = tx.birth.number + tx.eraBlocks;
    const message = `it is in no block up to ${last}, after which it is no longer valid`;
    return { kind: 'refused', where: 'pool', name: 'Expired', message };
  }

  async #offerAgain(tx: SignedTx): Promise<boolean> {
    try {
      const link = await this.#deps.pool.link();
      const stop = await link.watch(tx, () => undefined);
      stop();
      return true;
    } catch (error) {
      return error instanceof NodeError;
    }
  }

  async #awaitFinality(block: BlockRef, tx: SignedTx): Promise<TxOutcome> {
    const seen = await this.#outcomeIn(block.hash, tx, false);
    if (seen.kind !== 'included' || this.#options.until !== 'finalised') return seen;
    this.#tell('in-block');
    while (this.#remainingMs() > 0 && !this.#deps.closing.aborted) {
      const last = await this.#deps.pool.read((link) => link.finalised()).catch(unlessLine);
      if (last !== null && last.number >= block.number) return { ...seen, finalised: true };
      await this.#pause(refindMs).catch(() => undefined);
    }
    return seen;
  }

  /** Reads back what the block says of it. */
  async #outcomeIn(blockHash: string, tx: SignedTx, finalised: boolean): Promise<TxOutcome> {
    return this.#deps.pool.read(async (link) => {
      const content = await link.block(blockHash);
      if (content === null) throw new SubnetError('CHAIN_NO_BLOCK', { block: blockHash });
      const at = content.extrinsicHashes.indexOf(tx.hash);
      const block = refOf(content);
      const events = (await link.events(block)).filter((event) => event.extrinsic === at);
      const failed = events.find(({ name, failure }) => failure !== null && failing.includes(name));
      const failure = failed?.failure ?? null;
      if (failure !== null) return this.#failedIn(block, failure);
      const told: ChainEvent[] = events.map(({ name, args }) => ({ name, args }));
      return { kind: 'included', block, extrinsicHash: tx.hash, events: told, finalised };
    });
  }

  #failedIn(block: BlockRef, name: string): TxOutcome {
    const { pallet, call } = this.#call;
    const message = `${pallet}.${call} failed in block ${block.number}: ${name}`;
    return { kind: 'refused', where: 'dispatch', name, message, block };
  }
}

/** Events by which a dispatch says that it failed, inside Sudo too. */
const failing = ['System.ExtrinsicFailed', 'Sudo.Sudid', 'Sudo.SudoAsDone'];

interface Refusal {
  readonly verdict: Verdict;
  /** In the node's words. */
  readonly said: string;
  /** One that was asked before may have it all the same: it said nothing of the transaction. */
  readonly mayHaveArrived: boolean;
}

interface Watched {
  readonly tx: SignedTx;
  /** null when nobody watches it any more. */
  readonly link: TimedLink | null;
  readonly statuses: StatusQueue;
  readonly stop: () => void;
}

function unwatched(tx: SignedTx): Watched {
  return { tx, link: null, statuses: new StatusQueue(), stop: () => undefined };
}

/** The same for the same call with the same arguments. */
function nameOf(call: NamedCall): string {
  return JSON.stringify(call, (_, value: unknown) => {
    return typeof value === 'bigint' ? `${value}n` : value;
  });
}

function unlessLine(error: unknown): null {
  if (!isLineError(error)) throw error;
  return null;
}

function stateOf(outcome: TxOutcome): TxState {
  if (outcome.kind === 'unknown') return 'unknown';
  if (outcome.kind === 'refused') return 'failed';
  return outcome.finalised ? 'finalised' : 'in-block';
}
