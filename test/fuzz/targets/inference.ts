import {
  decodeInferRequest,
  decodeInferResponse,
  encodeInferRequest,
  encodeInferResponse,
} from '../../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../../common/wire/inference-types.ts';
import type { HeaderMap, ProtocolError } from '../../../common/wire/inference-types.ts';
import { loadFlatNumbers } from '../../../common/wire/flat-numbers-wasm.ts';
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

const flatNumbers = loadFlatNumbers();
const spaces: readonly [string, ...string[]] = [
  '',
  '',
  '',
  '',
  ' ',
  '\n',
  '\t ',
  '\u00a0',
  '\ufeff',
];

/** A number as JSON has it, or nearly. */
function longNumber(random: Random): string {
  if (random.chance(0.002)) {
    return random.pick([
      '01',
      '1.',
      '.5',
      '+1',
      '1e',
      '1e+',
      '-',
      '--1',
      '0x1',
      'NaN',
      '',
      'null',
      '"1"',
      '[1]',
      '1_0',
    ]);
  }
  if (random.chance(0.3)) return random.pick(numberTexts);
  const digits = (most: number): string =>
    Array.from({ length: 1 + random.below(most) }, () => random.below(10)).join('');
  const whole = String(Number(digits(random.pick([1, 3, 17])))).replace(/e.*/, '');
  const fraction = random.chance(0.7) ? `.${digits(random.pick([1, 8, 18, 40]))}` : '';
  const exponent = random.chance(0.2) ? `e${random.pick(['', '-', '+'])}${random.below(340)}` : '';
  return `${random.chance(0.2) ? '-' : ''}${whole}${fraction}${exponent}`;
}

function longArray(random: Random, count: number): string {
  const values = Array.from(
    { length: count },
    () => `${random.pick(spaces)}${longNumber(random)}${random.pick(spaces)}`,
  );
  return `[${values.join()}]`;
}

/** With the reader of long arrays and without it, the same comes out. */
export const numbersTarget: FuzzTarget = {
  name: 'flat-numbers',
  make: (random) => {
    const datatype = random.pick(types);
    const count = random.pick([8, 40, 300]);
    const shape = random.chance(0.9) ? `[${count}]` : `[2,${count / 2}]`;
    const key = random.chance(0.95) ? '"data"' : '"d\\u0061ta"';
    const tensor = `{"name":"x","datatype":"${datatype}","shape":${shape},${key}:${longArray(random, count)}}`;
    return ascii(`{"inputs":[${tensor}]${random.chance(0.2) ? `,"x":${jsonText(random)}` : ''}}`);
  },
  run: (input) => {
    const plain = decodeInferRequest(input, {}, limits);
    const lifted = decodeInferRequest(input, {}, limits, undefined, flatNumbers);
    if (isProtocolError(plain) || isProtocolError(lifted)) {
      promise(isProtocolError(plain) && isProtocolError(lifted), 'both refuse, or neither');
      return;
    }
    checkTensors(lifted.inputs);
    promise(sameTensors(plain.inputs, lifted.inputs), 'both read the same values');
  },
};
