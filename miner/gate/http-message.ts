import { encodeError } from '../../common/wire/inference-protocol.ts';
import type { EncodedMessage, HeaderMap } from '../../common/wire/inference-types.ts';

/** An HTTP request whose body was not read yet. */
export interface RawRequest {
  readonly method: string;
  /** As on the request line, query included. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: HeaderMap;
  readonly remoteAddress: string;
  /** Null when the body comes in chunks. */
  readonly contentLength: number | null;
  /** `gone` when the caller left or was too slow. */
  readBody(limits: BodyLimits): Promise<BodyRead>;
  /** Told once its caller was let in: from then on its connection is not closed for another. */
  prove(): void;
  /** True once nobody can receive the answer. */
  isGone(): boolean;
}

export interface BodyLimits {
  readonly maxBytes: number;
  /** Asked for each piece that comes: false when there is no room for it. */
  take(bytes: number): boolean;
  /** Handed how to end the reading before the body is whole: it is `evicted` then. */
  onGiveWay(stop: () => void): void;
}

export type BodyRead = Uint8Array | UnreadBody;

export type UnreadBody = 'too-large' | 'no-room' | 'evicted' | 'gone';

export interface RawResponse extends EncodedMessage {
  readonly status: number;
  /** For metrics and logs: a word from a small fixed set. */
  readonly reason: string;
}

/** The reason of answers to requests whose caller was admitted and whose model computed. */
export const computedReason = 'ok';

export function reply(status: number, reason: string, message: EncodedMessage): RawResponse {
  return { status, reason, ...message };
}

/** A refusal `{"error": text}`; `retryAfterMs` becomes Retry-After in whole seconds, at least 1. */
export function refuse(
  status: number,
  reason: string,
  text: string,
  retryAfterMs?: number,
): RawResponse {
  const { headers, body } = encodeError(text);
  if (retryAfterMs === undefined) return { status, reason, headers, body };
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000)).toString();
  return { status, reason, headers: { ...headers, 'retry-after': seconds }, body };
}
