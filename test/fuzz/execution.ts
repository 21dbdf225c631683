import { mutate } from './mutate.ts';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** So many executions begin with the same input, each with changes of its own: making one is dear. */
const perBase = 16;

/** Inputs of executions: decided by target, corpus, seed and number, and by nothing else. */
export function createInputs(
  target: FuzzTarget,
  corpus: readonly Uint8Array[],
  seed: number,
): (execution: number) => Uint8Array {
  let group = -1;
  let bases: readonly [Uint8Array, Uint8Array] = [new Uint8Array(), new Uint8Array()];
  const makeBase = (random: Random): Uint8Array =>
    corpus[random.below(corpus.length * 4)] ?? target.make(random);
  return (execution) => {
    if (Math.floor(execution / perBase) !== group) {
      group = Math.floor(execution / perBase);
      const random = createRandom(seed, -1 - group);
      bases = [makeBase(random), makeBase(random)];
    }
    const [base, other] = bases;
    if (execution % perBase === 0) return base;
    return mutate(createRandom(seed, execution), base, other);
  };
}

export function inputOf(
  target: FuzzTarget,
  corpus: readonly Uint8Array[],
  seed: number,
  execution: number,
): Uint8Array {
  return createInputs(target, corpus, seed)(execution);
}
