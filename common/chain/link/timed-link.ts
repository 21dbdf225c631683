import type { Ss58 } from '../../brand.ts';
import type { BlockRef } from '../../chain-port.ts';
import { SubnetError, isSubnetError } from '../../errors.ts';
import type { Platform } from '../../platform-port.ts';
import type { Signer } from '../../signer-port.ts';
import type { StateView } from '../../state-view.ts';
import type { CallOffer, NamedCall } from '../chain-calls.ts';
import { within } from './deadline.ts';
import { NodeError } from './link-port.ts';
import type {
  BlockContent,
  BlockEvent,
  Link,
  PoolStatus,
  SignedTx,
  SigningTerms,
} from './link-port.ts';
import { peerText } from './peer-text.ts';

export interface LinkLimits {
  readonly platform: Platform;
  readonly timeoutMs: number;
  /** Of the whole client. */
  readonly closing: AbortSignal;
}

/** Hears how long each answer took, and of each line that failed. */
export interface LinkWitness {
  answered(latencyMs: number): void;
  failed(problem: string): void;
}

/**
 * A link whose every call ends in time: CHAIN_TIMEOUT, CHAIN_UNREACHABLE when the line breaks,
 * CHAIN_RPC or CHAIN_NO_BLOCK when the node says no, CHAIN_CLOSED.
 */
export class TimedLink {
  readonly #link: Link;
  readonly #limits: LinkLimits;
  readonly #witness: LinkWitness;

  constructor(link: Link, limits: LinkLimits, witness: LinkWitness) {
    this.#link = link;
    this.#limits = limits;
    this.#witness = witness;
  }

  get url(): string {
    return this.#link.url;
  }
  get genesisHash(): string {
    return this.#link.genesisHash;
  }
  get down(): AbortSignal {
    return this.#link.down;
  }
  get slotMs(): number {
    return this.#link.slotMs;
  }
  get specVersion(): number {
    return this.#link.specVersion;
  }
  get isOutdated(): boolean {
    return this.#link.isOutdated;
  }
  get offer(): CallOffer {
    return this.#link.offer;
  }

  head(): Promise<BlockRef> {
    return this.#ask('head', () => this.#link.head());
  }

  finalised(): Promise<BlockRef> {
    return this.#ask('finalised head', () => this.#link.finalised());
  }

  blockHash(number: number): Promise<string | null> {
    return this.#ask('block hash', () => this.#link.blockHash(number));
  }

  block(hash: string): Promise<BlockContent | null> {
    return this.#ask('block', () => this.#link.block(hash));
  }

  events(block: BlockRef): Promise<readonly BlockEvent[]> {
    return this.#ask('events', () => this.#link.events(block));
  }

  view(block: BlockRef): Promise<StateView> {
    return this.#ask('state', () => this.#link.view(block, this.#ask));
  }

  nextNonce(address: Ss58): Promise<number> {
    return this.#ask('nonce', () => this.#link.nextNonce(address));
  }

  sign(call: NamedCall, signer: Signer, terms: SigningTerms): Promise<SignedTx> {
    return this.#ask('signing', () => this.#link.sign(call, signer, terms));
  }

  /** Throws NodeError when the node refuses it: what that means is for the caller to say. */
  async watch(tx: SignedTx, onStatus: (status: PoolStatus) => void): Promise<() => void> {
    const refusal: { error?: NodeError } = {};
    const stop = await this.#ask('submitting', () =>
      this.#link.watch(tx, onStatus).catch((error: unknown) => {
        if (!(error instanceof NodeError)) throw error;
        refusal.error = error;
        return () => undefined;
      }),
    );
    if (refusal.error !== undefined) throw refusal.error;
    return stop;
  }

  onHead(listener: (head: BlockRef) => void): Promise<void> {
    return this.#ask('subscribing to heads', () => this.#link.onHead(listener));
  }

  /** A half-dead socket must not keep the node from ending. */
  async close(): Promise<void> {
    const { platform } = this.#limits;
    const late = (): Error => new SubnetError('CHAIN_TIMEOUT', { what: 'closing' });
    const wait = { platform, timeoutMs: 2000, late, endings: [] };
    await within(wait, () => this.#link.close()).catch(() => undefined);
  }

  readonly #ask = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const { platform, timeoutMs, closing } = this.#limits;
    const startMs = platform.clock.monotonicMs();
    const closed = (): Error => new SubnetError('CHAIN_CLOSED', { what });
    const broken = (): Error =>
      new SubnetError('CHAIN_UNREACHABLE', { what, detail: 'the connection was cut' });
    const late = (): Error => new SubnetError('CHAIN_TIMEOUT', { what, timeoutMs });
    const endings = [
      { signal: closing, error: closed },
      { signal: this.#link.down, error: broken },
    ];
    try {
      const answer = await within({ platform, timeoutMs, late, endings }, work);
      this.#witness.answered(platform.clock.monotonicMs() - startMs);
      return answer;
    } catch (thrown) {
      const error = readError(what, thrown, this.#link.down.aborted);
      if (isLineError(error)) this.#witness.failed(error.message);
      throw error;
    }
  };
}

/** True for what another endpoint may do better. */
export function isLineError(error: unknown): boolean {
  if (!isSubnetError(error)) return false;
  return error.code === 'CHAIN_TIMEOUT' || error.code === 'CHAIN_UNREACHABLE';
}

/** What is no answer of the node and no broken line was not understood on our side. */
function readError(what: string, error: unknown, isDown: boolean): SubnetError {
  if (isSubnetError(error)) return error;
  const detail = peerText(error);
  const cause = { cause: error };
  if (isDown) return new SubnetError('CHAIN_UNREACHABLE', { what, detail }, cause);
  const isGone = goneTexts.test(detail) || (error instanceof NodeError && error.code === 4003);
  const code = isGone && what !== 'head' ? 'CHAIN_NO_BLOCK' : 'CHAIN_RPC';
  return new SubnetError(code, { what, detail }, cause);
}

const goneTexts = /discarded|unknown block|not found|unable to retrieve header/i;
