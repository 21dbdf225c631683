import { encodeJson } from './encode-json.ts';
import type { EncodedMessage, ModelMetadata, ServerMetadata } from './inference-types.ts';

/** What a request line of the protocol asks for. `version` is null when the path names none. */
export type InferRoute =
  | { readonly kind: 'server-live' | 'server-ready' | 'server-metadata' }
  | {
      readonly kind: 'model-ready' | 'model-metadata' | 'model-infer';
      readonly model: string;
      readonly version: string | null;
    }
  | {
      /** Of the statistics extension; null stands for all. */
      readonly kind: 'statistics';
      readonly model: string | null;
      readonly version: string | null;
    }
  | { readonly kind: 'wrong-method'; readonly allow: 'GET' | 'POST' }
  | { readonly kind: 'no-route' };

/**
 * Finds the route of a request. `path` is what the request line says, query included; the query is
 * ignored. HEAD counts as GET.
 */
export function matchInferRoute(method: string, path: string): InferRoute {
  const route = routeOf(path);
  if (route.kind === 'no-route') return route;
  const allow = route.kind === 'model-infer' ? 'POST' : 'GET';
  return method === allow || (method === 'HEAD' && allow === 'GET')
    ? route
    : { kind: 'wrong-method', allow };
}

/** The path of a model's infer route, for clients. */
export function inferPath(model: string, version?: string): string {
  const tail = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`;
  return `/v2/models/${encodeURIComponent(model)}${tail}/infer`;
}

export function encodeServerMetadata(metadata: ServerMetadata): EncodedMessage {
  return encodeJson(metadata);
}

/** BYTES, shapes with -1 and all: the protocol's own spelling of what a model takes and gives. */
export function encodeModelMetadata(metadata: ModelMetadata): EncodedMessage {
  const { name, versions, platform, inputs, outputs } = metadata;
  return encodeJson({ name, versions, platform, inputs, outputs });
}

const noRoute = { kind: 'no-route' } as const;

function routeOf(path: string): InferRoute {
  const segments = segmentsOf(path);
  if (segments === null) return noRoute;
  const [root, area, ...rest] = segments;
  if (root !== 'v2') return noRoute;
  if (area === undefined) return { kind: 'server-metadata' };
  if (area === 'health') return healthRoute(rest);
  return area === 'models' ? modelRoute(rest) : noRoute;
}

/** Decoded path segments; one trailing slash is forgiven, an empty or broken segment is not. */
function segmentsOf(path: string): string[] | null {
  const [bare = ''] = path.split('?', 1);
  if (!bare.startsWith('/')) return null;
  const trimmed = bare.endsWith('/') ? bare.slice(1, -1) : bare.slice(1);
  const segments = trimmed.split('/').map(decodeSegment);
  return segments.every((segment) => segment !== null && segment !== '')
    ? segments.filter((segment) => segment !== null)
    : null;
}

function decodeSegment(segment: string): string | null {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

function healthRoute(rest: readonly string[]): InferRoute {
  if (rest.length !== 1) return noRoute;
  if (rest[0] === 'live') return { kind: 'server-live' };
  return rest[0] === 'ready' ? { kind: 'server-ready' } : noRoute;
}

const modelActions = {
  ready: 'model-ready',
  infer: 'model-infer',
} as const;

function modelRoute([model, ...rest]: readonly string[]): InferRoute {
  if (model === undefined) return noRoute;
  if (model === 'stats' && rest.length === 0) {
    return { kind: 'statistics', model: null, version: null };
  }
  const versioned = rest[0] === 'versions';
  const version = versioned ? rest[1] : null;
  const [action, ...more] = versioned ? rest.slice(2) : rest;
  if (version === undefined || more.length > 0) return noRoute;
  if (action === undefined) return { kind: 'model-metadata', model, version };
  if (action === 'stats') return { kind: 'statistics', model, version };
  return action === 'ready' || action === 'infer'
    ? { kind: modelActions[action], model, version }
    : noRoute;
}
