import type { FlatNumbers } from '../../common/wire/flat-numbers.ts';
import { matchInferRoute } from '../../common/wire/inference-metadata.ts';
import type { InferRoute } from '../../common/wire/inference-metadata.ts';
import { decodeInferRequest, encodeInferResponse } from '../../common/wire/inference-protocol.ts';
import type { InferRequest } from '../../common/wire/inference-types.ts';
import { isProtocolError, protocolError } from '../../common/wire/inference-types.ts';
import { refuse } from '../gate/http-message.ts';
import type { RawResponse } from '../gate/http-message.ts';
import { noModel } from '../gate/info-routes.ts';
import type { Catalogue, ServedModel } from '../models/served-model.ts';
import type {
  Conversation,
  Entrance,
  Entrances,
  FindConversation,
  RequestHead,
} from './entrance.ts';
import { unsignedEntrance } from './unsigned-entrance.ts';

/** `POST /v2/models/{name}[/versions/{version}]/infer`, signed by any of the entrances. */
export function findInference(
  catalogue: Catalogue,
  entrances: Entrances,
  numbers?: FlatNumbers,
): FindConversation {
  const routeOf = rememberRoutes();
  const unsigned = unsignedEntrance(entrances);
  return (head) => {
    const route = routeOf(head);
    if (route.kind === 'wrong-method') return route.allow === 'POST' ? usePost() : undefined;
    if (route.kind !== 'model-infer') return undefined;
    const entrance = entranceOf(head, entrances) ?? unsigned;
    const model = catalogue.find(route.model, route.version, callerOf(head, entrance));
    return model === undefined
      ? noModel(catalogue, route)
      : inferenceConversation(entrance, { model, askedName: route.model }, numbers);
  };
}

/** Callers ask the same few paths again and again, and taking one apart costs as much as its head. */
function rememberRoutes(): (head: RequestHead) => InferRoute {
  const known = new Map<string, InferRoute>();
  return ({ method, path }) => {
    if (method !== 'POST') return matchInferRoute(method, path);
    const remembered = known.get(path);
    if (remembered !== undefined) return remembered;
    const route = matchInferRoute(method, path);
    if (known.size >= maxKnownRoutes) known.clear();
    if (route.kind === 'model-infer' && path.length <= maxKnownPath) known.set(path, route);
    return route;
  };
}

/** Strangers may invent paths: what is remembered of them stays little. */
const maxKnownRoutes = 256;
const maxKnownPath = 256;

/** By the header in which the caller names itself. */
function entranceOf(head: RequestHead, entrances: Entrances): Entrance | undefined {
  return entrances.find(({ callerHeader }) => head.headers[callerHeader] !== undefined);
}

/** Whom a request says that it is from: good enough to choose a version for it, no more. */
export function callerOf(head: RequestHead, { callerHeader }: Entrance): string | null {
  const caller = head.headers[callerHeader];
  return typeof caller === 'string' ? caller : null;
}

function inferenceConversation(
  entrance: Entrance,
  { model, askedName }: { readonly model: ServedModel; readonly askedName: string },
  numbers?: FlatNumbers,
): Conversation {
  let asked: InferRequest | null = null;
  return {
    entrance,
    model,
    askedName,
    decode: (body, headers, limits) => {
      const request = decodeInferRequest(body, headers, limits, model.interface, numbers);
      asked = isProtocolError(request) ? null : request;
      return request;
    },
    encode: (outputs, limits) => {
      if (asked === null) return protocolError(500, 'nothing was asked');
      const id = asked.id === undefined ? {} : { id: asked.id };
      const names = { modelName: askedName, modelVersion: model.version };
      return encodeInferResponse({ ...names, ...id, outputs }, asked, limits);
    },
  };
}

function usePost(): RawResponse {
  const refusal = refuse(405, 'wrong_method', 'use POST');
  return { ...refusal, headers: { ...refusal.headers, allow: 'POST' } };
}
