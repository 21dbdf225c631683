import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pinnedKey, reachFinding } from '../../cli/doctor/axon-findings.ts';
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
    expect(tlsKeyOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)).toBeNull();
    expect(() => identity('rsaPss')).toThrow(expect.objectContaining({ code: 'TLS_INVALID' }));
  });

  it('is taken back by a key that nobody can use', () => {
    expect(isUsableTlsKey(withdrawnTlsKey)).toBe(false);
    const odd = { algorithm: 77, publicKey: new Uint8Array(32) };
    const short = { algorithm: tlsAlgorithms.ed25519, publicKey: new Uint8Array(31) };
    expect(isUsableTlsKey(odd) || isUsableTlsKey(short)).toBe(false);
  });
});

describe('a stranger behind a certificate that cannot be compared', () => {
  it('is a fault of that stranger, and of nobody else', async () => {
    const server = createServer({ ...certificates.rsaPss });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const http = createHttpClient();
    const answer = await http.request({
      method: 'GET',
      url: `https://127.0.0.1:${port}/`,
      headers: {},
      timeoutMs: 5000,
      maxBodyBytes: 1000,
      tlsKey: identity('ed25519').tlsKey,
    });
    expect(answer).toMatchObject({ kind: 'fault', reason: 'wrong-key' });
    await http.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('connections by TLS that never become one', () => {
  it('are closed in time, however many one address opens, and keep nobody out', async () => {
    const server = { requestTimeoutMs: 1000 };
    const rig = await startRig({ server }, { tls: identity('ed25519') });
    const silent = Array.from({ length: 100 }, () => connect(rig.port, '127.0.0.1'));
    const closed = silent.map(
      (socket) => new Promise((resolve) => socket.on('error', () => 0).once('close', resolve)),
    );
    silent.slice(0, 20).forEach((socket) => socket.write(Uint8Array.of(22, 3, 1)));
    await Promise.all(closed);
    await rig.miner.stop();
  });

  it('do not hold up the stop', async () => {
    const rig = await startRig({ server: { drainMs: 100 } }, { tls: identity('ed25519') });
    const socket = connect(rig.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.on('error', () => 0).once('close', resolve));
    await rig.miner.stop();
    await closed;
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

  it('is ready for the doctor, who asks as validators do', async () => {
    const axon = {
      ip: '127.0.0.1',
      port: rig.port,
      ipType: 4,
      protocol: 4,
      version: 1,
      block: 1,
    } as const;
    const other = identity(name === 'p256' ? 'ed25519' : 'p256').tlsKey;
    expect(await reachFinding(http, axon, tlsKey)).toMatchObject({ status: 'pass' });
    expect(await reachFinding(http, axon, other)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('another key') as string,
    });
    expect(await reachFinding(http, axon, pinnedKey(withdrawnTlsKey))).toMatchObject({
      status: 'fail',
    });
  });
});
