import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { imageBody, infer, inferPath, signedHeaders } from '../rig.ts';
import type { MinerRig } from '../rig.ts';
import { expectUnharmed, headOf, untilClosed, withRig } from './bar.ts';

interface Begun {
  readonly socket: Socket;
  /** What the miner says first. */
  readonly first: string;
}

/** A head that names the validator; that nobody signed for it is seen when the body is whole. */
async function begin(rig: MinerRig, host: number, announced: number): Promise<Begun> {
  const localAddress = `127.0.1.${host}`;
  const socket = connect({ port: rig.port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  const announcing = { 'content-length': String(announced), expect: '100-continue' };
  const headers = { ...signedHeaders(imageBody()), ...announcing };
  socket.write(headOf('POST', inferPath, headers));
  const first = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  return { socket, first: first.toString('latin1') };
}

/** One whose body is awaited now. */
async function claim(rig: MinerRig, host: number, announced: number): Promise<Socket> {
  const { socket, first } = await begin(rig, host, announced);
  expect(first).toMatch(/^HTTP\/1\.1 100 /);
  return socket;
}

function claims(rig: MinerRig, hosts: readonly number[], announced: number): Promise<Socket[]> {
  return Promise.all(hosts.map((host) => claim(rig, host, announced)));
}

describe('bodies that never come, under the name of a validator', () => {
  it('hold no place that another needs: the oldest is answered 503 and closed', () =>
    withRig({ server: { maxConnections: 12 } }, async (rig) => {
      const slow: Socket[] = [];
      for (let host = 0; host < 12; host += 1) slow.push(await claim(rig, host, 5000));
      const answers = slow.slice(0, 1).map(untilClosed);
      expect((await infer(rig.port)).status).toBe(200);
      expect(await Promise.all(answers)).toEqual([expect.stringMatching(/^HTTP\/1\.1 503 /)]);
      for (const socket of slow) socket.destroy();
      await expectUnharmed(rig, { status: 408, reason: 'gone' });
    }));

  it('hold no memory that another needs: the oldest is answered 503 and closed', () =>
    withRig({ server: { maxBodyBytes: 100_000, maxBufferedBytes: 200_000 } }, async (rig) => {
      const slow = await claims(rig, [1, 2], 100_000);
      const first = Promise.race(slow.map(untilClosed));
      for (const socket of slow) socket.write(Buffer.alloc(90_000, 0x20));
      const refused = await first;
      expect(refused).toMatch(/^HTTP\/1\.1 503 /);
      expect(refused).toContain('room was needed before the body was whole');
      expect(slow.filter(({ destroyed }) => destroyed)).toHaveLength(1);
      for (const socket of slow) socket.destroy();
      await expectUnharmed(rig, { status: 503, reason: 'evicted' });
    }));

  it('leave a part of the memory to those that were let in lately', () =>
    withRig({ server: { maxBodyBytes: 100_000, maxBufferedBytes: 200_000 } }, async (rig) => {
      expect((await infer(rig.port)).status).toBe(200);
      const slow = await claims(rig, [1, 2], 100_000);
      for (const socket of slow) socket.write(Buffer.alloc(70_000, 0x20));
      const body = Buffer.concat([imageBody(), Buffer.alloc(40_000, 0x20)]);
      for (let at = 0; at < 3; at += 1) expect((await infer(rig.port, { body })).status).toBe(200);
      for (const socket of slow) {
        expect(socket.destroyed).toBe(false);
        socket.destroy();
      }
    }));

  it('are paid for by their address, as wrong signatures are', () => {
    const admission = { addressBurst: 3, addressRatePerSecond: 0.001 };
    return withRig({ server: { requestTimeoutMs: 500 }, admission }, async (rig) => {
      const slow = await claims(rig, [1, 1, 1, 1], 5000);
      for (const text of await Promise.all(slow.map(untilClosed))) {
        expect(text).toMatch(/^HTTP\/1\.1 408 /);
      }
      const late = await begin(rig, 1, 5000);
      expect(late.first).toMatch(/^HTTP\/1\.1 429 /);
      late.socket.destroy();
      expect((await infer(rig.port)).status).toBe(200);
    });
  });
});
