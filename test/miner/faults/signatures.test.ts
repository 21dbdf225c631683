import { connect } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { btauthHeaders, restartFloorNs } from '../../../common/wire/btauth.ts';
import { classicHeaders, signClassic } from '../../../common/wire/classic/classic-auth.ts';
import { sha3OfText } from '../../../common/node/sha3.ts';
import {
  call,
  errorOf,
  imageBody,
  infer,
  inferPath,
  lowly,
  minerKey,
  platform,
  signedHeaders,
  startRig,
  stranger,
  validator,
} from '../rig.ts';
import type { MinerRig } from '../rig.ts';
import { expectUnharmed, headOf, statusesOf, untilClosed, withRig } from './bar.ts';

const secondNs = 1_000_000_000n;

let rig: MinerRig;
beforeAll(async () => {
  const admission = {
    addressBurst: 10_000,
    ratePerSecond: 10_000,
    burst: 10_000,
    maxInFlight: 512,
  };
  rig = await startRig({ admission });
});
afterAll(() => rig.miner.stop());

describe('1. a signature that is none', () => {
  it.each([
    ['missing', null],
    ['empty', ''],
    ['short', '0x1234'],
    ['not hex', `0x${'zz'.repeat(64)}`],
  ])('%s: 401 before a byte of the body has come', async (_, signature) => {
    const headers: Record<string, string> = {
      ...signedHeaders(imageBody()),
      'content-length': '1000000',
    };
    if (signature === null) delete headers[btauthHeaders.signature];
    else headers[btauthHeaders.signature] = signature;
    const socket = connect(rig.port, '127.0.0.1');
    const text = untilClosed(socket);
    // The head alone: the body that it announces is never sent.
    socket.write(headOf('POST', inferPath, headers));
    expect(await text).toMatch(/^HTTP\/1\.1 401 /);
    await expectUnharmed(rig, { status: 401, reason: 'MalformedAuth' });
  });
});

describe('2. a signature by another hotkey than the one that is claimed', () => {
  it('401, whoever of the two is known', async () => {
    for (const signer of [lowly, stranger]) {
      const headers = { [btauthHeaders.hotkey]: validator.ss58 };
      const answer = await infer(rig.port, { signer, headers });
      expect(answer.status).toBe(401);
      expect(answer.headers['x-subnet-receipt']).toBeUndefined();
    }
    await expectUnharmed(rig, { status: 401, reason: 'BadSignature' });
  });
});

describe('3. a request that is meant for another', () => {
  it('401 for another receiver, for none, and never 403 before the signature', async () => {
    const forms = [
      infer(rig.port, { receiver: lowly }),
      infer(rig.port, { headers: { [btauthHeaders.receiver]: '-' } }),
      // Without a permit: 403 if its signature were good.
      infer(rig.port, { signer: lowly, receiver: stranger }),
      infer(rig.port, {
        signer: lowly,
        headers: { [btauthHeaders.signature]: `0x${'11'.repeat(64)}` },
      }),
      // A stranger is refused by its name alone, and still not with 403.
      infer(rig.port, { signer: stranger }),
    ];
    expect(statusesOf(await Promise.all(forms))).toEqual({ 401: forms.length });
    expect((await infer(rig.port, { signer: lowly })).status).toBe(403);
    await expectUnharmed(rig, { status: 401, reason: 'WrongReceiver' });
  });
});

describe('4. a request of which a part was changed', () => {
  it('401 for one byte of the body, the path, the query or the method', async () => {
    const body = imageBody(0.1);
    const changed = body.slice();
    changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1;
    const other = '/v2/models/digits/versions/1/infer';
    const answers = [
      await call(rig.port, {
        method: 'POST',
        path: inferPath,
        body: changed,
        headers: signedHeaders(body),
      }),
      await call(rig.port, { method: 'POST', path: other, body, headers: signedHeaders(body) }),
      await call(rig.port, {
        method: 'POST',
        path: `${inferPath}?a=1`,
        body,
        headers: signedHeaders(body),
      }),
    ];
    expect(statusesOf(answers)).toEqual({ 401: 3 });
    const put = await call(rig.port, {
      method: 'PUT',
      path: inferPath,
      body,
      headers: signedHeaders(body),
    });
    expect(put.status).toBe(405);
    await expectUnharmed(rig, { status: 401, reason: 'BadSignature' });
  });
});

describe('5. the same request again', () => {
  it('401 for the second, and its sender pays nothing for the third', async () => {
    const nonceNs = platform.clock.nowNs();
    const statuses = [];
    for (let at = 0; at < 3; at += 1) statuses.push((await infer(rig.port, { nonceNs })).status);
    expect(statuses).toEqual([200, 401, 401]);
    await expectUnharmed(rig, { status: 401, reason: 'ReplayedRequest' });
  });

  it('401 too after a restart that remembers nothing', async () => {
    const body = imageBody();
    const captured = signedHeaders(body);
    const replay = { method: 'POST', path: inferPath, body, headers: captured };
    expect((await call(rig.port, replay)).status).toBe(200);
    const notBeforeNs = restartFloorNs(platform.clock.nowNs());
    const restarted = await startRig({}, { notBeforeNs });
    try {
      const answer = await call(restarted.port, replay);
      expect([answer.status, errorOf(answer)]).toEqual([
        401,
        'signed before this node could remember requests (it started just now); sign it anew',
      ]);
    } finally {
      await restarted.miner.stop();
    }
  });

  it('a bucket is charged for what its hotkey sent, not for what others sent again', () =>
    withRig({ admission: { ratePerSecond: 0.001, burst: 3 } }, async (own) => {
      const nonceNs = platform.clock.nowNs();
      const replays = [];
      for (let at = 0; at < 20; at += 1) replays.push(await infer(own.port, { nonceNs }));
      expect(statusesOf(replays)).toEqual({ 200: 1, 401: 19 });
      const later = [await infer(own.port), await infer(own.port), await infer(own.port)];
      expect(statusesOf(later)).toEqual({ 200: 2, 429: 1 });
    }));
});

describe('6. the classic wire after a restart', () => {
  const entrances = {
    classic: {
      routes: [
        {
          synapse: 'Digits',
          model: 'digits',
          fields: [
            {
              name: 'image',
              type: 'list[float]',
              required: true,
              input: { tensor: 'image', shape: [1, 1, 8, 8] },
            },
            {
              name: 'probabilities',
              type: 'list[list[float]]',
              output: { tensor: 'probabilities' },
            },
          ],
          hashFields: ['image'],
        },
      ],
    },
  };

  it('401 for a captured request, with its timeout or version edited too', async () => {
    const image = Array.from({ length: 64 }, (_, at) => at / 64 + 0.001);
    const texts = image.map((value) => (Number.isInteger(value) ? `${value}.0` : String(value)));
    const bodyHash = sha3OfText(sha3OfText(`[${texts.join(', ')}]`));
    const headers = signClassic({
      signer: validator,
      nonceNs: platform.clock.nowNs(),
      receiver: minerKey.ss58,
      uuid: randomUUID(),
      bodyHash,
    });
    const body = new TextEncoder().encode(JSON.stringify({ image }));
    const post = (port: number, more: Readonly<Record<string, string>> = {}) =>
      call(port, { method: 'POST', path: '/Digits', body, headers: { ...headers, ...more } });
    await withRig({ entrances }, async (first) => {
      expect((await post(first.port)).status).toBe(200);
      expect((await post(first.port)).status).toBe(401);
    });
    const restarted = await startRig(
      { entrances },
      { notBeforeNs: restartFloorNs(platform.clock.nowNs()) },
    );
    try {
      const edits = [
        {},
        { bt_header_dendrite_timeout: '1000000' },
        { [classicHeaders.version]: '600' },
      ];
      const answers = await Promise.all(edits.map((edit) => post(restarted.port, edit)));
      expect(statusesOf(answers)).toEqual({ 401: 3 });
    } finally {
      await restarted.miner.stop();
    }
  });
});

describe('7. nonces that are not now', () => {
  const now = (): bigint => platform.clock.nowNs();
  it.each<[string, () => string]>([
    ['11 s old', () => (now() - 11n * secondNs).toString()],
    ['5 s ahead', () => (now() + 5n * secondNs).toString()],
    ['a year ahead', () => (now() + 31_536_000n * secondNs).toString()],
    ['negative', () => `-${now()}`],
    ['of 30 digits', () => '1'.repeat(30)],
    ['above 2^64', () => '18446744073709551616'],
    ['in milliseconds', () => (now() / 1_000_000n).toString()],
    ['1e18', () => '1e18'],
    ['with a leading zero', () => `0${now()}`],
    ['with a fraction', () => `${now()}.5`],
    ['empty', () => ''],
  ])('%s: 401', async (_, nonce) => {
    const headers = { [btauthHeaders.nonce]: nonce() };
    expect((await infer(rig.port, { headers })).status).toBe(401);
  });

  it('no precision is lost: two nonces that differ by one nanosecond are two', async () => {
    const nonceNs = now() - secondNs;
    const answers = [
      await infer(rig.port, { nonceNs }),
      await infer(rig.port, { nonceNs: nonceNs + 1n }),
      await infer(rig.port, { nonceNs: nonceNs + 1n }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401]);
    await expectUnharmed(rig);
  });
});

describe('8. many requests of one hotkey at the same time', () => {
  it('256 whose nonces overtake each other: all 200', async () => {
    const base = platform.clock.nowNs();
    const nonces = Array.from({ length: 256 }, (_, at) => base - BigInt((at * 7919) % 256));
    const answers = await Promise.all(nonces.map((nonceNs) => infer(rig.port, { nonceNs })));
    expect(statusesOf(answers)).toEqual({ 200: 256 });
  });
});

describe('10. another scheme than the one that is pinned', () => {
  it.each(['ed25519', 'mldsa', 'junk', '', 'sr25519,ed25519'])('%s: 401', async (scheme) => {
    const answer = await infer(rig.port, { headers: { [btauthHeaders.crypto]: scheme } });
    expect(answer.status).toBe(401);
    await expectUnharmed(rig, { status: 401, reason: 'SchemeNotAllowed' });
  });
});
