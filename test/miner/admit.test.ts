import { describe, expect, it } from 'vitest';
import type { Hotkey } from '../../common/brand.ts';
import { admit } from '../../miner/gate/admit.ts';
import type { AdmitPolicy, CallerDirectory } from '../../miner/gate/admit.ts';
import { createRateLimiter } from '../../miner/gate/rate-limit.ts';

const key = 'caller' as Hotkey;

function policy(more: Partial<AdmitPolicy> = {}): AdmitPolicy {
  const none = new Set<string>();
  return { requireValidatorPermit: true, minStakeRao: 10n, allow: none, deny: none, ...more };
}

function directory(validatorPermit: boolean, stakeRao: bigint): CallerDirectory {
  return new Map([[key, { uid: 7, validatorPermit, stakeRao }]]);
}

describe('admission', () => {
  it.each([
    ['a validator with permit and stake', policy(), directory(true, 10n), 'admitted'],
    ['no permit', policy(), directory(false, 10n), 'no_validator_permit'],
    [
      'no permit where none is asked for',
      policy({ requireValidatorPermit: false }),
      directory(false, 10n),
      'admitted',
    ],
    ['too little stake', policy(), directory(true, 9n), 'stake_too_low'],
    ['a stranger', policy(), new Map(), 'not_registered'],
    ['anyone before the chain was read', policy(), null, 'no_metagraph'],
    [
      'the allowed, even before the chain was read',
      policy({ allow: new Set([key]) }),
      null,
      'admitted',
    ],
    [
      'the denied, whoever else allows them',
      policy({ allow: new Set([key]), deny: new Set([key]) }),
      directory(true, 10n),
      'denied',
    ],
  ])('%s', (_, rules, callers, expected) => {
    const verdict = admit(rules, callers, key);
    expect(verdict.kind === 'admitted' ? verdict.kind : verdict.reason).toBe(expected);
    if (verdict.kind === 'refused')
      expect(verdict.status).toBe(expected === 'no_metagraph' ? 503 : 403);
  });
});

describe('the rate limiter', () => {
  it('gives a burst, then the rate, and says how long to wait', () => {
    const limiter = createRateLimiter({ ratePerSecond: 2, burst: 2, maxKeys: 10 });
    expect([0, 0, 0].map((now) => limiter.take('a', now))).toEqual([0, 0, 500]);
    expect(limiter.take('b', 0)).toBe(0);
    expect(limiter.take('a', 400)).toBe(100);
    expect(limiter.take('a', 500)).toBe(0);
    expect(limiter.peek('a', 500)).toBe(500);
    expect(limiter.peek('unknown', 0)).toBe(0);
  });

  it('never remembers more keys than allowed, and keeps those in use', () => {
    const limiter = createRateLimiter({ ratePerSecond: 1, burst: 1, maxKeys: 3 });
    for (let at = 0; at < 1000; at += 1) expect(limiter.take(`key ${at}`, 0)).toBe(0);
    expect(limiter.take('key 999', 0)).toBe(1000);
  });

  it('does not mind a clock that stands still or steps back', () => {
    const limiter = createRateLimiter({ ratePerSecond: 1, burst: 1, maxKeys: 3 });
    limiter.take('a', 5000);
    expect(limiter.take('a', 0)).toBe(1000);
  });
});
