/** Tensor datatypes as the Open Inference Protocol v2 names them. */
export const datatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'BF16',
  'FP32',
  'FP64',
  'BYTES',
] as const;

export type Datatype = (typeof datatypes)[number];

/**
 * Values in row-major order. BOOL is one byte each (0 or 1); FP16 and BF16 are their raw 16 bits;
 * BYTES is one byte string per element.
 */
export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly Uint8Array[];

export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** What a model or a task says of one tensor; -1 stands for any length. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** The number of elements of a shape; NaN-free only for shapes of non-negative safe integers. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** True when `shape` is as long as the spec's and each length equals it, or is any where it says -1. */
export function fitsShape(spec: readonly number[], shape: readonly number[]): boolean {
  return (
    spec.length === shape.length &&
    shape.every((length, axis) => {
      return spec[axis] === -1 ? Number.isSafeInteger(length) : spec[axis] === length;
    })
  );
}
