import type { IncomingMessage } from 'node:http';
import type { BodyLimits, BodyRead, RawRequest, UnreadBody } from './http-message.ts';

export interface RequestHooks {
  /** Called before its body is read. */
  readonly ask: (() => void) | null;
  /** See `RawRequest.prove`. */
  readonly prove: () => void;
}

/** A request of `node:http`. */
export function rawRequestOf(incoming: IncomingMessage, { ask, prove }: RequestHooks): RawRequest {
  const { socket, headers } = incoming;
  const length = headers['content-length'];
  return {
    method: incoming.method ?? 'GET',
    path: pathOf(incoming.url ?? '/'),
    headers,
    remoteAddress: socket.remoteAddress ?? '',
    contentLength: length === undefined ? null : Number(length),
    readBody: (limits) => {
      ask?.();
      return readBody(incoming, limits);
    },
    prove,
    isGone: () => socket.destroyed,
  };
}

/** The target without the scheme and host that a client of a proxy writes before it. */
function pathOf(target: string): string {
  if (target.startsWith('/')) return target;
  const path = /^https?:\/\/[^/?#]+(.*)$/i.exec(target)?.[1] ?? target;
  return path === '' || path.startsWith('?') ? `/${path}` : path;
}

function readBody(incoming: IncomingMessage, limits: BodyLimits): Promise<BodyRead> {
  const { maxBytes, take, onGiveWay } = limits;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let isSettled = false;
    const settle = (result: BodyRead): void => {
      isSettled = true;
      incoming.off('data', onData);
      resolve(result);
    };
    const refuse = (why: UnreadBody): void => {
      if (isSettled) return;
      incoming.pause();
      chunks.length = 0;
      settle(why);
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) refuse('too-large');
      else if (!take(chunk.length)) refuse('no-room');
      else chunks.push(chunk);
    };
    onGiveWay(() => refuse('evicted'));
    incoming.on('data', onData);
    incoming.once('end', () => settle(joined(chunks, length)));
    incoming.once('close', () => settle('gone'));
    incoming.once('error', () => settle('gone'));
  });
}

function joined(chunks: readonly Buffer[], length: number): Uint8Array {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length);
}
