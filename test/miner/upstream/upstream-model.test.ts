import { createHttpClient } from '../../../common/node/http-undici.ts';
import { upstreamContract } from '../../contract/upstream-contract.ts';
import { createFakeHttp } from '../../fakes/fake-http.ts';
import { serveOip } from '../../fakes/oip-http.ts';
import type { OipHttp } from '../../fakes/oip-http.ts';

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
  const servers = new Map<string, OipHttp>();
  return {
    http,
    serve: async (oip) => {
      const server = await serveOip(oip);
      servers.set(server.url, server);
      return server.url;
    },
    kill: async (url) => {
      const server = servers.get(url);
      servers.delete(url);
      await server?.close();
    },
    dispose: async () => {
      await http.close();
      for (const server of servers.values()) await server.close();
    },
  };
});
