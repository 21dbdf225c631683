import { Agent } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageBody, infer, inferPath, signedHeaders } from '../rig.ts';
import { headOf, statusesOf, untilClosed } from './bar.ts';
import { startRigProcess } from './rig-process.ts';
import type { RigProcess } from './rig-process.ts';

const mebibyte = 1_048_576;
/** One million with SUBNET_SOAK_REQUESTS=1000000; a share of it otherwise. */
const soakRequests = Number(process.env['SUBNET_SOAK_REQUESTS'] ?? 3000);

let rig: RigProcess;
beforeAll(async () => {
  const admission = { ratePerSecond: 1e6, burst: 1e6, addressBurst: 1e6 };
  rig = await startRigProcess({ overrides: { admission } });
  // Warm: buffers, compiled code, the model process.
  for (let at = 0; at < 300; at += 1) await infer(rig.port);
});
afterAll(async () => {
  expect(await rig.stop()).toBe(0);
});

/** Sends a head, then as much of a body as is taken, in pieces, until the connection is closed. */
async function pour(head: string, piece: Buffer, pieces: number): Promise<string> {
  const socket = connect(rig.port, '127.0.0.1');
  const text = untilClosed(socket);
  socket.write(head);
  let left = pieces;
  const more = (): void => {
    while (left > 0 && socket.writable) {
      left -= 1;
      if (!socket.write(piece)) break;
    }
  };
  socket.on('drain', more);
  more();
  return text;
}

describe('12. a body of 100 MB', () => {
  const length = 100 * mebibyte;
  const piece = Buffer.alloc(mebibyte, 0x20);

  it('unsigned: refused by its head, and almost nothing of it is kept', async () => {
    const before = rig.rssBytes();
    const head = headOf('POST', inferPath, { 'content-length': String(length) });
    expect(await pour(head, piece, 100)).toMatch(/^HTTP\/1\.1 413 /);
    const within = headOf('POST', inferPath, { 'content-length': '16000000' });
    expect(await pour(within, piece, 15)).toMatch(/^HTTP\/1\.1 401 /);
    expect(rig.rssBytes() - before).toBeLessThan(30 * mebibyte);
    expect((await infer(rig.port)).status).toBe(200);
  });

  it('signed: 413 by what it announces', async () => {
    const signed = { ...signedHeaders(imageBody()), 'content-length': String(length) };
    expect(await pour(headOf('POST', inferPath, signed), piece, 100)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('in chunks without a length: cut at the cap', async () => {
    const before = rig.rssBytes();
    const signed = { ...signedHeaders(imageBody()), 'transfer-encoding': 'chunked' };
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), piece, Buffer.from('\r\n')]);
    expect(await pour(headOf('POST', inferPath, signed), chunk, 100)).toMatch(/^HTTP\/1\.1 413 /);
    expect(rig.rssBytes() - before).toBeLessThan(100 * mebibyte);
    expect((await infer(rig.port)).status).toBe(200);
  });

  it('many at once, announced and never sent: no memory is set aside for them', async () => {
    const before = rig.rssBytes();
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connect(rig.port, '127.0.0.1');
      socket.on('error', () => undefined);
      const signed = { ...signedHeaders(imageBody()), 'content-length': '16000000' };
      socket.write(headOf('POST', inferPath, signed));
      return socket;
    });
    expect((await infer(rig.port)).status).toBe(200);
    expect(rig.rssBytes() - before).toBeLessThan(100 * mebibyte);
    for (const socket of sockets) socket.destroy();
  });
});

describe('28. many requests', () => {
  it(`after ${soakRequests} the miner is as large as before, within a tenth`, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const ask = async (count: number): Promise<void> => {
      let left = count;
      const lane = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          const answer = await infer(rig.port, { agent });
          expect(statusesOf([answer])).toEqual({ 200: 1 });
        }
      };
      await Promise.all(Array.from({ length: 16 }, lane));
    };
    await ask(soakRequests / 2);
    const half = rig.rssBytes();
    await ask(soakRequests / 2);
    agent.destroy();
    expect(rig.rssBytes()).toBeLessThan(half * 1.1);
    const { metrics, problems } = await rig.report();
    expect(problems).toEqual([]);
    expect(metrics).not.toMatch(/status="5\d\d"/);
  }, 3_600_000);
});
