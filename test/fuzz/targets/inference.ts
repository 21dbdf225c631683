import {
  decodeInferRequest,
  decodeInferResponse,
  encodeInferRequest,
  encodeInferResponse,
} from '../../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../../common/wire/inference-types.ts';
import type { HeaderMap, ProtocolError } from '../../../common/wire/inference-types.ts';
import { isFiniteTensor } from '../../../common/wire/tensor-codec.ts';
import { datatypes, elementCount } from '../../../common/tensor.ts';
import type { Datatype, Tensor } from '../../../common/tensor.ts';
import { ascii, jsonText, numberTexts, stringText } from '../grammar.ts';
import type { Random } from '../random.ts';
import { promise } from '../target.ts';
import type { FuzzTarget } from '../target.ts';

const limits = { ...defaultInferLimits, maxElements: 4096, maxJsonBytes: 60_000 };
const lengthHeader = 'inference-header-content-length';
const types = datatypes as unknown as readonly [Datatype, ...Datatype[]];
const widths: Readonly<Record<Datatype, number>> = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  BF16: 2,
  FP32: 4,
  FP64: 8,
  BYTES: 5,
};

function checkError({ status, error }: ProtocolError): void {
  promise(status >= 400 && status < 500, 'what a peer wrote is never our failure');
  promise(error.length > 0 && error.length < 600, 'an error is a short text');
  promise(!/\p{Cc}/u.test(error), 'an error is one line');
}

function checkTensors(tensors: readonly Tensor[]): void {
  promise(new Set(tensors.map(({ name }) => name)).size === tensors.length, 'names differ');
  for (const { datatype, shape, data } of tensors) {
    promise(data.length === elementCount(shape), 'a tensor has as many values as its shape says');
    promise(isFiniteTensor(datatype, data), 'values are finite');
  }
}

function shapeText(random: Random): { text: string; count: number } {
  const lengths = Array.from({ length: random.below(4) }, () => random.below(4));
  const text = random.chance(0.1)
    ? random.pick(['[-1]', '[4294967296,4294967296]', '[1.5]', '["1"]', '{}', '[9007199254740992]'])
    : `[${lengths.join()}]`;
  return { text, count: lengths.reduce((product, length) => product * length, 1) };
}

function dataText(random: Random, datatype: Datatype, count: number): string {
  const one = (): string => {
    if (random.chance(0.05)) return jsonText(random, 4);
    if (datatype === 'BYTES') return stringText(random);
    if (datatype === 'BOOL') return random.pick(['true', 'false']);
    return random.chance(0.3) ? random.pick(numberTexts) : String(random.below(128));
  };
  const values = Array.from({ length: Math.min(count, 300) }, one);
  return random.chance(0.2) ? `[[${values.join('],[')}]]` : `[${values.join()}]`;
}

function tensorText(random: Random, sizes: number[] | null): string {
  const datatype = random.pick(types);
  const { text, count } = shapeText(random);
  const head = `"name":${stringText(random)},"datatype":"${datatype}","shape":${text}`;
  if (sizes === null) return `{${head},"data":${dataText(random, datatype, count)}}`;
  const size = random.chance(0.9) ? count * widths[datatype] : random.below(50);
  sizes.push(size);
  return `{${head},"parameters":{"binary_data_size":${size}}}`;
}

function messageText(random: Random, key: 'inputs' | 'outputs', sizes: number[] | null): string {
  const tensors = Array.from({ length: random.below(4) }, () =>
    tensorText(random, random.chance(0.8) ? sizes : null),
  );
  const extra = random.pick([
    '',
    ',"id":"7"',
    ',"id":7',
    ',"parameters":{"binary_data_output":true}',
    ',"parameters":{"a":[1]}',
    ',"outputs":[{"name":"y"}]',
    ',"__proto__":{"inputs":[]}',
    ',"inputs":[]',
    `,"x":${jsonText(random)}`,
  ]);
  const model = key === 'outputs' ? '"model_name":"m",' : '';
  return `{${model}"${key}":[${tensors.join()}]${extra}}`;
}

/** A request that was read can be written, and read again to the same. */
function checkRequest(body: Uint8Array, headers: HeaderMap): void {
  const request = decodeInferRequest(body, headers, limits);
  if (isProtocolError(request)) return checkError(request);
  checkTensors(request.inputs);
  const written = encodeInferRequest(request, { binary: true });
  if (isProtocolError(written)) throw new Error(`cannot be written: ${written.error}`);
  const again = decodeInferRequest(written.body, written.headers, defaultInferLimits);
  if (isProtocolError(again)) throw new Error(`cannot be read again: ${again.error}`);
  promise(sameTensors(again.inputs, request.inputs), 'written and read, tensors are the same');
}

function sameTensors(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  const text = (tensors: readonly Tensor[]): string =>
    tensors.map((one) => `${one.name} ${one.datatype} ${one.shape.join()} ${dataKey(one)}`).join();
  return text(a) === text(b);
}

function dataKey({ data }: Tensor): string {
  if (Array.isArray(data))
    return data.map((one) => Buffer.from(one as Uint8Array).toString('hex')).join();
  const { buffer, byteOffset, byteLength } = data as Exclude<typeof data, readonly Uint8Array[]>;
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}

export const jsonTarget: FuzzTarget = {
  name: 'oip-json',
  make: (random) =>
    ascii(random.chance(0.9) ? messageText(random, 'inputs', null) : jsonText(random)),
  run: (input) => checkRequest(input, {}),
};

/** The first line is the header that says how long the JSON is. */
function splitInput(input: Uint8Array): { body: Uint8Array; headers: HeaderMap } {
  const end = input.indexOf(10);
  const line = Buffer.from(input.subarray(0, Math.max(0, end))).toString('latin1');
  return { body: input.subarray(end + 1), headers: { [lengthHeader]: line } };
}

function binaryMessage(random: Random, key: 'inputs' | 'outputs'): Uint8Array {
  const sizes: number[] = [];
  const json = ascii(messageText(random, key, sizes));
  const length = random.chance(0.95) ? json.length : random.below(10_000);
  const tail = sizes.map((size) => random.bytes(Math.min(size, 4096)));
  return new Uint8Array(Buffer.concat([ascii(`${length}\n`), json, ...tail]));
}

export const binaryTarget: FuzzTarget = {
  name: 'oip-binary',
  make: (random) => binaryMessage(random, 'inputs'),
  run: (input) => {
    const { body, headers } = splitInput(input);
    checkRequest(body, headers);
  },
};

export const responseTarget: FuzzTarget = {
  name: 'oip-response',
  make: (random) => binaryMessage(random, 'outputs'),
  run: (input) => {
    const { body, headers } = splitInput(input);
    const response = decodeInferResponse(body, headers, limits);
    if (isProtocolError(response)) return checkError(response);
    checkTensors(response.outputs);
    const written = encodeInferResponse(response, { outputs: [], binaryOutput: true });
    promise(!isProtocolError(written), 'an answer that was read can be written');
  },
};
