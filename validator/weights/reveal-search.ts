import type { Chain, ChainEvent, PendingCommit } from '../../common/chain-port.ts';
import { isSubnetError } from '../../common/errors.ts';

/**
 * How much of the time in which a reveal could come was looked through for its event: `none` when
 * there was nothing to look for or the endpoint is behind, `whole`, or `partly` when blocks are
 * forgotten or too many.
 */
export type SearchExtent = 'none' | 'partly' | 'whole';

export interface RevealSearch {
  readonly revealedAt: number | null;
  readonly search: SearchExtent;
}

export interface SearchFor {
  /** First and last block in which the reveal can lie. */
  readonly from: number;
  readonly until: number;
  /** The block at which the commit was found to be no longer pending, at least. */
  readonly readAt: number;
  readonly isReveal: (event: ChainEvent) => boolean;
  /** Asked again after a search in vain: the endpoint may be another one than before. */
  readonly isPending: (pending: readonly PendingCommit[]) => boolean;
  readonly pending: () => Promise<readonly PendingCommit[]>;
}

export const notSearched: RevealSearch = { revealedAt: null, search: 'none' };

/** More than the chains that pay have in an epoch; its reveal comes in the first few blocks. */
const mostBlocks = 1024;
const blocksAtATime = 16;

/**
 * Looks for the event of a reveal. A search by an endpoint that is behind the block at which the
 * commit was seen to be gone is none: the reveal may lie above its head. Throws CHAIN_*.
 */
export async function searchReveal(chain: Chain, wanted: SearchFor): Promise<RevealSearch> {
  const head = (await chain.head()).number;
  if (head < wanted.readAt || head < wanted.from) return notSearched;
  const until = Math.min(head, wanted.until);
  const found = await searchBlocks(chain, wanted.from, until, wanted.isReveal);
  if (found.revealedAt !== null) return found;
  if (wanted.isPending(await wanted.pending())) return notSearched;
  const now = (await chain.head()).number;
  if (now < head) return notSearched;
  const rest = await searchBlocks(chain, until + 1, Math.min(now, wanted.until), wanted.isReveal);
  return rest.revealedAt === null && rest.search === 'whole' ? found : rest;
}

async function searchBlocks(
  chain: Chain,
  from: number,
  until: number,
  isReveal: SearchFor['isReveal'],
): Promise<RevealSearch> {
  const last = Math.min(until, from + mostBlocks - 1);
  let search: SearchExtent = last === until ? 'whole' : 'partly';
  for (let first = from; first <= last; first += blocksAtATime) {
    const length = Math.min(blocksAtATime, last - first + 1);
    const numbers = Array.from({ length }, (_, at) => first + at);
    const read = await Promise.all(numbers.map((number) => eventsOf(chain, number)));
    const at = read.findIndex((events) => events?.some(isReveal) === true);
    if (at >= 0) return { revealedAt: first + at, search };
    if (read.includes(null)) search = 'partly';
  }
  return { revealedAt: null, search };
}

/** null when the endpoint no longer has the block's state. */
export async function eventsOf(
  chain: Chain,
  number: number,
): Promise<readonly ChainEvent[] | null> {
  try {
    return await chain.eventsAt({ number, hash: await chain.blockHash(number) });
  } catch (error) {
    if (isSubnetError(error) && error.code === 'CHAIN_NO_BLOCK') return null;
    throw error;
  }
}
