import type { EncodedMessage } from './inference-types.ts';
import { encodeJson } from './encode-json.ts';

/** The index of the model repository extension of the Open Inference Protocol. */

export type ModelState = 'READY' | 'LOADING' | 'UNLOADING' | 'UNAVAILABLE';

export interface IndexedModel {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  /** Why it is in that state; empty when there is nothing to say. */
  readonly reason: string;
}

/** The answer to `POST /v2/repository/index`; `readyOnly` is the request's `ready`. */
export function encodeRepositoryIndex(
  models: readonly IndexedModel[],
  readyOnly: boolean,
): EncodedMessage {
  const shown = readyOnly ? models.filter(({ state }) => state === 'READY') : models;
  const list = shown.map(({ name, version, state, reason }) => ({ name, version, state, reason }));
  return encodeJson(list);
}

/** `ready` of the request's body; an empty body asks for all. Null for what is no such request. */
export function decodeIndexRequest(body: Uint8Array): { readonly readyOnly: boolean } | null {
  if (body.length === 0) return { readyOnly: false };
  const json = parsed(body);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const ready: unknown = 'ready' in json ? json.ready : false;
  return typeof ready === 'boolean' ? { readyOnly: ready } : null;
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return null;
  }
}
