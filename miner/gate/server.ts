import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { SubnetError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { Handle } from './handle.ts';
import { refuse } from './http-message.ts';
import type { RawRequest, RawResponse } from './http-message.ts';

export interface MinerServerOptions {
  readonly host: string;
  /** 0 finds a free one. */
  readonly port: number;
  readonly maxConnections: number;
  /** For the headers, and again for the whole request; what is slower is cut off. */
  readonly requestTimeoutMs: number;
  readonly handle: Handle;
  readonly log: Logger;
}

export interface MinerServer {
  readonly host: string;
  /** As it really listens. */
  readonly port: number;
  /** Takes no more connections, lets requests end for at most `drainMs`, then cuts what is left. */
  drain(drainMs: number): Promise<void>;
}

const maxHeaderSize = 16_384;
const maxHeadersCount = 64;
const keepAliveMs = 75_000;
const checkIntervalMs = 1000;
const lingerMs = 1000;

/** Throws PORT_TAKEN. */
export async function startMinerServer(options: MinerServerOptions): Promise<MinerServer> {
  const { host, port, requestTimeoutMs, handle, log } = options;
  let draining = false;
  const server = createServer(
    {
      maxHeaderSize,
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: Math.min(checkIntervalMs, requestTimeoutMs),
      noDelay: true,
    },
    (incoming, outgoing) => {
      void answer(incoming, handle, log).then((response) =>
        send(incoming, outgoing, response, draining),
      );
    },
  );
  server.maxConnections = options.maxConnections;
  server.maxHeadersCount = maxHeadersCount;
  await listen(server, host, port);
  return {
    host,
    port: portOf(server),
    drain: (drainMs) => {
      draining = true;
      return drain(server, drainMs);
    },
  };
}

async function answer(
  incoming: IncomingMessage,
  handle: Handle,
  log: Logger,
): Promise<RawResponse> {
  try {
    return await handle(rawRequestOf(incoming));
  } catch (error) {
    log.error('a request could not be handled', { error });
    return refuse(500, 'internal', `unexpected error: ${messageOf(error)}`);
  }
}

function rawRequestOf(incoming: IncomingMessage): RawRequest {
  const length = incoming.headers['content-length'];
  const { socket } = incoming;
  return {
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    headers: incoming.headers,
    remoteAddress: socket.remoteAddress ?? '',
    contentLength: length === undefined ? null : Number(length),
    readBody: (maxBytes) => readBody(incoming, maxBytes),
    isGone: () => socket.destroyed,
  };
}

function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array | 'too-large' | 'gone'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (result: Uint8Array | 'too-large' | 'gone'): void => {
      incoming.off('data', onData);
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) {
        incoming.pause();
        settle('too-large');
      } else chunks.push(chunk);
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

function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, headers, body }: RawResponse,
  draining: boolean,
): void {
  if (outgoing.destroyed) return;
  // What is left of a body that was refused unread is not worth reading: the connection goes.
  const unread = !incoming.complete;
  const close = unread || draining ? { connection: 'close' } : {};
  outgoing.writeHead(status, { ...headers, ...close, 'content-length': body.length });
  if (unread) lingerAfter(incoming);
  outgoing.end(incoming.method === 'HEAD' ? undefined : body, () => {
    if (unread) incoming.socket.destroySoon();
  });
}

/**
 * Closed at once, the connection would answer what is still coming with a reset, and the caller
 * might never read why it was refused: for a moment the rest is taken and thrown away.
 */
function lingerAfter(incoming: IncomingMessage): void {
  const { socket } = incoming;
  let cut: ReturnType<typeof setTimeout> | undefined;
  socket.destroySoon = () => {
    socket.end();
    incoming.resume();
    cut ??= setTimeout(() => socket.destroy(), lingerMs);
  };
  socket.once('close', () => clearTimeout(cut));
}

function drain(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE' || cause.code === 'EACCES';
      const facts = { host, port, detail: cause.code ?? cause.message };
      reject(taken ? new SubnetError('PORT_TAKEN', facts, { cause }) : cause);
    });
    server.listen({ host, port }, resolve);
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
