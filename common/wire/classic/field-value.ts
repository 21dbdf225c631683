import type { PyDict, PyValue } from './py-value.ts';
import { readPyValue } from './py-value.ts';
import type { PyType } from './synapse-form.ts';
import { hasLoneSurrogate } from '../tensor-json.ts';

/**
 * What Python holds in a field of this type after it read this JSON; undefined when it does not
 * fit. `parsed` is what `JSON.parse` made of `text`. An integer is taken for a float, and a float
 * without fraction for an integer, as pydantic takes them; nothing else is converted.
 */
export function fieldValue(type: PyType, parsed: unknown, text: string): PyValue | undefined {
  const value = isExact(type) ? needsExact : coerced(type, parsed);
  if (value !== needsExact) return value;
  const exact = coerced(type, readPyValue(text));
  return exact === needsExact ? undefined : exact;
}

/** The JSON has to be read with its integers whole, and told from floats. */
const needsExact = Symbol('needs exact');

type Coerced = PyValue | undefined | typeof needsExact;

function isExact(type: PyType): boolean {
  if (type.kind === 'list') return isExact(type.of);
  return type.kind === 'any' || type.kind === 'dict';
}

function coerced(type: PyType, value: unknown): Coerced {
  switch (type.kind) {
    case 'int':
      return wholeNumber(value);
    case 'float':
      return typeof value === 'bigint' ? Number(value) : only('number', value);
    case 'str':
      return typeof value === 'string' && !hasLoneSurrogate(value) ? value : undefined;
    case 'bool':
      return only('boolean', value);
    case 'tensor':
      return tensorFields(value);
    case 'any':
      return isEncodable(value as PyValue) ? (value as PyValue) : undefined;
    case 'dict':
      return value instanceof Map && isEncodable(value) ? value : undefined;
    case 'list':
      return Array.isArray(value) ? listOf(type.of, value) : undefined;
  }
}

function only<T extends 'number' | 'boolean'>(
  type: T,
  value: unknown,
): (T extends 'number' ? number : boolean) | undefined;
function only(type: string, value: unknown): unknown {
  return typeof value === type ? value : undefined;
}

function wholeNumber(value: unknown): Coerced {
  if (typeof value === 'bigint') return value;
  if (!Number.isInteger(value)) return undefined;
  return Number.isSafeInteger(value) ? BigInt(Number(value)) : needsExact;
}

function listOf(type: PyType, items: readonly unknown[]): Coerced {
  const plain = type.kind === 'float' && items.every((item) => typeof item === 'number');
  if (plain) return items;
  const values: PyValue[] = [];
  for (const item of items) {
    const value = coerced(type, item);
    if (value === undefined || value === needsExact) return value;
    values.push(value);
  }
  return values;
}

/** A bt.Tensor as a dict in the order in which its class declares the fields. */
function tensorFields(value: unknown): PyDict | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { buffer, dtype, shape } = value as Readonly<Record<string, unknown>>;
  const lengths = coerced({ kind: 'list', of: { kind: 'int' } }, shape);
  if (typeof buffer !== 'string' || typeof dtype !== 'string') return undefined;
  if (!Array.isArray(lengths)) return undefined;
  return new Map<string, PyValue>([
    ['buffer', buffer],
    ['dtype', dtype],
    ['shape', lengths],
  ]);
}

/** Python cannot hash a text that has no UTF-8 form. */
function isEncodable(value: PyValue): boolean {
  if (typeof value === 'string') return !hasLoneSurrogate(value);
  if (value instanceof Map) {
    return Array.from(value).every(([key, item]) => !hasLoneSurrogate(key) && isEncodable(item));
  }
  return Array.isArray(value) ? value.every(isEncodable) : true;
}
