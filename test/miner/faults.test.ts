import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Agent } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { SubnetError } from '../../common/errors.ts';
import { call, errorOf, imageBody, infer, inferPath, signedHeaders, startRig } from './rig.ts';
import type { Answer, MinerRig } from './rig.ts';

async function withRig(
  overrides: Readonly<Record<string, unknown>>,
  body: (rig: MinerRig) => Promise<void>,
): Promise<void> {
  const rig = await startRig(overrides);
  try {
    await body(rig);
  } finally {
    await rig.miner.stop();
  }
}

function statusesOf(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });
}

function modelPid(rig: MinerRig): number {
  const pid = rig.miner.status().enginePid;
  if (pid === null) throw new Error('no model process');
  return pid;
}

describe('limits of one caller', () => {
  it('429 with Retry-After past the rate of one hotkey', () =>
    withRig({ admission: { ratePerSecond: 1, burst: 3 } }, async (rig) => {
      const answers = [];
      for (let at = 0; at < 4; at += 1) answers.push(await infer(rig.port));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
      expect(Number(answers[3]?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }));

  it('429 for wrong signatures from one address, while other addresses are served', () =>
    withRig({ server: { host: '127.0.0.1' } }, async (rig) => {
      const wrong = { 'x-bittensor-signature': `0x${'11'.repeat(64)}` };
      // Twenty a second are given back: on a slow machine too 250 are over before 150 are.
      const asked = Array.from({ length: 250 }, () => infer(rig.port, { headers: wrong }));
      const counts = statusesOf(await Promise.all(asked));
      expect(counts[401]).toBeGreaterThanOrEqual(100);
      expect(counts[429]).toBeGreaterThan(0);
    }));

  it('403 when the stake is too low', () =>
    withRig({ admission: { minStakeTao: '5000' } }, async (rig) => {
      const answer = await infer(rig.port);
      expect([answer.status, errorOf(answer)]).toEqual([
        403,
        'uid 0 has a stake of 1000 TAO, needed 5000 TAO',
      ]);
    }));
});

describe('a model process that fails', () => {
  it('SIGKILL under load: 503 with Retry-After at worst, and no later request lost', () =>
    withRig({}, async (rig) => {
      const before = Array.from({ length: 20 }, () => infer(rig.port));
      process.kill(modelPid(rig), 'SIGKILL');
      const counts = statusesOf(await Promise.all(before));
      expect(Object.keys(counts).every((status) => status === '200' || status === '503')).toBe(
        true,
      );
      const after = await Promise.all(Array.from({ length: 20 }, () => infer(rig.port)));
      expect(statusesOf(after)).toEqual({ 200: 20 });
      expect(await rig.metrics()).toContain('miner_engine_restarts_total{model="digits",version="1"} 1');
    }));

  it('a hang: the request ends at its deadline, the miner lives', () =>
    withRig({ engine: { runTimeoutMs: 300 } }, async (rig) => {
      process.kill(modelPid(rig), 'SIGSTOP');
      const answer = await infer(rig.port);
      expect([answer.status, errorOf(answer)]).toEqual([503, 'the model took too long']);
      expect(Number(answer.headers['retry-after'])).toBe(1);
      expect((await infer(rig.port)).status).toBe(200);
    }));

  it('429 at once when the queue is full, 503 when a request waited too long', () =>
    withRig({ queue: { maxWaiting: 2, maxWaitMs: 200 } }, async (rig) => {
      const pid = modelPid(rig);
      process.kill(pid, 'SIGSTOP');
      const first = infer(rig.port);
      await expect.poll(() => rig.miner.status().running).toBe(1);
      const waiting = [infer(rig.port), infer(rig.port)];
      await expect.poll(() => rig.miner.status().waiting).toBe(2);
      expect((await infer(rig.port)).status).toBe(429);
      expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([503, 503]);
      process.kill(pid, 'SIGCONT');
      expect((await first).status).toBe(200);
    }));

  it('a caller that leaves while it waits is not computed', () =>
    withRig({}, async (rig) => {
      const pid = modelPid(rig);
      process.kill(pid, 'SIGSTOP');
      const first = infer(rig.port);
      await expect.poll(() => rig.miner.status().running).toBe(1);
      const leaver = new AbortController();
      const left = infer(rig.port, { signal: leaver.signal }).catch(() => 'left');
      await expect.poll(() => rig.miner.status().waiting).toBe(1);
      leaver.abort();
      await expect.poll(() => rig.miner.status().waiting).toBe(0);
      process.kill(pid, 'SIGCONT');
      expect([(await first).status, await left]).toEqual([200, 'left']);
      expect(await rig.metrics()).toContain('miner_batch_rows_count{model="digits",version="1"} 1');
    }));
});

describe('bad connections', () => {
  it('half-open ones and slow headers and bodies are closed, others unaffected', () =>
    withRig({ server: { requestTimeoutMs: 500 } }, async (rig) => {
      const heads = ['', 'POST ', `POST ${inferPath} HTTP/1.1\r\nhost: a\r\n`];
      const headers = Object.entries({ ...signedHeaders(imageBody()), 'content-length': '100' });
      const slowBody = `${heads[2]}${headers.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n{"in`;
      const sockets = Array.from({ length: 100 }, (_, at) => {
        const socket = connect(rig.port, '127.0.0.1');
        socket.write([...heads, slowBody][at % 4] ?? '');
        return socket;
      });
      const ends = sockets.filter((_, at) => at % 4 !== 0).map(closed);
      expect((await infer(rig.port)).status).toBe(200);
      await Promise.all(ends);
      for (const socket of sockets) socket.destroy();
    }));

  it.each([
    ['Content-Length with Transfer-Encoding', 'content-length: 5\r\ntransfer-encoding: chunked'],
    ['64 KB of headers', `x-long: ${'a'.repeat(65_536)}`],
    ['a bare line feed in a header', 'x-a: b\n c\r\nbad header'],
  ])('%s: refused and closed', (_, extra) =>
    withRig({}, async (rig) => {
      const socket = connect(rig.port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.write(`POST ${inferPath} HTTP/1.1\r\nhost: a\r\n${extra}\r\n\r\n0\r\n\r\n`);
      await closed(socket);
      expect(text).toMatch(/^HTTP\/1\.1 4(00|31) /);
    }),
  );

  it('a duplicate of a signed header: 401', () =>
    withRig({}, async (rig) => {
      const body = imageBody();
      const headers = signedHeaders(body);
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const twice = `x-bittensor-nonce: ${headers['x-bittensor-nonce'] ?? ''}\r\n`;
      const socket = connect(rig.port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      const length = `content-length: ${body.length}\r\nconnection: close\r\n`;
      const head = `POST ${inferPath} HTTP/1.1\r\nhost: a\r\n${lines.join('')}${twice}${length}\r\n`;
      socket.write(Buffer.concat([Buffer.from(head), body]));
      await closed(socket);
      expect(text).toMatch(/^HTTP\/1\.1 401 /);
    }));

  it('50 MB at the cap allowed by the configuration leaves small requests quick', () =>
    withRig({ server: { maxBodyBytes: 60_000_000 } }, async (rig) => {
      const big = infer(rig.port, { body: new Uint8Array(50_000_000).fill(0x20) });
      const small = await Promise.all(Array.from({ length: 5 }, () => infer(rig.port)));
      expect(statusesOf(small)).toEqual({ 200: 5 });
      expect((await big).status).toBe(413);
    }));
});

describe('stopping', () => {
  it('lets what was begun end, answers nothing with a reset, takes nothing new', async () => {
    const rig = await startRig();
    const agent = new Agent({ keepAlive: true });
    expect((await infer(rig.port, { agent })).status).toBe(200);
    const pid = modelPid(rig);
    process.kill(pid, 'SIGSTOP');
    const begun = Array.from({ length: 8 }, () => infer(rig.port, { agent }));
    await expect.poll(() => rig.miner.status().running + rig.miner.status().waiting).toBe(8);
    const stopped = rig.miner.stop();
    process.kill(pid, 'SIGCONT');
    expect(statusesOf(await Promise.all(begun))).toEqual({ 200: 8 });
    await stopped;
    await expect(call(rig.port)).rejects.toThrow(/ECONNREFUSED/);
    agent.destroy();
  });

  it('cuts what does not end within drainMs', async () => {
    const rig = await startRig({ server: { drainMs: 100 } });
    const socket = connect(rig.port, '127.0.0.1');
    const cut = closed(socket);
    socket.write('POST /v2 HTTP/1.1\r\n');
    await expect.poll(() => socket.connecting).toBe(false);
    await rig.miner.stop();
    await cut;
  });

  it('says which port is taken', () =>
    withRig({}, async (rig) => {
      const error = await startRig({ server: { port: rig.port } }).then(
        () => null,
        (cause: SubnetError) => cause,
      );
      expect(error).toMatchObject({ code: 'PORT_TAKEN', facts: { port: rig.port } });
    }));
});
