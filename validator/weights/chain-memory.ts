import type { BlockRef, Chain } from '../../common/chain-port.ts';
import { isSubnetError } from '../../common/errors.ts';
import { isOpen } from './vector-state.ts';
import type { VectorEvent, VectorRecord } from './vector-state.ts';

/** Whether a block that was seen once is still on the chain; `unsure`: it cannot be told now. */
export type Sight = 'there' | 'gone' | 'unsure';

/** What the chain still has of the blocks that a record goes by. */
export interface ChainMemory {
  /** The block of its inclusion. */
  readonly included: Sight;
  /** The block before its signing. */
  readonly anchor: Sight;
}

/** Another endpoint may be so far behind; a chain that is further behind was set back. */
const lagBlocks = 8;
/** Before the last signing: a fork that goes deeper takes the signature's era with it. */
const anchorDepth = 8;

/** The block that a signing now goes by. Throws CHAIN_*. */
export async function anchorAt(chain: Chain, head: number): Promise<VectorRecord['anchor']> {
  const block = Math.max(0, head - anchorDepth);
  const hash = await hashAt(chain, block);
  return hash === null ? null : { block, hash };
}

/** null for a block that the endpoint does not have. Throws CHAIN_*. */
export async function hashAt(chain: Chain, block: number): Promise<string | null> {
  try {
    return await chain.blockHash(block);
  } catch (error) {
    if (isSubnetError(error) && error.code === 'CHAIN_NO_BLOCK') return null;
    throw error;
  }
}

/** Throws CHAIN_*. */
export async function memoryOf(
  chain: Chain,
  head: BlockRef,
  record: VectorRecord,
): Promise<ChainMemory> {
  const { includedAtBlock, includedHash, anchor } = record;
  const included = await sightOf(chain, head.number, includedAtBlock, includedHash);
  // One look is enough while the inclusion stands.
  if (included === 'there' || anchor === null) return { included, anchor: 'unsure' };
  // Above the head of a chain that was set back there is none.
  if (included === 'gone' && anchor.block > head.number) return { included, anchor: 'gone' };
  return { included, anchor: await sightOf(chain, head.number, anchor.block, anchor.hash) };
}

async function sightOf(
  chain: Chain,
  head: number,
  block: number | null,
  hash: string | null,
): Promise<Sight> {
  if (block === null) return 'unsure';
  if (block - head > lagBlocks) return 'gone';
  if (hash === null || block > head) return 'unsure';
  const found = await hashAt(chain, block);
  if (found === null) return 'unsure';
  return found === hash ? 'there' : 'gone';
}

/** Its state says that a block of the chain has it. */
function claimsBlock(record: VectorRecord): boolean {
  return isOpen(record) || record.state === 'effective';
}

/**
 * The step of a vector whose block has left the chain. Where its signature can still land it is
 * looked for and sent again as it is; else it has lapsed, and another takes its place.
 */
export function stepBack(
  record: VectorRecord,
  { included, anchor }: ChainMemory,
): VectorEvent | null {
  const inFlight = record.state === 'submitting' || record.state === 'unknown';
  if (!inFlight && !claimsBlock(record)) return null;
  if (!inFlight && included !== 'gone' && anchor !== 'gone') return null;
  const block = (inFlight ? record.anchor?.block : record.includedAtBlock) ?? record.builtAtBlock;
  const reason = `the chain went back behind block ${block} (its hash changed)`;
  if (anchor === 'gone' || (!inFlight && record.anchor === null)) return { to: 'lapsed', reason };
  return inFlight ? null : { to: 'unknown', reason };
}
