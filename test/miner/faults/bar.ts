import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect } from 'vitest';
import { infer, startRig } from '../rig.ts';
import type { Answer, MinerRig } from '../rig.ts';

export async function withRig(
  overrides: Readonly<Record<string, unknown>>,
  body: (rig: MinerRig) => Promise<void>,
): Promise<void> {
  const rig = await startRig(overrides);
  try {
    await body(rig);
  } finally {
    await rig.miner.stop();
  }
}

export function statusesOf(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Resolves with all that came, once the connection is closed. */
export function untilClosed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text));
  });
}

/** What raw bytes are answered with, until the connection is closed. */
export function sendBytes(
  port: number,
  ...parts: readonly (string | Uint8Array)[]
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  for (const part of parts) socket.write(part);
  return untilClosed(socket);
}

/** Head of a request, for raw bytes. */
export function headOf(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nhost: a\r\n${lines.join('')}\r\n`;
}

/**
 * What holds after whatever was done to a miner: it answers those in good order, its metric counts
 * the refusals, one line of its log tells them, and nothing in the log is secret.
 */
export async function expectUnharmed(
  rig: MinerRig,
  refusal?: { readonly status: number; readonly reason: string },
): Promise<void> {
  expect((await infer(rig.port)).status).toBe(200);
  const log = rig.logLines.join('\n');
  expect(log).not.toMatch(/\/\/(Miner|Validator|Lowly|Stranger)|mnemonic|"stack"/);
  expect(log).not.toContain('a request could not be handled');
  const metrics = await rig.metrics();
  expect(metrics).not.toMatch(/miner_requests_total\{status="500"/);
  if (refusal === undefined) return;
  const { status, reason } = refusal;
  expect(metrics).toMatch(
    new RegExp(`miner_requests_total\\{status="${status}",reason="${reason}"\\} [1-9]`),
  );
  const told = rig.logLines.filter((line) => line.includes(`"reason":"${reason}"`));
  expect(told.length).toBeGreaterThanOrEqual(1);
  expect(told.length).toBeLessThanOrEqual(3);
}
