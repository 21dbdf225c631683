import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { Agent } from 'node:http';
import { signRequest } from '../../common/wire/btauth.ts';
import { minerSchema } from '../../common/config/miner-schema.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { createLogger } from '../../common/node/log.ts';
import { packagePath } from '../../common/node/package-root.ts';
import { createPlatform } from '../../common/node/platform.ts';
import type { Signer } from '../../common/signer-port.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';
import { startMiner } from '../../miner/main.ts';
import type { RunningMiner } from '../../miner/main.ts';
import type { MinerParts } from '../../miner/parts.ts';
import { createFakeChain } from '../fakes/fake-chain.ts';
import type { FakeChain } from '../fakes/fake-chain.ts';

/** A whole miner on loopback: real server, real signatures, real model process; a chain in memory. */
export const sr25519 = loadSr25519();
export const minerKey = signerFromSuri(sr25519, '//Miner');
export const minerColdkey = signerFromSuri(sr25519, '//MinerColdkey');
/** Registered, with a permit and stake. */
export const validator = signerFromSuri(sr25519, '//Validator');
/** Registered, without a permit. */
export const lowly = signerFromSuri(sr25519, '//Lowly');
export const stranger = signerFromSuri(sr25519, '//Stranger');
export const platform = createPlatform();
export const netuid = 2;
export const taskName = 'digits';

const modelsFolder = ['examples', 'digits', 'models'] as const;

export function modelFile(name: string): { path: string; sha256: string } {
  const path = packagePath(...modelsFolder, `${name}.onnx`);
  return { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}

export function minerChain(): FakeChain {
  const chain = createFakeChain();
  chain.addSubnet(netuid);
  chain.addNeuron(netuid, {
    hotkey: validator.ss58,
    validatorPermit: true,
    totalStakeRao: 1_000_000_000_000n,
  });
  chain.addNeuron(netuid, { hotkey: lowly.ss58 });
  chain.fund(minerColdkey.ss58, 10_000_000_000_000n);
  return chain;
}

export interface MinerRig {
  readonly miner: RunningMiner;
  readonly chain: FakeChain;
  readonly port: number;
  readonly logLines: readonly string[];
  metrics(): Promise<string>;
}

type Overrides = Readonly<Record<string, unknown>>;

export async function startRig(
  overrides: Overrides = {},
  parts: Partial<MinerParts> = {},
  signal?: AbortSignal,
): Promise<MinerRig> {
  const chain = minerChain();
  const model = modelFile('best');
  const config = minerSchema.parse({
    netuid,
    chain: { endpoints: ['ws://127.0.0.1:1'] },
    task: taskName,
    model,
    announce: { serve: false, register: true },
    metrics: { enabled: false },
    ...overrides,
    engine: { provider: 'cpu', ...(overrides['engine'] as object | undefined) },
    server: { host: '127.0.0.1', port: 0, ...(overrides['server'] as object | undefined) },
  });
  const logLines: string[] = [];
  const registry = createMetricsRegistry();
  const wanted: MinerParts = {
    config,
    modelPath: model.path,
    platform,
    log: createLogger({ level: 'debug', format: 'json', write: (line) => logLines.push(line) }),
    registry,
    hotkey: minerKey,
    coldkey: () => minerColdkey,
    verifier: sr25519,
    chain,
    notBeforeNs: 0n,
    ...parts,
  };
  const miner = await startMiner(wanted, signal);
  await miner.announce(new AbortController().signal);
  const { port } = miner.status().address;
  return { miner, chain, port, logLines, metrics: () => registry.render() };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

export const inferPath = `/v2/models/${taskName}/infer`;

/** One image of 64 pixels in JSON. */
export function imageBody(value = 0.5, rows = 1): Uint8Array {
  const data = Array.from({ length: rows * 64 }, (_, at) => (value * ((at % 7) + 1)) / 7);
  const input = { name: 'image', datatype: 'FP32', shape: [rows, 1, 8, 8], data };
  return new TextEncoder().encode(JSON.stringify({ inputs: [input] }));
}

export interface SignOptions {
  readonly signer?: Signer;
  readonly nonceNs?: bigint;
  readonly path?: string;
  readonly receiver?: Signer;
}

/** Headers of a request that is signed as the SDK does. */
export function signedHeaders(body: Uint8Array, options: SignOptions = {}): Record<string, string> {
  return signRequest({
    method: 'POST',
    pathWithQuery: options.path ?? inferPath,
    bodySha256: platform.sha256(body),
    signer: options.signer ?? validator,
    nonceNs: options.nonceNs ?? platform.clock.nowNs(),
    receiver: (options.receiver ?? minerKey).ss58,
  });
}

export function call(port: number, options: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method: options.method ?? 'GET',
        path: options.path ?? '/v2',
        headers: { ...options.headers },
        ...(options.agent === undefined ? {} : { agent: options.agent }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string>,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

/** A signed inference of one image, or of `body`. */
export function infer(
  port: number,
  options: SignOptions & Call & { body?: Uint8Array } = {},
): Promise<Answer> {
  const body = options.body ?? imageBody();
  const headers = { ...signedHeaders(body, options), ...options.headers };
  return call(port, { ...options, method: 'POST', path: options.path ?? inferPath, body, headers });
}

export function errorOf(answer: Answer): string {
  const { error } = JSON.parse(answer.body.toString()) as { error: string };
  return error;
}
