import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRequest, signRequest } from '../../common/wire/btauth.ts';
import { toHex } from '../../common/hex.ts';
import { ReplayMemory } from '../../common/wire/replay.ts';
import { receiptText, signReceipt } from '../../common/wire/receipt.ts';
import { alice, bob, charlie, sha256, sr25519, utf8 } from '../common/wire-keys.ts';
import { python, runPython, titled } from './python.ts';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly bodyHex: string;
  readonly nonceNs: string;
}

const startNs = 1_700_000_000_000_000_000n;

/** Requests of many forms, the same in every run. */
const requests: readonly Request[] = fc
  .sample(
    fc.record({
      method: fc.constantFrom('GET', 'POST', 'put', 'Delete'),
      path: fc.webPath().map((path) => `/v2${path}`),
      bodyHex: fc.uint8Array({ maxLength: 300 }).map(toHex),
    }),
    { numRuns: 40, seed: 23 },
  )
  .map((request, at) => ({ ...request, nonceNs: String(startNs + BigInt(at) * 7_919n) }));

function partsOf(request: Request): Parameters<typeof signRequest>[0] {
  return {
    method: request.method,
    pathWithQuery: request.path,
    bodySha256: sha256(Uint8Array.from(Buffer.from(request.bodyHex, 'hex'))),
    nonceNs: BigInt(request.nonceNs),
    signer: bob,
    receiver: alice.ss58,
  };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

describe.skipIf(python === undefined)(titled('btauth/1 with the Python SDK'), () => {
  it('takes what the SDK signs, and refuses it a second time', async () => {
    const jobs = requests.map((request) => ({
      ...request,
      do: 'sign',
      uri: '//Bob',
      receiver: alice.ss58,
    }));
    const signed = (await runPython('btauth_peer.py', jobs)) as Record<string, string>[];
    const replay = new ReplayMemory();
    const judge = (at: number): string => {
      const request = requests[at];
      if (request === undefined) throw new Error('more answers than requests');
      const result = checkRequest(
        { ...partsOf(request), headers: lowerCase(signed[at] ?? {}) },
        { receiver: alice.ss58, notBeforeNs: 0n },
        { verifier: sr25519, replay, nowNs: startNs },
      );
      return result.kind === 'authed' ? `${result.hotkey} ${result.nonceNs}` : result.name;
    };
    expect(signed).toHaveLength(requests.length);
    expect(signed.map((_, at) => judge(at))).toEqual(
      requests.map(({ nonceNs }) => `${bob.ss58} ${nonceNs}`),
    );
    expect(new Set(signed.map((_, at) => judge(at)))).toEqual(new Set(['ReplayedRequest']));
  });

  it('signs what the SDK takes, once', async () => {
    const jobs = requests.map((request) => ({
      ...request,
      do: 'verify',
      headers: signRequest(partsOf(request)),
      receiver: alice.ss58,
      nowNs: String(startNs),
    }));
    const verdicts = await runPython('btauth_peer.py', [...jobs, ...jobs]);
    expect(verdicts).toEqual([
      ...requests.map(({ nonceNs }) => `ok ${bob.ss58} ${nonceNs}`),
      ...requests.map(() => 'ReplayedRequest'),
    ]);
  });

  it('gives the same reasons as the SDK', async () => {
    const [request] = requests;
    if (request === undefined) throw new Error('no request');
    const headers = signRequest(partsOf(request));
    const base = { ...request, headers, receiver: alice.ss58, nowNs: request.nonceNs };
    const changed = [
      { ...base, path: `${request.path}?x` },
      { ...base, method: 'PATCH' },
      { ...base, bodyHex: `${request.bodyHex}00` },
      { ...base, receiver: charlie.ss58 },
      { ...base, nowNs: String(BigInt(request.nonceNs) + 10_000_001_000n) },
      { ...base, nowNs: String(BigInt(request.nonceNs) - 2_000_001_000n) },
      { ...base, headers: { ...headers, 'x-bittensor-version': '2' } },
      { ...base, headers: { ...headers, 'x-bittensor-nonce': 'x' } },
      { ...base, headers: { ...headers, 'x-bittensor-hotkey': charlie.ss58 } },
    ];
    const ours = changed.map((one) => {
      const result = checkRequest(
        { ...partsOf(one), headers: one.headers },
        { receiver: one.receiver, notBeforeNs: 0n },
        { verifier: sr25519, replay: new ReplayMemory(), nowNs: BigInt(one.nowNs) },
      );
      return result.kind === 'authed' ? 'ok' : result.name;
    });
    expect(ours).toEqual(
      await runPython(
        'btauth_peer.py',
        changed.map((one) => ({ ...one, do: 'verify' })),
      ),
    );
    expect(ours).not.toContain('ok');
  });

  it('signs receipts that the SDK verifies', async () => {
    const receipt = signReceipt(
      {
        requestNonceNs: startNs,
        requestSha256: toHex(sha256(utf8('request'))),
        responseSha256: toHex(sha256(utf8('response'))),
        status: 200,
        task: 'digits',
        modelSha256: 'ab'.repeat(32),
        miner: alice.ss58,
        validator: bob.ss58,
        timeNs: startNs,
      },
      alice,
    );
    const job = {
      do: 'verify-text',
      text: receiptText(receipt),
      signatureHex: toHex(receipt.signature),
      ss58: alice.ss58,
    };
    const other = { ...job, text: `${job.text}0` };
    expect(await runPython('btauth_peer.py', [job, other])).toEqual([true, false]);
  });
});
