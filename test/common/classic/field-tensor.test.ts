import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonOfTensor, tensorOfField } from '../../../common/wire/classic/field-tensor.ts';
import { fieldValue } from '../../../common/wire/classic/field-value.ts';
import type { PyValue } from '../../../common/wire/classic/py-value.ts';
import { encodingOf, parsePyType } from '../../../common/wire/classic/synapse-form.ts';
import type { FieldEncoding, PyType } from '../../../common/wire/classic/synapse-form.ts';
import { defaultInferLimits } from '../../../common/wire/inference-types.ts';
import type { InferLimits } from '../../../common/wire/inference-types.ts';
import type { Datatype, Tensor } from '../../../common/tensor.ts';

function typeOf(text: string): PyType {
  const type = parsePyType(text);
  if (type === null) throw new Error(`no type: ${text}`);
  return type;
}

function valueOf(type: string, json: string): PyValue {
  const value = fieldValue(typeOf(type), JSON.parse(json), json);
  if (value === undefined) throw new Error(`${json} is no ${type}`);
  return value;
}

function read(
  value: PyValue,
  datatype: Datatype,
  shape: readonly number[],
  limits: InferLimits = defaultInferLimits,
): Tensor | string {
  const spec = { name: 't', datatype, shape };
  const tensor = tensorOfField(value, spec, shape, limits);
  return 'problem' in tensor ? tensor.problem : tensor.ok;
}

describe('types of fields', () => {
  it.each(['int', 'float', 'str', 'bool', 'any', 'dict', 'tensor'])('knows %s', (kind) => {
    expect(parsePyType(kind)).toEqual({ kind });
  });

  it('knows lists of them', () => {
    const floats = { kind: 'list', of: { kind: 'float' } };
    expect(parsePyType('list[list[float]]')).toEqual({ kind: 'list', of: floats });
    expect(parsePyType('list')).toEqual({ kind: 'list', of: { kind: 'any' } });
    expect(encodingOf(typeOf('list[list[float]]'))).toBe('nested');
    expect(encodingOf(typeOf('list[float]'))).toBe('list');
    expect(encodingOf(typeOf('float'))).toBe('scalar');
    expect(encodingOf(typeOf('tensor'))).toBe('tensor');
  });

  it.each([
    '',
    'List[int]',
    'list[]',
    'list[int',
    'bytes',
    `${'list['.repeat(10)}int${']'.repeat(10)}`,
  ])('knows no %j', (text) => {
    expect(parsePyType(text)).toBeNull();
  });
});

describe('the tensor of a field', () => {
  it.each([
    ['list[float]', '[1, 2.5, 3, 4]', 'FP32', [-1, 2], [2, 2]],
    ['list[list[float]]', '[[1, 2], [3, 4]]', 'FP32', [-1, 2], [2, 2]],
    ['list[list[float]]', '[[1, 2], [3, 4]]', 'FP32', [1, 1, 4], [1, 1, 4]],
    ['list[int]', '[1, 2, 3]', 'INT32', [1, -1], [1, 3]],
    ['list[int]', '[9007199254740993]', 'INT64', [-1], [1]],
    ['int', '7', 'INT64', [1], [1]],
    ['float', '7', 'FP64', [1, 1], [1, 1]],
    ['bool', 'true', 'BOOL', [1], [1]],
    ['list[str]', '["a", "é"]', 'BYTES', [-1], [2]],
    ['list[float]', '[]', 'FP32', [-1, 2], [0, 2]],
  ] as const)('%s %s is %s of %j', (type, json, datatype, template, shape) => {
    expect(read(valueOf(type, json), datatype, template)).toMatchObject({ datatype, shape });
  });

  it('keeps integers whole', () => {
    const tensor = read(valueOf('list[int]', '[9007199254740993, -1]'), 'INT64', [-1]);
    expect(tensor).toMatchObject({ data: BigInt64Array.of(9007199254740993n, -1n) });
  });

  it.each([
    ['list[float]', '[1, 2, 3]', 'FP32', [-1, 2]],
    ['list[float]', '[1, 2, 3]', 'FP32', [2]],
    ['list[float]', '[1, 2, 3]', 'FP32', [-1, -1]],
    ['list[list[float]]', '[[1], [1, 2]]', 'FP32', [-1]],
    ['list[float]', '[1.5]', 'INT32', [-1]],
    ['list[int]', '[300]', 'UINT8', [-1]],
    ['list[float]', '[1e39]', 'FP32', [-1]],
    ['list[float]', '[1]', 'FP16', [-1]],
    ['str', '"x"', 'FP32', [1]],
    ['dict', '{"a": 1}', 'FP32', [1]],
    ['list', '[1, null]', 'FP32', [-1]],
  ] as const)('is not %s %s for %s of %j', (type, json, datatype, template) => {
    expect(read(valueOf(type, json), datatype, template)).toBeTypeOf('string');
  });

  it('stays within the limits', () => {
    const limits = { ...defaultInferLimits, maxElements: 3 };
    const value = valueOf('list[list[float]]', '[[1, 2], [3, 4]]');
    expect(read(value, 'FP32', [-1, -1], limits)).toBeTypeOf('string');
  });

  it.each([
    ['{"buffer": "!", "dtype": "float32", "shape": [1]}'],
    ['{"buffer": "", "dtype": "float32", "shape": [1]}'],
    [
      '{"buffer": "hcQCbmTDxAR0eXBlozxmNMQEa2luZMQAxAVzaGFwZZEDxARkYXRhxAwAAIA/AAAAQAAAQEA=", "dtype": "float64", "shape": [3]}',
    ],
    [
      '{"buffer": "hcQCbmTDxAR0eXBlozxmNMQEa2luZMQAxAVzaGFwZZEDxARkYXRhxAwAAIA/AAAAQAAAQEA=", "dtype": "float32", "shape": [4]}',
    ],
    [
      '{"buffer": "hcQCbmTDxAR0eXBlozxmNMQEa2luZMQAxAVzaGFwZZEDxARkYXRhxAwAAIA/AAAAQAAAQEA=", "dtype": "float32", "shape": [-1, -3]}',
    ],
  ])('is no tensor whose parts do not fit: %s', (json) => {
    expect(read(valueOf('tensor', json), 'FP32', [-1])).toBeTypeOf('string');
  });

  it('holds no NaN and no infinity, unless allowed', () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      const data = Float32Array.of(1, bad);
      const json = jsonOfTensor({ name: 't', datatype: 'FP32', shape: [2], data }, 'tensor');
      if ('problem' in json) throw new Error(json.problem);
      const value = valueOf('tensor', json.ok);
      expect(read(value, 'FP32', [-1])).toBe('holds NaN or infinity');
      const loose = { ...defaultInferLimits, requireFinite: false };
      expect(read(value, 'FP32', [-1], loose)).toMatchObject({ data });
    }
    expect(read(valueOf('list[float]', '[1, -1e999]'), 'FP32', [-1])).toBeTypeOf('string');
  });
});

describe('a tensor in a field', () => {
  it('comes back as it was, in every encoding', () => {
    const shape = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 });
    const cases: readonly [FieldEncoding, string][] = [
      ['list', 'list[float]'],
      ['nested', 'list'],
      ['tensor', 'tensor'],
    ];
    fc.assert(
      fc.property(
        shape,
        fc.constantFrom(...cases),
        fc.nat(1000),
        (lengths, [encoding, type], seed) => {
          const count = lengths.reduce((product, length) => product * length, 1);
          const data = Float32Array.from({ length: count }, (_, at) =>
            Math.fround((seed + at) / 7),
          );
          const tensor: Tensor = { name: 't', datatype: 'FP32', shape: lengths, data };
          const json = jsonOfTensor(tensor, encoding);
          if ('problem' in json) throw new Error(json.problem);
          expect(read(valueOf(type, json.ok), 'FP32', lengths)).toEqual(tensor);
        },
      ),
      { seed: 23 },
    );
  });

  it.each([
    ['FP32', Float32Array.of(1, -0.5), '[1.0,-0.5]'],
    ['INT64', BigInt64Array.of(9007199254740993n, -1n), '[9007199254740993,-1]'],
    ['BOOL', Uint8Array.of(1, 0), '[true,false]'],
    ['UINT8', Uint8Array.of(1, 0), '[1,0]'],
    ['BYTES', [new Uint8Array([0x22]), new Uint8Array()], '["\\"",""]'],
  ] as const)('of %s is written for Python', (datatype, data, json) => {
    const tensor: Tensor = { name: 't', datatype, shape: [2], data };
    expect(jsonOfTensor(tensor, 'list')).toEqual({ ok: json });
  });

  it('keeps empty axes', () => {
    const data = new Float32Array();
    const at = (shape: number[]) =>
      jsonOfTensor({ name: 't', datatype: 'FP32', shape, data }, 'nested');
    expect(at([0, 3])).toEqual({ ok: '[]' });
    expect(at([2, 0])).toEqual({ ok: '[[],[]]' });
  });

  it('is refused where its field cannot hold it', () => {
    const two: Tensor = { name: 't', datatype: 'FP32', shape: [2], data: new Float32Array(2) };
    expect(jsonOfTensor(two, 'scalar')).toHaveProperty('problem');
    const nan: Tensor = { ...two, data: Float32Array.of(1, Number.NaN) };
    expect(jsonOfTensor(nan, 'list')).toHaveProperty('problem');
    const half: Tensor = { ...two, datatype: 'FP16', data: new Uint16Array(2) };
    expect(jsonOfTensor(half, 'nested')).toHaveProperty('problem');
    expect(jsonOfTensor(half, 'tensor')).toHaveProperty('ok');
    expect(jsonOfTensor({ ...half, datatype: 'BF16' }, 'tensor')).toHaveProperty('problem');
  });
});
