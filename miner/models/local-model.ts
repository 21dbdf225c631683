import type { Clock } from '../../common/platform-port.ts';
import type { Batcher } from '../batch/batcher.ts';
import { rowsOf } from '../batch/batch-rows.ts';
import type { InstanceState, ModelInfo } from '../engine/engine-port.ts';
import { createHolds } from './holds.ts';
import { inputProblem } from './input-problem.ts';
import type { StatisticsRecorder } from './model-statistics.ts';
import type { InferJob, InferOutcome, ServedModel } from './served-model.ts';
import type { Preparation } from './steps/preparation.ts';

export interface LocalEngine {
  readonly model: ModelInfo;
  /** Process id of the model process; null while it is being replaced. */
  pid(): number | null;
  instances?(): readonly InstanceState[];
  /** Why it computes nothing and hardly will soon, or null. */
  notReady?(): string | null;
  close(): Promise<void>;
}

export interface LocalModelDeps {
  /** Closed with the model. */
  readonly engine: LocalEngine;
  /** In front of that engine; closed with the model. */
  readonly batcher: Batcher;
  /** Steps before the network; null when callers send its own inputs. */
  readonly preparation: Preparation | null;
  readonly statistics: StatisticsRecorder;
  readonly clock: Clock;
}

export interface LocalModelOptions {
  readonly name: string;
  readonly version: string;
  /** Of the model file. */
  readonly sha256: string;
  /** The first axis of its tensors is a batch. */
  readonly batchAxis: boolean;
  /** How long requests that are under way may take when the model is closed. */
  readonly drainMs: number;
}

const drainStepMs = 20;

/** A model that computes in a process of this machine, behind a batcher. */
export function createLocalModel(deps: LocalModelDeps, options: LocalModelOptions): ServedModel {
  const { engine, batcher, preparation, statistics, clock } = deps;
  const { name, version, sha256, batchAxis, drainMs } = options;
  let inFlight = 0;
  let closed = false;
  let closing: Promise<void> | null = null;
  const shutDown = async (): Promise<void> => {
    const untilMs = clock.monotonicMs() + drainMs;
    const isBusy = (): boolean => inFlight > 0 && clock.monotonicMs() < untilMs;
    while (isBusy()) await clock.sleep(drainStepMs);
    closed = true;
    batcher.close();
    await preparation?.close();
    await engine.close();
  };
  return {
    name,
    version,
    sha256,
    interface: {
      inputs: preparation?.inputs ?? engine.model.inputs,
      outputs: engine.model.outputs,
      // Where the network's tensors share no free axis, the first of its inputs counts no rows.
      batchAxis: batchAxis && engine.model.sharesFirstAxis,
    },
    platform: 'onnxruntime_onnx',
    holds: createHolds(),
    notReady: () => (closed ? 'the model was unloaded' : (engine.notReady?.() ?? null)),
    infer: async (job) => {
      if (closed) return { kind: 'refused', reason: 'closed' };
      inFlight += 1;
      try {
        return await measured(deps, job);
      } finally {
        inFlight -= 1;
      }
    },
    load: () => ({
      waiting: batcher.waiting + (preparation?.waiting ?? 0),
      running: batcher.running,
    }),
    process: () => ({
      provider: engine.model.provider,
      pid: engine.pid(),
      instances: engine.instances?.() ?? [],
      sharesRuns: engine.model.batchable,
      rowsMixed: engine.model.rowsMixed ?? null,
    }),
    statistics: () => ({ name, version, ...statistics.read() }),
    close: () => (closing ??= shutDown()),
  };
}

async function measured(deps: LocalModelDeps, job: InferJob): Promise<InferOutcome> {
  const { statistics, clock } = deps;
  const startedMs = clock.monotonicMs();
  const outcome = await answered(deps, job, startedMs);
  if (outcome.kind !== 'outputs') statistics.failed(clock.monotonicMs() - startedMs);
  return outcome;
}

async function answered(
  { engine, batcher, preparation, statistics, clock }: LocalModelDeps,
  job: InferJob,
  startedMs: number,
): Promise<InferOutcome> {
  const made = (await preparation?.before(job)) ?? { kind: 'tensors', tensors: job.inputs };
  if (made.kind !== 'tensors') return made;
  const problem = inputProblem(made.tensors, engine.model);
  if (problem !== null) return { kind: 'invalid', detail: problem };
  const queuedMs = clock.monotonicMs();
  const outcome = await batcher.submit({ ...job, inputs: made.tensors });
  if (outcome.kind !== 'outputs') return outcome;
  const computedMs = clock.monotonicMs();
  const { postMs = 0 } = outcome;
  const times = {
    totalMs: computedMs - startedMs,
    inputMs: queuedMs - startedMs,
    queueMs: computedMs - queuedMs - outcome.runMs - postMs,
    inferMs: outcome.runMs,
    outputMs: postMs,
  };
  statistics.succeeded(times, rowsOf(made.tensors), clock.nowMs());
  return outcome;
}
