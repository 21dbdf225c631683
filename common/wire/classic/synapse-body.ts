import type { HeaderMap, InferLimits, ProtocolError } from '../inference-types.ts';
import { isProtocolError, protocolError } from '../inference-types.ts';
import { quoted, readMessage } from '../inference-read.ts';
import { fieldValue } from './field-value.ts';
import { pyStr } from './py-text.ts';
import type { PyValue } from './py-value.ts';
import { memberTexts } from './py-value.ts';
import type { PyType, SynapseField, SynapseForm } from './synapse-form.ts';

/** Lower-case hex of SHA3-256 (FIPS 202) over the UTF-8 bytes of a text. */
export type Sha3 = (text: string) => string;

/** The fields of a synapse that came over the wire. */
export interface SynapseBody {
  /** Of the fields that matter: those that are hashed and those that hold tensors. */
  readonly values: ReadonlyMap<string, PyValue>;
  /** Every field that came, as it was written. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Reads the fields of the form out of a body. What it says of dendrite and axon is not looked at:
 * nothing there is verified. `wanted` chooses the fields whose values are needed.
 */
export function readSynapse(
  body: Uint8Array,
  headers: HeaderMap,
  form: SynapseForm,
  wanted: (field: SynapseField) => boolean,
  limits: InferLimits,
): SynapseBody | ProtocolError {
  const encoding = headers['content-encoding'];
  const plain = encoding === undefined ? {} : { 'content-encoding': encoding };
  return readMessage(body, plain, limits, ({ json, text }) => {
    const texts = memberTexts(text);
    const values = new Map<string, PyValue>();
    for (const field of form.fields.filter(wanted)) {
      const value = readField(field, json, texts);
      if (isProtocolError(value)) return value;
      values.set(field.name, value);
    }
    return { values, texts };
  });
}

/** What is hashed first is each field, then their digests one behind the other. */
export function bodyHash(
  { hashFields }: Pick<SynapseForm, 'hashFields'>,
  values: ReadonlyMap<string, PyValue>,
  sha3: Sha3,
): string {
  return hashOf(
    hashFields.map((name) => pyStr(values.get(name) ?? null)),
    sha3,
  );
}

/**
 * Whether the fields have the hash that was signed. A Dendrite writes a list of numbers into its
 * JSON as Python's `str` writes it, so the text as it came is tried first: that costs no writing of
 * each number, and what was signed is then exactly this text.
 */
export function hasHash(form: SynapseForm, body: SynapseBody, signed: string, sha3: Sha3): boolean {
  const rows = new Set(form.fields.filter(({ type }) => isNumbers(type)).map(({ name }) => name));
  const { values, texts } = body;
  if (form.hashFields.some((name) => rows.has(name))) {
    const textOf = (name: string): string =>
      (rows.has(name) ? texts.get(name) : undefined) ?? pyStr(values.get(name) ?? null);
    if (hashOf(form.hashFields.map(textOf), sha3) === signed) return true;
  }
  return bodyHash(form, values, sha3) === signed;
}

/** JSON that Python's pydantic writes of the same model: fields in order, no spaces. */
export function synapseJson(members: Iterable<readonly [string, string]>): string {
  const texts = Array.from(members, ([name, json]) => `${JSON.stringify(name)}:${json}`);
  return `{${texts.join()}}`;
}

function hashOf(texts: readonly string[], sha3: Sha3): string {
  return sha3(texts.map(sha3).join(''));
}

function isNumbers(type: PyType): boolean {
  if (type.kind !== 'list') return false;
  const { kind } = type.of;
  return kind === 'int' || kind === 'float' || isNumbers(type.of);
}

function readField(
  field: SynapseField,
  json: Readonly<Record<string, unknown>>,
  texts: ReadonlyMap<string, string>,
): PyValue | ProtocolError {
  const text = texts.get(field.name);
  if (text === undefined || text === 'null') {
    return field.required ? protocolError(400, `field ${quoted(field.name)} is missing`) : null;
  }
  const value = fieldValue(field.type, json[field.name], text);
  return value === undefined
    ? protocolError(400, `field ${quoted(field.name)} is not of its type`)
    : value;
}
