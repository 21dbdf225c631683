import type { Ss58 } from '../../common/brand.ts';
import { cleanText } from '../../common/fault.ts';
import type { Clock } from '../../common/platform-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import { classicHeaders, sdkVersion } from '../../common/wire/classic/classic-auth.ts';
import { jsonOfTensor, tensorOfField } from '../../common/wire/classic/field-tensor.ts';
import { hasHash, readSynapse, synapseJson } from '../../common/wire/classic/synapse-body.ts';
import type { Sha3, SynapseBody } from '../../common/wire/classic/synapse-body.ts';
import type { SynapseField, SynapseForm } from '../../common/wire/classic/synapse-form.ts';
import { readError } from '../../common/wire/inference-protocol.ts';
import { misfit, quoted, tooManyRows } from '../../common/wire/inference-read.ts';
import type {
  AnswerLimits,
  EncodedMessage,
  HeaderMap,
  InferLimits,
  ModelInterface,
  ProtocolError,
} from '../../common/wire/inference-types.ts';
import {
  answerTooLarge,
  isProtocolError,
  protocolError,
} from '../../common/wire/inference-types.ts';
import { refuse } from '../gate/http-message.ts';
import type { RawResponse } from '../gate/http-message.ts';
import type { Catalogue, ServedModel } from '../models/served-model.ts';
import { classicEntrance } from './classic-entrance.ts';
import type { Asked, Conversation, FindConversation } from './entrance.ts';
import { callerOf } from './inference-conversation.ts';
import { pingForm, pingModel } from './ping-model.ts';

export interface ClassicDeps {
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly sha3: Sha3;
  /** This miner's own. */
  readonly hotkey: Ss58;
}

/** `POST /<SynapseClassName>`: synapses of Python subnets, answered by the models of their forms. */
export function findClassic(deps: ClassicDeps, forms: readonly SynapseForm[]): FindConversation {
  const known = new Map([pingForm, ...forms].map((form) => [form.synapse, form]));
  const fits = rememberFits();
  return (head) => {
    const synapse = /^\/([^/?]+)(?:\?.*)?$/.exec(head.path)?.[1];
    if (synapse === undefined) return undefined;
    const dress = (response: RawResponse): RawResponse => dressed(response, synapse, null);
    const form = known.get(synapse);
    const caller = callerOf(head, classicEntrance);
    if (form === undefined) {
      return caller === null ? undefined : dress(unknownSynapse(synapse, known));
    }
    if (head.method !== 'POST') return dress(usePost());
    const model = modelOf(deps.catalogue, form, caller);
    if (model === undefined) return dress(refuse(503, 'no_model', 'the model is not loaded'));
    if (form !== pingForm && !fits(form, model)) {
      const text = 'the version of the model that is loaded does not fit this synapse';
      return dress(refuse(503, 'no_model', text));
    }
    return classicConversation(deps, form, model);
  };
}

/** Versions come while the miner serves: what fitted at the start need not fit later. */
function rememberFits(): (form: SynapseForm, model: ServedModel) => boolean {
  const known = new WeakMap<ServedModel, Map<SynapseForm, boolean>>();
  return (form, model) => {
    const ofModel = known.get(model) ?? new Map<SynapseForm, boolean>();
    known.set(model, ofModel);
    const fits = ofModel.get(form) ?? formProblems(form, model.interface).length === 0;
    ofModel.set(form, fits);
    return fits;
  };
}

/** What keeps a form from fitting the model that it names; empty when all is well. */
export function formProblems(form: SynapseForm, model: ModelInterface): readonly string[] {
  const has = (specs: ModelInterface['inputs'], tensor: string): boolean =>
    specs.some(({ name }) => name === tensor);
  const named = form.fields.flatMap(({ input }) => (input === null ? [] : [input.tensor]));
  return [
    ...named.filter((tensor) => !has(model.inputs, tensor)).map((one) => `no input ${one}`),
    ...model.inputs
      .filter(({ name }) => named.filter((tensor) => tensor === name).length !== 1)
      .map(({ name }) => `not exactly one field for the input ${name}`),
    ...form.fields
      .flatMap(({ output }) => (output === null ? [] : [output.tensor]))
      .filter((tensor) => !has(model.outputs, tensor))
      .map((one) => `no output ${one}`),
  ];
}

const encoder = new TextEncoder();
const jsonType = 'application/json';

function modelOf(
  catalogue: Catalogue,
  form: SynapseForm,
  caller: string | null,
): ServedModel | undefined {
  return form === pingForm ? pingModel : catalogue.find(form.model, null, caller);
}

function unknownSynapse(synapse: string, known: ReadonlyMap<string, unknown>): RawResponse {
  const names = [...known.keys()].map((name) => `'${name}'`).join(', ');
  const text = `Synapse name '${cleanText(synapse)}' not found. Available synapses [${names}]`;
  return refuse(404, 'no_route', text);
}

function usePost(): RawResponse {
  const refusal = refuse(405, 'wrong_method', 'use POST');
  return { ...refusal, headers: { ...refusal.headers, allow: 'POST' } };
}

/** What `decode` read, for `encode`. */
interface Read {
  readonly synapse: SynapseBody;
  readonly headers: HeaderMap;
}

function classicConversation(
  { clock, sha3, hotkey }: ClassicDeps,
  form: SynapseForm,
  model: ServedModel,
): Conversation {
  let read: Read | null = null;
  return {
    entrance: classicEntrance,
    model,
    askedName: form.model,
    decode: (body, headers, limits) => {
      const synapse = readSynapse(body, headers, form, isNeeded(form), limits);
      if (isProtocolError(synapse)) return synapse;
      const signed = headers[classicHeaders.bodyHash];
      if (typeof signed !== 'string' || !hasHash(form, synapse, signed, sha3)) {
        return protocolError(400, 'the fields do not have the hash that was signed');
      }
      read = { synapse, headers };
      return askedOf(form, synapse, model.interface, limits);
    },
    encode: (outputs, limits) =>
      read === null
        ? protocolError(500, 'nothing was asked')
        : answerOf({ form, read, hotkey }, outputs, limits),
    dress: (response, _, startedMs) =>
      dressed(response, form.synapse, (clock.monotonicMs() - startedMs) / 1000),
  };
}

function isNeeded({ hashFields }: SynapseForm): (field: SynapseField) => boolean {
  return ({ name, input }) => input !== null || hashFields.includes(name);
}

function askedOf(
  form: SynapseForm,
  { values }: SynapseBody,
  model: ModelInterface,
  limits: InferLimits,
): Asked | ProtocolError {
  const inputs: Tensor[] = [];
  for (const { name, input } of form.fields) {
    const value = values.get(name);
    const spec = model.inputs.find((one) => one.name === input?.tensor);
    if (input === null || spec === undefined || value === undefined || value === null) continue;
    const tensor = tensorOfField(value, spec, input.shape ?? spec.shape, limits);
    if ('problem' in tensor) return protocolError(400, `field ${quoted(name)} ${tensor.problem}`);
    inputs.push(tensor.ok);
  }
  const wrong = misfit(inputs, model.inputs, 'input') ?? tooManyRows(inputs, model, limits);
  return wrong ?? { inputs };
}

/** What an answer is made of beside the outputs. */
interface AnswerFrame {
  readonly form: SynapseForm;
  readonly read: Read;
  readonly hotkey: Ss58;
}

/**
 * The whole synapse, as an axon gives it back: a Dendrite copies every field, so those that are
 * missing would be lost to the caller. Terminal info is written anew from what was verified.
 */
function answerOf(
  { form, read, hotkey }: AnswerFrame,
  outputs: readonly Tensor[],
  { maxJsonBytes }: AnswerLimits,
): EncodedMessage | ProtocolError {
  const { synapse, headers } = read;
  const members: [string, string][] = [
    ['name', JSON.stringify(form.synapse)],
    ['dendrite', dendriteJson(headers)],
    ['axon', JSON.stringify({ status_code: 200, status_message: success, hotkey })],
  ];
  let left = maxJsonBytes;
  for (const { name, output } of form.fields) {
    const json =
      output === null
        ? (synapse.texts.get(name) ?? 'null')
        : outputJson(name, output, outputs, left);
    if (typeof json !== 'string') return json ?? answerTooLarge(maxJsonBytes, 'ask for fewer rows');
    left -= json.length;
    members.push([name, json]);
  }
  const body = encoder.encode(synapseJson(members));
  return body.length > maxJsonBytes
    ? answerTooLarge(maxJsonBytes, 'ask for fewer rows')
    : { headers: { 'content-type': jsonType }, body };
}

/** Null when it would be too long. */
function outputJson(
  field: string,
  { tensor: wanted, encoding }: NonNullable<SynapseField['output']>,
  outputs: readonly Tensor[],
  maxChars: number,
): string | ProtocolError | null {
  const tensor = outputs.find(({ name }) => name === wanted);
  if (tensor === undefined) return protocolError(500, `the model gave no ${quoted(wanted)}`);
  const json = jsonOfTensor(tensor, encoding, maxChars);
  if ('ok' in json) return json.ok;
  return json.isTooLong === true
    ? null
    : protocolError(400, `field ${quoted(field)} ${json.problem}`);
}

/** The nonce as its digits: it does not fit a double. All of it was signed. */
function dendriteJson(headers: HeaderMap): string {
  const { nonce, uuid, hotkey } = classicHeaders;
  const text = (name: string): string => JSON.stringify(headers[name] ?? null);
  return `{"nonce":${String(headers[nonce])},"uuid":${text(uuid)},"hotkey":${text(hotkey)}}`;
}

const success = 'Success';

/** Headers and, for refusals, the body as a Dendrite reads them. */
function dressed(response: RawResponse, synapse: string, seconds: number | null): RawResponse {
  const { status } = response;
  const message = status === 200 ? success : refusalText(response);
  const took = seconds === null ? {} : { [classicHeaders.processTime]: seconds.toFixed(9) };
  const headers = {
    ...response.headers,
    name: cleanText(synapse),
    [classicHeaders.statusCode]: status.toString(),
    [classicHeaders.statusMessage]: message,
    bt_header_axon_version: sdkVersion,
    ...took,
  };
  if (status === 200) return { ...response, headers };
  const body = encoder.encode(JSON.stringify({ message }));
  return { ...response, headers: { ...headers, 'content-type': jsonType }, body };
}

/** Printable and on one line: a header has to carry it. */
function refusalText({ status, body }: RawResponse): string {
  const text = readError(body) ?? `status ${status}`;
  if (status === 401) return cleanText(`Not Verified with error: ${text}`);
  return cleanText(status === 403 ? `Forbidden. Key is blacklisted: ${text}.` : text);
}
