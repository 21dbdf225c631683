import { isSubnetError } from '../../common/errors.ts';
import { planPostSteps } from '../models/steps/plan-steps.ts';
import type { PlannedPost } from '../models/steps/plan-steps.ts';
import { applyPostSteps } from '../models/steps/post-steps.ts';
import type { PostOrder } from './engine-load.ts';
import type { ModelInfo } from './engine-port.ts';
import type { LoadedModel } from './loaded-model.ts';
import { LoadError } from './load-error.ts';

/** The model with the steps after it: its outputs are what callers get. Throws LoadError. */
export function withPostSteps(loaded: LoadedModel, order: PostOrder): LoadedModel {
  const { report } = loaded;
  const { outputs, plan } = planned(order, report.model);
  return {
    report: { ...report, model: { ...report.model, outputs } },
    stillRuns: () => loaded.stillRuns(),
    run: async (tensors) => {
      const ran = await loaded.run(tensors);
      const fromMs = performance.now();
      const made = applyPostSteps(plan, tensors, ran.outputs);
      return { report: { ...ran.report, postMs: performance.now() - fromMs }, outputs: made };
    },
  };
}

const encoder = new TextEncoder();

function planned({ steps, outputs, labels }: PostOrder, network: ModelInfo): PlannedPost {
  const byStep = Object.entries(labels).map(
    ([at, names]) => [Number(at), names.map((name) => encoder.encode(name))] as const,
  );
  const named = outputs === undefined ? {} : { outputs: [...outputs] };
  try {
    return planPostSteps({ post: [...steps], ...named, labels: new Map(byStep) }, network);
  } catch (error) {
    const isMisfit = isSubnetError(error) && error.code === 'MODEL_MISFIT';
    throw isMisfit ? new LoadError('misfit', String(error.facts['detail'])) : error;
  }
}
