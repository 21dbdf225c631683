import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../common/node/http-undici.ts';
import { readTlsIdentity, tlsKeyOf } from '../../common/node/tls-certificate.ts';
import type { TlsIdentity } from '../../common/node/tls-certificate.ts';
import {
  isUsableTlsKey,
  sameTlsKey,
  tlsAlgorithms,
  withdrawnTlsKey,
} from '../../common/tls-key.ts';
import type { TlsKey } from '../../common/tls-key.ts';
import { imageBody, inferPath, signedHeaders, startRig } from '../miner/rig.ts';
import type { MinerRig } from '../miner/rig.ts';
import { certificates } from './tls-certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

function identity(name: keyof typeof certificates, keyOf = name): TlsIdentity {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${keyOf}.key`)];
  writeFileSync(cert, certificates[name].cert);
  writeFileSync(key, certificates[keyOf].key);
  return readTlsIdentity(cert, key);
}

describe('the certificate of an axon', () => {
  it('has a key that fits on chain, Ed25519 or P-256', () => {
    const ed25519 = identity('ed25519').tlsKey;
    expect([ed25519.algorithm, ed25519.publicKey.length]).toEqual([tlsAlgorithms.ed25519, 32]);
    const p256 = identity('p256').tlsKey;
    expect([p256.algorithm, p256.publicKey.length]).toEqual([tlsAlgorithms.p256, 64]);
    expect(isUsableTlsKey(ed25519) && isUsableTlsKey(p256)).toBe(true);
    expect(sameTlsKey(ed25519, p256)).toBe(false);
  });

  it('is refused with the file and the reason when it cannot be used', () => {
    const refusal = (work: () => unknown): unknown => {
      try {
        return work();
      } catch (error) {
        return error;
      }
    };
    expect(refusal(() => identity('ed25519', 'p256'))).toMatchObject({
      code: 'TLS_INVALID',
      message: expect.stringContaining('p256.key') as unknown,
    });
    expect(refusal(() => readTlsIdentity(join(folder, 'none.pem'), folder))).toMatchObject({
      code: 'TLS_INVALID',
      message: expect.stringContaining('none.pem') as unknown,
    });
    const wrong = join(folder, 'wrong.pem');
    writeFileSync(wrong, 'not a certificate');
    expect(refusal(() => readTlsIdentity(wrong, wrong))).toMatchObject({ code: 'TLS_INVALID' });
  });

  it('has no key for other kinds', () => {
    expect(tlsKeyOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)).toBeNull();
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    expect(tlsKeyOf(publicKey)).toBeNull();
  });

  it('is taken back by a key that nobody can use', () => {
    expect(isUsableTlsKey(withdrawnTlsKey)).toBe(false);
    const odd = { algorithm: 77, publicKey: new Uint8Array(32) };
    const short = { algorithm: tlsAlgorithms.ed25519, publicKey: new Uint8Array(31) };
    expect(isUsableTlsKey(odd) || isUsableTlsKey(short)).toBe(false);
  });
});

describe.each(['ed25519', 'p256'] as const)('a miner behind %s', (name) => {
  let rig: MinerRig;
  const http = createHttpClient();
  const { tlsKey } = identity(name);
  beforeAll(async () => {
    rig = await startRig({}, { tls: identity(name) });
  });
  afterAll(async () => {
    await http.close();
    await rig.miner.stop();
  });

  async function ask(key: TlsKey | undefined, scheme = 'https') {
    const body = imageBody();
    return http.request({
      method: 'POST',
      url: `${scheme}://127.0.0.1:${rig.port}${inferPath}`,
      headers: { 'content-type': 'application/json', ...signedHeaders(body) },
      body,
      timeoutMs: 5000,
      maxBodyBytes: 100_000,
      ...(key !== undefined && { tlsKey: key }),
    });
  }

  it('answers who holds the connection against its key', async () => {
    expect(await ask(tlsKey)).toMatchObject({ kind: 'response', status: 200 });
    expect(await ask(tlsKey)).toMatchObject({ kind: 'response', status: 200 });
  });

  it('is not talked to when another key was expected', async () => {
    const other = identity(name === 'p256' ? 'ed25519' : 'p256').tlsKey;
    expect(await ask(other)).toMatchObject({ kind: 'fault', reason: 'wrong-key' });
    // Nor over a connection that was opened for the right one.
    expect(await ask(tlsKey)).toMatchObject({ kind: 'response' });
    expect(await ask(other)).toMatchObject({ kind: 'fault', reason: 'wrong-key' });
  });

  it('has no plain answer for plain questions, and https needs a key', async () => {
    expect(await ask(undefined, 'http')).toMatchObject({ kind: 'fault' });
    expect(await ask(undefined)).toMatchObject({ reason: 'address-refused' });
    expect(await ask(tlsKey, 'http')).toMatchObject({ reason: 'address-refused' });
    expect(await rig.metrics()).toContain(
      'miner_requests_total{status="400",reason="malformed"} 1',
    );
  });
});
