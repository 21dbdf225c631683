import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../common/tensor.ts';
import { jsonOfTensor } from '../../common/wire/classic/field-tensor.ts';
import { decodeInferRequest, encodeInferResponse } from '../../common/wire/inference-protocol.ts';
import { defaultInferLimits } from '../../common/wire/inference-types.ts';
import { toJson } from '../../common/wire/tensor-json.ts';

function floats(count: number, value = 0.5): Tensor {
  return {
    name: 'y',
    datatype: 'FP32',
    shape: [count],
    data: new Float32Array(count).fill(value),
  };
}

function texts(...data: readonly string[]): Tensor {
  const bytes = data.map((text) => new TextEncoder().encode(text));
  return { name: 'y', datatype: 'BYTES', shape: [data.length], data: bytes };
}

describe('rows of one request', () => {
  const limits = { ...defaultInferLimits, maxRows: 3 };
  const spec = (first: number) => ({ name: 'x', datatype: 'FP32' as const, shape: [first, 1] });
  const ask = (rows: number, first: number, batchAxis?: boolean) => {
    const x = {
      name: 'x',
      datatype: 'FP32',
      shape: [rows, 1],
      data: Array.from({ length: rows }, () => 1),
    };
    const body = new TextEncoder().encode(JSON.stringify({ inputs: [x] }));
    const model = { inputs: [spec(first)], outputs: [], ...(batchAxis === false && { batchAxis }) };
    return decodeInferRequest(body, {}, limits, model);
  };

  it('are bounded where the first axis is a batch, and named in the refusal', () => {
    expect(ask(3, -1)).toMatchObject({ inputs: [{ shape: [3, 1] }] });
    expect(ask(4, -1)).toEqual({
      kind: 'protocol-error',
      status: 400,
      error: "input 'x' has 4 rows, and one request at most 3",
    });
  });

  it('are not what the first axis of other models counts', () => {
    expect(ask(4, 4)).toMatchObject({ inputs: [{ shape: [4, 1] }] });
    expect(ask(4, -1, false)).toMatchObject({ inputs: [{ shape: [4, 1] }] });
  });
});

describe('the length of an answer', () => {
  const encode = (tensor: Tensor, binaryOutput: boolean, maxBytes: number, maxJsonBytes: number) =>
    encodeInferResponse(
      { modelName: 'm', outputs: [tensor] },
      { outputs: [], binaryOutput },
      { maxBytes, maxJsonBytes },
    );
  const tooLarge = (error: RegExp) => ({
    kind: 'protocol-error',
    status: 400,
    reason: 'answer_too_large',
    error: expect.stringMatching(error) as string,
  });

  it('is bounded exactly, in JSON and in binary', () => {
    for (const binary of [true, false]) {
      const whole = encode(floats(100), binary, 10_000, 10_000);
      const length = 'body' in whole ? whole.body.length : 0;
      expect(encode(floats(100), binary, length, length)).toEqual(whole);
      expect(encode(floats(100), binary, length - 1, length)).toEqual(
        tooLarge(/^the answer would be longer than \d+ bytes: ask for fewer rows/),
      );
    }
  });

  it('says what helps when only the JSON is too long', () => {
    expect(encode(floats(100), false, 10_000, 300)).toEqual(
      tooLarge(/longer than 300 bytes: ask for binary outputs/),
    );
    expect(encode(floats(100), true, 10_000, 300)).toHaveProperty('body');
  });

  it.each([
    ['numbers', floats(200_000)],
    ['whole numbers', { ...floats(200_000), datatype: 'UINT8', data: new Uint8Array(200_000) }],
    ['truths', { ...floats(200_000), datatype: 'BOOL', data: new Uint8Array(200_000) }],
    ['texts', texts('a', '\u0001', 'ü')],
  ] as const)('of %s is the same text up to the bound, and no text above it', (_, tensor) => {
    const whole = toJson(tensor);
    const text = 'ok' in whole ? whole.ok : '';
    const plain: unknown[] = JSON.parse(text);
    expect(plain).toHaveLength(tensor.data.length);
    expect(toJson(tensor, text.length)).toEqual(whole);
    expect(toJson(tensor, text.length - 1)).toHaveProperty('isTooLong', true);
  });

  it('is bounded in a synapse too', () => {
    for (const encoding of ['list', 'nested', 'tensor'] as const) {
      expect(jsonOfTensor(floats(1000), encoding, 100)).toHaveProperty('isTooLong', true);
      expect(jsonOfTensor(floats(1000), encoding, 100_000)).toHaveProperty('ok');
    }
    expect(jsonOfTensor(texts('a'.repeat(400)), 'list', 100)).toHaveProperty('isTooLong', true);
  });
});
