import { readFileSync } from 'node:fs';
import { messageOf, SubnetError } from '../../common/errors.ts';
import { toHex } from '../../common/hex.ts';
import { seededUniform } from '../../common/load/seeded.ts';
import { syntheticTensors } from '../../common/load/synthetic-tensors.ts';
import type { SyntheticSizes } from '../../common/load/synthetic-tensors.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import { inferPath } from '../../common/wire/inference-metadata.ts';
import { decodeInferRequest, encodeInferRequest } from '../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import type { ModelInterface, ProtocolError } from '../../common/wire/inference-types.ts';

/** One question, written once and sent many times; each time it is signed anew. */
export interface BenchBody {
  readonly path: string;
  /** Of the body; those of the signature come on top. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly sha256: Uint8Array;
  readonly sha256Hex: string;
  /** What a classic request signs of its body. */
  readonly fieldsHash?: string;
}

export interface TensorSource {
  readonly model: string;
  /** What the model takes and gives; null when the miner does not say. */
  readonly interface: ModelInterface | null;
  /** `synthetic`, or a file of requests: one JSON object, or one on each line. */
  readonly input: string;
  readonly sizes: SyntheticSizes;
  readonly seed: number;
  /** Tensors behind the JSON, not in it. */
  readonly binary: boolean;
}

/** So many different questions go round: a miner that remembers answers gains nothing. */
const mostBodies = 32;
const mostBytes = 64 * 1024 * 1024;

/** Bodies of the Open Inference Protocol. Throws BENCH_INPUT_INVALID. */
export function tensorBodies(platform: Platform, source: TensorSource): readonly BenchBody[] {
  const requests = source.input === 'synthetic' ? synthetic(source) : requestsIn(source);
  return requests.map((inputs) => written(platform, source, inputs));
}

function synthetic(source: TensorSource): readonly (readonly Tensor[])[] {
  const { sizes, seed } = source;
  if (source.interface === null) {
    const detail = `the miner does not tell what ${source.model} takes; name a file with --input`;
    throw new SubnetError('BENCH_INPUT_INVALID', { detail });
  }
  const { inputs } = source.interface;
  const uniform = seededUniform(seed);
  const first = syntheticTensors(inputs, sizes, uniform);
  const bytes = first.reduce((sum, { data }) => sum + data.length * 8, 1);
  const count = Math.max(1, Math.min(mostBodies, Math.floor(mostBytes / bytes)));
  const others = Array.from({ length: count - 1 }, () => syntheticTensors(inputs, sizes, uniform));
  return [first, ...others];
}

function requestsIn(source: TensorSource): readonly (readonly Tensor[])[] {
  const file = source.input;
  return jsonObjectsIn(file).map(({ text, line }) => {
    const { interface: known } = source;
    const bytes = new TextEncoder().encode(text);
    const read = decodeInferRequest(bytes, {}, defaultInferLimits, known ?? undefined);
    if (isProtocolError(read)) throw misfit(`${file}:${line}`, read);
    return read.inputs;
  });
}

/** One JSON object, however it is laid out, or one on each line. Throws BENCH_INPUT_INVALID. */
export function jsonObjectsIn(
  file: string,
): readonly { readonly text: string; readonly line: number }[] {
  const text = readText(file);
  if (isJson(text)) return [{ text, line: 1 }];
  const lines = text.split('\n').map((one, at) => ({ text: one.trim(), line: at + 1 }));
  const filled = lines.filter((one) => one.text !== '');
  const broken = filled.find((one) => !isJson(one.text));
  if (broken === undefined && filled.length > 0) return filled;
  const detail = broken === undefined ? 'it is empty' : `line ${broken.line} is no JSON`;
  throw new SubnetError('BENCH_INPUT_INVALID', { detail, file });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SubnetError('BENCH_INPUT_INVALID', { detail: messageOf(cause), file }, { cause });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function written(
  platform: Platform,
  { model, binary, interface: known }: TensorSource,
  inputs: readonly Tensor[],
): BenchBody {
  const outputs = (known?.outputs ?? []).map(({ name }) => ({ name, binary }));
  const request = { inputs, outputs, binaryOutput: binary, parameters: {} };
  const message = encodeInferRequest(request, { binary });
  if (isProtocolError(message)) throw misfit(model, message);
  return hashed(platform, { path: inferPath(model), ...message });
}

export function hashed(
  { sha256 }: Pick<Platform, 'sha256'>,
  body: Omit<BenchBody, 'sha256' | 'sha256Hex'>,
): BenchBody {
  const digest = sha256(body.body);
  return { ...body, sha256: digest, sha256Hex: toHex(digest) };
}

function misfit(where: string, { error }: ProtocolError): SubnetError {
  return new SubnetError('BENCH_INPUT_INVALID', { detail: `${where}: ${error}` });
}
