import { cleanText } from '../../common/fault.ts';
import {
  encodeModelMetadata,
  encodeServerMetadata,
  matchInferRoute,
} from '../../common/wire/inference-metadata.ts';
import type { InferRoute } from '../../common/wire/inference-metadata.ts';
import { quoted } from '../../common/wire/inference-read.ts';
import { encodeModelStatistics } from '../../common/wire/model-statistics.ts';
import type { ModelStatistics } from '../../common/wire/model-statistics.ts';
import type { Catalogue, ServedModel } from '../models/served-model.ts';
import { refuse, reply } from './http-message.ts';
import type { RawRequest, RawResponse } from './http-message.ts';

/** What the miner says of itself; each model says for itself whether it can answer. */
export interface Readiness {
  /** Why no request is taken now, whichever model it asks; null while they are. */
  whyClosed(): string | null;
  /** The same, or why the model of the task cannot answer. */
  whyNotReady(): string | null;
}

export interface InfoDeps {
  readonly catalogue: Catalogue;
  readonly readiness: Readiness;
  /** Of this software. */
  readonly version: string;
  /** Counts and times of models, for anyone who asks; undefined where the operator keeps them. */
  readonly statistics: StatisticsOf | undefined;
}

/** Null stands for all; nothing for what is not there. */
export type StatisticsOf = (
  model: string | null,
  version: string | null,
) => readonly ModelStatistics[];

const busyRetryMs = 1000;
const empty = { headers: {}, body: new Uint8Array() };

/** What the protocol tells anyone, unsigned: liveness, readiness and what is served. */
export function answerInfo(deps: InfoDeps, request: RawRequest): RawResponse {
  const route = matchInferRoute(request.method, request.path);
  switch (route.kind) {
    case 'no-route':
      return refuse(404, 'no_route', 'no such path');
    case 'wrong-method':
      return wrongMethod(route.allow);
    case 'server-live':
      return reply(200, 'live', empty);
    case 'server-ready':
      return readyReply(deps.readiness.whyNotReady());
    case 'server-metadata':
      return reply(200, 'metadata', encodeServerMetadata(serverMetadata(deps)));
    case 'statistics':
      return answerStatistics(deps, route);
    case 'model-ready':
    case 'model-metadata':
    case 'model-infer':
      return answerModel(deps, route);
  }
}

function wrongMethod(allow: string): RawResponse {
  const refusal = refuse(405, 'wrong_method', `use ${allow}`);
  return { ...refusal, headers: { ...refusal.headers, allow } };
}

function answerStatistics(
  { catalogue, statistics }: InfoDeps,
  { model, version }: Extract<InferRoute, { kind: 'statistics' }>,
): RawResponse {
  if (statistics === undefined) return refuse(404, 'no_route', 'no such path');
  if (model !== null && catalogue.find(model, version, null) === undefined) {
    return noModel(catalogue, { model, version });
  }
  return reply(200, 'statistics', encodeModelStatistics(statistics(model, version)));
}

type ModelRoute = Extract<InferRoute, { kind: 'model-ready' | 'model-metadata' | 'model-infer' }>;

function answerModel(deps: InfoDeps, route: ModelRoute): RawResponse {
  const model = deps.catalogue.find(route.model, route.version, null);
  if (model === undefined) return noModel(deps.catalogue, route);
  // With an entrance open for it, an inference never comes here.
  if (route.kind === 'model-infer')
    return refuse(404, 'no_route', 'this miner takes synapses only');
  if (route.kind === 'model-ready') {
    return readyReply(deps.readiness.whyClosed() ?? model.notReady());
  }
  return reply(200, 'metadata', encodeModelMetadata(modelMetadata(deps.catalogue, model)));
}

/** What is asked for is not there, or no model is there at all: that one may pass. */
export function noModel(
  catalogue: Catalogue,
  { model, version }: { readonly model: string; readonly version: string | null },
): RawResponse {
  const names = catalogue.names();
  if (names.length === 0) return refuse(503, 'not_ready', 'no model is loaded', busyRetryMs);
  if (version !== null && names.includes(model)) {
    return refuse(404, 'no_model', cleanText(`${model} has no version ${quoted(version)}`));
  }
  return refuse(404, 'no_model', `this miner serves ${names.join(', ')} only`);
}

function readyReply(why: string | null): RawResponse {
  return why === null ? reply(200, 'ready', empty) : refuse(503, 'not_ready', why, busyRetryMs);
}

function serverMetadata({ version, statistics }: InfoDeps) {
  const extensions = ['binary_tensor_data', ...(statistics === undefined ? [] : ['statistics'])];
  return { name: 'subnet-suite', version, extensions };
}

function modelMetadata(catalogue: Catalogue, model: ServedModel) {
  const { name, platform } = model;
  const { inputs, outputs } = model.interface;
  const versions = catalogue.list().flatMap((one) => (one.name === name ? [one.version] : []));
  return { name, versions, platform, inputs, outputs };
}
