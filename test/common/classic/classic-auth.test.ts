import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ss58 } from '../../../common/brand.ts';
import { fromHex } from '../../../common/hex.ts';
import type { AuthPolicy, AuthRefusalName } from '../../../common/wire/btauth.ts';
import {
  classicCheck,
  classicHeaders,
  classicText,
  readClassicAuth,
  signClassic,
  wrapped,
} from '../../../common/wire/classic/classic-auth.ts';
import type { HeaderMap } from '../../../common/wire/inference-types.ts';
import { alice, bob, charlie, sr25519, utf8 } from '../wire-keys.ts';
import { classicVectors } from './vectors.ts';

const nonceNs = 1_795_289_076_266_371_799n;
const second = 1_000_000_000n;
const policy: AuthPolicy = { receiver: alice.ss58, notBeforeNs: 0n };
const bodyHash = 'a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a';
const uuid = '301ab9f0-e5e1-11f1-956e-02fc00000001';

function signed(changes: Record<string, string | undefined> = {}, nonce = nonceNs): HeaderMap {
  const request = { signer: bob, nonceNs: nonce, receiver: alice.ss58, uuid, bodyHash };
  return { ...signClassic(request), ...changes };
}

function judge(headers: HeaderMap, rules = policy, nowNs = nonceNs): 'ok' | AuthRefusalName {
  const claim = readClassicAuth(headers, rules, nowNs);
  if (claim.kind === 'auth-refusal') return claim.name;
  const { message, signature, publicKey } = classicCheck(claim);
  return sr25519.verify(message, signature, publicKey) ? 'ok' : 'BadSignature';
}

describe('the classic signature', () => {
  for (const { name, headers } of classicVectors.requests) {
    it(`of the SDK verifies: ${name}`, () => {
      const nonce = BigInt(headers[classicHeaders.nonce] ?? '');
      const rules = { ...policy, receiver: classicVectors.axon as Ss58 };
      expect(judge(headers, rules, nonce)).toBe('ok');
      expect(judge({ ...headers, [classicHeaders.nonce]: `${nonce + 1n}` }, rules, nonce)).toBe(
        'BadSignature',
      );
    });
  }

  it('accepts what signClassic made, and nothing that was changed since', () => {
    expect(judge(signed())).toBe('ok');
    expect(judge(signed({ [classicHeaders.uuid]: 'another' }))).toBe('BadSignature');
    expect(judge(signed({ [classicHeaders.hotkey]: charlie.ss58 }))).toBe('BadSignature');
    expect(judge(signed({ [classicHeaders.bodyHash]: 'b'.repeat(64) }))).toBe('BadSignature');
  });

  it('signs None where a request names no UUID', () => {
    const text = { nonceNs, hotkey: bob.ss58, receiver: alice.ss58, uuid: 'None', bodyHash };
    const signature = Buffer.from(bob.sign(utf8(classicText(text)))).toString('hex');
    const changes = { [classicHeaders.signature]: `0x${signature}` };
    expect(judge(signed({ ...changes, [classicHeaders.uuid]: undefined }))).toBe('ok');
    expect(judge(signed({ ...changes, [classicHeaders.uuid]: 'None' }))).toBe('ok');
  });

  it('may stand over the text between Bytes marks, as the wallet library takes it', () => {
    const { message, signature, sdk } = classicVectors.wrapped;
    expect(sdk).toBe(true);
    const check = {
      message: utf8(message),
      signature: fromHex(signature) ?? new Uint8Array(),
      publicKey: bob.publicKey,
    };
    const verify = (one: typeof check): boolean =>
      sr25519.verify(one.message, one.signature, one.publicKey);
    expect(verify(check)).toBe(false);
    expect(verify(wrapped(check))).toBe(true);
  });
});

describe('the nonce of a classic request', () => {
  it.each([
    [-16n * second, 'ok'],
    [-16n * second - 1n, 'StaleRequest'],
    [2n * second, 'ok'],
    [2n * second + 1n, 'StaleRequest'],
    [365n * 86_400n * second, 'StaleRequest'],
  ])('%d ns from now: %s', (difference, verdict) => {
    expect(judge(signed({}, nonceNs + difference))).toBe(verdict);
  });

  it('has a window that no unsigned header widens', () => {
    const old = signed({}, nonceNs - 17n * second);
    for (const timeout of ['4000', 'inf', 'nan', '-1', 'x']) {
      expect(judge({ ...old, timeout })).toBe('StaleRequest');
      expect(judge({ ...signed(), timeout })).toBe('ok');
    }
    for (const version of ['7001999', '0', undefined]) {
      expect(judge({ ...old, [classicHeaders.version]: version })).toBe('StaleRequest');
    }
  });

  it('lies above the floor of a restart', () => {
    const started = { ...policy, notBeforeNs: nonceNs };
    expect(judge(signed(), started)).toBe('StaleRequest');
    expect(judge(signed({}, nonceNs + 1n), started)).toBe('ok');
  });
});

describe('classic headers', () => {
  it('may leave the receiver out: it is signed in any case', () => {
    expect(judge(signed({ [classicHeaders.receiver]: undefined }))).toBe('ok');
    expect(judge(signed({ [classicHeaders.receiver]: charlie.ss58 }))).toBe('WrongReceiver');
    const rules = { ...policy, receiver: charlie.ss58 };
    expect(judge(signed({ [classicHeaders.receiver]: undefined }), rules)).toBe('BadSignature');
  });

  it.each([
    ['hotkey', undefined],
    ['hotkey', 'Bob'],
    ['nonce', undefined],
    ['nonce', '01'],
    ['nonce', '1.0'],
    ['nonce', '1_000'],
    ['nonce', ' 1'],
    ['nonce', '1'.repeat(21)],
    ['uuid', ''],
    ['uuid', 'a, b'],
    ['uuid', 'x'.repeat(65)],
    ['uuid', 'a\nb'],
    ['signature', undefined],
    ['signature', ''],
    ['signature', '0x00'],
    ['bodyHash', undefined],
    ['bodyHash', 'A'.repeat(64)],
    ['bodyHash', 'None'],
  ] as const)('with a %s of %j are malformed', (field, value) => {
    expect(judge(signed({ [classicHeaders[field]]: value }))).toBe('MalformedAuth');
  });

  it('never make the reader throw', () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(undefined));
    const headers = fc.record(
      Object.fromEntries(Object.values(classicHeaders).map((name) => [name, value])),
    );
    fc.assert(
      fc.property(headers, (changes) => {
        const claim = readClassicAuth({ ...signed(), ...changes }, policy, nonceNs);
        expect(claim).toHaveProperty('kind');
      }),
      { seed: 19 },
    );
  });
});
