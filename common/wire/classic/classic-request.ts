import type { Ss58 } from '../../brand.ts';
import { toBase64 } from '../../keys/base64.ts';
import type { Signer } from '../../signer-port.ts';
import type { Tensor, TensorSpec } from '../../tensor.ts';
import type { EncodedMessage, HeaderMap, InferLimits } from '../inference-types.ts';
import { isProtocolError } from '../inference-types.ts';
import type { Converted } from '../tensor-codec.ts';
import { classicHeaders, signClassic } from './classic-auth.ts';
import { jsonOfTensor, tensorOfField } from './field-tensor.ts';
import { fieldValue } from './field-value.ts';
import { pyRepr } from './py-text.ts';
import type { PyValue } from './py-value.ts';
import { bodyHash, readSynapse, synapseJson } from './synapse-body.ts';
import type { Sha3 } from './synapse-body.ts';
import { encodingOf } from './synapse-form.ts';
import type { PyType, SynapseField, SynapseForm } from './synapse-form.ts';

export interface ClassicQuestion {
  readonly form: SynapseForm;
  readonly inputs: readonly Tensor[];
  readonly signer: Signer;
  readonly receiver: Ss58;
  readonly nonceNs: bigint;
  /** New for each request. */
  readonly uuid: string;
  readonly timeoutMs: number;
}

/**
 * A signed request as Python's Dendrite makes it. Fields without an input and a constant are
 * left to the defaults of the Python class.
 */
export function classicRequest(question: ClassicQuestion, sha3: Sha3): Converted<EncodedMessage> {
  const { form, timeoutMs } = question;
  const fields = sentFields(question);
  if ('problem' in fields) return fields;
  const timeout = pyRepr(timeoutMs / 1000);
  const body = synapseJson([
    ['name', JSON.stringify(form.synapse)],
    ['timeout', timeout],
    ...Array.from(fields.ok, ([name, { json }]) => [name, json] as const),
  ]);
  const values = new Map(Array.from(fields.ok, ([name, { value }]) => [name, value]));
  const hash = bodyHash(form, values, sha3);
  const headers = {
    name: form.synapse,
    timeout,
    ...signClassic({ ...question, bodyHash: hash }),
    ...announced(form),
    'content-type': 'application/json',
  };
  return { ok: { headers, body: encoder.encode(body) } };
}

/** The output tensors of an answer with status 200. */
export function readClassicAnswer(
  form: SynapseForm,
  answer: { readonly body: Uint8Array; readonly headers: HeaderMap },
  specs: readonly TensorSpec[],
  limits: InferLimits,
): Converted<readonly Tensor[]> {
  const status = answer.headers[classicHeaders.statusCode];
  if (status !== undefined && status !== '200') return { problem: 'says itself that it failed' };
  const { body, headers } = answer;
  const synapse = readSynapse(body, headers, form, ({ output }) => output !== null, limits);
  if (isProtocolError(synapse)) return { problem: synapse.error };
  const tensors: Tensor[] = [];
  for (const spec of specs) {
    const field = form.fields.find(({ output }) => output?.tensor === spec.name);
    const value = field === undefined ? undefined : synapse.values.get(field.name);
    if (value === undefined || value === null) return { problem: `has no ${spec.name}` };
    const tensor = tensorOfField(value, spec, spec.shape, limits);
    if ('problem' in tensor) return { problem: `${spec.name} ${tensor.problem}` };
    tensors.push(tensor.ok);
  }
  return { ok: tensors };
}

const encoder = new TextEncoder();

interface Written {
  readonly json: string;
  /** What the receiver will hold in the field, and hash. */
  readonly value: PyValue;
}

function sentFields({ form, inputs }: ClassicQuestion): Converted<ReadonlyMap<string, Written>> {
  const fields = new Map<string, Written>();
  for (const field of form.fields) {
    const json = sentJson(field, inputs);
    if (json === null) continue;
    if ('problem' in json) return json;
    const value = fieldValue(field.type, JSON.parse(json.ok), json.ok);
    if (value === undefined) return { problem: `${field.name} is not of its type` };
    fields.set(field.name, { json: json.ok, value });
  }
  return { ok: fields };
}

/** Null for a field that is left to its default. */
function sentJson(
  { type, input, constant }: SynapseField,
  inputs: readonly Tensor[],
): Converted<string> | null {
  if (input === null) return constant === null ? null : { ok: constant };
  const tensor = inputs.find((one) => one.name === input.tensor);
  if (tensor === undefined) return { problem: `there is no input ${input.tensor}` };
  const json = jsonOfTensor(tensor, encodingOf(type));
  return 'problem' in json ? { problem: `input ${tensor.name} ${json.problem}` } : json;
}

/** Required fields stand in a header each, with an empty value of their type: so an axon wants it. */
function announced({ fields }: SynapseForm): Record<string, string> {
  const required = fields.filter((field) => field.required);
  return Object.fromEntries(
    required.map(({ name, type }) => [
      `bt_header_input_obj_${name}`,
      toBase64(encoder.encode(emptyOf(type))),
    ]),
  );
}

function emptyOf(type: PyType): string {
  const empty = { int: '0', float: '0.0', str: '""', bool: 'false', dict: '{}' };
  return type.kind in empty ? empty[type.kind as keyof typeof empty] : '[]';
}
