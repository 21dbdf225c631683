import { Agent } from 'node:http';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../../common/hex.ts';
import { classicHeaders, wrapped } from '../../../common/wire/classic/classic-auth.ts';
import { checkReceipt, parseReceipt } from '../../../common/wire/receipt.ts';
import { digitsRoutes } from '../../interop/classic-routes.ts';
import {
  call,
  infer,
  imageBody,
  lowly,
  minerKey,
  modelFile,
  platform,
  sr25519,
  startRig,
  validator,
} from '../rig.ts';
import type { Answer, MinerRig } from '../rig.ts';
import { classicMessage, imageTensor, uuid } from './classic-caller.ts';
import type { ClassicOptions } from './classic-caller.ts';

const patient = {
  ratePerSecond: 100_000,
  burst: 100_000,
  maxInFlight: 1000,
  addressRatePerSecond: 100_000,
  addressBurst: 100_000,
};

let rig: MinerRig;
beforeAll(async () => {
  rig = await startRig({
    server: { maxBodyBytes: 100_000 },
    admission: patient,
    entrances: { classic: { routes: digitsRoutes } },
  });
});
afterAll(() => rig.miner.stop());

interface Extra {
  readonly headers?: Readonly<Record<string, string>>;
  readonly drop?: string;
  readonly body?: Uint8Array;
  readonly path?: string;
  readonly agent?: Agent;
}

function ask(options: ClassicOptions = {}, extra: Extra = {}): Promise<Answer> {
  const { headers, body } = classicMessage(options);
  const sent = { ...headers, ...extra.headers };
  const kept = Object.entries(sent).filter(([name]) => name !== extra.drop);
  return call(rig.port, {
    method: 'POST',
    path: extra.path ?? `/${options.synapse ?? 'Digits'}`,
    headers: Object.fromEntries(kept),
    body: extra.body ?? body,
    ...(extra.agent === undefined ? {} : { agent: extra.agent }),
  });
}

function json(answer: Answer): Record<string, unknown> {
  return JSON.parse(answer.body.toString()) as Record<string, unknown>;
}

/** As a Dendrite sees it: both statuses, and one line of text in a header. */
function expectRefusal(answer: Answer, status: number): string {
  expect(answer.status).toBe(status);
  expect(answer.headers[classicHeaders.statusCode]).toBe(String(status));
  const message = answer.headers[classicHeaders.statusMessage] ?? '';
  expect(message).toMatch(/^[\x20-\x7e]+$/);
  expect(json(answer)).toEqual({ message });
  return message;
}

describe('a synapse', () => {
  it('is answered by the model that its route names, like a request for tensors', async () => {
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      [classicHeaders.statusCode]: '200',
      [classicHeaders.statusMessage]: 'Success',
      'content-type': 'application/json',
    });
    const [shares = []] = json(answer)['probabilities'] as number[][];
    const tensors = json(await infer(rig.port, { body: imageBody(0.5) }))['outputs'];
    expect(shares).toEqual((tensors as { data: number[] }[])[0]?.data);
  });

  it('comes back whole, with what was verified in place of what it claimed', async () => {
    const nonceNs = platform.clock.nowNs();
    const { body } = classicMessage();
    const claims = { hotkey: lowly.ss58, nonce: 1, status_code: 418 };
    const text = JSON.stringify({
      ...JSON.parse(Buffer.from(body).toString()),
      dendrite: claims,
      axon: claims,
      other: 1,
    });
    const answer = await ask({ nonceNs }, { body: Buffer.from(text) });
    expect(answer.status).toBe(200);
    expect(json(answer)).toMatchObject({
      name: 'Digits',
      image: JSON.parse(Buffer.from(body).toString()).image,
      dendrite: { hotkey: validator.ss58, uuid },
      axon: { hotkey: minerKey.ss58, status_code: 200 },
    });
    expect(answer.body.toString()).toContain(`"nonce":${nonceNs}`);
    expect(json(answer)).not.toHaveProperty('other');
  });

  it('carries a receipt for exactly this exchange', async () => {
    const nonceNs = platform.clock.nowNs();
    const { body } = classicMessage();
    const answer = await ask({ nonceNs });
    const receipt = parseReceipt(answer.headers);
    if (receipt.kind !== 'receipt') throw new Error(receipt.detail);
    const expected = {
      requestNonceNs: nonceNs,
      requestSha256: toHex(platform.sha256(body)),
      responseSha256: toHex(platform.sha256(answer.body)),
      status: 200,
      miner: minerKey.ss58,
      validator: validator.ss58,
      task: 'digits',
      modelSha256: modelFile('best').sha256,
    };
    expect(checkReceipt(receipt, expected, minerKey.publicKey, sr25519)).toBeNull();
  });

  it('may be sent as bt.Tensor, and answered so', async () => {
    const { headers, body } = classicMessage({ synapse: 'DigitsTensor' });
    // The fields that are hashed and not sent are None to both sides.
    const answer = await call(rig.port, { method: 'POST', path: '/DigitsTensor', headers, body });
    expect(answer.status).toBe(200);
    expect(json(answer)['probabilities']).toMatchObject({ dtype: 'float32', shape: [1, 10] });
  });

  it('of nothing at all is a ping', async () => {
    const nonceNs = platform.clock.nowNs();
    const { headers } = classicMessage({ synapse: 'DigitsOpen', nonceNs });
    const answer = await call(rig.port, {
      method: 'POST',
      path: '/Synapse',
      headers,
      body: Buffer.from('{}'),
    });
    expect(answer.status).toBe(200);
    expect(json(answer)).toMatchObject({ name: 'Synapse' });
  });
});

describe('classic requests', () => {
  it('may overlap in any order of their nonces: each is taken once', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    const start = platform.clock.nowNs();
    const nonces = Array.from({ length: 600 }, (_, at) => start + BigInt((at * 7919) % 600));
    const answers = await Promise.all(nonces.map((nonceNs) => ask({ nonceNs }, { agent })));
    expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
    const again = await Promise.all(
      nonces.slice(0, 40).map((nonceNs) => ask({ nonceNs }, { agent })),
    );
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([401]));
    agent.destroy();
  });

  it('of one nonce and two UUIDs are two', async () => {
    const nonceNs = platform.clock.nowNs();
    expect((await ask({ nonceNs, uuid: 'one' })).status).toBe(200);
    expect((await ask({ nonceNs, uuid: 'two' })).status).toBe(200);
    expectRefusal(await ask({ nonceNs, uuid: 'two' }), 401);
  });

  it('may be signed between the marks of a browser wallet', async () => {
    const text = { signature: new Uint8Array(), publicKey: validator.publicKey };
    const signer = {
      ss58: validator.ss58,
      publicKey: validator.publicKey,
      sign: (message: Uint8Array) => validator.sign(wrapped({ message, ...text }).message),
    };
    expect((await ask({ signer })).status).toBe(200);
  });

  it('do not spend their nonce by a wrong signature', async () => {
    const nonceNs = platform.clock.nowNs();
    const forged = { [classicHeaders.signature]: `0x${'00'.repeat(64)}` };
    const message = expectRefusal(await ask({ nonceNs }, { headers: forged }), 401);
    expect(message).toMatch(/^Not Verified with error: /);
    expect((await ask({ nonceNs })).status).toBe(200);
  });

  it('are refused unsigned, old, from the future, or for another', async () => {
    const now = platform.clock.nowNs();
    expectRefusal(await ask({}, { drop: classicHeaders.signature }), 401);
    const timeout = { timeout: '4000.0', [classicHeaders.version]: '7001999' };
    expectRefusal(await ask({ nonceNs: now - 17_000_000_000n }, { headers: timeout }), 401);
    expectRefusal(await ask({ nonceNs: now + 60_000_000_000n }), 401);
    expectRefusal(await ask({}, { headers: { [classicHeaders.receiver]: lowly.ss58 } }), 401);
    expect(expectRefusal(await ask({ signer: lowly }), 403)).toMatch(/^Forbidden\. /);
  });

  it('are refused when their fields were changed on the way', async () => {
    const { body } = classicMessage({ image: imageTensor(0.25) });
    expect(expectRefusal(await ask({}, { body }), 400)).toMatch(/hash/);
    expect((await ask({ synapse: 'DigitsOpen' }, { body })).status).toBe(200);
  });

  it('have a path of their own and the method POST', async () => {
    const message = expectRefusal(await ask({}, { path: '/Nothing' }), 404);
    expect(message).toContain("Synapse name 'Nothing' not found. Available synapses ['Synapse',");
    expectRefusal(await call(rig.port, { path: '/Digits' }), 405);
    expect((await ask({}, { path: '/Digits?x=1' })).status).toBe(200);
    expect((await ask({}, { path: '/Digits/' })).status).toBe(404);
    expect((await call(rig.port, { path: '/Nothing' })).headers).not.toHaveProperty(
      classicHeaders.statusCode,
    );
  });

  it('are refused too long or compressed, in the words of a Dendrite', async () => {
    expectRefusal(await ask({}, { body: Buffer.alloc(200_000, 32) }), 413);
    expectRefusal(await ask({}, { headers: { 'content-encoding': 'gzip' } }), 415);
  });

  it('never get a 5xx for what they send', async () => {
    const bodies = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc.record({ image: fc.jsonValue() }).map((value) => Buffer.from(JSON.stringify(value))),
    );
    const synapses = fc.constantFrom(
      'Digits',
      'DigitsTensor',
      'DigitsOpen',
      'Synapse',
      '%',
      '__proto__',
    );
    const header = fc.constantFrom(...Object.values(classicHeaders), 'timeout', 'header_size');
    const value = fc.stringMatching(/^[\x21-\x7e]{0,40}$/);
    await fc.assert(
      fc.asyncProperty(synapses, bodies, header, value, async (path, body, name, text) => {
        const { headers } = classicMessage({ synapse: 'DigitsOpen' });
        const sent = { ...headers, ...(text === '' ? {} : { [name]: text }) };
        const answer = await call(rig.port, {
          method: 'POST',
          path: `/${path}`,
          headers: sent,
          body,
        });
        expect(answer.status).toBeLessThan(500);
      }),
      { seed: 29, numRuns: 200 },
    );
  });
});

describe('a miner after its start', () => {
  it('takes no classic request that an earlier life could have answered', async () => {
    const fresh = await startRig(
      { admission: patient, entrances: { classic: { routes: digitsRoutes } } },
      { notBeforeNs: platform.clock.nowNs() + 60_000_000_000n },
    );
    const { headers, body } = classicMessage();
    const answer = await call(fresh.port, { method: 'POST', path: '/Digits', headers, body });
    expect(expectRefusal(answer, 401)).toContain('it started just now');
    await fresh.miner.stop();
  });

  it('says which bodies are not signed', () => {
    const lines = rig.logLines.filter((line) => line.includes('is not signed'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('DigitsOpen');
  });

  it('does not start with a route that does not fit its model', async () => {
    const [route] = digitsRoutes;
    const fields = [{ name: 'pixels', type: 'list[float]', input: { tensor: 'pixels' } }];
    const routes = [{ ...route, fields, hashFields: ['pixels'] }];
    await expect(startRig({ entrances: { classic: { routes } } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('takes no classic request where none is configured', async () => {
    const plain = await startRig({ admission: patient });
    const { headers, body } = classicMessage();
    const answer = await call(plain.port, { method: 'POST', path: '/Digits', headers, body });
    expect(answer.status).toBe(404);
    await plain.miner.stop();
  });
});
