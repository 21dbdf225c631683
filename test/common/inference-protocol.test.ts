import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeInferRequest,
  decodeInferResponse,
  encodeError,
  encodeInferRequest,
  encodeInferResponse,
  readError,
} from '../../common/wire/inference-protocol.ts';
import type {
  EncodedMessage,
  HeaderMap,
  InferRequest,
  InferResponse,
  ModelInterface,
  ProtocolError,
} from '../../common/wire/inference-types.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import type { Tensor } from '../../common/tensor.ts';
import { datatypes } from '../../common/tensor.ts';
import { hasJsonForm, tensorOf, tensorsOf, withoutNegativeZero } from './arbitrary-tensor.ts';
import { utf8 } from './wire-keys.ts';

const limits = { ...defaultInferLimits, maxBodyBytes: 1_000_000, maxJsonBytes: 900_000 };

function must<T>(value: T | ProtocolError): T {
  if (isProtocolError(value)) throw new Error(value.error);
  return value;
}

function text(message: EncodedMessage): string {
  return new TextDecoder().decode(message.body);
}

function requestOf(inputs: readonly Tensor[], more: Partial<InferRequest> = {}): InferRequest {
  return { inputs, outputs: [], binaryOutput: false, parameters: {}, ...more };
}

function responseOf(outputs: readonly Tensor[], more: Partial<InferResponse> = {}): InferResponse {
  return { modelName: 'm', outputs, ...more };
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}

/** The verdict on a request given as JSON text, with an optional binary tail. */
function decode(
  json: unknown,
  tail?: Uint8Array,
  model?: ModelInterface,
): InferRequest | ProtocolError {
  const head = utf8(typeof json === 'string' ? json : JSON.stringify(json));
  const headers: HeaderMap =
    tail === undefined ? {} : { 'inference-header-content-length': String(head.length) };
  return decodeInferRequest(joined(head, tail ?? new Uint8Array()), headers, limits, model);
}

function refusal(result: unknown): string {
  return isProtocolError(result) ? `${result.status} ${result.error}` : 'accepted';
}

function input(changes: object): object {
  return { inputs: [{ name: 'x', shape: [2], datatype: 'FP32', data: [1, 2], ...changes }] };
}

const backAndForth = { seed: 5, numRuns: 60 };

describe('round trips of every datatype', () => {
  it.each(datatypes)('%s in the binary tail', (datatype) => {
    fc.assert(
      fc.property(tensorOf(datatype), (tensor) => {
        const request = requestOf([tensor], { binaryOutput: true });
        const sent = must(encodeInferRequest(request, { binary: true }));
        expect(decodeInferRequest(sent.body, sent.headers, limits)).toEqual(request);
        const answer = must(encodeInferResponse(responseOf([tensor]), request));
        const back = decodeInferResponse(answer.body, answer.headers, limits);
        expect(back).toEqual(responseOf([tensor]));
      }),
      backAndForth,
    );
  });

  it.each(datatypes.filter(hasJsonForm))('%s as JSON', (datatype) => {
    fc.assert(
      fc.property(tensorOf(datatype), (tensor) => {
        const request = requestOf([tensor]);
        const plain = withoutNegativeZero(tensor);
        const sent = must(encodeInferRequest(request, { binary: false }));
        expect(JSON.parse(text(sent))).toHaveProperty('inputs');
        expect(decodeInferRequest(sent.body, sent.headers, limits)).toEqual(requestOf([plain]));
        const answer = must(encodeInferResponse(responseOf([tensor]), request));
        const back = decodeInferResponse(answer.body, answer.headers, limits);
        expect(back).toEqual(responseOf([plain]));
      }),
      backAndForth,
    );
  });

  it('several tensors, each in its own form', () => {
    fc.assert(
      fc.property(
        tensorsOf(datatypes.filter(hasJsonForm)),
        fc.infiniteStream(fc.boolean()),
        (tensors, coin) => {
          const forms = tensors.map(() => coin.next().value === true);
          const outputs = tensors.map(({ name }, at) => ({ name, binary: forms[at] === true }));
          const request = requestOf(tensors, { outputs, id: 'id 7' });
          const sent = must(encodeInferRequest(request, { binary: true }));
          expect(decodeInferRequest(sent.body, sent.headers, limits)).toEqual(request);
          const answer = must(encodeInferResponse(responseOf(tensors, { id: 'id 7' }), request));
          const expected = tensors.map((one, at) =>
            forms[at] === true ? one : withoutNegativeZero(one),
          );
          const back = decodeInferResponse(answer.body, answer.headers, limits);
          expect(back).toEqual(responseOf(expected, { id: 'id 7' }));
        },
      ),
      backAndForth,
    );
  });

  it('tensors at odd places of a larger buffer', () => {
    const data = Float64Array.of(1.5, -2.25);
    const request = requestOf([
      { name: 'b', datatype: 'UINT8', shape: [1], data: Uint8Array.of(7) },
      { name: 'd', datatype: 'FP64', shape: [2], data },
    ]);
    const sent = must(encodeInferRequest(request, { binary: true }));
    for (let shift = 0; shift < 8; shift += 1) {
      const buffer = new Uint8Array(sent.body.length + 16);
      buffer.set(sent.body, shift);
      const body = buffer.subarray(shift, shift + sent.body.length);
      expect(decodeInferRequest(body, sent.headers, limits)).toEqual(request);
      // What a Node server hands over is a Buffer, whose methods are not all those of its parent.
      const node = Buffer.from(buffer.buffer, shift, sent.body.length);
      expect(decodeInferRequest(node, sent.headers, limits)).toEqual(request);
    }
  });
});

describe('64-bit integers in JSON', () => {
  const big = [
    '9007199254740993',
    '-9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
  ];

  it('stay whole beyond 2^53, nested or flat', () => {
    for (const data of [`[${big.join()}]`, `[[${big[0]},${big[1]}],[${big[2]},${big[3]}]]`]) {
      const json = `{"inputs":[{"name":"x","shape":[2,2],"datatype":"INT64","data":${data}}]}`;
      expect(must(decode(json)).inputs[0]?.data).toEqual(BigInt64Array.from(big, BigInt));
    }
  });

  it('stay whole next to floats, strings and a key that looks like code', () => {
    const json = `{"id":"\\"9007199254740993\\\\","__proto__":{"a":[1e400]},"inputs":[
      {"name":"s","shape":[2],"datatype":"BYTES","data":["9007199254740993","[{\\"]"]},
      {"name":"f","shape":[2],"datatype":"FP32","data":[9007199254740993,-1.5e-3]},
      {"name":"u","shape":[1],"datatype":"UINT64","data":[18446744073709551615]}]}`;
    const request = must(decode(json));
    expect(request.id).toBe('"9007199254740993\\');
    expect(request.inputs.map(({ data }) => data)).toEqual([
      [utf8('9007199254740993'), utf8('[{"]')],
      Float32Array.of(2 ** 53, -1.5e-3),
      BigUint64Array.of(18446744073709551615n),
    ]);
  });

  it.each([
    ['INT64', '9223372036854775808'],
    ['INT64', '-9223372036854775809'],
    ['UINT64', '18446744073709551616'],
    ['UINT64', '-1'],
    ['INT64', '1e999'],
    ['INT64', '1.5'],
    ['INT64', '"9007199254740993"'],
    ['INT64', 'null'],
    ['UINT64', `1${'0'.repeat(400)}`],
  ])('%s refuses %s', (datatype, literal) => {
    const json = `{"inputs":[{"name":"x","shape":[1],"datatype":"${datatype}","data":[${literal}]}]}`;
    expect(refusal(decode(json))).toMatch(/^400 input 'x' has a value at 0/);
  });
});

describe('64-bit integers in JSON with an exponent', () => {
  it('are taken while a double holds them, and refused beyond', () => {
    const json = (literal: string): string =>
      `{"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[${literal}]}]}`;
    expect(must(decode(json('1e15'))).inputs[0]?.data).toEqual(BigInt64Array.of(10n ** 15n));
    expect(refusal(decode(json('1e30')))).toMatch(/^400 .*plain digits/);
  });
});

describe('values that a datatype cannot hold', () => {
  it.each([
    ['INT8', 128],
    ['INT8', -129],
    ['UINT8', -1],
    ['UINT8', 256],
    ['INT16', 40000],
    ['UINT16', 65536],
    ['INT32', 2147483648],
    ['UINT32', 4294967296],
    ['INT32', 0.5],
    ['INT32', '1'],
    ['FP32', 3.5e38],
    ['FP32', true],
    ['FP64', null],
    ['BOOL', 1],
    ['BYTES', 5],
  ])('%s refuses %j', (datatype, value) => {
    const json = input({ datatype, data: [value, value] });
    expect(refusal(decode(json))).toMatch(/^400 input 'x' has a value at 0 that is no/);
  });

  it.each(['NaN', 'Infinity', '-Infinity', '1e999', '-1e999', '"NaN"'])(
    'FP32 refuses %s',
    (literal) => {
      const json = `{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[${literal}]}]}`;
      expect(refusal(decode(json))).toMatch(/^400 /);
    },
  );

  it.each(['"\\ud800"', '"\\udc00 \\ud800"'])('BYTES refuses the lone surrogate %s', (literal) => {
    const json = `{"inputs":[{"name":"x","shape":[1],"datatype":"BYTES","data":[${literal}]}]}`;
    expect(refusal(decode(json))).toMatch(/^400 /);
  });

  it('FP16 and BF16 have no JSON form, either way', () => {
    for (const datatype of ['FP16', 'BF16'] as const) {
      expect(refusal(decode(input({ datatype })))).toMatch(/^400 .*binary tensor data extension/);
      const half: Tensor = { name: 'h', datatype, shape: [1], data: Uint16Array.of(1) };
      expect(refusal(encodeInferResponse(responseOf([half]), requestOf([])))).toMatch(/^400 /);
    }
  });

  it('NaN and infinity are refused in binary too, unless allowed', () => {
    const cases: Tensor[] = [
      { name: 'x', datatype: 'FP32', shape: [2], data: Float32Array.of(1, Number.NaN) },
      { name: 'x', datatype: 'FP64', shape: [2], data: Float64Array.of(-1 / 0, 1) },
      { name: 'x', datatype: 'FP16', shape: [1], data: Uint16Array.of(0x7c01) },
      { name: 'x', datatype: 'BF16', shape: [1], data: Uint16Array.of(0xff80) },
    ];
    for (const tensor of cases) {
      const sent = must(encodeInferRequest(requestOf([tensor]), { binary: true }));
      const strict = decodeInferRequest(sent.body, sent.headers, limits);
      expect(refusal(strict)).toBe("400 input 'x' holds NaN or infinity");
      const loose = { ...limits, requireFinite: false };
      expect(must(decodeInferRequest(sent.body, sent.headers, loose)).inputs).toEqual([tensor]);
    }
  });

  it('NaN cannot be answered as JSON', () => {
    const tensor: Tensor = { name: 'y', datatype: 'FP32', shape: [1], data: Float32Array.of(NaN) };
    expect(refusal(encodeInferResponse(responseOf([tensor]), requestOf([])))).toMatch(
      /JSON cannot/,
    );
  });
});

describe('shapes and lengths', () => {
  it.each([
    [{ shape: [3] }, /has 2 values where its shape takes 3/],
    [{ shape: [1] }, /has more than 1|has 2 values/],
    [{ shape: [1, -2] }, /whole numbers from 0 to .* axis 1 is -2$/],
    [{ shape: [-1] }, /whole numbers from 0 to .* axis 0 is -1$/],
    [{ shape: [1.5] }, /axis 0 is 1\.5$/],
    [{ shape: [2, '2'] }, /axis 1 is of type string$/],
    [{ shape: 2 }, /needs a "shape"/],
    [{ shape: undefined }, /needs a "shape"/],
    [{ shape: Array.from({ length: 17 }, () => 1) }, /a "shape" of 17 axes, at most 16 may be/],
    [{ shape: [4294967296, 4294967296] }, /has more than \d+ elements/],
    [{ shape: [2 ** 53, 2 ** 53] }, /axis 0 is 9007199254740992$/],
    [{ shape: Array.from({ length: 16 }, () => 2 ** 52) }, /has more than \d+ elements/],
    [{ shape: [1e308] }, /axis 0 is 1e\+308$/],
    [{ datatype: 'FP8' }, /unknown "datatype"/],
    [{ datatype: 'toString' }, /unknown "datatype"/],
    [{ datatype: undefined }, /unknown "datatype"/],
    [{ name: '' }, /proper "name"/],
    [{ name: 5 }, /proper "name"/],
    [{ name: 'a\nb' }, /proper "name"/],
    [{ data: undefined }, /no "data" array/],
    [{ data: { 0: 1, 1: 2, length: 2 } }, /no "data" array/],
    [{ data: [[1], 2] }, /unevenly nested/],
    [{ data: [1, [2]] }, /value at 1/],
    [{ data: [] }, /has 0 values/],
  ])('refuses %j', (changes, reason) => {
    const result = refusal(decode(input(changes)));
    expect(result).toMatch(/^400 /);
    expect(result).toMatch(reason);
  });

  it('takes nested and flat data alike', () => {
    const flat = must(decode(input({ shape: [2, 1, 2], data: [1, 2, 3, 4] })));
    for (const data of [
      [[[1, 2]], [[3, 4]]],
      [
        [1, 2],
        [3, 4],
      ],
      [[[1], [2], [3], [4]]],
    ]) {
      expect(must(decode(input({ shape: [2, 1, 2], data })))).toEqual(flat);
    }
  });

  it('takes empty tensors and scalars', () => {
    expect(must(decode(input({ shape: [0, 5], data: [] }))).inputs[0]?.data).toHaveLength(0);
    expect(must(decode(input({ shape: [], data: [3] }))).inputs[0]?.data).toHaveLength(1);
  });
});

describe('the binary tail', () => {
  const binary = (size: unknown, more: object = {}): object =>
    input({ data: undefined, parameters: { binary_data_size: size }, ...more });
  const eight = Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 64);

  it('is read little-endian', () => {
    expect(must(decode(binary(8), eight)).inputs[0]?.data).toEqual(Float32Array.of(1, 2));
  });

  it.each([
    [binary(7), eight, /where its shape takes 8/],
    [binary(9), eight, /beyond the end/],
    [binary(2 ** 53), eight, /no number of bytes/],
    [binary(-8), eight, /no number of bytes/],
    [binary('8'), eight, /no number of bytes/],
    [binary(8, { data: [1, 2] }), eight, /both/],
    [binary(8, { shape: [1] }), eight, /where its shape takes 4/],
    [binary(8), Uint8Array.of(...eight, 0), /1 bytes of the body belong to no input/],
    [input({}), eight, /8 bytes of the body belong to no input/],
    [binary(2, { datatype: 'BOOL' }), Uint8Array.of(1, 2), /BOOL byte/],
    [binary(8, { datatype: 'BYTES' }), Uint8Array.of(1, 0, 0, 0, 65, 9, 0, 0), /byte strings/],
    [binary(8, { datatype: 'BYTES' }), Uint8Array.of(255, 255, 255, 255, 1, 1, 1, 1), /cut off/],
    [binary(9, { datatype: 'BYTES' }), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 7), /byte strings/],
  ])('refuses %j', (json, tail, reason) => {
    const result = refusal(decode(json, tail));
    expect(result).toMatch(/^400 /);
    expect(result).toMatch(reason);
  });

  it('serves inputs in the order of the JSON', () => {
    const json = {
      inputs: ['a', 'b'].map((name) => ({
        name,
        shape: [1],
        datatype: 'UINT8',
        parameters: { binary_data_size: 1 },
      })),
    };
    const { inputs } = must(decode(json, Uint8Array.of(5, 6)));
    expect(inputs.map(({ data }) => data[0])).toEqual([5, 6]);
  });

  it.each(['', '-1', '1e1', '0x10', '99999', ' 5', '5,5', '9'.repeat(40)])(
    'refuses the JSON length %j',
    (length) => {
      const headers = { 'inference-header-content-length': length };
      const result = decodeInferRequest(utf8('{"inputs":[]}'), headers, limits);
      expect(refusal(result)).toMatch(/^400 inference-header-content-length/);
    },
  );

  it('refuses the JSON length sent twice', () => {
    const headers = { 'inference-header-content-length': ['13', '13'] };
    expect(refusal(decodeInferRequest(utf8('{"inputs":[]}'), headers, limits))).toMatch(/^400 /);
  });
});

describe('what the model takes and gives', () => {
  const model: ModelInterface = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [
      { name: 'y', datatype: 'FP32', shape: [-1, 10] },
      { name: 'z', datatype: 'INT64', shape: [-1] },
    ],
  };
  const good = input({ shape: [1, 2] });
  const judge = (json: object): string => refusal(decode(json, undefined, model));

  it('is checked by name, type and shape', () => {
    expect(judge(good)).toBe('accepted');
    expect(judge(input({ shape: [2, 1] }))).toBe("400 input 'x' must have shape [-1,2], not [2,1]");
    expect(judge(input({ shape: [2] }))).toMatch(/must have shape/);
    expect(judge(input({ shape: [1, 2], datatype: 'FP64' }))).toMatch(/must be FP32, not FP64/);
    expect(judge(input({ shape: [1, 2], name: 'w' }))).toMatch(/'w' is not one of the model/);
    expect(judge({ inputs: [] })).toBe("400 input 'x' is missing");
    const twice = { inputs: Array.from({ length: 2 }, () => ({ ...good })) };
    expect(judge(twice)).toMatch(/^400 /);
  });

  it('is checked for requested outputs too', () => {
    const asking = (outputs: unknown): string => judge({ ...good, outputs });
    expect(asking([{ name: 'y' }, { name: 'z' }])).toBe('accepted');
    expect(asking([{ name: 'q' }])).toBe("400 output 'q' is not one of the model");
    expect(asking([{ name: 'y' }, { name: 'y' }])).toMatch(/comes twice/);
    expect(asking([{ name: 'y', parameters: { classification: 3 } }])).toMatch(/not supported/);
    expect(asking([{ name: 'y', parameters: { binary_data: 1 } }])).toMatch(/improper/);
    expect(asking([{ name: 'y', parameters: [] }])).toMatch(/improper/);
    expect(asking([{}])).toMatch(/proper "name"/);
    expect(asking({})).toMatch(/must be an array/);
  });

  it('holds an answer against its outputs', () => {
    const y: Tensor = { name: 'y', datatype: 'FP32', shape: [1, 10], data: new Float32Array(10) };
    const answered = (tensor: Tensor): string => {
      const { body, headers } = must(encodeInferResponse(responseOf([tensor]), requestOf([])));
      return refusal(decodeInferResponse(body, headers, limits, model));
    };
    expect(answered(y)).toBe('accepted');
    expect(answered({ ...y, name: 'other' })).toMatch(/'other' is not one of the model/);
    expect(answered({ ...y, shape: [2, 5] })).toMatch(/must have shape/);
    const wide: Tensor = { ...y, datatype: 'FP64', data: new Float64Array(10) };
    expect(answered(wide)).toMatch(/must be FP32/);
  });
});

describe('the form of the answer', () => {
  const y: Tensor = { name: 'y', datatype: 'FP32', shape: [2], data: Float32Array.of(1, 2) };
  const z: Tensor = { name: 'z', datatype: 'INT64', shape: [1], data: BigInt64Array.of(3n) };
  const answer = (json: object): EncodedMessage => {
    const request = must(decode({ ...input({}), ...json }));
    return must(encodeInferResponse(responseOf([y, z]), request));
  };
  const bodyOf = ({ body, headers }: EncodedMessage): unknown => {
    const length = headers['inference-header-content-length'];
    const end = length === undefined ? body.length : Number(length);
    return JSON.parse(new TextDecoder().decode(body.subarray(0, end)));
  };

  it('is all outputs as JSON when nothing is asked', () => {
    expect(bodyOf(answer({}))).toEqual({
      model_name: 'm',
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [2], data: [1, 2] },
        { name: 'z', datatype: 'INT64', shape: [1], data: [3] },
      ],
    });
    expect(answer({}).headers).toEqual({ 'content-type': 'application/json' });
  });

  it('is binary for all, with exceptions', () => {
    const outputs = [{ name: 'z', parameters: { binary_data: false } }, { name: 'y' }];
    const message = answer({ parameters: { binary_data_output: true }, outputs });
    expect(message.headers['content-type']).toBe('application/octet-stream');
    expect(bodyOf(message)).toEqual({
      model_name: 'm',
      outputs: [
        { name: 'z', datatype: 'INT64', shape: [1], data: [3] },
        { name: 'y', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } },
      ],
    });
  });

  it('is an error of ours when the engine gave something else than it says', () => {
    const wrong: Tensor[] = [
      { ...y, shape: [3] },
      { ...y, data: new Float64Array(2) },
      { ...y, datatype: 'BYTES' },
      { ...y, datatype: 'INT32' },
    ];
    for (const tensor of wrong) {
      const result = encodeInferResponse(responseOf([tensor]), requestOf([]));
      expect(refusal(result)).toMatch(/^500 /);
    }
    const asking = requestOf([], { outputs: [{ name: 'q', binary: false }] });
    expect(refusal(encodeInferResponse(responseOf([y]), asking))).toMatch(/^500 /);
  });

  it('of bytes that are no text must be binary', () => {
    const raw: Tensor = { name: 'b', datatype: 'BYTES', shape: [1], data: [Uint8Array.of(0xff)] };
    expect(refusal(encodeInferResponse(responseOf([raw]), requestOf([])))).toMatch(/^400 .*UTF-8/);
  });

  it('of a refusal is one error text', () => {
    expect(text(encodeError('a "b"'))).toBe('{"error":"a \\"b\\""}');
    expect(readError(encodeError('a "b"').body)).toBe('a "b"');
    expect(readError(encodeError(`line\n${'x'.repeat(999)}`).body)).toMatch(/^line x{195}$/);
    for (const other of ['', 'no JSON', '[]', '{}', '{"error":5}', '[[[[[]]]]]']) {
      expect(readError(utf8(other))).toBeNull();
    }
    expect(readError(encodeError('x'.repeat(20_000)).body)).toBeNull();
  });
});

describe('hostile bodies', () => {
  it('are measured before they are read', () => {
    const small = { ...limits, maxBodyBytes: 100, maxJsonBytes: 50 };
    const judge = (length: number, headers: HeaderMap = {}): string =>
      refusal(decodeInferRequest(new Uint8Array(length).fill(32), headers, small));
    expect(judge(101)).toMatch(/^413 the body is longer than 100/);
    expect(judge(60)).toMatch(/^413 the JSON part is longer than 50/);
    expect(judge(60, { 'inference-header-content-length': '10' })).toMatch(/^400 /);
    expect(judge(10, { 'content-encoding': 'gzip' })).toMatch(/^415 /);
    expect(judge(10, { 'content-encoding': 'identity' })).toMatch(/^400 /);
  });

  it.each([
    ['arrays', '['.repeat(400_000) + ']'.repeat(400_000)],
    ['open arrays', '['.repeat(800_000)],
    ['objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['data', `{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":${'['.repeat(300_000)}1`],
    ['brackets after a string with quotes', `{"a":"\\"[",${'"b":['.repeat(100_000)}`],
  ])('nested a hundred thousand deep are refused: %s', (_what, json) => {
    expect(refusal(decode(json))).toMatch(/^400 the JSON part nests deeper than 64/);
  });

  it('may hold many brackets side by side, and in strings', () => {
    const rows = Array.from({ length: 300 }, () => [1, 2]);
    expect(must(decode(input({ shape: [300, 2], data: rows }))).inputs).toHaveLength(1);
    const named = { ...input({}), id: '[{'.repeat(400) };
    expect(must(decode(named)).inputs).toHaveLength(1);
  });

  it.each([
    ['', /the JSON part is empty$/],
    ['{', /cannot be parsed: it ends before it is whole$/],
    ['{"inputs":[}', /cannot be parsed at character 11$/],
    ['{"inputs":[1,NaN]}', /cannot be parsed at character 13: JSON has no NaN$/],
    ['{"inputs":[-Infinity]}', /cannot be parsed at character 11: JSON has no -Infinity$/],
    ['{"inputs":[]}\0\0', /behind the JSON needs the header inference-header-content-length$/],
    ['null', /not an object/],
    ['[]', /not an object/],
    ['5', /not an object/],
    ['{}', /no "inputs" array/],
    ['{"inputs":{}}', /no "inputs" array/],
    ['{"inputs":[null]}', /an input is not an object/],
    ['{"inputs":[[]]}', /an input is not an object/],
    ['{"inputs":[],"id":5}', /"id" must be a string$/],
    [`{"inputs":[],"id":"${'x'.repeat(1025)}"}`, /"id" .* at most 1024 characters, not 1025$/],
    ['{"inputs":[],"id":"a\\u0000b"}', /"id" must be/],
    ['{"inputs":[],"parameters":5}', /"parameters" must be/],
    ['{"inputs":[],"parameters":{"a":{}}}', /"parameters" must be/],
    ['{"inputs":[],"parameters":{"binary_data_output":"yes"}}', /"parameters" must be/],
    ['\ufeff{"inputs":[]}', /cannot be parsed: it begins with a byte order mark$/],
  ])('are refused: %s', (json, reason) => {
    expect(refusal(decode(json))).toMatch(/^400 /);
    expect(refusal(decode(json))).toMatch(reason);
  });

  it('with bytes behind the JSON are told which header is missing', () => {
    const body = Uint8Array.of(...utf8('{"inputs":[]}'), 0xff, 0xfe, 0x7b);
    expect(refusal(decodeInferRequest(body, {}, limits))).toMatch(/needs the header inference-/);
    const headers = { 'inference-header-content-length': '14' };
    expect(refusal(decodeInferRequest(body, headers, limits))).toBe(
      '400 the JSON part cannot be parsed at character 13: the value ends before',
    );
  });

  it('that are no UTF-8 are refused', () => {
    const body = Uint8Array.of(...utf8('{"id":"'), 0xc3, 0x28, ...utf8('","inputs":[]}'));
    expect(refusal(decodeInferRequest(body, {}, limits))).toMatch(/^400 .*UTF-8/);
  });

  it('cannot reach a prototype', () => {
    const json = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},
      "parameters":{"__proto__":"x"},
      "inputs":[{"name":"__proto__","shape":[1],"datatype":"INT64","data":[9007199254740993],
      "__proto__":{"shape":[5]}}]}`;
    const request = must(decode(json));
    expect(request.inputs[0]).toMatchObject({ name: '__proto__', shape: [1] });
    expect(Object.keys(request.parameters)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(request.parameters)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });

  it('cannot borrow missing fields from a prototype key', () => {
    const json = '{"inputs":[{"name":"x","__proto__":{"shape":[1],"datatype":"FP32","data":[1]}}]}';
    expect(refusal(decode(json))).toMatch(/^400 /);
  });

  it('with repeated keys count the last, also when read losslessly', () => {
    const twice = (datatype: string, a: string, b: string): string =>
      `{"inputs":[{"name":"x","shape":[1],"datatype":"${datatype}","data":[${a}],"data":[${b}]}]}`;
    expect(must(decode(twice('FP32', '1', '2'))).inputs[0]?.data).toEqual(Float32Array.of(2));
    const whole = must(decode(twice('INT64', '9007199254740993', '9007199254740995')));
    expect(whole.inputs[0]?.data).toEqual(BigInt64Array.of(9007199254740995n));
  });

  it('with a million keys or too many tensors end soon', () => {
    const keys = `{${Array.from({ length: 60_000 }, (_, at) => `"k${at}":1`).join()}}`;
    expect(refusal(decode(keys))).toMatch(/^400 /);
    const many = { inputs: Array.from({ length: 65 }, () => ({})) };
    expect(refusal(decode(many))).toBe('400 too many inputs');
  });

  it('never make decoding throw', () => {
    const scalar = fc.oneof(
      fc.constantFrom('FP32', 'INT64', 'BYTES', 'x', '', -1, 2 ** 60, null),
      fc.double(),
    );
    const value = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('any'), { maxLength: 3 }), fc.object()),
    })).any;
    const field = fc.constantFrom(
      'name',
      'shape',
      'datatype',
      'data',
      'parameters',
      'binary_data_size',
    );
    const tensor = fc.dictionary(field, value);
    const message = fc.record(
      {
        id: value,
        inputs: fc.oneof(value, fc.array(tensor)),
        outputs: value,
        parameters: value,
        model_name: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(message, fc.uint8Array(), fc.boolean(), (json, tail, split) => {
        const head = utf8(JSON.stringify(json));
        const body = Uint8Array.of(...head, ...tail);
        const headers: HeaderMap = split
          ? { 'inference-header-content-length': String(head.length) }
          : {};
        for (const result of [
          decodeInferRequest(body, headers, limits),
          decodeInferResponse(body, headers, limits),
        ]) {
          if (isProtocolError(result)) expect(result.error.length).toBeLessThan(400);
        }
      }),
      { seed: 13, numRuns: 400 },
    );
  });

  it('made by flipping bytes of good ones never make decoding throw', () => {
    const tensors = tensorsOf();
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(tensors, flips, (inputs, changes) => {
        const sent = must(encodeInferRequest(requestOf(inputs), { binary: true }));
        const body = sent.body.slice();
        for (const [at, byte] of changes) body[at % body.length] = byte;
        decodeInferRequest(body, sent.headers, limits);
      }),
      { seed: 17, numRuns: 300 },
    );
  });
});
