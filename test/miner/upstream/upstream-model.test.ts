import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpClient } from '../../../common/node/http-undici.ts';
import { upstreamContract } from '../../contract/upstream-contract.ts';
import { createFakeHttp } from '../../fakes/fake-http.ts';
import type { OipServer } from '../../fakes/oip-server.ts';

upstreamContract('requests in memory', () => {
  const http = createFakeHttp();
  let count = 0;
  return {
    http,
    serve: async (server) => {
      count += 1;
      const url = `http://10.0.0.${count}:8000`;
      http.serve(url, (request) => {
        const { pathname } = new URL(request.url);
        const body = request.body ?? new Uint8Array();
        return server.handle({ ...request, path: pathname, body });
      });
      return url;
    },
    kill: async (url) => http.serve(url, () => 'reset'),
    dispose: () => http.close(),
  };
});

upstreamContract('requests over undici', () => {
  const http = createHttpClient({ operatorHosts: true });
  const servers = new Map<string, Server>();
  const kill = async (url: string): Promise<void> => {
    const server = servers.get(url);
    servers.delete(url);
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
  };
  return {
    http,
    serve: async (oip) => {
      const server = createServer((request, response) => void answer(oip, request, response));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      // A name, as operators write them.
      const url = `http://localhost:${(server.address() as AddressInfo).port}`;
      servers.set(url, server);
      return url;
    },
    kill,
    dispose: async () => {
      await http.close();
      for (const url of servers.keys()) await kill(url);
    },
  };
});

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
