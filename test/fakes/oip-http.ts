import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { OipServer } from './oip-server.ts';

export interface OipHttp {
  /** With a host name, as operators write it. */
  readonly url: string;
  /** Ends it at once, with whatever it is about to answer. */
  close(): Promise<void>;
}

/** Puts a server on a port of its own; by TLS with a certificate and its key, in PEM. */
export async function serveOip(
  oip: OipServer,
  tls?: { readonly cert: string; readonly key: string },
): Promise<OipHttp> {
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void answer(oip, request, response);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${tls === undefined ? 'http' : 'https'}://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  oip: OipServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  const { method = '', url: path = '' } = request;
  const reply = await oip.handle({ method, path, headers, body: Buffer.concat(chunks) });
  response.writeHead(reply.status, reply.headers).end(reply.body);
}
