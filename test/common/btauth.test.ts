import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuthPolicy, AuthRefusalName } from '../../common/wire/btauth.ts';
import {
  btauthText,
  checkRequest,
  keyCache,
  keyOfAddress,
  readAuth,
  restartFloorNs,
  settleAuth,
  signatureCheckOf,
  signRequest,
} from '../../common/wire/btauth.ts';
import { fromHex, toHex } from '../../common/hex.ts';
import { ReplayMemory } from '../../common/wire/replay.ts';
import { alice, bob, charlie, sha256, sr25519, utf8 } from './wire-keys.ts';

interface Vectors {
  readonly requests: readonly {
    readonly name: string;
    readonly method: string;
    readonly path: string;
    readonly bodyHex: string;
    readonly payload: string;
    readonly headers: Readonly<Record<string, string>>;
  }[];
  readonly judgedRequest: number;
  readonly judged: readonly {
    readonly name: string;
    readonly changes: Readonly<Record<string, string | null>>;
    readonly ageNs: string;
    readonly sdk: 'ok' | AuthRefusalName;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/btauth.json', import.meta.url), 'utf8'),
) as Vectors;

const second = 1_000_000_000n;
const nonceNs = 1_700_000_000_000_000_000n;
const policy: AuthPolicy = { receiver: alice.ss58, notBeforeNs: 0n };
const parts = {
  method: 'POST',
  pathWithQuery: '/v2/models/m/infer',
  bodySha256: sha256(utf8('{}')),
};

function lowerCase(headers: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === null ? [] : [[name.toLowerCase(), value]],
    ),
  );
}

function signed(extra: Record<string, string> = {}, nonce = nonceNs): Record<string, string> {
  const request = { ...parts, signer: bob, nonceNs: nonce, receiver: alice.ss58 };
  return { ...signRequest(request), ...extra };
}

function judge(
  headers: Record<string, string | readonly string[]>,
  options: { nowNs?: bigint; replay?: ReplayMemory; changed?: Partial<typeof parts> } = {},
): 'ok' | AuthRefusalName {
  const result = checkRequest({ ...parts, ...options.changed, headers }, policy, {
    verifier: sr25519,
    replay: options.replay ?? new ReplayMemory(),
    nowNs: options.nowNs ?? nonceNs,
  });
  return result.kind === 'authed' ? 'ok' : result.name;
}

describe('btauth/1 against the Python SDK', () => {
  for (const vector of vectors.requests) {
    it(`verifies ${vector.name}`, () => {
      const headers = lowerCase(vector.headers);
      const request = {
        method: vector.method,
        pathWithQuery: vector.path,
        bodySha256: sha256(fromHex(vector.bodyHex) ?? new Uint8Array()),
      };
      const nonce = BigInt(headers['x-bittensor-nonce'] ?? '');
      expect(btauthText(request, nonce, bob.ss58, alice.ss58)).toBe(vector.payload);
      const tools = { verifier: sr25519, replay: new ReplayMemory(), nowNs: nonce };
      const result = checkRequest({ ...request, headers }, policy, tools);
      expect(result).toEqual({ kind: 'authed', hotkey: bob.ss58, nonceNs: nonce });
    });
  }

  const base = vectors.requests[vectors.judgedRequest];
  for (const one of vectors.judged) {
    it(`judges like the SDK: ${one.name}`, () => {
      if (base === undefined) throw new Error('the vectors name no request to judge');
      const headers = lowerCase({ ...base.headers, ...one.changes });
      const changed = {
        pathWithQuery: base.path,
        bodySha256: sha256(fromHex(base.bodyHex) ?? new Uint8Array()),
      };
      const ours = judge(headers, { nowNs: nonceNs + BigInt(one.ageNs), changed });
      // Our own rule stands before the signature: the receiver pins the scheme.
      expect(ours).toBe(one.name.endsWith('scheme') ? 'SchemeNotAllowed' : one.sdk);
    });
  }
});

describe('what a signature covers', () => {
  it('accepts what signRequest made', () => {
    expect(judge(signed())).toBe('ok');
  });

  it.each([
    ['method', { method: 'PUT' }],
    ['path', { pathWithQuery: '/v2/models/n/infer' }],
    ['query', { pathWithQuery: '/v2/models/m/infer?x=1' }],
    ['body', { bodySha256: sha256(utf8('{ }')) }],
  ])('refuses another %s', (_what, changed) => {
    expect(judge(signed(), { changed })).toBe('BadSignature');
  });

  it('refuses a signature by another hotkey than the one claimed', () => {
    expect(judge(signed({ 'x-bittensor-hotkey': charlie.ss58 }))).toBe('BadSignature');
  });

  it('refuses a request to another receiver before it looks at the signature', () => {
    const request = { ...parts, signer: bob, nonceNs, receiver: charlie.ss58 };
    expect(judge(signRequest(request))).toBe('WrongReceiver');
  });

  it('hands out a check that a batch can hold', () => {
    const claim = readAuth(signed(), policy, nonceNs);
    if (claim.kind !== 'auth-claim') throw new Error(claim.reason);
    const good = signatureCheckOf(claim, parts);
    const bad = signatureCheckOf(claim, { ...parts, method: 'GET' });
    expect(sr25519.verifyBatch([good, bad, good])).toEqual([true, false, true]);
  });
});

describe('the headers of a request', () => {
  const malformedNonces = [
    '',
    '-1',
    '+1700000000000000000',
    '01700000000000000000',
    '1e18',
    '1_700',
    ' 1700000000000000000',
    '1700000000000000000 ',
    '1700000000000000000.0',
    '0x1',
    '١٢٣',
    '9'.repeat(21),
    '9'.repeat(30),
    `${nonceNs}, ${nonceNs}`,
    `${nonceNs}\n`,
  ];
  it.each(malformedNonces)('refuses the nonce %j', (nonce) => {
    expect(judge(signed({ 'x-bittensor-nonce': nonce }))).toBe('MalformedAuth');
  });

  it('takes a nonce above 2^53 whole', () => {
    for (const nonce of [2n ** 53n + 1n, 2n ** 64n - 1n, 10n ** 20n - 1n]) {
      const headers = signed({}, nonce);
      expect(judge(headers, { nowNs: nonce })).toBe('ok');
      const rounded = { ...headers, 'x-bittensor-nonce': String(nonce + 1n) };
      expect(judge(rounded, { nowNs: nonce })).toBe(
        nonce === 10n ** 20n - 1n ? 'MalformedAuth' : 'BadSignature',
      );
    }
  });

  it.each([
    'x-bittensor-version',
    'x-bittensor-hotkey',
    'x-bittensor-nonce',
    'x-bittensor-signature',
  ])('refuses %s when it is absent, empty or repeated', (name) => {
    const headers = signed();
    const value = headers[name] ?? '';
    const { [name]: _absent, ...others } = headers;
    expect(judge(others)).toBe('MalformedAuth');
    expect(judge({ ...headers, [name]: '' })).toBe('MalformedAuth');
    expect(judge({ ...headers, [name]: [value, value] })).toBe('MalformedAuth');
    expect(judge({ ...headers, [name]: `${value}, ${value}` })).toBe('MalformedAuth');
  });

  it('refuses a repeated receiver', () => {
    const twice = `${alice.ss58}, ${alice.ss58}`;
    expect(judge(signed({ 'x-bittensor-receiver': twice }))).toBe('WrongReceiver');
  });

  it.each(['0', '2', '1.0', '01', 'btauth/1'])('refuses version %j', (version) => {
    expect(judge(signed({ 'x-bittensor-version': version }))).toBe('MalformedAuth');
  });

  it.each(['ed25519', 'ecdsa', 'mldsa', 'hashed', 'SR25519', '', 'sr25519, ed25519', 'junk'])(
    'refuses scheme %j with its own reason and tries no other',
    (scheme) => {
      expect(judge(signed({ 'x-bittensor-crypto': scheme }))).toBe('SchemeNotAllowed');
    },
  );

  it('says the same things of the same hotkey only: one spelling of an address', () => {
    const prefix = 0x5;
    const other = `${prefix}${bob.ss58.slice(1)}`;
    expect(keyOfAddress(other)?.ss58).toBe(other === bob.ss58 ? bob.ss58 : undefined);
    expect(keyOfAddress(`${bob.ss58} `)).toBeUndefined();
    expect(keyOfAddress(`1${bob.ss58}`)).toBeUndefined();
  });

  it('keeps decoded addresses within its bound, and no text that is none', () => {
    const keyOf = keyCache(2);
    const first = keyOf(alice.ss58);
    expect(first).toEqual({ ss58: alice.ss58, publicKey: alice.publicKey });
    expect(keyOf('nobody')).toBeUndefined();
    keyOf(bob.ss58);
    expect(keyOf(alice.ss58)).toBe(first);
    keyOf(charlie.ss58);
    expect(keyOf(alice.ss58)).toBe(first);
    keyOf(bob.ss58);
    keyOf(charlie.ss58);
    expect(keyOf(alice.ss58)).not.toBe(first);
    expect(keyOf(alice.ss58)).toEqual(first);
  });

  it('never throws, and takes nothing that is spelled otherwise', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant(String(nonceNs)));
    const value = fc.oneof(text, fc.array(text));
    const headers = signed();
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(headers)), value, (name, changed) => {
        fc.pre(changed !== headers[name]);
        expect(judge({ ...headers, [name]: changed })).not.toBe('ok');
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});

describe('the clock window', () => {
  const cases: [string, bigint, 'ok' | AuthRefusalName][] = [
    ['10 s old', 10n * second, 'ok'],
    ['1 ns more than 10 s old', 10n * second + 1n, 'StaleRequest'],
    ['2 s ahead', -2n * second, 'ok'],
    ['1 ns more than 2 s ahead', -2n * second - 1n, 'StaleRequest'],
    ['11 s old', 11n * second, 'StaleRequest'],
    ['3 s ahead', -3n * second, 'StaleRequest'],
    ['a year ahead', -365n * 86_400n * second, 'StaleRequest'],
  ];
  it.each(cases)('holds for a request %s', (_what, ageNs, verdict) => {
    expect(judge(signed(), { nowNs: nonceNs + ageNs })).toBe(verdict);
  });

  it('says by how much the clocks differ', () => {
    const reasonAt = (ageNs: bigint): string => {
      const result = readAuth(signed(), policy, nonceNs + ageNs);
      return result.kind === 'auth-refusal' ? result.reason : '';
    };
    expect(reasonAt(12_400_000_000n)).toContain('clock differs by 12.4 s');
    expect(reasonAt(12_400_000_000n)).toContain('allowed 10 s');
    expect(reasonAt(10_000_000_001n)).toContain('clock differs by 10.1 s');
    expect(reasonAt(-30_000_000_000n)).toContain('clock differs by 30 s');
    expect(reasonAt(-30_000_000_000n)).toContain('allowed 2 s');
  });

  it('refuses whatever an earlier life of the node could have accepted', () => {
    const startNs = nonceNs + second;
    const restarted = { ...policy, notBeforeNs: restartFloorNs(startNs) };
    // The captured request was accepted just before the restart, with a clock 2 s ahead.
    const captured = signed({}, startNs - 1n + 2n * second);
    const result = readAuth(captured, restarted, startNs + second / 2n);
    expect(result).toMatchObject({ kind: 'auth-refusal', name: 'StaleRequest', status: 401 });
    const fresh = readAuth(signed({}, startNs + 3n * second), restarted, startNs + 3n * second);
    expect(fresh.kind).toBe('auth-claim');
  });
});

describe('replay', () => {
  it('refuses the same request a second time', () => {
    const replay = new ReplayMemory();
    const headers = signed();
    expect(judge(headers, { replay })).toBe('ok');
    expect(judge(headers, { replay })).toBe('ReplayedRequest');
  });

  it('spends nothing for a bad signature', () => {
    const replay = new ReplayMemory();
    expect(judge(signed(), { replay, changed: { method: 'GET' } })).toBe('BadSignature');
    expect(replay.size).toBe(0);
    expect(judge(signed(), { replay })).toBe('ok');
  });

  it('takes 256 overlapping requests of one hotkey in any order', () => {
    const replay = new ReplayMemory();
    const nonces = Array.from({ length: 256 }, (_, at) => nonceNs + BigInt((at * 7919) % 256));
    const verdicts = nonces.map((nonce) => judge(signed({}, nonce), { replay }));
    expect(new Set(verdicts)).toEqual(new Set(['ok']));
    expect(replay.size).toBe(256);
  });

  it('answers 503 when the memory is full, and 401 otherwise', () => {
    const replay = new ReplayMemory({ retentionNs: 15n * second, maxPerHotkey: 1, maxTotal: 9 });
    const claimAt = (nonce: bigint): Parameters<typeof settleAuth>[0] => {
      const claim = readAuth(signed({}, nonce), policy, nonceNs);
      if (claim.kind !== 'auth-claim') throw new Error(claim.reason);
      return claim;
    };
    expect(settleAuth(claimAt(nonceNs), true, replay, nonceNs).kind).toBe('authed');
    const full = settleAuth(claimAt(nonceNs + 1n), true, replay, nonceNs);
    expect(full).toMatchObject({ name: 'Busy', status: 503 });
    const again = settleAuth(claimAt(nonceNs), true, replay, nonceNs);
    expect(again).toMatchObject({ name: 'ReplayedRequest', status: 401 });
    expect(settleAuth(claimAt(nonceNs), false, replay, nonceNs)).toMatchObject({ status: 401 });
  });
});

describe('what a refusal says', () => {
  it('never repeats the signature', () => {
    const headers = signed({ 'x-bittensor-hotkey': 'nobody' });
    const result = readAuth(headers, policy, nonceNs);
    const secretFree = JSON.stringify(result, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(secretFree).not.toContain((headers['x-bittensor-signature'] ?? '').slice(2, 40));
    expect(toHex(bob.publicKey)).toHaveLength(64);
  });
});
