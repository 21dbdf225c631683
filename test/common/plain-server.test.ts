import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { createLogger } from '../../common/node/log.ts';
import { createPlatform } from '../../common/node/platform.ts';

let server: Server;
beforeAll(async () => {
  server = createServer((_, response) => response.end('a page'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());

function connect(port: number) {
  return connectChain({
    endpoints: [`ws://127.0.0.1:${port}`],
    platform: createPlatform(),
    logger: createLogger({ level: 'silent' }),
  });
}

it('tells a server that is no chain node from a port on which nobody listens', async () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(connect(port)).rejects.toThrow(/it answers, but not as a chain node/);
  await new Promise((resolve) => server.close(resolve));
  await expect(connect(port)).rejects.toThrow(/no connection/);
});
