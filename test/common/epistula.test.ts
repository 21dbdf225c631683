import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuthPolicy, AuthRefusalName } from '../../common/wire/btauth.ts';
import {
  epistulaCheck,
  epistulaHeaders,
  epistulaText,
  isRequestUuid,
  readEpistula,
  signEpistula,
  uuidOf,
} from '../../common/wire/epistula.ts';
import type { HeaderMap } from '../../common/wire/inference-types.ts';
import { alice, bob, charlie, sha256, sr25519, utf8 } from './wire-keys.ts';

const nowMs = 1_795_289_076_266n;
const policy: AuthPolicy = { receiver: alice.ss58, notBeforeNs: 0n };
const bodySha256 = sha256(utf8('{}'));
const uuid = '301ab9f0-e5e1-41f1-956e-02fc00000001';

function signed(changes: Record<string, string | undefined> = {}, timestampMs = nowMs): HeaderMap {
  const request = { signer: bob, bodySha256, timestampMs, uuid, receiver: alice.ss58 };
  return { ...signEpistula(request), ...changes };
}

function judge(headers: HeaderMap, rules = policy): 'ok' | AuthRefusalName {
  const claim = readEpistula(headers, rules, nowMs * 1_000_000n);
  if (claim.kind === 'auth-refusal') return claim.name;
  const { message, signature, publicKey } = epistulaCheck(claim, bodySha256);
  return sr25519.verify(message, signature, publicKey) ? 'ok' : 'BadSignature';
}

describe('Epistula v2', () => {
  it('accepts what signEpistula made', () => {
    expect(judge(signed())).toBe('ok');
  });

  it('signs body, UUID, timestamp and receiver', () => {
    expect(epistulaText(bodySha256, uuid, nowMs, alice.ss58)).toBe(
      '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a.' +
        `${uuid}.${nowMs}.${alice.ss58}`,
    );
    expect(judge(signed({ [epistulaHeaders.uuid]: 'another' }))).toBe('BadSignature');
    expect(judge(signed({ [epistulaHeaders.timestamp]: String(nowMs + 1n) }))).toBe('BadSignature');
    expect(judge(signed({ [epistulaHeaders.signedBy]: charlie.ss58 }))).toBe('BadSignature');
  });

  it('is for this node alone', () => {
    expect(judge(signed({ [epistulaHeaders.signedFor]: charlie.ss58 }))).toBe('WrongReceiver');
    expect(judge(signed({ [epistulaHeaders.signedFor]: '' }))).toBe('WrongReceiver');
    expect(judge(signed({ [epistulaHeaders.signedFor]: undefined }))).toBe('WrongReceiver');
  });

  it.each([
    [-8_000n, 'ok'],
    [-8_001n, 'StaleRequest'],
    [2_000n, 'ok'],
    [2_001n, 'StaleRequest'],
  ])('signed %d ms from now: %s', (differenceMs, verdict) => {
    expect(judge(signed({}, nowMs + differenceMs))).toBe(verdict);
  });

  it('keeps to a window that is narrower, and to the floor of a restart', () => {
    const narrow = { ...policy, window: { maxAgeNs: 1_000_000_000n, maxAheadNs: 0n } };
    expect(judge(signed({}, nowMs - 1_001n), narrow)).toBe('StaleRequest');
    expect(judge(signed({}, nowMs + 1n), narrow)).toBe('StaleRequest');
    const started = { ...policy, notBeforeNs: nowMs * 1_000_000n };
    expect(judge(signed(), started)).toBe('StaleRequest');
    expect(judge(signed({}, nowMs + 1n), started)).toBe('ok');
  });

  it.each([
    ['version', '1'],
    ['version', undefined],
    ['timestamp', ''],
    ['timestamp', '01'],
    ['timestamp', '-1'],
    ['timestamp', '1e12'],
    ['timestamp', '12345678901234567'],
    ['uuid', ''],
    ['uuid', 'a b'],
    ['uuid', 'x'.repeat(65)],
    ['signedBy', ''],
    ['signedBy', 'Bob'],
    ['signature', '0x'],
    ['signature', undefined],
  ] as const)('finds a %s of %j malformed', (field, value) => {
    expect(judge(signed({ [epistulaHeaders[field]]: value }))).toBe('MalformedAuth');
  });

  it('never throws, whatever the headers are', () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(undefined));
    const headers = fc.record(
      Object.fromEntries(Object.values(epistulaHeaders).map((name) => [name, value])),
    );
    fc.assert(
      fc.property(headers, (changes) => {
        expect(readEpistula({ ...signed(), ...changes }, policy, nowMs)).toHaveProperty('kind');
      }),
      { seed: 17 },
    );
  });

  it('makes UUIDs of version 4', () => {
    expect(uuidOf(new Uint8Array(16).fill(0xff))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
    expect(uuidOf(new Uint8Array(16))).toBe('00000000-0000-4000-8000-000000000000');
    expect(isRequestUuid(uuidOf(new Uint8Array(16)))).toBe(true);
  });
});
