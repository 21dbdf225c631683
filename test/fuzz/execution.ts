import { mutate } from './mutate.ts';
import { createRandom } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** The input of one execution: decided by target, corpus, seed and number, and by nothing else. */
export function inputOf(
  target: FuzzTarget,
  corpus: readonly Uint8Array[],
  seed: number,
  execution: number,
): Uint8Array {
  const random = createRandom(seed, execution);
  const base = (): Uint8Array => {
    const kept = corpus[random.below(corpus.length * 4)];
    return kept ?? target.make(random);
  };
  const first = base();
  return random.chance(0.25) ? first : mutate(random, first, random.chance(0.2) ? base() : first);
}
