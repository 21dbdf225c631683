import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  elementBytes,
  fromWire,
  isFiniteTensor,
  reversedElements,
  tensorProblem,
  toWire,
} from '../../common/wire/tensor-codec.ts';
import type { Tensor } from '../../common/tensor.ts';
import { datatypes, elementCount } from '../../common/tensor.ts';
import { tensorOf } from './arbitrary-tensor.ts';

describe('the binary form of tensors', () => {
  it.each(datatypes)('of %s has its width and comes back', (datatype) => {
    fc.assert(
      fc.property(tensorOf(datatype), (tensor) => {
        const bytes = toWire(tensor);
        const count = elementCount(tensor.shape);
        const width = elementBytes(datatype);
        if (width !== null) expect(bytes).toHaveLength(count * width);
        expect(fromWire(datatype, bytes, count)).toEqual({ ok: tensor.data });
        expect(fromWire(datatype, bytes, count + 1)).toHaveProperty('problem');
        expect(tensorProblem(tensor, count)).toBeNull();
        expect(tensorProblem(tensor, count + 1)).not.toBeNull();
        expect(isFiniteTensor(datatype, tensor.data)).toBe(true);
      }),
      { seed: 29, numRuns: 30 },
    );
  });

  it('is little-endian', () => {
    const tensor: Tensor = {
      name: 'x',
      datatype: 'INT64',
      shape: [1],
      data: BigInt64Array.of(-2n),
    };
    expect(toWire(tensor)).toEqual(Uint8Array.of(0xfe, ...Array.from({ length: 7 }, () => 0xff)));
    expect(fromWire('UINT16', Uint8Array.of(1, 2), 1)).toEqual({ ok: Uint16Array.of(0x0201) });
  });

  it('of a slice of a larger array is that slice', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const bytes = toWire({ name: 'x', datatype: 'FP32', shape: [2], data });
    expect(fromWire('FP32', bytes, 2)).toEqual({ ok: Float32Array.of(2, 3) });
  });

  it('turns around element by element for big-endian machines, leaving the original', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect(reversedElements(bytes, 4)).toEqual(Uint8Array.of(4, 3, 2, 1, 8, 7, 6, 5));
    expect(reversedElements(bytes, 1)).toEqual(bytes);
    expect(reversedElements(Buffer.from(bytes), 8)).toEqual(Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1));
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  });

  it('never makes reading throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...datatypes),
        fc.uint8Array(),
        fc.nat({ max: 40 }),
        fc.nat({ max: 7 }),
        (datatype, bytes, count, shift) => {
          const result = fromWire(datatype, bytes.subarray(shift), count);
          if ('ok' in result) expect(result.ok).toHaveLength(count);
        },
      ),
      { seed: 31 },
    );
  });

  it('tells apart what is not finite, at every place', () => {
    for (const bad of [Number.NaN, 1 / 0, -1 / 0]) {
      for (let at = 0; at < 5; at += 1) {
        expect(isFiniteTensor('FP32', new Float32Array(5).fill(bad, at, at + 1))).toBe(false);
        expect(isFiniteTensor('FP64', new Float64Array(5).fill(bad, at, at + 1))).toBe(false);
      }
    }
    expect(isFiniteTensor('FP64', Float64Array.of(Number.MAX_VALUE, -Number.MAX_VALUE))).toBe(true);
    expect(isFiniteTensor('FP16', Uint16Array.of(0x7bff, 0xfbff, 0))).toBe(true);
    expect(isFiniteTensor('FP16', Uint16Array.of(0xfc00))).toBe(false);
    expect(isFiniteTensor('BF16', Uint16Array.of(0x7c00))).toBe(true);
    expect(isFiniteTensor('BF16', Uint16Array.of(0x7fc0))).toBe(false);
  });
});
