import type { LoadProblem } from './engine-load.ts';

/** Why a model cannot be loaded, in a form that the parent can tell apart. */
export class LoadError extends Error {
  readonly problem: LoadProblem;
  constructor(problem: LoadProblem, detail: string) {
    super(detail);
    this.problem = problem;
  }
}
