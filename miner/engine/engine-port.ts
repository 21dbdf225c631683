import type { Tensor, TensorSpec } from '../../common/tensor.ts';

/** The slowest first. */
export const providers = ['cpu', 'cuda', 'tensorrt'] as const;

/** Where ONNX Runtime computes. */
export type Provider = (typeof providers)[number];

/** What the loaded model says of itself. */
export interface ModelInfo {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Every input and output of the network has the same free first axis. */
  readonly sharesFirstAxis: boolean;
  /** It does, its rows are not seen to mix, and requests may share a run. */
  readonly batchable: boolean;
  /**
   * Why requests share no run although they might: how far two rows together were from each alone.
   * null: they were not; absent: that was not tried, or no inputs could be found for it.
   */
  readonly rowsMixed?: string | null;
  /** The provider that really computes, observed and not merely asked for; the slowest of all. */
  readonly provider: Provider;
}

/** One process or device of an engine, for a person who looks. */
export interface InstanceState {
  /** Number of its device. */
  readonly device: number;
  /** Process id; null while the process is being replaced. */
  readonly pid: number | null;
  /** Where it really computes; null while the process is being replaced. */
  readonly provider: Provider | null;
  readonly restarts: number;
  /** Why it does not compute, when replacing it once will hardly do; null otherwise. */
  readonly problem: string | null;
}

export interface RunOutputs {
  readonly kind: 'outputs';
  readonly outputs: readonly Tensor[];
  /** Time inside the model, without queue and transport. */
  readonly runMs: number;
  /** Time in the steps after the network, where there are some. */
  readonly postMs?: number;
}

/**
 * `model`: the model refused these inputs; others are unaffected. `too-large`: it computed them, and
 * the outputs have more bytes than the answers to its requests may; others are unaffected. `memory`,
 * `device`: the device has none for them, or failed at them; others, or fewer at a time, may pass.
 * `broken`: the device or the runtime computes no more what it computed before. `crashed`,
 * `timeout`: the process that ran it died or hung. After these three it is being replaced.
 * `unavailable`: it is not there now, and nothing was begun.
 */
export interface RunFailure {
  readonly kind: 'failed';
  readonly reason:
    'model' | 'too-large' | 'memory' | 'device' | 'broken' | 'crashed' | 'timeout' | 'unavailable';
  readonly detail: string;
}

export type RunOutcome = RunOutputs | RunFailure;

/** A model that computes outside the serving process's event loop. */
export interface Engine {
  readonly model: ModelInfo;
  /** How many runs it computes at the same time. */
  readonly slots: number;
  /** How many runs beyond those may be handed in, so that it never waits for the next; default 0. */
  readonly ahead?: number;
  ready(): boolean;
  /** Resolves true once a run can be computed, false when the engine was closed. */
  whenReady(): Promise<boolean>;
  /**
   * Never rejects: what goes wrong is an outcome. Inputs are not checked against the model.
   * `requests`: how many share the run, by default one; its outputs are bounded for each of them.
   */
  run(inputs: readonly Tensor[], requests?: number): Promise<RunOutcome>;
  close(): Promise<void>;
}

export function runFailure(reason: RunFailure['reason'], detail: string): RunFailure {
  return { kind: 'failed', reason, detail };
}
