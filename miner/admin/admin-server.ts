import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { SubnetError } from '../../common/errors.ts';
import { listen } from '../../common/node/listen.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { AdminGate, AdminReply } from './admin-gate.ts';
import { isLoopback, isLoopbackHost } from './loopback.ts';

export interface AdminServerOptions {
  /** A loopback address. */
  readonly host: string;
  /** 0 finds a free one. */
  readonly port: number;
  readonly gate: AdminGate;
  /** What anyone on this machine may read, by exact path. */
  readonly pages: Readonly<Record<string, () => AdminPage | Promise<AdminPage>>>;
  readonly log: Logger;
}

export interface AdminPage {
  readonly type: string;
  readonly body: string;
}

export interface AdminServer {
  readonly host: string;
  /** As it really listens. */
  readonly port: number;
  close(): Promise<void>;
}

const maxBodyBytes = 65_536;
const limits = {
  maxHeaderSize: 16_384,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 5000,
};
const maxConnections = 64;

/** Throws ADMIN_NOT_LOOPBACK for any other address; else as `listen` does. */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { host, port, log } = options;
  if (!isLoopback(host)) throw new SubnetError('ADMIN_NOT_LOOPBACK', { host });
  const server = createServer(limits, (incoming, outgoing) => {
    void respond(options, incoming).then(
      (reply) => send(outgoing, reply),
      (error: unknown) => {
        log.error('an admin request could not be handled', { error });
        outgoing.destroy();
      },
    );
  });
  server.maxConnections = maxConnections;
  await listen(server, { host, port, section: 'admin' });
  server.on('error', (error) => log.error('the admin port met an error', { error }));
  const address = server.address();
  return {
    host,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => close(server),
  };
}

interface Sent extends AdminPage {
  readonly status: number;
}

async function respond(options: AdminServerOptions, incoming: IncomingMessage): Promise<Sent> {
  const { method = 'GET', url = '/', headers } = incoming;
  if (!isLoopbackHost(headers.host)) return json({ status: 403, json: { error: 'no such host' } });
  const page = Object.hasOwn(options.pages, url) ? options.pages[url] : undefined;
  if (page !== undefined && method === 'GET') return { status: 200, ...(await page()) };
  const body = await readBody(incoming);
  if (body === null) return json({ status: 413, json: { error: 'the body is too large' } });
  const remoteAddress = incoming.socket.remoteAddress ?? '';
  return json(await options.gate({ method, path: url, headers, remoteAddress, body }));
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function json(reply: AdminReply): Sent {
  return {
    status: reply.status,
    type: 'application/json',
    body: `${JSON.stringify(reply.json)}\n`,
  };
}

function send(outgoing: ServerResponse, { status, type, body }: Sent): void {
  outgoing.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  outgoing.end(body);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
