import type { EncodedMessage } from './inference-types.ts';
import { encodeJson } from './encode-json.ts';

/** The statistics extension of the Open Inference Protocol, as Triton defines it. */

export interface DurationStatistic {
  readonly count: number;
  readonly ns: number;
}

export interface BatchStatistic {
  readonly batchSize: number;
  readonly computeInfer: DurationStatistic;
}

/** What one version of a model did since it was loaded. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since the Unix epoch; 0 before the first. */
  readonly lastInferenceMs: number;
  /** Items that were answered. */
  readonly inferenceCount: number;
  /** Runs of the network. */
  readonly executionCount: number;
  readonly success: DurationStatistic;
  readonly fail: DurationStatistic;
  readonly queue: DurationStatistic;
  readonly computeInput: DurationStatistic;
  readonly computeInfer: DurationStatistic;
  readonly computeOutput: DurationStatistic;
  readonly batches: readonly BatchStatistic[];
}

/** The answer to `GET /v2/models[/{name}[/versions/{version}]]/stats`. */
export function encodeModelStatistics(all: readonly ModelStatistics[]): EncodedMessage {
  return encodeJson(modelStatisticsJson(all));
}

/** The same, not yet written as text. */
export function modelStatisticsJson(all: readonly ModelStatistics[]): object {
  return { model_stats: all.map(statisticsJson) };
}

/** There is no response cache, and so nothing is said of one. */
function statisticsJson(one: ModelStatistics) {
  return {
    name: one.name,
    version: one.version,
    last_inference: one.lastInferenceMs,
    inference_count: one.inferenceCount,
    execution_count: one.executionCount,
    inference_stats: {
      success: one.success,
      fail: one.fail,
      queue: one.queue,
      compute_input: one.computeInput,
      compute_infer: one.computeInfer,
      compute_output: one.computeOutput,
    },
    batch_stats: one.batches.map(({ batchSize, computeInfer }) => ({
      batch_size: batchSize,
      compute_input: none,
      compute_infer: computeInfer,
      compute_output: none,
    })),
  };
}

/** Inputs and outputs are made ready for each request by itself, not for a run. */
const none: DurationStatistic = { count: 0, ns: 0 };
