import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { errorOf, imageBody, infer, inferPath, signedHeaders } from '../rig.ts';
import { statusesOf, untilClosed, withRig } from './bar.ts';

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
      const ends = sockets.filter((_, at) => at % 4 !== 0).map(untilClosed);
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
      await untilClosed(socket);
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
      await untilClosed(socket);
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
