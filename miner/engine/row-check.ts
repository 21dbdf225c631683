import { seededUniform } from '../../common/load/seeded.ts';
import type { Uniform } from '../../common/load/seeded.ts';
import { syntheticTensors } from '../../common/load/synthetic-tensors.ts';
import type { Tensor, TensorSpec } from '../../common/tensor.ts';
import { elementCount } from '../../common/tensor.ts';
import { joinRows, splitRows } from '../batch/batch-rows.ts';
import { answerDifference, difference, exact } from '../batch/tolerance.ts';

export interface CheckedModel {
  /** The network's. */
  readonly inputs: readonly TensorSpec[];
  /** What callers would get; rejects when the model does not take the inputs. */
  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
}

/**
 * How far two rows that share a run are from each alone, in words; null when they are the same
 * within the tolerance; undefined when the model took no inputs that could be thought of. A named
 * first axis does not say that a model keeps its rows apart: a softmax over the wrong axis mixes them.
 */
export async function rowsMixed(
  model: CheckedModel,
  tolerance: number | undefined,
): Promise<string | null | undefined> {
  for (const freeAxis of freeLengths(model.inputs)) {
    try {
      return await compared(model, freeAxis, tolerance);
    } catch {
      // Of another length it may take them.
    }
  }
  return undefined;
}

async function compared(
  { inputs, run }: CheckedModel,
  freeAxis: number,
  tolerance: number | undefined,
): Promise<string | null> {
  const pair = twoRows(inputs, freeAxis);
  const joined = joinRows(pair);
  const alone: (readonly Tensor[])[] = [];
  for (const one of pair) alone.push(await run(one));
  const parts = splitRows(await run(joined.inputs), joined);
  if (parts === null) return 'the outputs of two rows are not of two rows';
  for (const [at, part] of parts.entries()) {
    const why = answerDifference(alone[at] ?? [], part, tolerance);
    if (why !== null) return why;
  }
  return null;
}

const seed = 1;
const maxDraws = 16;

/** The same at each start. Of a single whole number two draws may be one and the same. */
function twoRows(inputs: readonly TensorSpec[], freeAxis: number): (readonly Tensor[])[] {
  const uniform = seededUniform(seed);
  const first = oneRow(inputs, freeAxis, uniform);
  let second = first;
  for (let draw = 0; draw < maxDraws && difference(first, second, exact) === null; draw += 1) {
    second = oneRow(inputs, freeAxis, uniform);
  }
  return [first, second];
}

function oneRow(inputs: readonly TensorSpec[], freeAxis: number, uniform: Uniform) {
  return syntheticTensors(inputs, { rows: 1, freeAxis }, uniform);
}

/** Tokens, then what takes only one, then pictures. */
const lengthsToTry = [8, 1, 64, 224];
/** Of one input: more would make a start slow. */
const maxElements = 1_048_576;

function freeLengths(inputs: readonly TensorSpec[]): readonly number[] {
  const isFree = inputs.some(({ shape }) => shape.slice(1).includes(-1));
  if (!isFree) return lengthsToTry.slice(0, 1);
  return lengthsToTry.filter((length) =>
    inputs.every(({ shape }) => elementsOf(shape, length) <= maxElements),
  );
}

function elementsOf(shape: readonly number[], freeAxis: number): number {
  return elementCount(shape.slice(1).map((length) => (length < 0 ? freeAxis : length)));
}
