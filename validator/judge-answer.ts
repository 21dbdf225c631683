import { isFault } from '../common/fault.ts';
import type { Fault } from '../common/fault.ts';
import type { Tensor } from '../common/tensor.ts';
import type { Judgement, Task } from '../tasks/task-port.ts';

/** The mechanism gave no number for a good answer: that is no fault of the miner, and no zero. */
export interface Unjudged {
  readonly kind: 'unjudged';
  /** Which number it was, and what it is instead. */
  readonly detail: string;
}

/** What came of one answer, whoever is to blame. */
export type Verdict = Judgement | Fault | Unjudged;

export function isUnjudged(verdict: Verdict): verdict is Unjudged {
  return verdict.kind === 'unjudged';
}

/** The only way to marks: what a task's code returns is a number, or is told of. */
export function judgeAnswer(
  task: Task,
  truth: readonly Tensor[],
  outputs: readonly Tensor[],
): Verdict {
  const judged = task.judge(truth, outputs);
  if (isFault(judged)) return judged;
  const problem = chanceProblem(task) ?? marksProblem(judged.marks, task.items);
  return problem === null ? judged : { kind: 'unjudged', detail: problem };
}

function chanceProblem({ chance }: Task): string | null {
  return chance >= 0 && chance < 1 ? null : `its chance is ${shown(chance)}, not from 0 to below 1`;
}

function marksProblem(marks: readonly number[], items: number): string | null {
  if (!Array.isArray(marks)) return 'it gave no marks';
  if (marks.length !== items) return `it gave ${marks.length} marks for ${items} items`;
  const at = Array.from(marks, (mark) => Number.isFinite(mark)).indexOf(false);
  return at < 0 ? null : `mark ${at + 1} of ${items} is ${shown(marks[at])}, not a finite number`;
}

/** Plugins are not bound by their types; what they return may be long. */
function shown(value: unknown): string {
  return String(value).slice(0, 40);
}
