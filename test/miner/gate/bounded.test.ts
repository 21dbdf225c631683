import { describe, expect, it } from 'vitest';
import type { Hotkey } from '../../../common/brand.ts';
import type { SignatureCheck } from '../../../common/signer-port.ts';
import { ReplayMemory } from '../../../common/wire/replay.ts';
import type { Claim, Entrance } from '../../../miner/entrance/entrance.ts';
import { createConnections } from '../../../miner/gate/connections.ts';
import { createGatekeeper } from '../../../miner/gate/gatekeeper.ts';
import type { Gatekeeper } from '../../../miner/gate/gatekeeper.ts';
import type { RawRequest } from '../../../miner/gate/http-message.ts';
import { createRateLimiter } from '../../../miner/gate/rate-limit.ts';
import { createRefusalLog } from '../../../miner/gate/refusal-log.ts';
import { createMinerMetrics } from '../../../miner/metrics.ts';
import { createMetricsRegistry } from '../../../common/node/telemetry.ts';
import { createLogger } from '../../../common/node/log.ts';
import { createManualPlatform } from '../../fakes/manual-platform.ts';
import { minerKey } from '../rig.ts';
import { gateOptions } from './gate-options.ts';

const flood = 100_000;
const check: SignatureCheck = {
  message: new Uint8Array(),
  signature: new Uint8Array(64),
  publicKey: new Uint8Array(32),
};

/** Whoever claims to be `who` with nonce `at`; what it signs is judged by the queue below. */
function entranceOf(who: string, at: number): Entrance {
  const claim: Claim = {
    kind: 'claim',
    hotkey: who as Hotkey,
    nonceNs: 1_700_000_000_000_000_000n + BigInt(at),
    mark: '',
    signatureCheck: () => check,
  };
  return { name: 'btauth', callerHeader: 'x', read: () => claim };
}

function requestFrom(remoteAddress: string): RawRequest {
  return {
    method: 'POST',
    path: '/',
    headers: {},
    remoteAddress,
    contentLength: 4,
    readBody: ({ take }) => Promise.resolve(take(4) ? new Uint8Array(4) : 'no-room'),
    prove: () => undefined,
    isGone: () => false,
  };
}

function gate(signaturesAreGood: boolean): { keeper: Gatekeeper; replay: ReplayMemory } {
  const platform = createManualPlatform();
  const replay = new ReplayMemory({
    retentionNs: 15_000_000_000n,
    maxPerHotkey: 5_000,
    maxTotal: 8_000,
  });
  const known = { uid: 0, validatorPermit: true, stakeRao: 1n };
  const keeper = createGatekeeper(
    {
      platform,
      receiver: minerKey.ss58,
      replay,
      verifyQueue: { verify: () => Promise.resolve(signaturesAreGood) },
      metrics: createMinerMetrics(createMetricsRegistry()),
      directory: () => new Map([['known', known]]),
    },
    { ...gateOptions, ratePerSecond: 1e9, burst: 1e9 },
  );
  return { keeper, replay };
}

describe('no state grows with what strangers send', () => {
  it('100,000 hotkeys that nobody knows: nothing is kept', async () => {
    const { keeper, replay } = gate(true);
    for (let at = 0; at < flood; at += 1) {
      const judged = await keeper.accept(requestFrom(`10.0.0.1`), entranceOf(`stranger${at}`, at));
      if (judged.kind === 'accepted') throw new Error('a stranger was let in');
    }
    expect(keeper.state()).toEqual({
      underWay: 0,
      bodyBytes: 0,
      hotkeys: 0,
      addresses: 0,
      proven: 0,
    });
    expect(replay.size).toBe(0);
  });

  it('100,000 addresses with wrong signatures: as many as the memory has places', async () => {
    const { keeper, replay } = gate(false);
    for (let at = 0; at < flood; at += 1) {
      const address = `2001:db8:${(at >> 16).toString(16)}:${(at & 0xffff).toString(16)}::1`;
      await keeper.accept(requestFrom(address), entranceOf('known', at));
    }
    const { addresses, ...rest } = keeper.state();
    expect(addresses).toBe(10_000);
    expect(rest).toEqual({ underWay: 0, bodyBytes: 0, hotkeys: 0, proven: 0 });
    expect(replay.size).toBe(0);
  });

  it('100,000 nonces of a known hotkey: as many as one hotkey may have, then 503', async () => {
    const { keeper, replay } = gate(true);
    const counts: Record<number, number> = {};
    for (let at = 0; at < flood; at += 1) {
      const judged = await keeper.accept(requestFrom('10.0.0.1'), entranceOf('known', at));
      const status = judged.kind === 'accepted' ? 200 : judged.response.status;
      counts[status] = (counts[status] ?? 0) + 1;
      if (judged.kind === 'accepted') judged.release();
    }
    expect(counts).toEqual({ 200: 5_000, 503: flood - 5_000 });
    expect(replay.size).toBe(5_000);
    expect(keeper.state()).toEqual({
      underWay: 0,
      bodyBytes: 0,
      hotkeys: 1,
      addresses: 0,
      proven: 1,
    });
  });

  it('100,000 keys in a bucket table: as many as it may hold, in little time for each', () => {
    const limiter = createRateLimiter({ ratePerSecond: 1, burst: 1, maxKeys: 1000 });
    for (let at = 0; at < flood; at += 1) limiter.take(`key${at}`, 0);
    expect(limiter.size).toBe(1000);
    expect([limiter.take('key99999', 0), limiter.take('key0', 0)]).toEqual([1000, 0]);
  });

  it('100,000 connections from as many addresses: as many as there are places', () => {
    let evicted = 0;
    const limits = { maxConnections: 500, maxPerAddress: 10, maxPipelined: 4 };
    const connections = createConnections<number>(limits, () => (evicted += 1));
    for (let at = 0; at < flood; at += 1) connections.open(at, `address${at}`);
    expect([connections.size, connections.addresses, evicted]).toEqual([500, 500, flood - 500]);
    for (let at = 0; at < flood; at += 1) connections.closed(at);
    expect([connections.size, connections.addresses]).toEqual([0, 0]);
  });

  it('100,000 refusals of one reason: one line, and one more for the next minute', () => {
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    const refusals = createRefusalLog(createLogger({ format: 'json', write }));
    for (let at = 0; at < flood; at += 1) refusals.note(401, 'BadSignature', at / 1000);
    refusals.note(401, 'BadSignature', 61_000);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { msg: 'requests were refused', status: 401, reason: 'BadSignature', requests: 1 },
      { msg: 'requests were refused', status: 401, reason: 'BadSignature', requests: flood },
    ]);
  });
});
