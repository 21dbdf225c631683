import { connect } from 'node:net';
import { Agent } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { SubnetError } from '../../../common/errors.ts';
import { call, errorOf, infer, startRig } from '../rig.ts';
import type { MinerRig } from '../rig.ts';
import { expectUnharmed, statusesOf, untilClosed, withRig } from './bar.ts';
import { startRigProcess } from './rig-process.ts';

const patient = { timeout: 15_000 };

function modelPid(rig: MinerRig): number {
  const pid = rig.miner.status().enginePid;
  if (pid === null) throw new Error('no model process');
  return pid;
}

describe('a model process that fails', () => {
  it('21. SIGKILL under load: 503 with Retry-After at worst, and no later request lost', () =>
    withRig({}, async (rig) => {
      const before = Array.from({ length: 20 }, () => infer(rig.port));
      process.kill(modelPid(rig), 'SIGKILL');
      const counts = statusesOf(await Promise.all(before));
      expect(Object.keys(counts).every((status) => status === '200' || status === '503')).toBe(
        true,
      );
      const after = await Promise.all(Array.from({ length: 20 }, () => infer(rig.port)));
      expect(statusesOf(after)).toEqual({ 200: 20 });
      await expectUnharmed(rig);
      expect(await rig.metrics()).toContain(
        'miner_engine_restarts_total{model="digits",version="1"} 1',
      );
    }));

  it('22. a hang: the request ends at its deadline, the miner lives', () =>
    withRig({ engine: { runTimeoutMs: 300 } }, async (rig) => {
      process.kill(modelPid(rig), 'SIGSTOP');
      const answer = await infer(rig.port);
      expect([answer.status, errorOf(answer)]).toEqual([503, 'the model took too long']);
      expect(Number(answer.headers['retry-after'])).toBe(1);
      await expect.poll(async () => (await infer(rig.port)).status, { timeout: 15_000 }).toBe(200);
    }));

  it('23. 429 at once when the queue is full, 503 when a request waited too long', () =>
    withRig({ queue: { maxWaiting: 2, maxWaitMs: 200 } }, async (rig) => {
      const pid = modelPid(rig);
      process.kill(pid, 'SIGSTOP');
      const first = infer(rig.port);
      await expect.poll(() => rig.miner.status().running, patient).toBe(1);
      const waiting = [infer(rig.port), infer(rig.port)];
      await expect.poll(() => rig.miner.status().waiting, patient).toBe(2);
      expect((await infer(rig.port)).status).toBe(429);
      expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([503, 503]);
      process.kill(pid, 'SIGCONT');
      expect((await first).status).toBe(200);
    }));

  it('24. a caller that leaves while it waits is not computed', () =>
    withRig({}, async (rig) => {
      const pid = modelPid(rig);
      process.kill(pid, 'SIGSTOP');
      const first = infer(rig.port);
      await expect.poll(() => rig.miner.status().running, patient).toBe(1);
      const leaver = new AbortController();
      const left = infer(rig.port, { signal: leaver.signal }).catch(() => 'left');
      await expect.poll(() => rig.miner.status().waiting, patient).toBe(1);
      leaver.abort();
      await expect.poll(() => rig.miner.status().waiting, patient).toBe(0);
      process.kill(pid, 'SIGCONT');
      expect([(await first).status, await left]).toEqual([200, 'left']);
      expect(await rig.metrics()).toContain('miner_batch_rows_count{model="digits",version="1"} 1');
    }));
});

describe('stopping', () => {
  it('lets what was begun end, answers nothing with a reset, takes nothing new', async () => {
    const rig = await startRig();
    const agent = new Agent({ keepAlive: true });
    expect((await infer(rig.port, { agent })).status).toBe(200);
    const pid = modelPid(rig);
    process.kill(pid, 'SIGSTOP');
    const begun = Array.from({ length: 8 }, () => infer(rig.port, { agent }));
    await expect
      .poll(() => rig.miner.status().running + rig.miner.status().waiting, patient)
      .toBe(8);
    const stopped = rig.miner.stop();
    process.kill(pid, 'SIGCONT');
    expect(statusesOf(await Promise.all(begun))).toEqual({ 200: 8 });
    await stopped;
    await expect(call(rig.port)).rejects.toThrow(/ECONNREFUSED/);
    agent.destroy();
  });

  it('cuts what does not end within drainMs', async () => {
    const rig = await startRig({ server: { drainMs: 100 } });
    const socket = connect(rig.port, '127.0.0.1');
    const cut = untilClosed(socket);
    socket.write('POST /v2 HTTP/1.1\r\n');
    await expect.poll(() => socket.connecting, patient).toBe(false);
    await rig.miner.stop();
    await cut;
  });

  it('says which port is taken', () =>
    withRig({}, async (rig) => {
      const error = await startRig({ server: { port: rig.port } }).then(
        () => null,
        (cause: SubnetError) => cause,
      );
      expect(error).toMatchObject({ code: 'PORT_TAKEN', facts: { port: rig.port } });
    }));

  it('27. SIGTERM under load: what was begun is answered, nothing is reset, the exit code is 0', async () => {
    const rig = await startRigProcess();
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const outcomes: (number | string)[] = [];
    const state = { going: true };
    const lane = async (): Promise<void> => {
      while (state.going) {
        const outcome = await infer(rig.port, { agent }).then(
          ({ status }) => status,
          (error: NodeJS.ErrnoException) => error.code ?? error.message,
        );
        outcomes.push(outcome);
        if (typeof outcome === 'string') return;
      }
    };
    const lanes = Promise.all(Array.from({ length: 8 }, lane));
    await expect.poll(() => outcomes.length, patient).toBeGreaterThan(40);
    const code = await rig.stop();
    state.going = false;
    await lanes;
    agent.destroy();
    expect(code).toBe(0);
    // A connection that was idle may be closed just as its next request comes: that one was not begun.
    const others = outcomes.filter((one) => one !== 200 && one !== 'ECONNREFUSED' && one !== 503);
    expect(others.filter((one) => one !== 'ECONNRESET')).toEqual([]);
    expect(others.length).toBeLessThanOrEqual(8);
  }, 40_000);
});
