import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listen } from '../../common/node/listen.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import { addressKey } from './address-key.ts';
import { createConnections } from './connections.ts';
import type { ConnectionRefusal, Connections } from './connections.ts';
import { createHandshakes } from './handshakes.ts';
import type { Handshakes } from './handshakes.ts';
import { connectionRoom } from './file-limit.ts';
import type { Handle } from './handle.ts';
import { refuse } from './http-message.ts';
import type { RawResponse } from './http-message.ts';
import { rawRequestOf } from './node-request.ts';
import type { RequestHooks } from './node-request.ts';
import { sendResponse, sendRaw } from './node-response.ts';

export interface MinerServerOptions {
  readonly host: string;
  /** 0 finds a free one. */
  readonly port: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** For the whole request, its headers in half of it; what is slower is cut off by then. */
  readonly requestTimeoutMs: number;
  /** A connection on which nothing moves for so long while it is in use is closed. */
  readonly stallTimeoutMs: number;
  /** PEM; plain HTTP when absent. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly handle: Handle;
  readonly observer: ServerObserver;
  readonly log: Logger;
}

export interface ServerObserver {
  onConnections(open: number): void;
  /** What came to no request that could be handled: a word from a small fixed set. */
  onRefused(status: number, reason: string): void;
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
/** Requests of one connection that wait for their answers; clients in use send one at a time. */
const maxPipelined = 64;
const keepAliveMs = 75_000;
const checkIntervalMs = 500;
const maxHandshakeMs = 3000;
const busyRetryMs = 1000;

const gaveWay = refuse(503, 'connections_full', 'another connection came first', busyRetryMs);
const noTunnel = refuse(405, 'connect', 'this is no proxy');
const notHttp = refuse(400, 'malformed', 'this is no proper request of HTTP/1.1');

const noConnection: Readonly<Record<ConnectionRefusal, RawResponse>> = {
  full: refuse(503, 'connections_full', 'too many connections are open', busyRetryMs),
  address: refuse(429, 'connections_address', 'too many connections of this address', busyRetryMs),
};

/** By the code of what node's parser met. */
const clientErrors: Readonly<Record<string, RawResponse>> = {
  HPE_HEADER_OVERFLOW: refuse(431, 'malformed', `at most ${maxHeaderSize} bytes of headers`),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: refuse(413, 'malformed', 'the chunks have too long extensions'),
  ERR_HTTP_REQUEST_TIMEOUT: refuse(408, 'malformed', 'the request did not arrive in time'),
};

interface Context {
  readonly options: MinerServerOptions;
  readonly connections: Connections<Socket>;
  readonly handshakes: Handshakes;
  draining: boolean;
}

/** Throws as `listen` does. */
export async function startMinerServer(options: MinerServerOptions): Promise<MinerServer> {
  const { host, port, log, tls } = options;
  const room = connectionRoom(options.maxConnections, tls !== undefined);
  const { maxConnections } = room;
  if (maxConnections < options.maxConnections) {
    const { maxConnections: wanted } = options;
    log.warn('the limit on open files allows fewer connections', { wanted, maxConnections });
  }
  const maxPerAddress = options.maxConnectionsPerAddress;
  const connections = createConnections<Socket>(
    { maxConnections, maxPerAddress, maxPipelined },
    (socket, isAsking) => (isAsking ? sendRaw(socket, gaveWay) : socket.destroy()),
  );
  const context: Context = {
    options,
    connections,
    handshakes: createHandshakes(room.handshakes),
    draining: false,
  };
  const server = serverOf(options);
  server.maxConnections = maxConnections + room.atOnce + room.handshakes;
  // One more than is allowed: past it, node would drop headers without a word.
  server.maxHeadersCount = maxHeadersCount + 1;
  server.timeout = options.stallTimeoutMs;
  attend(server, context);
  await listen(server, { host, port, section: 'server' });
  server.on('error', (error) => log.error('the server met an error', { error }));
  return {
    host,
    port: portOf(server),
    drain: (drainMs) => {
      context.draining = true;
      return drain(server, context.handshakes, drainMs);
    },
  };
}

function serverOf(options: MinerServerOptions): Server {
  if (options.tls === undefined) return createServer(serverOptions(options));
  const handshakeTimeout = Math.min(options.requestTimeoutMs, maxHandshakeMs);
  const tls = { ...options.tls, minVersion: 'TLSv1.2', handshakeTimeout } as const;
  return createTlsServer({ ...serverOptions(options), ...tls });
}

function serverOptions({ requestTimeoutMs }: MinerServerOptions) {
  const connectionsCheckingInterval = Math.min(checkIntervalMs, Math.ceil(requestTimeoutMs / 10));
  // Looked at every so often: with that taken off, what is slow is gone by the time that was named.
  const requestTimeout = requestTimeoutMs - connectionsCheckingInterval;
  return {
    maxHeaderSize,
    headersTimeout: Math.ceil(requestTimeout / 2),
    requestTimeout,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval,
    noDelay: true,
    // Looked at here, as more than one is.
    requireHostHeader: false,
  };
}

function attend(server: Server, context: Context): void {
  const { observer, tls } = context.options;
  if (tls === undefined) server.on('connection', (socket) => welcome(context, socket));
  else attendTls(server, context);
  server.on('drop', () => observer.onRefused(503, 'connections_full'));
  server.on('request', (incoming, outgoing) => void serve(context, incoming, outgoing, null));
  // The body is asked for when it is read, not before its head was found good.
  server.on('checkContinue', (incoming, outgoing) => {
    void serve(context, incoming, outgoing, () => outgoing.writeContinue());
  });
  server.on('checkExpectation', (incoming, outgoing) => {
    context.connections.begin(incoming.socket);
    reject(context, incoming, outgoing, refuse(417, 'expectation', 'unknown expectation'));
  });
  server.on('connect', (_, socket) => {
    observer.onRefused(noTunnel.status, noTunnel.reason);
    sendRaw(socket, noTunnel);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const refusal = clientErrors[error.code ?? ''] ?? notHttp;
    if (error.code !== 'ECONNRESET') observer.onRefused(refusal.status, refusal.reason);
    sendRaw(socket, refusal);
  });
}

/** A connection by TLS counts once it is one; until then it is a handshake, of which few may be. */
function attendTls(server: Server, context: Context): void {
  const { handshakes } = context;
  server.on('connection', (raw) => handshakes.begin(raw));
  server.on('secureConnection', (socket: Socket) => {
    handshakes.done(socket);
    welcome(context, socket);
  });
  // An answer in plain text would wait for ever for a session to carry it.
  server.on('tlsClientError', (_, socket: Socket) => socket.destroy());
}

function welcome({ connections, options }: Context, socket: Socket): void {
  const refusal = connections.open(socket, addressKey(socket.remoteAddress ?? ''));
  if (refusal !== null) {
    turnAway(options.observer, socket, refusal);
    return;
  }
  options.observer.onConnections(connections.size);
  socket.once('close', () => {
    connections.closed(socket);
    options.observer.onConnections(connections.size);
  });
}

function turnAway(observer: ServerObserver, socket: Socket, why: ConnectionRefusal): void {
  const refusal = noConnection[why];
  observer.onRefused(refusal.status, refusal.reason);
  sendRaw(socket, refusal);
}

async function serve(
  context: Context,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  ask: (() => void) | null,
): Promise<void> {
  const { connections, options } = context;
  const { socket } = incoming;
  const refusal = refuseHead(connections.begin(socket), incoming);
  if (refusal !== null) {
    reject(context, incoming, outgoing, refusal);
    return;
  }
  const hooks = { ask, prove: () => connections.prove(socket) };
  const response = await answer(incoming, hooks, options);
  sendResponse(incoming, outgoing, response, context.draining);
  connections.end(socket);
}

/** What the handler never sees. */
function refuseHead(hasPlace: boolean, incoming: IncomingMessage): RawResponse | null {
  if (!hasPlace) {
    const text = `at most ${maxPipelined} requests of one connection at a time`;
    return refuse(429, 'pipelined', text, busyRetryMs);
  }
  const { rawHeaders, httpVersion } = incoming;
  if (rawHeaders.length > 2 * maxHeadersCount) {
    return refuse(431, 'headers', `at most ${maxHeadersCount} headers`);
  }
  const hosts = countHosts(rawHeaders);
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return null;
  return refuse(400, 'host', 'the header host must be sent exactly once');
}

/** Node keeps the first of several: what is in front of the miner may have gone by another. */
function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}

function reject(
  { options, connections }: Context,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  response: RawResponse,
): void {
  options.observer.onRefused(response.status, response.reason);
  sendResponse(incoming, outgoing, response, true);
  connections.end(incoming.socket);
}

/** What went wrong here is for the operator alone; strangers get a name for it. */
async function answer(
  incoming: IncomingMessage,
  hooks: RequestHooks,
  { handle, log }: MinerServerOptions,
): Promise<RawResponse> {
  try {
    return await handle(rawRequestOf(incoming, hooks));
  } catch (error) {
    const request = randomUUID();
    log.error('a request could not be handled', { request, error });
    return refuse(
      500,
      'internal',
      `this request could not be handled; it is ${request} in the log`,
    );
  }
}

function drain(server: Server, handshakes: Handshakes, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    handshakes.close();
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
