import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadFlatNumbers } from '../../common/wire/flat-numbers-wasm.ts';
import { decodeInferRequest } from '../../common/wire/inference-protocol.ts';
import { defaultInferLimits } from '../../common/wire/inference-types.ts';
import { datatypes } from '../../common/tensor.ts';
import { utf8 } from './wire-keys.ts';

const numbers = loadFlatNumbers();
const limits = defaultInferLimits;
const padding = ' '.repeat(600);

function bothWays(text: string): readonly [unknown, unknown] {
  const body = utf8(text);
  return [
    decodeInferRequest(body, {}, limits, undefined, numbers),
    decodeInferRequest(body, {}, limits),
  ];
}

function expectSame(text: string): void {
  const [apart, whole] = bothWays(text);
  expect(apart).toEqual(whole);
}

function requestOf(data: string, datatype = 'FP32', count = 3): string {
  return `${padding}{"inputs":[{"name":"x","datatype":"${datatype}","shape":[${count}],"data":${data}}]}`;
}

/** Numbers as people and programs write them, and what only looks like one. */
const numberText = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.maxSafeInteger().map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.integer({ min: -200, max: 300 }).map((n) => `${n}.0`),
  fc.tuple(fc.nat(), fc.integer({ min: -400, max: 400 })).map(([m, e]) => `${m}e${e}`),
  fc.constantFrom(
    '-0',
    '0',
    '-0.0',
    '1e999',
    '-1e999',
    '4.9e-324',
    '2.2250738585072011e-308',
    '0.1e+1',
    '9007199254740993',
  ),
);
const oddText = fc.constantFrom(
  '01',
  '+1',
  '.5',
  '5.',
  '1e',
  'NaN',
  'null',
  'true',
  '"1"',
  '[1]',
  '',
  '--1',
  '1 2',
  '\u00a01',
);
const space = fc.constantFrom('', '', ' ', '\n', '\t', '\r');

describe('numbers read apart from their JSON', () => {
  it('give the very tensors of JSON.parse, for every datatype', () => {
    const data = fc.array(
      fc.tuple(space, numberText, space).map((parts) => parts.join('')),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(
        data,
        fc.constantFrom(...datatypes),
        fc.integer({ min: -1, max: 1 }),
        (items, datatype, off) => {
          const count = Math.max(0, items.length + off * Number(items.length % 5 === 0));
          expectSame(requestOf(`[${items.join()}]`, datatype, count));
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('refuse what JSON.parse refuses, in the same words', () => {
    const data = fc.array(
      fc.oneof({ weight: 4, arbitrary: numberText }, { weight: 1, arbitrary: oddText }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(data, (items) =>
        expectSame(requestOf(`[${items.join()}]`, 'FP32', items.length)),
      ),
      {
        numRuns: 1000,
      },
    );
  });

  it('agree wherever a message is cut or changed', () => {
    const text = `${padding}{"id":"a","inputs":[{"name":"x","datatype":"FP32","shape":[3],"data":[1.5,-2e3,3]},{"name":"y","datatype":"INT64","shape":[2],"data" : [ 1, 9007199254740993 ]}],"outputs":[{"name":"data"}]}`;
    const from = padding.length;
    for (let at = from; at < text.length; at += 1) {
      expectSame(text.slice(0, at));
      for (const change of ['"', '[', ']', '\\', '0', ',', '{', '\u00e9']) {
        expectSame(text.slice(0, at) + change + text.slice(at + 1));
        expectSame(text.slice(0, at) + change + text.slice(at));
      }
    }
  });

  it('are found under their own key only', () => {
    expectSame(
      `${padding}{"inputs":[{"x\\"data":[1,2],"name":"x","datatype":"FP32","shape":[2],"data":[3,4]}]}`,
    );
    expectSame(
      `${padding}{"inputs":[{"name":"a \\"data\\":[1]","datatype":"FP32","shape":[1],"data":[3]}]}`,
    );
    expectSame(
      `${padding}{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1],"data":[2]}]}`,
    );
    expectSame(`${padding}{"data":[1,2],"parameters":{"data":[3]},"inputs":[]}`);
    expectSame(
      `${padding}{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[[1,2],[3,4]]}]}`,
    );
    expectSame(`${padding}{"inputs":{"data":[1]}}`);
  });

  it('cannot be had by naming a place', () => {
    const names = ['0', ':0', `${'0'.repeat(32)}:0`];
    for (const name of names) {
      const inputs = [
        '{"name":"y","datatype":"FP32","shape":[2],"data":[1,2]}',
        `{"name":"x","datatype":"FP32","shape":[2],"data":["${name}"]}`,
      ];
      const [apart, whole] = bothWays(`${padding}{"inputs":[${inputs.join()}]}`);
      expect(whole).toMatchObject({ kind: 'protocol-error' });
      expect(apart).toEqual(whole);
    }
  });

  it('keep the depth of the text', () => {
    for (const depth of [61, 62, 63, 64, 65]) {
      const [open, close] = ['{"a":'.repeat(depth - 1), '}'.repeat(depth - 1)];
      expectSame(`${padding}${open}{"data":[1,2,3]}${close}`);
    }
  });

  it('tell text that is no UTF-8', () => {
    const head = utf8(`${padding}{"id":"`);
    const tail = utf8('","inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}');
    for (const bad of [[0xff], [0xc3], [0xed, 0xa0, 0x80]]) {
      const body = new Uint8Array([...head, ...bad, ...tail]);
      const apart = decodeInferRequest(body, {}, limits, undefined, numbers);
      expect(apart).toEqual(decodeInferRequest(body, {}, limits));
      expect(apart).toMatchObject({ error: 'the JSON part is not UTF-8' });
    }
  });

  it('leave earlier tensors alone when the next message is read', () => {
    const first = decodeInferRequest(utf8(requestOf('[1,2,3]')), {}, limits, undefined, numbers);
    decodeInferRequest(utf8(requestOf('[7,8,9]')), {}, limits, undefined, numbers);
    expect(first).toMatchObject({ inputs: [{ data: Float32Array.of(1, 2, 3) }] });
  });

  it('take long arrays, and several of them', () => {
    const long = Array.from({ length: 50_000 }, (_, at) => Math.sin(at));
    const input = (name: string): string =>
      `{"name":"${name}","datatype":"FP64","shape":[50000],"data":[${long.join()}]}`;
    const body = utf8(`{"inputs":[${input('a')},${input('b')}]}`);
    const read = decodeInferRequest(body, {}, limits, undefined, numbers);
    expect(numbers.lift(body)?.text?.length).toBeLessThan(400);
    const data = Float64Array.from(long);
    expect(read).toMatchObject({ inputs: [{ data }, { data }] });
  });
});
