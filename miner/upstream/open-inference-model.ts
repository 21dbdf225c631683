import type { OpenInferenceConfig } from '../../common/config/backend-schema.ts';
import { SubnetError } from '../../common/errors.ts';
import type { Tensor } from '../../common/tensor.ts';
import type { EncodedMessage, ModelInterface } from '../../common/wire/inference-types.ts';
import { isProtocolError } from '../../common/wire/inference-types.ts';
import type { InferJob, InferOutcome, ServedModel } from '../models/served-model.ts';
import { ModelPin } from './model-pin.ts';
import { createOpenInferenceCheck } from './open-inference-check.ts';
import type { OpenInferenceTarget } from './open-inference-exchange.ts';
import { OpenInferenceRequest, readOutputs } from './open-inference-exchange.ts';
import type { Exchange } from './upstream-call.ts';
import type { UpstreamModelDeps, UpstreamModelOptions } from './upstream-model.ts';
import { keyHeaders, misfit, poolDeps, servedModel, watchFromStart } from './upstream-model.ts';
import { UpstreamPool } from './upstream-pool.ts';
import type { Upstream } from './upstream.ts';

interface Parts {
  readonly config: OpenInferenceConfig;
  readonly target: OpenInferenceTarget;
  readonly model: ModelInterface;
  readonly pool: UpstreamPool;
  /** Which upstreams take tensors in binary. */
  readonly binary: ReadonlyMap<Upstream, boolean>;
}

/**
 * A model that computes on Open Inference Protocol servers. Throws UPSTREAM_MODEL,
 * UPSTREAM_UNREACHABLE.
 */
export async function openOpenInferenceModel(
  config: OpenInferenceConfig,
  options: UpstreamModelOptions,
  deps: UpstreamModelDeps,
): Promise<ServedModel> {
  const pool = new UpstreamPool(poolDeps(deps), { ...config, idempotent: true });
  try {
    const parts = await start(config, options, deps, pool);
    return servedModel({
      options,
      sha256: config.sha256,
      platform: 'open_inference_upstream',
      interface: parts.model,
      pool,
      http: deps.http,
      clock: deps.platform.clock,
      infer: (job) => infer(parts, job),
    });
  } catch (error) {
    pool.close();
    await deps.http.close();
    throw error;
  }
}

async function start(
  config: OpenInferenceConfig,
  options: UpstreamModelOptions,
  deps: UpstreamModelDeps,
  pool: UpstreamPool,
): Promise<Parts> {
  const { model: name, version, maxResponseBytes, sha256 } = config;
  const { fingerprint, tolerance, require } = config.pin;
  const pin = new ModelPin({
    sha256,
    interface: config.interface,
    fingerprint,
    tolerance,
    require,
  });
  const target = { model: name, version, maxResponseBytes, headers: keyHeaders(options) };
  const binary = new Map<Upstream, boolean>();
  const check = createOpenInferenceCheck({ ...deps, pin }, { ...config, target }, binary);
  await watchFromStart(pool, check, {
    clock: deps.platform.clock,
    patienceMs: config.interface === undefined ? Math.max(1, config.startPatienceMs) : 0,
    knowsRight: () => pin.isAnchored,
    signal: deps.signal,
  });
  const pinned = pin.interface;
  if (pinned === undefined) throw new SubnetError('UPSTREAM_UNREACHABLE');
  const model = { ...pinned, batchAxis: config.batchAxis };
  return { config, target, model, pool, binary };
}

async function infer(parts: Parts, job: InferJob): Promise<InferOutcome> {
  const request = new OpenInferenceRequest(parts.target, job.inputs);
  const message = request.encoded(wantsBinary(parts));
  if (isProtocolError(message)) return misfit(message.error);
  const outcome = await parts.pool.ask(exchangeOf(parts, request, message, job.inputs), job);
  if (outcome.kind !== 'answer') return outcome;
  return { kind: 'outputs', outputs: outcome.answer.outputs, runMs: outcome.latencyMs };
}

/** JSON when an upstream takes nothing else; what JSON cannot carry is told before it is sent. */
function wantsBinary({ pool, binary }: Parts): boolean {
  return pool.upstreams.every((upstream) => binary.get(upstream) !== false);
}

function exchangeOf(
  { config, model, binary }: Parts,
  request: OpenInferenceRequest,
  fallback: EncodedMessage,
  inputs: readonly Tensor[],
): Exchange<{ readonly outputs: readonly Tensor[] }> {
  return {
    requestTo: (upstream) => {
      const message = request.encoded(binary.get(upstream) ?? false);
      return request.to(upstream.url, isProtocolError(message) ? fallback : message);
    },
    read: (response) => readOutputs(response, model, inputs, config),
  };
}
