import { Agent, request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { signerFromSuri } from '../../../common/keys/keys.ts';
import type { Signer } from '../../../common/signer-port.ts';
import {
  imageBody,
  infer,
  inferPath,
  lowly,
  netuid,
  signedHeaders,
  sr25519,
  startRig,
  validator,
} from '../rig.ts';
import type { Answer, MinerRig } from '../rig.ts';
import { expectUnharmed, statusesOf, withRig } from './bar.ts';

const wrong = { 'x-bittensor-signature': `0x${'11'.repeat(64)}` };

/** Asks again and again on `lanes` connections until `stop`; counts the answers by status. */
function keepAsking(lanes: number, ask: (agent: Agent) => Promise<number>) {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const counts: Record<number, number> = {};
  const state = { going: true };
  const lane = async (): Promise<void> => {
    while (state.going) {
      const status = await ask(agent);
      counts[status] = (counts[status] ?? 0) + 1;
    }
  };
  const all = Promise.all(Array.from({ length: lanes }, lane));
  return async (): Promise<Record<number, number>> => {
    state.going = false;
    await all;
    agent.destroy();
    return counts;
  };
}

const floodBody = imageBody();

/** From another address of the loopback network, as somebody else. */
function floodFrom(localAddress: string, port: number): (agent: Agent) => Promise<number> {
  // Signed once a second: its signature is wrong anyway, and the flood has to be a quick one.
  let headers = { ...signedHeaders(floodBody), ...wrong };
  let signedAtMs = Date.now();
  return (agent) => {
    if (Date.now() - signedAtMs > 1000) {
      headers = { ...signedHeaders(floodBody), ...wrong };
      signedAtMs = Date.now();
    }
    const target = { host: '127.0.0.1', port, localAddress, method: 'POST', path: inferPath };
    return new Promise((resolve, reject) => {
      const request = httpRequest({ ...target, headers, agent }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      });
      request.on('error', reject);
      request.end(floodBody);
    });
  };
}

async function askInTurn(rig: MinerRig, count: number, signer: Signer): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < count; at += 1) answers.push(await infer(rig.port, { signer }));
  return answers;
}

describe('9. strangers that sign well', () => {
  it('are refused by their name alone, and nothing of them is remembered', () =>
    withRig({}, async (rig) => {
      const asked = Array.from({ length: 300 }, (_, at) =>
        infer(rig.port, { signer: signerFromSuri(sr25519, `//Stranger/${at % 20}`) }),
      );
      expect(statusesOf(await Promise.all(asked))).toEqual({ 401: 300 });
      expect(await rig.metrics()).not.toMatch(/^miner_replay_entries [1-9]/m);
      expect(await rig.metrics()).toMatch(/^miner_authenticate_seconds_count 0/m);
      await expectUnharmed(rig, { status: 401, reason: 'unknown_hotkey' });
    }));
});

describe('18. a flood of wrong signatures from one address', () => {
  it(
    'a validator elsewhere is served all the while; after its burst the flood is not verified',
    () =>
      withRig({ admission: { addressRatePerSecond: 1, addressBurst: 10 } }, async (rig) => {
        const stop = keepAsking(16, floodFrom('127.0.0.9', rig.port));
        const during = await askInTurn(rig, 50, validator);
        const counts = await stop();
        expect(statusesOf(during)).toEqual({ 200: 50 });
        expect(Object.keys(counts)).toEqual(['401', '429']);
        // The burst, those that were under way with its last, and one a second.
        expect(counts[401]).toBeLessThan(10 + 16 + 60);
        expect(counts[429]).toBeGreaterThan(50);
        expect(verifiedOf(await rig.metrics())).toBe(50 + (counts[401] ?? 0));
        await expectUnharmed(rig, { status: 429, reason: 'address' });
      }),
    40_000,
  );
});

function verifiedOf(metrics: string): number {
  return Number(/^miner_authenticate_seconds_count(?:\{\})? (\d+)/m.exec(metrics)?.[1] ?? NaN);
}

describe('19. a registered hotkey of little stake that floods', () => {
  it('is held to its rate, told truly when to come again, and takes nothing from others', async () => {
    const rig = await startRig({
      admission: { requireValidatorPermit: false, ratePerSecond: 5, burst: 10 },
    });
    try {
      const flood = await Promise.all(
        Array.from({ length: 100 }, () => infer(rig.port, { signer: lowly })),
      );
      const counts = statusesOf(flood);
      expect(counts[200]).toBeGreaterThanOrEqual(10);
      expect(counts[429]).toBeGreaterThan(0);
      expect((counts[200] ?? 0) + (counts[429] ?? 0)).toBe(100);
      const [refused] = flood.filter(({ status }) => status === 429);
      expect(Number(refused?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(statusesOf(await askInTurn(rig, 5, validator))).toEqual({ 200: 5 });
      await expectUnharmed(rig, { status: 429, reason: 'rate' });
    } finally {
      await rig.miner.stop();
    }
  });

  it('pays for what it asks, by elements and not by requests', () =>
    withRig({ admission: { ratePerSecond: 0.001, burst: 10, costUnit: 64 } }, async (rig) => {
      // Eight images cost eight tokens of ten; two are left for small ones.
      const answers = [
        await infer(rig.port, { body: imageBody(0.5, 8) }),
        await infer(rig.port, { body: imageBody(0.5, 8) }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 429]);
      expect(Number(answers[1]?.headers['retry-after'])).toBeGreaterThan(5000);
      expect(await rig.metrics()).toMatch(/^miner_batch_rows_count\{[^}]*\} 1$/m);
      expect([(await infer(rig.port)).status, (await infer(rig.port)).status]).toEqual([200, 429]);
    }));

  it('when the miner is busy, each hotkey has its share, and a newcomer gets in', async () => {
    const other = signerFromSuri(sr25519, '//Other');
    const rig = await startRig({ admission: { capacity: 8, maxInFlight: 64 } });
    rig.chain.addNeuron(netuid, { hotkey: other.ss58, validatorPermit: true, totalStakeRao: 1n });
    await rig.miner.announce(new AbortController().signal);
    const pid = rig.miner.status().enginePid ?? 0;
    try {
      process.kill(pid, 'SIGSTOP');
      const flood = Array.from({ length: 30 }, () => infer(rig.port));
      await expect.poll(() => rig.metrics(), { timeout: 15_000 }).toMatch(/reason="share"\} 22/);
      const newcomers = Array.from({ length: 6 }, () => infer(rig.port, { signer: other }));
      await expect.poll(() => rig.metrics(), { timeout: 15_000 }).toMatch(/reason="share"\} 24/);
      process.kill(pid, 'SIGCONT');
      expect(statusesOf(await Promise.all(flood))).toEqual({ 200: 8, 429: 22 });
      expect(statusesOf(await Promise.all(newcomers))).toEqual({ 200: 4, 429: 2 });
    } finally {
      process.kill(pid, 'SIGCONT');
      await rig.miner.stop();
    }
  });
});
