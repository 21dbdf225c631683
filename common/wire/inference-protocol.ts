import { cleanText } from '../fault.ts';
import type { FlatNumbers } from './flat-numbers.ts';
import type {
  AnswerLimits,
  EncodedMessage,
  HeaderMap,
  InferLimits,
  InferParameters,
  InferRequest,
  InferResponse,
  ModelInterface,
  ProtocolError,
  RequestedOutput,
} from './inference-types.ts';
import {
  answerTooLarge,
  defaultInferLimits,
  isProtocolError,
  protocolError,
  unlimitedAnswer,
} from './inference-types.ts';
import type { Envelope, JsonObject } from './inference-read.ts';
import {
  isName,
  isObject,
  jsonLengthHeader,
  misfit,
  nameProblem,
  quoted,
  readMessage,
  readParameters,
  readTensors,
  tooManyRows,
} from './inference-read.ts';
import { tensorProblem, toWire } from './tensor-codec.ts';
import { needsLossless, toJson } from './tensor-json.ts';
import type { Tensor } from '../tensor.ts';
import { elementCount } from '../tensor.ts';

/**
 * Reads the body of `POST /v2/models/NAME/infer`. With `model`, inputs must be exactly the model's
 * and requested outputs some of its. Never throws.
 */
export function decodeInferRequest(
  body: Uint8Array,
  headers: HeaderMap,
  limits: InferLimits,
  model?: ModelInterface,
  numbers?: FlatNumbers,
): InferRequest | ProtocolError {
  const read = (envelope: Envelope) => readRequest(envelope, limits);
  const request = readMessage(body, headers, limits, read, numbers);
  if (isProtocolError(request) || model === undefined) return request;
  const { inputs } = request;
  const wrong = misfit(inputs, model.inputs, 'input') ?? tooManyRows(inputs, model, limits);
  return wrong ?? strangeOutput(request, model) ?? request;
}

/**
 * The body and headers of a request. `binary` sends the inputs in the binary tail; what form the
 * answer takes is up to the request's own `outputs` and `binaryOutput`.
 */
export function encodeInferRequest(
  request: InferRequest,
  options: { readonly binary: boolean },
): EncodedMessage | ProtocolError {
  const parameters = request.binaryOutput
    ? { ...request.parameters, binary_data_output: true }
    : request.parameters;
  const head = {
    ...(request.id === undefined ? {} : { id: request.id }),
    ...(isEmpty(parameters) ? {} : { parameters }),
    ...(request.outputs.length === 0 ? {} : { outputs: request.outputs.map(outputJson) }),
  };
  return encodeMessage(head, 'inputs', request.inputs, () => options.binary);
}

/** Reads an answer's body. With `model`, outputs must be among the model's and fit. Never throws. */
export function decodeInferResponse(
  body: Uint8Array,
  headers: HeaderMap,
  limits: InferLimits,
  model?: Pick<ModelInterface, 'outputs'>,
): InferResponse | ProtocolError {
  const response = readMessage(body, headers, limits, (envelope) => readResponse(envelope, limits));
  if (isProtocolError(response) || model === undefined) return response;
  const names = new Set(response.outputs.map(({ name }) => name));
  const specs = model.outputs.filter(({ name }) => names.has(name));
  return misfit(response.outputs, specs, 'output') ?? response;
}

/**
 * The answer to a request: the outputs that it asked for, in its order and form, or all of them.
 * A `ProtocolError` with 400 when the form cannot carry the values or the answer would be too
 * long, with 500 when the outputs are not what they claim to be.
 */
export function encodeInferResponse(
  response: InferResponse,
  request: Pick<InferRequest, 'outputs' | 'binaryOutput'>,
  limits = unlimitedAnswer,
): EncodedMessage | ProtocolError {
  const outputs = selectOutputs(response.outputs, request.outputs);
  if (isProtocolError(outputs)) return outputs;
  const head = {
    model_name: response.modelName,
    ...(response.modelVersion === undefined ? {} : { model_version: response.modelVersion }),
    ...(response.id === undefined ? {} : { id: response.id }),
    ...(response.parameters === undefined ? {} : { parameters: response.parameters }),
  };
  const form = new Map(request.outputs.map(({ name, binary }) => [name, binary]));
  const isBinary = (name: string): boolean => form.get(name) ?? request.binaryOutput;
  return encodeMessage(head, 'outputs', outputs, isBinary, limits);
}

/** The body `{"error": …}` of any refusal. */
export function encodeError(error: string): EncodedMessage {
  return { headers: { 'content-type': jsonType }, body: encoder.encode(JSON.stringify({ error })) };
}

/** The text of a refusal's `{"error": …}`, one clean line; null when the body is not one. */
export function readError(body: Uint8Array): string | null {
  const read = ({ json }: Envelope): unknown => json['error'];
  const error = readMessage(body, {}, errorLimits, read);
  return typeof error === 'string' ? cleanText(error) : null;
}

const errorLimits: InferLimits = { ...defaultInferLimits, maxBodyBytes: 16_384, maxJsonDepth: 4 };
const encoder = new TextEncoder();
const jsonType = 'application/json';
const binaryType = 'application/octet-stream';

function readRequest(
  { json, tail, lifted }: Envelope,
  limits: InferLimits,
): InferRequest | ProtocolError | typeof needsLossless {
  const inputs = readTensors(json['inputs'], tail, limits, 'input', lifted);
  if (inputs === needsLossless || isProtocolError(inputs)) return inputs;
  const id = readId(json);
  if (isProtocolError(id)) return id;
  const parameters = readParameters(json['parameters'], ['binary_data_output']);
  const binaryOutput = flag(json['parameters'], 'binary_data_output');
  if (parameters === null || binaryOutput === null) {
    return protocolError(400, '"parameters" must be an object of scalars');
  }
  const outputs = readRequestedOutputs(json['outputs'], limits, binaryOutput);
  if (isProtocolError(outputs)) return outputs;
  return { ...id, inputs, outputs, binaryOutput, parameters };
}

function readResponse(
  { json, tail }: Envelope,
  limits: InferLimits,
): InferResponse | ProtocolError | typeof needsLossless {
  const outputs = readTensors(json['outputs'], tail, limits, 'output');
  if (outputs === needsLossless || isProtocolError(outputs)) return outputs;
  const id = readId(json);
  if (isProtocolError(id)) return id;
  const modelName = json['model_name'];
  const version = json['model_version'];
  if (!isName(modelName)) return protocolError(400, 'the answer has no proper "model_name"');
  if (version !== undefined && typeof version !== 'string') {
    return protocolError(400, '"model_version" must be a string');
  }
  const parameters = readParameters(json['parameters'], []);
  if (parameters === null) return protocolError(400, '"parameters" must be an object of scalars');
  return {
    modelName,
    ...(version === undefined ? {} : { modelVersion: version }),
    ...id,
    outputs,
    ...(isEmpty(parameters) ? {} : { parameters }),
  };
}

/** An empty id is as good as none: some clients always send one. */
function readId(json: JsonObject): { readonly id?: string } | ProtocolError {
  const id = json['id'];
  if (id === undefined || id === '') return {};
  return isName(id) ? { id } : protocolError(400, `"id" ${nameProblem(id)}`);
}

/** Null when the parameter is there but no boolean; false when it is absent. */
function flag(parameters: unknown, key: string): boolean | null {
  const value = isObject(parameters) ? parameters[key] : undefined;
  if (value === undefined) return false;
  return typeof value === 'boolean' ? value : null;
}

function readRequestedOutputs(
  json: unknown,
  limits: InferLimits,
  binaryOutput: boolean,
): RequestedOutput[] | ProtocolError {
  if (json === undefined) return [];
  if (!Array.isArray(json)) return protocolError(400, '"outputs" must be an array');
  if (json.length > limits.maxTensors) return protocolError(400, 'too many outputs');
  const outputs: RequestedOutput[] = [];
  for (const item of json) {
    const output = readRequestedOutput(item, binaryOutput);
    if (isProtocolError(output)) return output;
    if (outputs.some(({ name }) => name === output.name)) {
      return protocolError(400, `output ${quoted(output.name)} comes twice`);
    }
    outputs.push(output);
  }
  return outputs;
}

function readRequestedOutput(
  json: unknown,
  binaryOutput: boolean,
): RequestedOutput | ProtocolError {
  const name = isObject(json) ? json['name'] : undefined;
  if (!isObject(json) || !isName(name)) {
    return protocolError(400, 'a requested output has no proper "name"');
  }
  const parameters = readParameters(json['parameters'], ['binary_data']);
  const binary = hasKey(json['parameters'], 'binary_data')
    ? flag(json['parameters'], 'binary_data')
    : binaryOutput;
  if (parameters === null || binary === null) {
    return protocolError(400, `output ${quoted(name)} has improper "parameters"`);
  }
  const [strange] = Object.keys(parameters);
  return strange === undefined
    ? { name, binary }
    : protocolError(400, `output ${quoted(name)}: ${quoted(strange)} is not supported`);
}

function hasKey(json: unknown, key: string): boolean {
  return isObject(json) && json[key] !== undefined;
}

function strangeOutput(request: InferRequest, model: ModelInterface): ProtocolError | null {
  const strange = request.outputs.find(
    ({ name }) => !model.outputs.some((spec) => spec.name === name),
  );
  return strange === undefined
    ? null
    : protocolError(400, `output ${quoted(strange.name)} is not one of the model`);
}

/** Explicit both ways: `binary_data` overrides what the request says for all. */
function outputJson({ name, binary }: RequestedOutput): object {
  return { name, parameters: { binary_data: binary } };
}

function selectOutputs(
  all: readonly Tensor[],
  requested: readonly RequestedOutput[],
): readonly Tensor[] | ProtocolError {
  if (requested.length === 0) return all;
  const chosen: Tensor[] = [];
  for (const { name } of requested) {
    const tensor = all.find((one) => one.name === name);
    if (tensor === undefined) return protocolError(500, `the model gave no output ${quoted(name)}`);
    chosen.push(tensor);
  }
  return chosen;
}

function isEmpty(parameters: InferParameters): boolean {
  return Object.keys(parameters).length === 0;
}

/**
 * The JSON is put together from texts, because a tensor's values are written much faster by their
 * own array than by way of a plain one.
 */
function encodeMessage(
  head: object,
  key: 'inputs' | 'outputs',
  tensors: readonly Tensor[],
  isBinary: (name: string) => boolean,
  limits = unlimitedAnswer,
): EncodedMessage | ProtocolError {
  const written: Written = { texts: [], tails: [], jsonChars: 0, tailBytes: 0 };
  for (const tensor of tensors) {
    const problem = encodeTensor(tensor, isBinary(tensor.name), written, limits);
    if (problem !== null) return problem;
  }
  const { texts, tails, tailBytes } = written;
  const start = JSON.stringify(head).slice(0, -1);
  const comma = start === '{' ? '' : ',';
  const json = encoder.encode(`${start}${comma}"${key}":[${texts.join()}]}`);
  const tooLong = lengthProblem(json.length, tailBytes, limits);
  if (tooLong !== null) return tooLong;
  return tails.length === 0 ? jsonMessage(json) : binaryMessage(json, tails);
}

/** A message on its way. */
interface Written {
  readonly texts: string[];
  readonly tails: Uint8Array[];
  jsonChars: number;
  tailBytes: number;
}

function lengthProblem(
  jsonLength: number,
  tailBytes: number,
  { maxBytes, maxJsonBytes }: AnswerLimits,
): ProtocolError | null {
  if (jsonLength > maxJsonBytes) return answerTooLarge(maxJsonBytes, adviceForJson);
  if (jsonLength + tailBytes <= maxBytes) return null;
  return answerTooLarge(maxBytes, 'ask for fewer rows or outputs');
}

const adviceForJson = 'ask for binary outputs (binary_data_output), or for fewer rows';

function encodeTensor(
  tensor: Tensor,
  binary: boolean,
  written: Written,
  limits: AnswerLimits,
): ProtocolError | null {
  const { name, datatype, shape } = tensor;
  const wrong = tensorProblem(tensor, elementCount(shape));
  if (wrong !== null) return protocolError(500, `tensor ${quoted(name)} ${wrong}`);
  const start = JSON.stringify({ name, datatype, shape }).slice(0, -1);
  if (binary) {
    const bytes = toWire(tensor);
    written.tailBytes += bytes.length;
    written.tails.push(bytes);
    addText(written, `${start},"parameters":{"binary_data_size":${bytes.length}}}`);
  } else {
    const data = toJson(tensor, limits.maxJsonBytes - written.jsonChars);
    if ('problem' in data) {
      return data.isTooLong === true
        ? answerTooLarge(limits.maxJsonBytes, adviceForJson)
        : protocolError(400, `tensor ${quoted(name)} ${data.problem}`);
    }
    addText(written, `${start},"data":${data.ok}}`);
  }
  return lengthProblem(written.jsonChars, written.tailBytes, limits);
}

function addText(written: Written, text: string): void {
  written.jsonChars += text.length;
  written.texts.push(text);
}

function jsonMessage(json: Uint8Array): EncodedMessage {
  return { headers: { 'content-type': jsonType }, body: json };
}

function binaryMessage(json: Uint8Array, tails: readonly Uint8Array[]): EncodedMessage {
  const body = new Uint8Array(tails.reduce((sum, tail) => sum + tail.length, json.length));
  body.set(json);
  let at = json.length;
  for (const tail of tails) {
    body.set(tail, at);
    at += tail.length;
  }
  const headers = { 'content-type': binaryType, [jsonLengthHeader]: String(json.length) };
  return { headers, body };
}
