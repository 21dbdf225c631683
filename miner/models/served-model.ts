import type { Tensor } from '../../common/tensor.ts';
import type { ModelInterface } from '../../common/wire/inference-types.ts';
import type { ModelStatistics } from '../../common/wire/model-statistics.ts';
import type { BatchJob, BatchOutcome } from '../batch/batcher.ts';
import type { InstanceState, RunFailure } from '../engine/engine-port.ts';
import type { Holds } from './holds.ts';

/** One caller's request. Its inputs were checked against the model's interface. */
export type InferJob = BatchJob;

/** What a caller sent is no text, no image, or too large for this model; `detail` says it to them. */
export interface InvalidInput {
  readonly kind: 'invalid';
  readonly detail: string;
}

/** Outputs, the refusal of a queue, or what went wrong where it is computed. */
export type InferOutcome = BatchOutcome | InvalidInput;

/**
 * One version of a model that answers, wherever it computes: in a process of this machine behind a
 * batcher, or on a server elsewhere.
 */
export interface ServedModel {
  readonly name: string;
  /** As in `/v2/models/{name}/versions/{version}`. */
  readonly version: string;
  /** Lower-case hex of what computes; receipts name it. */
  readonly sha256: string;
  /** What callers send and get; may differ from what the network itself takes (text, images). */
  readonly interface: ModelInterface;
  /** `platform` of the protocol's model metadata, such as `onnxruntime_onnx`. */
  readonly platform: string;
  /**
   * Why it cannot answer now, or null. A model process that is being replaced is no reason, unless
   * its device fails or it does not start again.
   */
  notReady(): string | null;
  /** Never rejects: what goes wrong is an outcome. */
  infer(job: InferJob): Promise<InferOutcome>;
  load(): ModelLoad;
  /** Who has found it and may still ask it. Absent where nobody counts. */
  readonly holds?: Holds;
  close(): Promise<void>;
  /** What it did since it was loaded; absent where nobody counts. */
  statistics?(): ModelStatistics;
  /** Absent where no process of this machine computes. */
  process?(): ModelProcess;
}

export interface ModelProcess {
  /** The execution provider that really computes. */
  readonly provider: string;
  /** Null while it is being replaced. */
  readonly pid: number | null;
  /** Each process and device on its own. */
  readonly instances?: readonly InstanceState[];
  /** Requests may share a run. */
  readonly sharesRuns?: boolean;
  /** By how much two rows together were seen to differ from each alone; else null. */
  readonly rowsMixed?: string | null;
}

export interface ModelLoad {
  /** Requests that wait. */
  readonly waiting: number;
  /** Runs under way. */
  readonly running: number;
}

/** The models that a miner serves now. */
export interface Catalogue {
  /**
   * The version that answers this caller; null `version` leaves the choice to the catalogue. An
   * alias is a name like any other. Undefined when there is none.
   */
  find(name: string, version: string | null, caller: string | null): ServedModel | undefined;
  /** All, the newest version of each name first. */
  list(): readonly ServedModel[];
  /** All that `find` knows without a version: models and the aliases that lead to one. */
  names(): readonly string[];
}

export type ModelOutputs = readonly Tensor[];

export type ModelFailure = RunFailure;
