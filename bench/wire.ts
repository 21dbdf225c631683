import { createHash } from 'node:crypto';
import { keyCache, readAuth, signatureCheckOf, signRequest } from '../common/wire/btauth.ts';
import { decodeInferRequest, encodeInferRequest } from '../common/wire/inference-protocol.ts';
import type {
  EncodedMessage,
  InferRequest,
  ModelInterface,
} from '../common/wire/inference-types.ts';
import { defaultInferLimits, isProtocolError } from '../common/wire/inference-types.ts';
import { signerFromSuri } from '../common/keys/keys.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { median } from './row.ts';
import type { BenchRow } from './row.ts';

const rounds = 7;
const sliceMs = 100;
const elements = 784;
const nowNs = 1_700_000_000_000_000_000n;

type Subjects = Readonly<Record<'parse' | 'json' | 'binary' | 'headers', () => void>>;

/**
 * What the wire costs a server beside the signature check, one thread, for a request with one FP32
 * tensor of 784 values: medians of interleaved rounds. The peer of decoding is `JSON.parse` of the
 * same text, which no server in this language can avoid for JSON.
 */
export async function benchWire(): Promise<BenchRow[]> {
  const subjects = makeSubjects();
  const names = Object.keys(subjects) as (keyof Subjects)[];
  const rates = new Map(names.map((name) => [name, [] as number[]]));
  for (const name of names) rateOf(subjects[name]);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) rates.get(name)?.push(rateOf(subjects[name]));
  }
  const rate = (name: keyof Subjects): number => median(rates.get(name) ?? []);
  return [
    row('decode a JSON request, 784 floats', rate('json'), rate('parse'), 0.5),
    row('decode a binary request, 784 floats', rate('binary'), rate('parse'), 3),
    row('judge btauth headers, without signature', rate('headers'), null, null),
  ];
}

function makeSubjects(): Subjects {
  const model: ModelInterface = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, elements] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 10] }],
  };
  const json = encoded(false);
  const binary = encoded(true);
  const text = new TextDecoder().decode(json.body);
  return {
    parse: () => void JSON.parse(text),
    json: () => decode(json, model),
    binary: () => decode(binary, model),
    headers: judgeHeaders(json.body),
  };
}

function encoded(binary: boolean): EncodedMessage {
  const data = Float32Array.from({ length: elements }, (_, at) => Math.sin(at));
  const request: InferRequest = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, elements], data }],
    outputs: [],
    binaryOutput: false,
    parameters: {},
  };
  const message = encodeInferRequest(request, { binary });
  if (isProtocolError(message)) throw new Error(message.error);
  return message;
}

function decode(message: EncodedMessage, model: ModelInterface): void {
  const request = decodeInferRequest(message.body, message.headers, defaultInferLimits, model);
  if (isProtocolError(request)) throw new Error(request.error);
}

function judgeHeaders(body: Uint8Array): () => void {
  const sr25519 = loadSr25519();
  const receiver = signerFromSuri(sr25519, '//Alice').ss58;
  const signer = signerFromSuri(sr25519, '//Bob');
  const bodySha256 = new Uint8Array(createHash('sha256').update(body).digest());
  const parts = { method: 'POST', pathWithQuery: '/v2/models/m/infer', bodySha256 };
  const headers = signRequest({ ...parts, signer, nonceNs: nowNs, receiver });
  const policy = { receiver, notBeforeNs: 0n, keyOf: keyCache() };
  return () => {
    const claim = readAuth(headers, policy, nowNs);
    if (claim.kind === 'auth-refusal') throw new Error(claim.reason);
    signatureCheckOf(claim, parts);
  };
}

/** Operations a second over one slice. */
function rateOf(run: () => void): number {
  const start = performance.now();
  let count = 0;
  let elapsedMs = 0;
  for (; elapsedMs < sliceMs; elapsedMs = performance.now() - start) {
    for (let at = 0; at < 20; at += 1) run();
    count += 20;
  }
  return (count / elapsedMs) * 1000;
}

function row(name: string, value: number, peer: number | null, goal: number | null): BenchRow {
  const ratio = peer === null ? null : value / peer;
  const reached = goal === null || (ratio ?? value) >= goal;
  return { name, value, unit: '1/s', peer, ratio, goal, ok: reached };
}
