import type { Tensor } from '../../../common/tensor.ts';
import type { ModelInterface } from '../../../common/wire/inference-types.ts';
import type { InferJob } from '../served-model.ts';
import type { StepPlan } from './plan-steps.ts';
import { applyPostSteps } from './post-steps.ts';
import { applyPreSteps } from './pre-steps.ts';
import type { Made, PreWorkers } from './pre-steps.ts';

/** What stands between callers and a network. */
export interface Preparation {
  /** What callers send and get. */
  readonly interface: ModelInterface;
  /** The network's inputs; never rejects. */
  before(job: InferJob): Promise<Made>;
  /** What callers get; throws when the network gave what it did not declare. */
  after(inputs: readonly Tensor[], outputs: readonly Tensor[]): readonly Tensor[];
  /** Requests that are being made ready, or wait for it. */
  readonly waiting: number;
  close(): Promise<void>;
}

export interface PreparationOptions {
  readonly plan: StepPlan;
  /** Items of one request. */
  readonly maxItems: number;
}

export function createPreparation(
  workers: PreWorkers,
  { plan, maxItems }: PreparationOptions,
): Preparation {
  let waiting = 0;
  return {
    interface: plan.interface,
    before: async (job) => {
      waiting += 1;
      try {
        return await applyPreSteps(plan.pre, maxItems, workers, job);
      } finally {
        waiting -= 1;
      }
    },
    after: (inputs, outputs) => applyPostSteps(plan.post, inputs, outputs),
    get waiting() {
      return waiting;
    },
    close: async () => {
      await Promise.all([...workers.tokenizers.values()].map((worker) => worker.close()));
    },
  };
}
