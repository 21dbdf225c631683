import { afterEach, describe, expect, it } from 'vitest';
import { jsonReply, metricsReply, startStatusServer } from '../../common/node/status-server.ts';
import type { StatusServer } from '../../common/node/status-server.ts';

const servers: StatusServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(port = 0): Promise<StatusServer> {
  const routes = {
    '/metrics': async () => metricsReply('a 1\n'),
    '/status': () => jsonReply({ round: 3 }),
    '/broken': () => {
      throw new Error('not now');
    },
  };
  const server = await startStatusServer({ host: '127.0.0.1', port, routes });
  servers.push(server);
  return server;
}

describe('the status server', () => {
  it('answers its routes and nothing else', async () => {
    const { url } = await start();
    expect(await (await fetch(`${url}/status?x=1`)).json()).toEqual({ round: 3 });
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await metrics.text()).toBe('a 1\n');
    for (const path of ['/', '/nothing', '/__proto__', '/constructor', '//status']) {
      expect((await fetch(url + path)).status).toBe(404);
    }
  });

  it('only reads', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/status`, { method: 'POST' })).status).toBe(405);
    const head = await fetch(`${url}/status`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('survives a route that fails', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/broken`)).status).toBe(500);
    expect((await fetch(`${url}/status`)).status).toBe(200);
  });

  it('says when the port is taken', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    await expect(start(port)).rejects.toMatchObject({ code: 'PORT_TAKEN', exitCode: 3 });
  });
});
