import * as fc from 'fast-check';
import type { Datatype, Tensor, TensorData } from '../../common/tensor.ts';
import { datatypes, elementCount } from '../../common/tensor.ts';

const textBytes = fc.string({ unit: 'grapheme' }).map((text) => new TextEncoder().encode(text));

/** Values of each datatype, edges included; floats are finite, BYTES are UTF-8 text. */
const values: Readonly<Record<Datatype, (length: number) => fc.Arbitrary<TensorData>>> = {
  BOOL: (n) => list(fc.integer({ min: 0, max: 1 }), n).map((bits) => Uint8Array.from(bits)),
  UINT8: (n) => fc.uint8Array({ minLength: n, maxLength: n }),
  UINT16: (n) => fc.uint16Array({ minLength: n, maxLength: n }),
  UINT32: (n) => fc.uint32Array({ minLength: n, maxLength: n }),
  UINT64: (n) => fc.bigUint64Array({ minLength: n, maxLength: n }),
  INT8: (n) => fc.int8Array({ minLength: n, maxLength: n }),
  INT16: (n) => fc.int16Array({ minLength: n, maxLength: n }),
  INT32: (n) => fc.int32Array({ minLength: n, maxLength: n }),
  INT64: (n) => fc.bigInt64Array({ minLength: n, maxLength: n }),
  FP16: (n) => fc.uint16Array({ minLength: n, maxLength: n, max: 0x7bff }),
  BF16: (n) => fc.uint16Array({ minLength: n, maxLength: n, max: 0x7f7f }),
  FP32: (n) => fc.float32Array({ minLength: n, maxLength: n, ...finite }),
  FP64: (n) => fc.float64Array({ minLength: n, maxLength: n, ...finite }),
  BYTES: (n) => list(textBytes, n),
};

const finite = { noNaN: true, noDefaultInfinity: true } as const;

function list<T>(value: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> {
  return fc.array(value, { minLength: length, maxLength: length });
}

const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 });

export function tensorOf(datatype: Datatype, name = 'x'): fc.Arbitrary<Tensor> {
  return shapes.chain((shape) =>
    values[datatype](elementCount(shape)).map((data) => ({ name, datatype, shape, data })),
  );
}

export const hasJsonForm = (datatype: Datatype): boolean =>
  datatype !== 'FP16' && datatype !== 'BF16';

/** One to four tensors with names of their own. */
export function tensorsOf(kinds: readonly Datatype[] = datatypes): fc.Arbitrary<Tensor[]> {
  return fc
    .array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 4 })
    .chain((chosen) => fc.tuple(...chosen.map((kind, at) => tensorOf(kind, `t${at}`))));
}

/** The same values with the sign of zeros gone, as JSON leaves them. */
export function withoutNegativeZero(tensor: Tensor): Tensor {
  const { data } = tensor;
  return data instanceof Float32Array || data instanceof Float64Array
    ? { ...tensor, data: data.map((value) => value + 0) }
    : tensor;
}
