import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import type { RawData, WebSocket } from 'ws';
import { SubnetError, messageOf } from '../common/errors.ts';
import { addressClass } from '../common/chain/ip.ts';
import type { Logger } from '../common/telemetry-port.ts';
import type { DevNode } from './dev-node.ts';
import { RpcError, rpcMethods } from './rpc-methods.ts';
import type { RpcContext, Subscription } from './rpc-methods.ts';

export interface RpcServerOptions {
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
}

export interface RpcServer {
  /** ws://host:port with the port that is really open. */
  readonly url: string;
  close(): Promise<void>;
}

const maxMessageBytes = 16 * 1024 * 1024;
const maxConnections = 256;
const maxBatch = 100;
const maxSubscriptions = 1024;

/** JSON-RPC 2.0 over WebSocket and HTTP POST on one port. Throws PORT_TAKEN. */
export async function startRpcServer(node: DevNode, options: RpcServerOptions): Promise<RpcServer> {
  const http = createServer((request, response) => void onHttp(node, request, response));
  http.maxConnections = maxConnections;
  http.headersTimeout = 10_000;
  http.requestTimeout = 30_000;
  const sockets = new WebSocketServer({ server: http, maxPayload: maxMessageBytes });
  sockets.on('error', () => undefined);
  sockets.on('connection', (socket, request) => {
    serveSocket({ node, isLocal: isLocal(request) }, socket, options.log);
  });
  const port = await listen(http, options);
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `ws://${host}:${port}`, close: () => close(http, sockets) };
}

function listen(http: Server, { host, port }: RpcServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', (cause: Error & { code?: string }) => {
      const detail = cause.code === 'EADDRINUSE' ? `${host}:${port}` : messageOf(cause);
      reject(new SubnetError('PORT_TAKEN', { port, host, detail }, { cause }));
    });
    http.listen({ host, port }, () => {
      const address = http.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function close(http: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
  http.closeAllConnections();
  await new Promise<void>((resolve) => {
    http.close(() => resolve());
  });
}

type Served = Pick<RpcContext, 'node' | 'isLocal'>;

function isLocal({ socket }: IncomingMessage): boolean {
  return addressClass(socket.remoteAddress ?? '') === 'loopback';
}

function serveSocket(served: Served, socket: WebSocket, log: Logger): void {
  const open = new Map<string, () => void>();
  let count = 0;
  const context: RpcContext = {
    ...served,
    subscribe: (method) => {
      if (open.size >= maxSubscriptions) throw new RpcError(-32006, 'Too many subscriptions');
      count += 1;
      const id = `sub-${count}`;
      open.set(id, () => undefined);
      return subscriptionOn(socket, open, method, id);
    },
    unsubscribe: (id) => endSubscription(open, String(id)),
  };
  socket.on('message', (data) => {
    void answer(context, textOf(data)).then((text) => text !== null && send(socket, text));
  });
  socket.on('error', (error) => log.debug('socket error', { error: error.message }));
  socket.on('close', () => {
    for (const id of open.keys()) endSubscription(open, id);
  });
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString('utf8');
}

function subscriptionOn(
  socket: WebSocket,
  open: Map<string, () => void>,
  method: string,
  id: string,
): Subscription {
  return {
    id,
    send: (result, last = false) => {
      if (!open.has(id)) return;
      if (last) endSubscription(open, id);
      const params = { subscription: id, result };
      // The answer that names the subscription has to leave before its first notification.
      setImmediate(() => send(socket, JSON.stringify({ jsonrpc: '2.0', method, params })));
    },
    onEnd: (stop) => void open.set(id, stop),
  };
}

function endSubscription(open: Map<string, () => void>, id: string): boolean {
  const stop = open.get(id);
  open.delete(id);
  stop?.();
  return stop !== undefined;
}

function send(socket: WebSocket, text: string): void {
  if (socket.readyState === socket.OPEN) socket.send(text);
}

async function onHttp(
  node: DevNode,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', 'content-type');
  response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  if (request.method !== 'POST') {
    return void response.writeHead(405).end('JSON-RPC by POST, or by WebSocket\n');
  }
  const body = await readBody(request);
  if (body === null) return void response.writeHead(413).end();
  const context: RpcContext = {
    node,
    isLocal: isLocal(request),
    subscribe: () => {
      throw new RpcError(-32000, 'Subscriptions are not available on this transport');
    },
    unsubscribe: () => false,
  };
  const text = (await answer(context, body)) ?? '';
  response.writeHead(200, { 'content-type': 'application/json' }).end(text);
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      const bytes = chunk as Buffer;
      length += bytes.length;
      if (length > maxMessageBytes) return null;
      chunks.push(bytes);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface RpcRequest {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
}

/** The text to answer with; null when only notifications came. */
async function answer(context: RpcContext, text: string): Promise<string | null> {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return failure(null, new RpcError(-32700, 'Parse error'));
  }
  if (!Array.isArray(message)) return answerOne(context, message);
  if (message.length === 0 || message.length > maxBatch) {
    return failure(null, new RpcError(-32600, `A batch holds 1 to ${maxBatch} requests`));
  }
  const answers = await Promise.all(message.map((one) => answerOne(context, one)));
  const present = answers.filter((one) => one !== null);
  return present.length === 0 ? null : `[${present.join(',')}]`;
}

async function answerOne(context: RpcContext, message: unknown): Promise<string | null> {
  if (typeof message !== 'object' || message === null) {
    return failure(null, new RpcError(-32600, 'Invalid Request'));
  }
  const { id, method, params } = message as RpcRequest;
  if (typeof method !== 'string') return failure(id, new RpcError(-32600, 'Invalid Request'));
  const handler = Object.hasOwn(rpcMethods, method) ? rpcMethods[method] : undefined;
  if (handler === undefined) return failure(id, new RpcError(-32601, 'Method not found', method));
  try {
    const list = Array.isArray(params) ? (params as unknown[]) : [];
    const result = (await handler(context, list)) ?? null;
    return id === undefined ? null : JSON.stringify({ jsonrpc: '2.0', id, result });
  } catch (error) {
    return failure(id, error);
  }
}

function failure(id: unknown, error: unknown): string {
  const known = error instanceof RpcError;
  const { code, message, data } = known
    ? error
    : {
        code: -32603,
        message: `Internal error: ${messageOf(error).slice(0, 300)}`,
        data: undefined,
      };
  const shown = data === undefined ? { code, message } : { code, message, data };
  return JSON.stringify({ jsonrpc: '2.0', id: id ?? null, error: shown });
}
