import { fromBase64, toBase64 } from '../../keys/base64.ts';
import type { Datatype, Tensor, TensorSpec } from '../../tensor.ts';
import { elementCount, fitsShape } from '../../tensor.ts';
import type { InferLimits } from '../inference-types.ts';
import { isByteStrings, isFiniteTensor } from '../tensor-codec.ts';
import type { Converted } from '../tensor-codec.ts';
import { fromJson, needsLossless, toJson } from '../tensor-json.ts';
import { datatypeOfNumpy, numpyName, packNumpy, unpackNumpy } from './numpy-pack.ts';
import { pyRepr } from './py-text.ts';
import type { PyDict, PyValue } from './py-value.ts';
import type { FieldEncoding } from './synapse-form.ts';

/**
 * The tensor that a field's value stands for: a bt.Tensor with its own shape, or a scalar or list
 * whose values are cut into `template`, by default the spec's shape.
 */
export function tensorOfField(
  value: PyValue,
  spec: TensorSpec,
  template: readonly number[],
  limits: InferLimits,
): Converted<Tensor> {
  const raw = isDict(value) ? fromPyTensor(value, limits) : fromNested(value, spec, limits);
  if ('problem' in raw) return raw;
  const { datatype, data } = raw.ok;
  const shape = shapeFor(template, raw.ok.shape, data.length);
  if (shape === null) {
    return { problem: `has ${data.length} values, which do not fill [${template.join()}]` };
  }
  // Lists are finite: their reader refuses what does not fit the datatype.
  if (limits.requireFinite && isDict(value) && !isFiniteTensor(datatype, data)) {
    return { problem: 'holds NaN or infinity' };
  }
  return { ok: { name: spec.name, datatype, shape, data } };
}

/** The JSON of a tensor as a field holds it, or why there is none; see `toJson`. */
export function jsonOfTensor(
  tensor: Tensor,
  encoding: FieldEncoding,
  maxChars = Infinity,
): Converted<string> {
  if (encoding === 'tensor') return pyTensorJson(tensor, maxChars);
  const values = valueTexts(tensor, maxChars);
  if ('problem' in values) return values;
  if (encoding === 'list') return { ok: `[${values.ok.join()}]` };
  if (encoding === 'nested') return { ok: nestedText(values.ok, tensor.shape) };
  const [only] = values.ok;
  return only !== undefined && values.ok.length === 1
    ? { ok: only }
    : { problem: `has ${values.ok.length} values where its field takes one` };
}

type Values = Omit<Tensor, 'name'>;

function isDict(value: PyValue): value is PyDict {
  return value instanceof Map;
}

/** The outer dtype and shape are what Python casts and reshapes to. */
function fromPyTensor(fields: PyDict, limits: InferLimits): Converted<Values> {
  const [buffer, dtype, outer] = [fields.get('buffer'), fields.get('dtype'), fields.get('shape')];
  const bytes = typeof buffer === 'string' ? fromBase64(buffer) : undefined;
  if (bytes === undefined) return { problem: 'has a buffer that is not base64' };
  const inner = unpackNumpy(bytes, limits.maxElements);
  if ('problem' in inner) return { problem: `has a buffer that ${inner.problem}` };
  if (typeof dtype !== 'string' || datatypeOfNumpy(dtype) !== inner.ok.datatype) {
    return { problem: 'has another dtype than its buffer' };
  }
  const shape = Array.isArray(outer) ? outer.map(Number) : [];
  const asBuffer = shape.length === 1 && shape[0] === 0;
  if (asBuffer) return inner;
  return shape.every((length) => Number.isSafeInteger(length) && length >= 0) &&
    elementCount(shape) === inner.ok.data.length
    ? { ok: { ...inner.ok, shape } }
    : { problem: 'has another shape than its buffer' };
}

function fromNested(value: PyValue, spec: TensorSpec, limits: InferLimits): Converted<Values> {
  const shape: number[] = [];
  const flat = flattened(value, shape, limits);
  if (flat === null) return { problem: 'is an uneven list, or a longer one than is taken' };
  const { datatype } = spec;
  const data = fromJson(datatype, forDatatype(datatype, flat), flat.length);
  if (data === needsLossless) return { problem: `has a value that is no ${datatype}` };
  return 'problem' in data ? data : { ok: { datatype, shape, data: data.ok } };
}

/** Row-major values; `shape` gets the lengths of the lists. Null when siblings differ in length. */
function flattened(
  value: PyValue,
  shape: number[],
  { maxElements, maxRank }: InferLimits,
): readonly PyValue[] | null {
  let level: readonly PyValue[] = [value];
  while (level.some(Array.isArray)) {
    const [first] = level;
    const length = Array.isArray(first) ? first.length : -1;
    const even = level.every((item) => Array.isArray(item) && item.length === length);
    if (!even || level.length * length > maxElements || shape.length >= maxRank) return null;
    shape.push(length);
    level = level.length === 1 ? (first as readonly PyValue[]) : level.flat();
  }
  return level;
}

/** Integers are bigints here; only 64-bit tensors take them as such. */
function forDatatype(datatype: Datatype, flat: readonly PyValue[]): readonly PyValue[] {
  if (datatype === 'INT64' || datatype === 'UINT64') return flat;
  return flat.some((item) => typeof item === 'bigint')
    ? flat.map((item) => (typeof item === 'bigint' ? Number(item) : item))
    : flat;
}

/** Its own shape where that fits, else what fills the template; at most one length may be open. */
function shapeFor(
  template: readonly number[],
  own: readonly number[],
  count: number,
): readonly number[] | null {
  if (fitsShape(template, own) && elementCount(own) === count) return own;
  const open = template.filter((length) => length === -1).length;
  const fixed = elementCount(template.filter((length) => length !== -1));
  if (open === 0) return fixed === count ? template : null;
  if (open > 1 || fixed === 0 || count % fixed !== 0) return null;
  return template.map((length) => (length === -1 ? count / fixed : length));
}

function pyTensorJson({ datatype, shape, data }: Tensor, maxChars: number): Converted<string> {
  if (!isByteStrings(data) && data.byteLength > maxChars) return tooLong;
  const packed = packNumpy({ datatype, shape, data });
  const dtype = numpyName(datatype);
  if (packed === null || dtype === null) return { problem: `is ${datatype}, unknown to bt.Tensor` };
  const outer = shape.length === 0 ? [0] : shape;
  return { ok: JSON.stringify({ buffer: toBase64(packed), dtype, shape: outer }) };
}

const tooLong = { problem: 'is too long as JSON', isTooLong: true } as const;

/** One JSON text for each value; floats look like floats to Python. */
function valueTexts(tensor: Tensor, maxChars: number): Converted<readonly string[]> {
  const { data, datatype } = tensor;
  if (isByteStrings(data)) return byteTexts(tensor, data.length, maxChars);
  if (data instanceof Float32Array || data instanceof Float64Array) {
    return isFiniteTensor(datatype, data)
      ? textsOf(data, pyRepr, maxChars)
      : { problem: 'holds NaN or infinity, which JSON cannot carry' };
  }
  if (datatype === 'FP16' || datatype === 'BF16') {
    return { problem: `is ${datatype}, which has no JSON form: use the tensor encoding` };
  }
  return datatype === 'BOOL'
    ? textsOf<number | bigint>(data, (one) => `${one === 1}`, maxChars)
    : textsOf<number | bigint>(data, String, maxChars);
}

function textsOf<T>(
  values: Iterable<T>,
  textOf: (value: T) => string,
  maxChars: number,
): Converted<readonly string[]> {
  const texts: string[] = [];
  let chars = 0;
  for (const value of values) {
    const text = textOf(value);
    texts.push(text);
    chars += text.length + 1;
    if (chars > maxChars) return tooLong;
  }
  return { ok: texts };
}

function byteTexts(tensor: Tensor, count: number, maxChars: number): Converted<readonly string[]> {
  const json = toJson(tensor, maxChars);
  if ('problem' in json) return json;
  const texts = JSON.parse(json.ok) as readonly string[];
  return texts.length === count
    ? { ok: texts.map((text) => JSON.stringify(text)) }
    : { problem: 'holds the wrong number of texts' };
}

function nestedText(values: readonly string[], shape: readonly number[]): string {
  const write = (axis: number, start: number): string => {
    const [length, ...inner] = shape.slice(axis);
    if (length === undefined) return values[start] ?? '';
    const stride = elementCount(inner);
    const items = Array.from({ length }, (_, at) => write(axis + 1, start + at * stride));
    return `[${items.join()}]`;
  };
  return write(0, 0);
}
