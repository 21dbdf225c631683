import { createLoop } from '../../validator/loop.ts';
import type { ValidatorStatus } from '../../validator/explain.ts';
import type { SimNode, World } from './world.ts';

/** Runs a node until the chain has passed `blocks` more blocks; gives its last status. */
export async function runFor(
  world: World,
  node: SimNode,
  blocks: number,
): Promise<ValidatorStatus> {
  const stop = new AbortController();
  const until = (await world.chain.head()).number + blocks;
  const stopWatching = world.chain.onHead((head) => {
    if (head.number >= until) stop.abort(new Error('enough'));
  });
  const options = { once: false, headTimeoutMs: 60_000, signal: stop.signal };
  const loop = createLoop(node.deps, node.config, options);
  try {
    await loop.run();
    return loop.status();
  } finally {
    stopWatching();
  }
}
