import type { TaskConfig } from '../common/config/subnet-schema.ts';
import type { Fault } from '../common/fault.ts';
import type { Tensor, TensorSpec } from '../common/tensor.ts';
import type { Dataset } from './dataset.ts';

export interface Challenge {
  /** What the miner is sent, encoded as the interface says: names, datatypes, shapes. */
  readonly inputs: readonly Tensor[];
  /** What the right outputs are. It never leaves the validator before the evidence is due. */
  readonly truth: readonly Tensor[];
}

/**
 * One mark per item of the challenge, each from 0 (wrong) to 1 (right). Marks that are missing or no
 * finite numbers are a fault of the task, not of the miner: its answer is left out, and it is told.
 */
export interface Judgement {
  readonly kind: 'judgement';
  readonly marks: readonly number[];
}

/** A kind with its configuration and data set: all that a round needs. Pure. */
export interface Task {
  readonly name: string;
  readonly kind: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Items in each challenge. */
  readonly items: number;
  /** The expected mark of the best answerer that does not look at its input; 0 to below 1. */
  readonly chance: number;
  /** The same seed gives the same challenge, bit for bit, on every machine. */
  generate(seed: Uint8Array): Challenge;
  /** Outputs are untrusted: what does not fit the interface is a `bad-answer` fault. */
  judge(truth: readonly Tensor[], outputs: readonly Tensor[]): Judgement | Fault;
}

/** A combination that cannot work, and where in the task's part of the YAML it stands. */
export interface TaskProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint: string;
}

/** What an owner adds to have another kind of task: one file, and one line in registry.ts. */
export interface TaskKind<Config extends TaskConfig> {
  /** All that keeps configuration and data set from working together; empty when fine. */
  problems(config: Config, dataset: Dataset): readonly TaskProblem[];
  /** Of a configuration without problems. */
  build(config: Config, dataset: Dataset): Task;
}
