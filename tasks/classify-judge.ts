import { fault, isFault } from '../common/fault.ts';
import type { Fault } from '../common/fault.ts';
import { elementCount } from '../common/tensor.ts';
import type { Tensor, TensorSpec } from '../common/tensor.ts';
import type { Judgement } from './task-port.ts';

type Scores = Float32Array | Float64Array;

function labelsOf(truth: readonly Tensor[]): readonly number[] {
  const data = truth.find((tensor) => tensor.name === 'labels')?.data;
  return data instanceof Int32Array ? [...data] : [];
}

function misfit(spec: TensorSpec, wanted: readonly number[], tensor: Tensor): string | null {
  const { datatype, shape } = tensor;
  if (datatype !== spec.datatype) return `is ${datatype}, not ${spec.datatype}`;
  if (shape.join() !== wanted.join()) return `is [${shape.join()}], not [${wanted.join()}]`;
  return null;
}

/** The scores that the miner gave, row after row, or what is wrong with them. */
function scoresOf(spec: TensorSpec, rows: number, outputs: readonly Tensor[]): Scores | Fault {
  const [found, ...more] = outputs.filter((output) => output.name === spec.name);
  if (found === undefined) return fault('bad-answer', `no output ${spec.name}`);
  if (more.length > 0) return fault('bad-answer', `output ${spec.name} stands twice`);
  const wanted = [rows, ...spec.shape.slice(1)];
  const wrong = misfit(spec, wanted, found);
  if (wrong !== null) return fault('bad-answer', `output ${spec.name} ${wrong}`);
  return numbersOf(found, elementCount(wanted));
}

function numbersOf(tensor: Tensor, count: number): Scores | Fault {
  const { data, name } = tensor;
  const typed = data instanceof Float32Array || data instanceof Float64Array;
  if (typed && data.length === count) return data;
  return fault('bad-answer', `output ${name} does not hold ${count} numbers`);
}

/** The place of the one largest score; -1 when two share it or any score is not finite. */
function choice(scores: Scores): number {
  let [place, top, shared] = [-1, Number.NEGATIVE_INFINITY, false];
  for (const [at, score] of scores.entries()) {
    if (!Number.isFinite(score)) return -1;
    if (score === top) shared = true;
    if (score > top) [place, top, shared] = [at, score, false];
  }
  return shared ? -1 : place;
}

/** Marks each row 1 when its one largest score is at the label, and 0 otherwise. */
export function judgeClasses(
  spec: TensorSpec,
  classes: number,
  truth: readonly Tensor[],
  outputs: readonly Tensor[],
): Judgement | Fault {
  const labels = labelsOf(truth);
  const scores = scoresOf(spec, labels.length, outputs);
  if (isFault(scores)) return scores;
  const row = (at: number): Scores => scores.subarray(at * classes, (at + 1) * classes);
  return {
    kind: 'judgement',
    marks: labels.map((label, at) => (choice(row(at)) === label ? 1 : 0)),
  };
}
