import type { StateView } from '../state-view.ts';
import { asNumber } from './decoded.ts';
import type { TimedLink } from './link/timed-link.ts';

interface Sample {
  readonly block: number;
  readonly timeMs: number;
}

/** Blocks over which the time between two is measured, at least and at most. */
const fewest = 8;
const most = 300;

/** How far apart blocks are, by the chain's own clock. */
export class BlockPace {
  #samples: Sample[] = [];

  /** What `Timestamp.Now` said at a block; a later one of the same number replaces it. */
  note(block: number, timeMs: number): void {
    const kept = this.#samples.filter((one) => one.block < block && one.block >= block - most);
    const last = kept.at(-1);
    // Two samples that far apart are enough to measure between.
    if (last === undefined || block - last.block >= fewest) kept.push({ block, timeMs });
    this.#samples = kept;
  }

  /** Milliseconds from one block to the next; the runtime's aim on a chain that is too young. */
  async measure(view: StateView, link: TimedLink): Promise<number> {
    const { number } = view.block;
    if (number <= fewest) return link.slotMs;
    const now = asNumber(await view.storage('Timestamp', 'Now'));
    const past = this.#oldest(number) ?? (await readPast(number, link));
    if (past === null) return link.slotMs;
    this.note(past.block, past.timeMs);
    const perBlock = (now - past.timeMs) / (number - past.block);
    return perBlock > 0 ? perBlock : link.slotMs;
  }

  #oldest(head: number): Sample | null {
    const found = this.#samples.find(({ block }) => head - block >= fewest && head - block <= most);
    return found ?? null;
  }
}

/** null when the node no longer holds that block. */
async function readPast(head: number, link: TimedLink): Promise<Sample | null> {
  const block = Math.max(1, head - 2 * fewest);
  try {
    const hash = await link.blockHash(block);
    if (hash === null) return null;
    const view = await link.view({ number: block, hash });
    return { block, timeMs: asNumber(await view.storage('Timestamp', 'Now')) };
  } catch {
    return null;
  }
}
