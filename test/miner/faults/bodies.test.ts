import { gzipSync, brotliCompressSync, deflateSync } from 'node:zlib';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, imageBody, infer, inferPath, platform, signedHeaders, startRig } from '../rig.ts';
import type { Answer, MinerRig } from '../rig.ts';
import { expectUnharmed, headOf, sendBytes, statusesOf, withRig } from './bar.ts';

let rig: MinerRig;
beforeAll(async () => {
  rig = await startRig({ server: { maxBodyBytes: 20_000_000 } });
});
afterAll(() => rig.miner.stop());

function inferText(text: string): Promise<Answer> {
  return infer(rig.port, { body: new TextEncoder().encode(text) });
}

function tensorText(parts: Readonly<Record<string, unknown>>): string {
  const data = Array.from({ length: 64 }, () => 0.5);
  const tensor = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data, ...parts };
  return JSON.stringify({ inputs: [tensor] });
}

/** Runs of the model so far, its warm-up left out. */
async function runs(): Promise<string> {
  return /miner_batch_rows_count\{[^}]*\} (\d+)/.exec(await rig.metrics())?.[1] ?? '0';
}

describe('11. heads that break the rules of HTTP', () => {
  const good = signedHeaders(imageBody());
  const unread = { ...good, 'content-length': '0' };
  it.each<[string, string]>([
    [
      'a length and chunks',
      headOf('POST', inferPath, { ...unread, 'transfer-encoding': 'chunked' }),
    ],
    ['two lengths', headOf('POST', inferPath, { 'content-length': '1\r\ncontent-length: 2' })],
    ['a length that is none', headOf('POST', inferPath, { 'content-length': '-1' })],
    ['a folded header', headOf('POST', inferPath, { 'x-a': 'b\r\n c' })],
    ['a bare line feed', 'GET /v2 HTTP/1.1\nhost: a\n\n'],
    ['a bare carriage return in a value', headOf('GET', '/v2', { 'x-a': 'b\rc: d' })],
    ['a NUL in a value', headOf('GET', '/v2', { 'x-a': 'b\0c' })],
    ['64 KB of one header', headOf('GET', '/v2', { 'x-a': 'a'.repeat(65_536) })],
    ['64 KB of many headers', headOf('GET', '/v2', { 'x-a': `b${'\r\nx: y'.repeat(10_000)}` })],
    ['65 headers', headOf('GET', '/v2', { 'x-a': `b${'\r\nx: y'.repeat(65)}` })],
    ['a space before the colon', 'GET /v2 HTTP/1.1\r\nhost : a\r\n\r\n'],
    ['no host', 'GET /v2 HTTP/1.1\r\n\r\n'],
    ['a path of 64 KB', headOf('GET', `/${'a'.repeat(65_536)}`, {})],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['garbage', `${'\x00\xff\x01'.repeat(100)}\r\n\r\n`],
    ['an unknown method', headOf('FROB', '/v2', {})],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['an unknown expectation', headOf('POST', inferPath, { expect: 'tea', 'content-length': '3' })],
  ])('%s: 4xx, and the connection is closed', async (_, bytes) => {
    const text = await sendBytes(rig.port, Buffer.from(bytes, 'latin1'));
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(text.toLowerCase()).toContain('connection: close');
  });

  it.each(Object.keys(good))('%s twice, or not in ASCII: 401', async (name) => {
    const close = { ...unread, connection: 'close' };
    const twice = headOf('POST', inferPath, {
      ...close,
      [name]: `${good[name]}\r\n${name}: ${good[name]}`,
    });
    const odd = headOf('POST', inferPath, { ...close, [name]: `${good[name]}\xe9` });
    for (const bytes of [twice, odd]) {
      expect(await sendBytes(rig.port, Buffer.from(bytes, 'latin1'))).toMatch(/^HTTP\/1\.1 401 /);
    }
  });

  it('methods that it does not have, HTTP/1.0 and wishes to upgrade are answered in order', async () => {
    const closing = { connection: 'close' };
    for (const method of ['TRACE', 'OPTIONS', 'DELETE', 'PATCH', 'PUT']) {
      const answer = await call(rig.port, { method, path: inferPath, headers: closing });
      expect([405, 404]).toContain(answer.status);
    }
    expect(await sendBytes(rig.port, 'GET /v2 HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    const upgrade = { connection: 'upgrade, close', upgrade: 'websocket' };
    expect(await sendBytes(rig.port, headOf('GET', '/v2', upgrade))).toMatch(/^HTTP\/1\.1 200 /);
    await expectUnharmed(rig, { status: 400, reason: 'malformed' });
  });

  it('Expect: 100-continue is answered once the head was found good, and not before', async () => {
    const body = imageBody();
    const expecting = {
      expect: '100-continue',
      'content-length': String(body.length),
      connection: 'close',
    };
    const good = headOf('POST', inferPath, { ...signedHeaders(body), ...expecting });
    expect(await sendBytes(rig.port, good, body)).toMatch(/^HTTP\/1\.1 100 [^]*HTTP\/1\.1 200 /);
    const unsigned = headOf('POST', inferPath, expecting);
    expect(await sendBytes(rig.port, unsigned)).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('a short body that is refused unread costs no connection, though its rest comes late', async () => {
    const body = imageBody();
    const head = headOf('POST', inferPath, { 'content-length': String(body.length) });
    const socket = connect(rig.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    for (let asked = 1; asked <= 3; asked += 1) {
      socket.write(head);
      socket.write(body.subarray(0, 10));
      while (text.split('HTTP/1.1 401').length <= asked) await platform.clock.sleep(5);
      socket.write(body.subarray(10));
    }
    expect(text.toLowerCase()).not.toContain('connection: close');
    socket.destroy();
  });

  it('65 requests of one connection at once: the last is one too many', () =>
    withRig({ admission: { addressBurst: 1000 } }, async (own) => {
      const body = imageBody();
      const one = () => [
        headOf('POST', inferPath, {
          ...signedHeaders(body),
          'content-length': String(body.length),
        }),
        body,
      ];
      const pid = own.miner.status().enginePid ?? 0;
      process.kill(pid, 'SIGSTOP');
      const text = sendBytes(own.port, ...Array.from({ length: 65 }, one).flat());
      await expect.poll(own.metrics, { timeout: 10_000 }).toMatch(/reason="pipelined"\} 1/);
      process.kill(pid, 'SIGCONT');
      const statuses = [...(await text).matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(
        ([, status]) => status,
      );
      expect(statuses).toEqual([...Array.from({ length: 64 }, () => '200'), '429']);
    }));
});

describe('13. a body of 50 MB where the configuration allows it', () => {
  it('small requests are answered while it comes and while it is read', () =>
    withRig({ server: { maxBodyBytes: 60_000_000 } }, async (own) => {
      const rows = 195_000;
      const head = `{"inputs":[{"name":"image","datatype":"FP32","shape":[${rows},1,8,8],"parameters":{"binary_data_size":${rows * 256}}}]}`;
      const body = Buffer.concat([Buffer.from(head), Buffer.alloc(rows * 256 + 1)]);
      const headers = { 'inference-header-content-length': String(head.length) };
      const state = { done: false };
      // One byte too many at its end: all of it is read and hashed, and the model is left alone.
      const big = infer(own.port, { body, headers }).finally(() => (state.done = true));
      let meanwhile = 0;
      while (!state.done) {
        expect((await infer(own.port)).status).toBe(200);
        meanwhile += 1;
      }
      expect((await big).status).toBe(400);
      expect(meanwhile).toBeGreaterThan(0);
      await expectUnharmed(own, { status: 400, reason: 'bad_request' });
    }));

  it('JSON of that size is refused: it could only be read in one go', () =>
    withRig({ server: { maxBodyBytes: 60_000_000 } }, async (own) => {
      const body = new Uint8Array(50_000_000).fill(0x20);
      expect((await infer(own.port, { body })).status).toBe(413);
      await expectUnharmed(own);
    }));
});

describe('14. JSON that hurts', () => {
  it.each<[string, () => string]>([
    ['a million deep', () => '['.repeat(1_000_000)],
    ['objects a hundred thousand deep', () => '{"a":'.repeat(100_000)],
    [
      'closed, and a hundred thousand deep',
      () => `{"inputs":${'['.repeat(1e5)}${']'.repeat(1e5)}}`,
    ],
    ['a million keys', () => `{${Array.from({ length: 1e6 }, (_, at) => `"k${at}":0`).join()}}`],
    ['a million inputs', () => `{"inputs":[${Array.from({ length: 1e6 }, () => '0').join()}]}`],
    ['__proto__ for inputs', () => '{"__proto__":{"inputs":[]}}'],
    [
      'the same input twice',
      () => `{"inputs":[${tensorText({}).slice(11, -2)},${tensorText({}).slice(11, -2)}]}`,
    ],
    ['NaN', () => tensorText({}).replace('0.5', 'NaN')],
    ['Infinity', () => tensorText({}).replace('0.5', '-Infinity')],
    ['1e999', () => tensorText({}).replace('0.5', '1e999')],
    ['a lone surrogate in a name', () => tensorText({ name: '\ud800' })],
    ['a comma too many', () => tensorText({}).replace(']}]', '],}]')],
    ['a comment', () => `// a\n${tensorText({})}`],
    ['nothing', () => ''],
    ['a byte order mark', () => `\ufeff${tensorText({})}`],
    ['null', () => 'null'],
    ['a text', () => '"inputs"'],
  ])('%s: 400', async (_, text) => {
    const before = await runs();
    expect((await inferText(text())).status).toBe(400);
    expect(await runs()).toBe(before);
  });

  it('bytes that are no UTF-8: 400; the first of keys that repeat does not count', async () => {
    const bytes = Buffer.from(tensorText({}).replace('image', 'im\xffge'), 'latin1');
    expect((await infer(rig.port, { body: bytes })).status).toBe(400);
    expect(
      (await inferText(tensorText({}).replace('{"inputs"', '{"inputs":[],"inputs"'))).status,
    ).toBe(200);
    await expectUnharmed(rig, { status: 400, reason: 'bad_request' });
  });
});

describe('15. tensors that are not what the model takes', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a wrong shape', { shape: [1, 64] }],
    ['a negative dimension', { shape: [-1, 1, 8, 8] }],
    ['a dimension that is no whole number', { shape: [1, 1, 8, 8.5] }],
    ['a product beyond 2^64', { shape: [4_294_967_296, 4_294_967_296, 8, 8] }],
    ['a product beyond 2^53', { shape: [9_007_199_254_740_991, 1, 8, 8] }],
    ['no rows', { shape: [0, 1, 8, 8] }],
    ['too few values', { data: [1, 2, 3] }],
    ['too many values', { data: Array.from({ length: 65 }, () => 0) }],
    ['values nested unevenly', { data: [[1], 2] }],
    ['texts for numbers', { data: Array.from({ length: 64 }, () => '1') }],
    ['null for a number', { data: Array.from({ length: 64 }, () => null) }],
    ['another datatype', { datatype: 'INT64', data: Array.from({ length: 64 }, () => 1) }],
    ['no datatype', { datatype: 'FP128' }],
    ['another name', { name: 'picture' }],
    ['a rank of 17', { shape: Array.from({ length: 17 }, () => 1) }],
  ])('%s: 4xx, and the model process never sees it', async (_, parts) => {
    const before = await runs();
    const { status } = await inferText(tensorText(parts));
    expect([400, 422]).toContain(status);
    expect(await runs()).toBe(before);
  });

  it.each([NaN, Infinity, -Infinity])('%s in a binary tensor: 4xx', async (value) => {
    const head = tensorText({ data: undefined, parameters: { binary_data_size: 256 } });
    const values = Float32Array.from({ length: 64 }, (_, at) => (at === 63 ? value : 0));
    const body = Buffer.concat([Buffer.from(head), Buffer.from(values.buffer)]);
    const headers = { 'inference-header-content-length': String(head.length) };
    const before = await runs();
    expect((await infer(rig.port, { body, headers })).status).toBe(400);
    expect(await runs()).toBe(before);
    await expectUnharmed(rig);
  });
});

describe('20. compressed bodies', () => {
  const zeros = Buffer.alloc(10_000_000);
  it.each<[string, Buffer]>([
    ['gzip', gzipSync(zeros)],
    ['deflate', deflateSync(zeros)],
    ['br', brotliCompressSync(zeros)],
    ['gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(zeros)))],
  ])('%s: refused unread', async (encoding, body) => {
    const answer = await infer(rig.port, { body, headers: { 'content-encoding': encoding } });
    expect(answer.status).toBe(415);
    await expectUnharmed(rig, { status: 415, reason: 'encoded' });
  });

  it('chunks that are gzip all the same: bytes that are no JSON', async () => {
    const body = gzipSync(imageBody());
    const headers = { ...signedHeaders(body), 'transfer-encoding': 'gzip, chunked' };
    const head = headOf('POST', inferPath, { ...headers, connection: 'close' });
    const chunk = Buffer.concat([
      Buffer.from(`${body.length.toString(16)}\r\n`),
      body,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    expect(await sendBytes(rig.port, head, chunk)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('every answer above was counted', async () => {
    expect(statusesOf([await infer(rig.port)])).toEqual({ 200: 1 });
  });
});
