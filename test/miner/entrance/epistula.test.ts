import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Signer } from '../../../common/signer-port.ts';
import { wrapped } from '../../../common/wire/classic/classic-auth.ts';
import { epistulaHeaders, signEpistula } from '../../../common/wire/epistula.ts';
import { parseReceipt } from '../../../common/wire/receipt.ts';
import {
  call,
  errorOf,
  imageBody,
  infer,
  inferPath,
  minerKey,
  platform,
  startRig,
  validator,
} from '../rig.ts';
import type { Answer, MinerRig } from '../rig.ts';

let rig: MinerRig;
beforeAll(async () => {
  rig = await startRig({ entrances: { epistula: true } });
});
afterAll(() => rig.miner.stop());

interface Options {
  readonly timestampMs?: bigint;
  readonly uuid?: string;
  readonly signer?: Signer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

const body = imageBody(0.5);

function nowMs(): bigint {
  return platform.clock.nowNs() / 1_000_000n;
}

function ask(options: Options = {}): Promise<Answer> {
  const headers = signEpistula({
    signer: options.signer ?? validator,
    bodySha256: platform.sha256(body),
    timestampMs: options.timestampMs ?? nowMs(),
    uuid: options.uuid ?? 'one',
    receiver: minerKey.ss58,
  });
  const path = options.path ?? inferPath;
  const sent = { ...headers, ...options.headers };
  return call(rig.port, { method: 'POST', path, headers: sent, body });
}

const unsigned = { signature: new Uint8Array(), publicKey: validator.publicKey };

/** A signer whose texts stand between the marks of browser wallets. */
const browserWallet: Signer = {
  ss58: validator.ss58,
  publicKey: validator.publicKey,
  sign: (message) => validator.sign(wrapped({ message, ...unsigned }).message),
};

describe('a miner with the Epistula entrance open', () => {
  it('answers the same to both signatures, each with a receipt', async () => {
    const timestampMs = nowMs();
    const answer = await ask({ timestampMs });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual((await infer(rig.port, { body })).body);
    expect(parseReceipt(answer.headers)).toMatchObject({
      kind: 'receipt',
      requestNonceNs: timestampMs * 1_000_000n,
      validator: validator.ss58,
    });
  });

  it('takes each request once, and tells those of one millisecond apart by their UUIDs', async () => {
    const timestampMs = nowMs();
    const statuses: number[] = [];
    for (const uuid of ['a', 'b', 'a', 'b'])
      statuses.push((await ask({ timestampMs, uuid })).status);
    expect(statuses).toEqual([200, 200, 401, 401]);
  });

  it('takes the signature of a browser wallet', async () => {
    expect((await ask({ signer: browserWallet, uuid: 'wallet' })).status).toBe(200);
  });

  it('refuses what is not signed, or for another', async () => {
    const forged = { [epistulaHeaders.signature]: `0x${'11'.repeat(64)}` };
    expect((await ask({ headers: forged })).status).toBe(401);
    expect((await ask({ headers: { [epistulaHeaders.signedFor]: validator.ss58 } })).status).toBe(
      401,
    );
    expect((await ask({ timestampMs: nowMs() - 9_000n })).status).toBe(401);
    expect((await ask({ timestampMs: nowMs() + 5_000n })).status).toBe(401);
  });

  it('says no such model in the same way', async () => {
    expect((await ask({ uuid: 'two', path: '/v2/models/other/infer' })).status).toBe(404);
  });

  it('tells a request that shows no scheme which there are', async () => {
    const answer = await call(rig.port, { method: 'POST', path: inferPath, body });
    expect(answer.status).toBe(401);
    expect(errorOf(answer)).toBe('not signed: this miner takes btauth/1 and Epistula v2');
  });
});
