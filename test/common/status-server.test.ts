import { afterEach, describe, expect, it } from 'vitest';
import { listenError } from '../../common/node/listen.ts';
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

describe('why a server does not listen', () => {
  const place = { host: '127.0.0.1', port: 80, section: 'server' };
  const failed = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });

  it.each([
    ['EADDRINUSE', 'PORT_TAKEN', 'server.port'],
    ['EACCES', 'PORT_FORBIDDEN', 'server.port'],
    ['EADDRNOTAVAIL', 'ADDRESS_NOT_HERE', 'server.host'],
    ['ENOTFOUND', 'ADDRESS_NOT_HERE', 'server.host'],
  ])('%s is %s of %s', (system, code, setting) => {
    expect(listenError(failed(system), place)).toMatchObject({ code, facts: { setting } });
  });

  it('leaves what it does not know as it is', () => {
    const cause = failed('EMFILE');
    expect(listenError(cause, place)).toBe(cause);
  });
});

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
    await expect(start(port)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      exitCode: 3,
      facts: { setting: 'metrics.port', port },
    });
  });

  it('says when the address is none of this machine', async () => {
    // Of a network that is kept for examples: no machine has it.
    const started = startStatusServer({ host: '192.0.2.1', port: 0, routes: {} });
    await expect(started).rejects.toMatchObject({
      code: 'ADDRESS_NOT_HERE',
      facts: { setting: 'metrics.host', host: '192.0.2.1' },
    });
  });
});
