import type { IncomingMessage } from 'node:http';
import type { BodyLimits, BodyRead, RawRequest } from './http-message.ts';

/** A request of `node:http`; `ask` is called before its body is read. */
export function rawRequestOf(incoming: IncomingMessage, ask: (() => void) | null): RawRequest {
  const { socket, headers } = incoming;
  const length = headers['content-length'];
  return {
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    headers,
    remoteAddress: socket.remoteAddress ?? '',
    contentLength: length === undefined ? null : Number(length),
    readBody: (limits) => {
      ask?.();
      return readBody(incoming, limits);
    },
    isGone: () => socket.destroyed,
  };
}

function readBody(incoming: IncomingMessage, { maxBytes, take }: BodyLimits): Promise<BodyRead> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (result: BodyRead): void => {
      incoming.off('data', onData);
      resolve(result);
    };
    const refuse = (why: 'too-large' | 'no-room'): void => {
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
