import type { TaskConfig } from '../common/config/subnet-schema.ts';
import { SubnetError } from '../common/errors.ts';
import { classify } from './classify.ts';
import type { Dataset } from './dataset.ts';
import type { Task, TaskProblem } from './task-port.ts';

/** Every kind of task that a subnet's YAML may name. A new kind is one line here. */
const taskKinds = { classify };

/** All that keeps a task's configuration and its data set from working together. */
export function taskProblems(config: TaskConfig, dataset: Dataset): readonly TaskProblem[] {
  return taskKinds[config.kind].problems(config, dataset);
}

/** Throws TASK_MISFIT, with all problems, when configuration and data set do not fit. */
export function prepareTask(config: TaskConfig, dataset: Dataset): Task {
  const problems = taskProblems(config, dataset);
  if (problems.length === 0) return taskKinds[config.kind].build(config, dataset);
  const lines = problems.map(({ path, message, hint }) => `${path.join('.')} ${message}. ${hint}`);
  throw new SubnetError('TASK_MISFIT', { detail: lines.join(' '), task: config.name });
}
