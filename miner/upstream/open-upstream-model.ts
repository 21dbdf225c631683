import type { BackendConfig } from '../../common/config/backend-schema.ts';
import type { ServedModel } from '../models/served-model.ts';
import { openOpenAiModel } from './openai-model.ts';
import { openOpenInferenceModel } from './open-inference-model.ts';
import type { UpstreamModelDeps, UpstreamModelOptions } from './upstream-model.ts';

/**
 * A model that computes on other servers. `deps.http` is closed with it, or when it cannot be
 * opened. Throws UPSTREAM_MODEL,
 * UPSTREAM_UNREACHABLE.
 */
export function openUpstreamModel(
  config: BackendConfig,
  options: UpstreamModelOptions,
  deps: UpstreamModelDeps,
): Promise<ServedModel> {
  return config.kind === 'openai'
    ? openOpenAiModel(config, options, deps)
    : openOpenInferenceModel(config, options, deps);
}
