import type { TensorSpec } from '../../../common/tensor.ts';
import type { InferJob } from '../served-model.ts';
import type { PrePlan } from './plan-steps.ts';
import { applyPreSteps } from './pre-steps.ts';
import type { Made, PreWorkers } from './pre-steps.ts';

/** What stands between callers and the inputs of a network. */
export interface Preparation {
  /** What callers send. */
  readonly inputs: readonly TensorSpec[];
  /** The network's inputs; never rejects. */
  before(job: InferJob): Promise<Made>;
  /** Requests that are being made ready, or wait for it. */
  readonly waiting: number;
  close(): Promise<void>;
}

export interface PreparationOptions {
  readonly plan: PrePlan;
  /** Items of one request. */
  readonly maxItems: number;
}

export function createPreparation(
  workers: PreWorkers,
  { plan, maxItems }: PreparationOptions,
): Preparation {
  let waiting = 0;
  return {
    inputs: plan.inputs,
    before: async (job) => {
      waiting += 1;
      try {
        return await applyPreSteps(plan.steps, maxItems, workers, job);
      } finally {
        waiting -= 1;
      }
    },
    get waiting() {
      return waiting;
    },
    close: async () => {
      workers.decoding.close();
      await Promise.all([...workers.tokenizers.values()].map((worker) => worker.close()));
    },
  };
}
