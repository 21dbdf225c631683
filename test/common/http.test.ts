import { getEventListeners } from 'node:events';
import { gzipSync } from 'node:zlib';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../common/node/http-undici.ts';
import type { HttpClientOptions } from '../../common/node/http-undici.ts';
import type { HttpClient, HttpRequest } from '../../common/http-port.ts';
import { httpContract } from '../contract/http-contract.ts';
import type { PeerPlan } from '../contract/http-contract.ts';
import { createFakeHttp } from '../fakes/fake-http.ts';
import type { FakeReply } from '../fakes/fake-http.ts';

interface RawPeer {
  readonly port: number;
  readonly connections: () => number;
  close(): Promise<void>;
}

/** A TCP peer that sees the bytes of each request and may do anything. */
async function rawPeer(onRequest: (socket: Socket, request: string) => void): Promise<RawPeer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => onRequest(socket, data.toString('latin1')));
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function rawAnswer(plan: PeerPlan): (socket: Socket) => void {
  return (socket) => {
    if (plan.kind === 'hang') return;
    if (plan.kind === 'reset') return void socket.resetAndDestroy();
    if (plan.kind === 'garbage')
      return void socket.end('\x16\x03\x01 this is not HTTP at all\r\n\r\n');
    const { status, headers = {}, body = new Uint8Array() } = plan;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `HTTP/1.1 ${status} X\r\n${lines.join('')}content-length: ${body.length}\r\n\r\n`;
    socket.write(head);
    socket.write(body);
  };
}

httpContract('undici', async () => {
  const client = createHttpClient();
  const peers: RawPeer[] = [];
  return {
    client,
    serve: async (plan) => {
      const peer = await rawPeer(rawAnswer(plan));
      peers.push(peer);
      return `http://127.0.0.1:${peer.port}`;
    },
    nowhere: async () => {
      const peer = await rawPeer(() => undefined);
      await peer.close();
      return `http://127.0.0.1:${peer.port}`;
    },
    dispose: async () => {
      await client.close();
      for (const peer of peers) await peer.close();
    },
  };
});

httpContract('fake', async () => {
  const client = createFakeHttp();
  const replyOf = (plan: PeerPlan): FakeReply => (plan.kind === 'reply' ? plan : plan.kind);
  return {
    client,
    serve: async (plan) => {
      client.serve('http://10.1.1.1:8091', () => replyOf(plan));
      return 'http://10.1.1.1:8091';
    },
    nowhere: async () => 'http://10.1.1.2:8091',
    dispose: () => client.close(),
  };
});

describe('undici client and hostile peers', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  function client(options: HttpClientOptions = {}): HttpClient {
    const made = createHttpClient(options);
    open.push(made);
    return made;
  }

  async function peer(onRequest: (socket: Socket, request: string) => void): Promise<RawPeer> {
    const made = await rawPeer(onRequest);
    open.push(made);
    return made;
  }

  function get(port: number, options: Partial<HttpRequest> = {}): HttpRequest {
    return {
      method: 'POST',
      url: `http://127.0.0.1:${port}/x`,
      headers: {},
      body: Uint8Array.of(1),
      timeoutMs: 500,
      maxBodyBytes: 1000,
      ...options,
    };
  }

  it('never decodes: a gzip bomb stays what came over the wire', async () => {
    const bomb = gzipSync(new Uint8Array(1_000_000));
    const honest = await peer((socket) => {
      socket.write(`HTTP/1.1 200 X\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    });
    const answer = await client().request(get(honest.port, { maxBodyBytes: 2000 }));
    expect(answer.kind === 'response' && answer.body.length).toBe(bomb.length);
  });

  it('asks for no encoding', async () => {
    let asked = '';
    const one = await peer((socket, request) => {
      asked = request;
      socket.write('HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n');
    });
    await client().request(get(one.port, { headers: { 'accept-encoding': 'gzip' } }));
    expect(asked.toLowerCase().match(/accept-encoding: identity/g)).toHaveLength(1);
    expect(asked).not.toContain('gzip');
  });

  it('refuses a huge content-length before any of the body', async () => {
    let sent = 0;
    const huge = await peer((socket) => {
      socket.write('HTTP/1.1 200 X\r\ncontent-length: 1000000000\r\n\r\n');
      sent += 1;
    });
    const answer = await client().request(get(huge.port));
    expect(answer).toMatchObject({ kind: 'fault', reason: 'too-large' });
    expect(sent).toBe(1);
  });

  it('cuts endless chunks at the cap and closes the connection', async () => {
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
    let closed: () => void = () => undefined;
    const closing = new Promise<void>((resolve) => (closed = resolve));
    const endless = await peer((socket) => {
      socket.on('close', () => closed());
      socket.write('HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n');
      const more = (): void => {
        while (socket.writable && socket.write(chunk));
        if (socket.writable) socket.once('drain', more);
      };
      more();
    });
    const answer = await client().request(get(endless.port, { maxBodyBytes: 100_000 }));
    expect(answer).toMatchObject({ kind: 'fault', reason: 'too-large' });
    await closing;
  });

  it('ends a drip feed at the deadline, however steady it is', async () => {
    const timers: ReturnType<typeof setInterval>[] = [];
    const drip = await peer((socket) => {
      socket.write('HTTP/1.1 200 X\r\ncontent-length: 900\r\n\r\n');
      timers.push(setInterval(() => socket.write('x'), 5));
    });
    const answer = await client().request(get(drip.port, { timeoutMs: 60 }));
    for (const timer of timers) clearInterval(timer);
    expect(answer).toMatchObject({ kind: 'fault', reason: 'timeout' });
  });

  it('ends silence after the head at the deadline', async () => {
    const silent = await peer((socket) => {
      socket.write('HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\n');
    });
    const answer = await client().request(get(silent.port, { timeoutMs: 60 }));
    expect(answer).toMatchObject({ kind: 'fault', reason: 'timeout' });
  });

  it('takes a body that is cut short for a reset', async () => {
    const short = await peer((socket) => {
      socket.end('HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\nabc');
    });
    expect(await client().request(get(short.port))).toMatchObject({ reason: 'reset' });
  });

  it('refuses 100 kB of headers', async () => {
    const wide = await peer((socket) => {
      socket.write(`HTTP/1.1 200 X\r\nx-a: ${'a'.repeat(100_000)}\r\ncontent-length: 0\r\n\r\n`);
    });
    expect(await client().request(get(wide.port))).toMatchObject({ reason: 'bad-protocol' });
  });

  it('reads past 100 and 103 to the real answer', async () => {
    const early = await peer((socket) => {
      socket.write('HTTP/1.1 103 Early\r\nlink: </x>\r\n\r\n');
      socket.write('HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\nok');
    });
    expect(await client().request(get(early.port))).toMatchObject({ status: 200 });
  });

  it('joins repeated headers, so that a reader of exactly one sees the repeat', async () => {
    const twice = await peer((socket) => {
      socket.write('HTTP/1.1 200 X\r\nx-a: 1\r\nx-a: 2\r\ncontent-length: 0\r\n\r\n');
    });
    const answer = await client().request(get(twice.port));
    expect(answer).toMatchObject({ headers: { 'x-a': '1,2' } });
  });

  it('dials IP literals over http only, and no port 0', async () => {
    const urls = ['http://localhost:1/', 'https://127.0.0.1:1/', 'http://127.0.0.1:0/', 'junk'];
    for (const url of urls) {
      const answer = await client().request({ ...get(1), url });
      expect(answer).toMatchObject({ kind: 'fault', reason: 'address-refused' });
    }
  });

  it('asks the policy with the address as it will be dialled', async () => {
    const asked: string[] = [];
    const refuse = (ip: string, port: number): string => {
      asked.push(`${ip} ${port}`);
      return 'not this one';
    };
    const urls = [
      'http://[::1]:80/',
      'http://0x7f.1:81/',
      'http://2130706433/',
      'http://[::ffff:127.0.0.1]/',
    ];
    for (const url of urls) {
      const answer = await client({ refuse }).request({ ...get(1), url });
      expect(answer).toMatchObject({ reason: 'address-refused', detail: 'not this one' });
    }
    expect(asked).toEqual(['::1 80', '127.0.0.1 81', '127.0.0.1 80', '::ffff:7f00:1 80']);
  });

  it('stops at once when it is cancelled in mid-flight', async () => {
    const controller = new AbortController();
    const silent = await peer(() => controller.abort());
    const answer = await client().request(get(silent.port, { signal: controller.signal }));
    expect(answer).toMatchObject({ kind: 'fault', reason: 'cancelled' });
  });

  it('puts one listener on a signal, however many requests share it, and takes it away', async () => {
    const silent = await peer(() => undefined);
    const stop = new AbortController();
    const listeners = (): number => getEventListeners(stop.signal, 'abort').length;
    const one = client();
    const answers = Array.from({ length: 20 }, () =>
      one.request(get(silent.port, { signal: stop.signal })),
    );
    expect(listeners()).toBe(1);
    stop.abort();
    const cancelled = { kind: 'fault', reason: 'cancelled' };
    expect(await Promise.all(answers)).toMatchObject(answers.map(() => cancelled));
    expect(listeners()).toBe(0);
  });

  it('leaves no listener on a signal whose requests are answered', async () => {
    const quick = await peer(rawAnswer({ kind: 'reply', status: 200 }));
    const { signal } = new AbortController();
    const one = client();
    for (let round = 0; round < 2; round += 1) {
      const answers = [1, 2, 3].map(() => one.request(get(quick.port, { signal })));
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      expect((await Promise.all(answers)).every(({ kind }) => kind === 'response')).toBe(true);
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    }
  });

  it('leaves no request unanswered when it is closed', async () => {
    const silent = await peer(() => undefined);
    const made = client();
    const pending = made.request(get(silent.port));
    await made.close();
    expect((await pending).kind).toBe('fault');
  });

  it('keeps each answer with its own request on a shared origin', async () => {
    const echo = await peer((socket, request) => {
      const name = /POST \/(\S+)/.exec(request)?.[1] ?? '';
      socket.write(`HTTP/1.1 200 X\r\ncontent-length: ${name.length}\r\n\r\n${name}`);
    });
    const made = client();
    const names = Array.from({ length: 50 }, (_, at) => `uid-${at}`);
    const answers = await Promise.all(
      names.map((name) =>
        made.request({ ...get(1), url: `http://127.0.0.1:${echo.port}/${name}` }),
      ),
    );
    const bodies = answers.map((one) =>
      one.kind === 'response' ? new TextDecoder().decode(one.body) : one.reason,
    );
    expect(bodies).toEqual(names);
  });
});
