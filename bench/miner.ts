import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { signRequest } from '../common/wire/btauth.ts';
import { inferPath } from '../common/wire/inference-metadata.ts';
import { signerFromSuri } from '../common/keys/keys.ts';
import { nodeArguments, packagePath } from '../common/node/package-root.ts';
import { createPlatform } from '../common/node/platform.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { blast, requestBytes } from './blast.ts';
import type { BlastResult } from './blast.ts';
import type { BenchRow } from './row.ts';

const concurrencies = [1, 16, 64] as const;
const seconds = 3;
/** Signed requests live for ten seconds: signing must end well before the first grow old. */
const signingMs = 2500;
const modelPath = packagePath('examples', 'digits', 'models', 'best.onnx');
const platform = createPlatform();
const sr25519 = loadSr25519();
const caller = signerFromSuri(sr25519, '//BenchValidator');
const receiver = signerFromSuri(sr25519, '//BenchMiner').ss58;

/**
 * Requests per second of one miner process (and its model process) with the small convolutional
 * net: btauth/1 verified, replay refused, admitted, computed, receipt signed. All loopback.
 */
export async function benchMiner(): Promise<BenchRow[]> {
  const sha256 = createHash('sha256').update(readFileSync(modelPath)).digest('hex');
  const order = JSON.stringify({ path: modelPath, sha256 });
  const child = spawn(process.execPath, [...nodeArguments('bench/miner-server.ts'), order], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const port = await portOf(child);
    await blast({ port, requests: presign(4000), concurrency: 16, seconds: 1 });
    const rows: BenchRow[] = [];
    for (const concurrency of concurrencies) rows.push(...(await measure(port, concurrency)));
    return rows;
  } finally {
    child.stdin?.end();
    await once(child, 'close');
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('the miner has no stdout');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(line.toString().trim());
}

async function measure(port: number, concurrency: number): Promise<BenchRow[]> {
  const requests = presign(60_000);
  const result = await blast({ port, requests, concurrency, seconds });
  const name = `miner: signed requests, concurrency ${concurrency}`;
  const ok = Object.keys(result.statuses).join() === '200';
  if (!ok) console.error(name, result.statuses);
  return [rateRow(name, result, ok), latencyRow(name, result, ok)];
}

function rateRow(name: string, { requestsPerSecond: value }: BlastResult, ok: boolean): BenchRow {
  return { name, value, unit: 'req/s', peer: null, ratio: null, goal: null, ok };
}

function latencyRow(name: string, { p99Ms: value }: BlastResult, ok: boolean): BenchRow {
  return { name: `${name}, p99`, value, unit: 'ms', peer: null, ratio: null, goal: null, ok };
}

function presign(count: number): readonly Uint8Array[] {
  const path = inferPath('digits');
  const data = Array.from({ length: 64 }, (_, at) => (at % 17) / 16);
  const input = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data };
  const body = new TextEncoder().encode(JSON.stringify({ inputs: [input] }));
  const bodySha256 = platform.sha256(body);
  const endMs = platform.clock.monotonicMs() + signingMs;
  const requests: Uint8Array[] = [];
  while (requests.length < count && platform.clock.monotonicMs() < endMs) {
    const nonceNs = platform.clock.nowNs();
    const parts = { method: 'POST', pathWithQuery: path, bodySha256 };
    const headers = signRequest({ ...parts, signer: caller, nonceNs, receiver });
    const all = { ...headers, 'content-type': 'application/json' };
    requests.push(requestBytes(path, all, body));
  }
  return requests;
}
