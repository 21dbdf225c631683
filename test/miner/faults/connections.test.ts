import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { imageBody, infer, inferPath, signedHeaders } from '../rig.ts';
import { expectUnharmed, headOf, untilClosed, withRig } from './bar.ts';
import { startRigProcess } from './rig-process.ts';

/** Sockets from addresses of the loopback network, so that no one address holds many. */
function openMany(port: number, count: number, perAddress: number): readonly Socket[] {
  return Array.from({ length: count }, (_, at) => {
    const host = Math.floor(at / perAddress);
    const localAddress = `127.0.${1 + (host >> 8)}.${host & 255}`;
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => undefined);
    return socket;
  });
}

function dribble(socket: Socket, text: string): () => void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else if (socket.writable) socket.write(text[at++ % text.length] ?? 'a');
  }, 1000);
  return () => clearInterval(timer);
}

const patient = { timeout: 15_000 };

describe('16. 1,000 half-open connections with a byte a second', () => {
  it(
    'are closed within the time of a request, and others are served meanwhile',
    () =>
      withRig({ server: { requestTimeoutMs: 8000 } }, async (rig) => {
        const sockets = openMany(rig.port, 1000, 100);
        const slowHead = `POST ${inferPath} HTTP/1.1\r\nhost: a\r\nx-slow: ${'a'.repeat(100)}`;
        const body = imageBody();
        const announced = { ...signedHeaders(body), 'content-length': String(body.length) };
        const stops = sockets.map((socket, at) => {
          if (at % 3 === 0) return () => undefined;
          if (at % 3 === 1) return dribble(socket, slowHead);
          socket.write(headOf('POST', inferPath, announced));
          return dribble(socket, Buffer.from(body).toString());
        });
        const ends = sockets.map(untilClosed);
        const allClosed = Promise.all(ends);
        const waiting = { open: true };
        void allClosed.then(() => (waiting.open = false));
        let served = 0;
        while (waiting.open) {
          expect((await infer(rig.port)).status).toBe(200);
          served += 1;
          await delay(100);
        }
        const texts = await allClosed;
        for (const stop of stops) stop();
        expect(served).toBeGreaterThan(10);
        expect(texts.filter((text) => text.startsWith('HTTP/1.1 408')).length).toBeGreaterThan(300);
        expect(texts.filter((text) => /^HTTP\/1\.1 [235]/.test(text))).toEqual([]);
        await expectUnharmed(rig, { status: 408, reason: 'malformed' });
      }),
    40_000,
  );
});

describe('17. more connections than there is room for', () => {
  it('10,000 idle ones from many addresses give way to those that ask, oldest first', async () => {
    const rig = await startRigProcess({ overrides: { server: { maxConnections: 1000 } } });
    const sockets: Socket[] = [];
    try {
      expect((await infer(rig.port)).status).toBe(200);
      for (let round = 0; round < 20; round += 1) {
        const batch = openMany(rig.port, 500, 100);
        sockets.push(...batch);
        await Promise.all(batch.map(connected));
        if (round % 5 === 4) expect((await infer(rig.port)).status).toBe(200);
      }
      expect(sockets).toHaveLength(10_000);
      await expect
        .poll(async () => openOf((await rig.report()).metrics), patient)
        .toBeLessThanOrEqual(1000);
      for (const socket of sockets) socket.destroy();
      await expect
        .poll(async () => openOf((await rig.report()).metrics), patient)
        .toBeLessThanOrEqual(1);
      expect((await infer(rig.port)).status).toBe(200);
      expect((await rig.report()).problems).toEqual([]);
    } finally {
      for (const socket of sockets) socket.destroy();
      expect(await rig.stop()).toBe(0);
    }
  }, 120_000);

  it('without files left it goes on: it takes fewer connections than it was told to', async () => {
    const rig = await startRigProcess({ maxFiles: 256 });
    const sockets = openMany(rig.port, 1500, 100);
    try {
      await Promise.all(sockets.map(connected));
      expect((await infer(rig.port)).status).toBe(200);
      const { metrics, log, problems } = await rig.report();
      expect(openOf(metrics)).toBeLessThanOrEqual(128);
      expect(log.join('\n')).toContain('the limit on open files allows fewer connections');
      expect(problems).toEqual([]);
      for (const socket of sockets) socket.destroy();
      await expect
        .poll(async () => openOf((await rig.report()).metrics), patient)
        .toBeLessThanOrEqual(1);
      expect((await infer(rig.port)).status).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
      expect(await rig.stop()).toBe(0);
    }
  }, 90_000);

  it('one address gets its share and no more, whatever it opens', () =>
    withRig({ server: { maxConnectionsPerAddress: 20 } }, async (rig) => {
      const greedy = openMany(rig.port, 100, 100);
      const texts = greedy.slice(20).map(untilClosed);
      await Promise.all(texts);
      expect(greedy.filter(({ destroyed }) => !destroyed)).toHaveLength(20);
      await expectUnharmed(rig, { status: 429, reason: 'connections_address' });
      for (const socket of greedy) socket.destroy();
    }));
});

/** Settled either way: kept, or refused and closed. */
function connected(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (!socket.connecting) return resolve();
    socket.once('connect', () => resolve());
    socket.once('close', () => resolve());
  });
}

function openOf(metrics: string): number {
  return Number(/^miner_connections (\d+)/m.exec(metrics)?.[1] ?? NaN);
}
