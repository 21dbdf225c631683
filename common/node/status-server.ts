import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { messageOf } from '../errors.ts';
import { listen } from './listen.ts';

export interface StatusReply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface StatusServer {
  /** `http://address:port` as it really listens. */
  readonly url: string;
  close(): Promise<void>;
}

export interface StatusServerOptions {
  readonly host: string;
  /** 0 finds a free one. */
  readonly port: number;
  /** By exact path; anything else is 404. */
  readonly routes: Readonly<Record<string, () => StatusReply | Promise<StatusReply>>>;
}

/** A read-only HTTP server for metrics, health and status. Throws as `listen` does. */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const { host, port, routes } = options;
  const server = createServer((request, response) => {
    void answer(request, routes).then((reply) => send(request, response, reply));
  });
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  server.maxHeadersCount = 64;
  await listen(server, { host, port, section: 'metrics' });
  return {
    url: urlOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function jsonReply(value: unknown, status = 200): StatusReply {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** The Prometheus text format 0.0.4. */
export function metricsReply(body: string): StatusReply {
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body };
}

async function answer(
  request: IncomingMessage,
  routes: StatusServerOptions['routes'],
): Promise<StatusReply> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return jsonReply({ error: 'only GET' }, 405);
  }
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return jsonReply({ error: 'not found' }, 404);
  try {
    return await route();
  } catch (error) {
    return jsonReply({ error: messageOf(error) }, 500);
  }
}

function send(request: IncomingMessage, response: ServerResponse, reply: StatusReply): void {
  const length = Buffer.byteLength(reply.body);
  response.writeHead(reply.status, {
    'content-type': reply.type,
    'content-length': length,
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : reply.body);
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
