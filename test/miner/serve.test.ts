import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../common/hex.ts';
import { checkReceipt, parseReceipt } from '../../common/wire/receipt.ts';
import { btauthHeaders } from '../../common/wire/btauth.ts';
import {
  call,
  errorOf,
  imageBody,
  infer,
  inferPath,
  lowly,
  minerKey,
  modelFile,
  platform,
  signedHeaders,
  sr25519,
  startRig,
  stranger,
  taskName,
  validator,
} from './rig.ts';
import type { Answer, MinerRig } from './rig.ts';

let rig: MinerRig;
beforeAll(async () => {
  rig = await startRig({ server: { maxBodyBytes: 1_000_000 } });
});
afterAll(() => rig.miner.stop());

function probabilities(answer: Answer): number[] {
  const { outputs } = JSON.parse(answer.body.toString()) as { outputs: { data: number[] }[] };
  return outputs[0]?.data ?? [];
}

describe('a miner on loopback', () => {
  it('answers a signed request with the outputs of its model', async () => {
    const answer = await infer(rig.port);
    expect(answer.status).toBe(200);
    const data = probabilities(answer);
    expect(data).toHaveLength(10);
    expect(data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
  });

  it('signs a receipt that verifies for exactly this exchange', async () => {
    const body = imageBody(0.25);
    const nonceNs = platform.clock.nowNs();
    const answer = await infer(rig.port, { body, nonceNs });
    const receipt = parseReceipt(answer.headers);
    if (receipt.kind !== 'receipt') throw new Error(receipt.detail);
    const expected = {
      requestNonceNs: nonceNs,
      requestSha256: toHex(platform.sha256(body)),
      responseSha256: toHex(platform.sha256(answer.body)),
      status: 200,
      miner: minerKey.ss58,
      validator: validator.ss58,
      task: taskName,
      modelSha256: modelFile('best').sha256,
    };
    expect(checkReceipt(receipt, expected, minerKey.publicKey, sr25519)).toBeNull();
  });

  it('says live, ready and what it serves to anyone', async () => {
    expect((await call(rig.port, { path: '/v2/health/live' })).status).toBe(200);
    expect((await call(rig.port, { path: '/v2/health/ready' })).status).toBe(200);
    const { body } = await call(rig.port, { path: `/v2/models/${taskName}` });
    expect(JSON.parse(body.toString())).toEqual({
      name: 'digits',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] }],
      outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
    });
    expect((await call(rig.port, { path: '/v2/models/other' })).status).toBe(404);
    expect((await call(rig.port, { path: inferPath })).status).toBe(405);
  });

  it('gives each of many callers at once its own answer, as if alone', async () => {
    const bodies = Array.from({ length: 48 }, (_, at) => imageBody(at / 48, 1 + (at % 3)));
    const alone: number[][] = [];
    for (const body of bodies.slice(0, 6))
      alone.push(probabilities(await infer(rig.port, { body })));
    const together = await Promise.all(bodies.map((body) => infer(rig.port, { body })));
    expect(together.map(({ status }) => status)).toEqual(bodies.map(() => 200));
    alone.forEach((data, at) => {
      const batched = probabilities(together[at] as Answer);
      expect(batched).toHaveLength(data.length);
      batched.forEach((value, i) => expect(value).toBeCloseTo(data[i] ?? NaN, 5));
    });
    expect(await rig.metrics()).toMatch(/miner_batch_rows_bucket\{[^}]*le="8"[^}]*\} \d+/);
  });

  it('tells in its metrics which chain endpoint it uses', async () => {
    expect(await rig.metrics()).toMatch(
      /miner_chain_endpoint_state\{endpoint="[^"]+",state="in-use"\} 1/,
    );
  });
});

describe('requests that are refused', () => {
  it('401 without a signature, before the body is read', async () => {
    const answer = await call(rig.port, { method: 'POST', path: inferPath, body: imageBody() });
    expect(answer.status).toBe(401);
    expect(answer.headers['x-subnet-receipt']).toBeUndefined();
  });

  it.each([
    ['empty', ''],
    ['short', '0x1234'],
    ['not hex', `0x${'zz'.repeat(64)}`],
    ['of nothing', `0x${'00'.repeat(64)}`],
  ])('401 for a signature that is %s', async (_, signature) => {
    const headers = { [btauthHeaders.signature]: signature };
    expect((await infer(rig.port, { headers })).status).toBe(401);
  });

  it('401 when another hotkey is claimed, another receiver meant, or a part was changed', async () => {
    const claim = { [btauthHeaders.hotkey]: lowly.ss58 };
    expect((await infer(rig.port, { headers: claim })).status).toBe(401);
    expect((await infer(rig.port, { receiver: lowly })).status).toBe(401);
    const headers = signedHeaders(imageBody(0.1));
    const method = 'POST';
    const changed = { method, path: inferPath, body: imageBody(0.2), headers };
    expect((await call(rig.port, changed)).status).toBe(401);
    const query = { method, path: `${inferPath}?x=1`, body: imageBody(0.1), headers };
    expect((await call(rig.port, query)).status).toBe(401);
  });

  it('401 for a clock that is 30 s off, naming the difference', async () => {
    const nonceNs = platform.clock.nowNs() - 30_000_000_000n;
    const late = await infer(rig.port, { nonceNs });
    expect(late.status).toBe(401);
    expect(errorOf(late)).toMatch(/clock differs by 30(\.\d)? s/);
    const early = await infer(rig.port, { nonceNs: platform.clock.nowNs() + 30_000_000_000n });
    expect(errorOf(early)).toMatch(/ahead of this node's clock/);
  });

  it('200 although the clock of nonces is ahead, after a step of the wall clock and back', async () => {
    const { clock } = platform;
    const ahead = { ...clock, nowNs: () => clock.nowNs() + 3_600_000_000_000n };
    const own = await startRig({}, { platform: { ...platform, clock: ahead } });
    try {
      expect((await infer(own.port)).status).toBe(200);
    } finally {
      await own.miner.stop();
    }
  });

  it('200 for a request that costs more than a whole bucket, once the bucket is full', async () => {
    const own = await startRig({ admission: { burst: 4, ratePerSecond: 1, costUnit: 8 } });
    try {
      expect((await infer(own.port)).status).toBe(200);
      expect((await infer(own.port)).status).toBe(429);
    } finally {
      await own.miner.stop();
    }
  });

  it('400 for an axis without elements', async () => {
    const input = { name: 'image', datatype: 'FP32', shape: [0, 1, 8, 8], data: [] };
    const body = new TextEncoder().encode(JSON.stringify({ inputs: [input] }));
    const answer = await infer(rig.port, { body });
    expect([answer.status, errorOf(answer)]).toEqual([
      400,
      expect.stringContaining('without elements'),
    ]);
  });

  it('401 for a replayed request', async () => {
    const nonceNs = platform.clock.nowNs();
    const statuses = [await infer(rig.port, { nonceNs }), await infer(rig.port, { nonceNs })];
    expect(statuses.map(({ status }) => status)).toEqual([200, 401]);
  });

  it('200 for 60 overlapping requests of one hotkey whose nonces overtake each other', async () => {
    const base = platform.clock.nowNs();
    const nonces = Array.from({ length: 60 }, (_, at) => base - BigInt((at * 7919) % 60));
    const answers = await Promise.all(nonces.map((nonceNs) => infer(rig.port, { nonceNs })));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('401 for strangers, 403 for neurons without a permit, each with the reason', async () => {
    const unknown = await infer(rig.port, { signer: stranger });
    expect([unknown.status, errorOf(unknown)]).toEqual([
      401,
      'this hotkey is not registered on the subnet',
    ]);
    const noPermit = await infer(rig.port, { signer: lowly });
    expect([noPermit.status, errorOf(noPermit)]).toEqual([403, 'uid 1 has no validator permit']);
  });

  it('413 by Content-Length alone, and for chunks without a length', async () => {
    const headers = { ...signedHeaders(imageBody()), 'content-length': '50000000' };
    const announced = await call(rig.port, {
      method: 'POST',
      path: inferPath,
      headers,
      body: new Uint8Array(10),
    });
    expect(announced.status).toBe(413);
    const body = new Uint8Array(2_000_000);
    const chunked = { 'transfer-encoding': 'chunked', ...signedHeaders(body) };
    const sent = call(rig.port, { method: 'POST', path: inferPath, headers: chunked, body });
    expect(
      await sent.then(
        ({ status }) => status,
        () => 'cut',
      ),
    ).toBe(413);
  });

  it('415 for compressed bodies', async () => {
    const answer = await infer(rig.port, { headers: { 'content-encoding': 'gzip' } });
    expect(answer.status).toBe(415);
  });

  it.each([
    ['garbage', '\u0000\u0001garbage'],
    ['no inputs', '{}'],
    ['a wrong shape', '{"inputs":[{"name":"image","datatype":"FP32","shape":[1,64],"data":[1]}]}'],
    ['a wrong name', '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'],
    ['NaN', '{"inputs":[{"name":"image","datatype":"FP32","shape":[1,1,8,8],"data":[NaN]}]}'],
    ['depth', '['.repeat(100_000)],
  ])('400 for %s, signed by the miner', async (_, text) => {
    const answer = await infer(rig.port, { body: new TextEncoder().encode(text) });
    expect(answer.status).toBe(400);
    expect(parseReceipt(answer.headers).kind).toBe('receipt');
  });
});
