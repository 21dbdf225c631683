import type { FlatNumbers, Lifted } from './flat-numbers.ts';
import { hasTail, whyNoJson } from './json-fault.ts';
import { isDeeperThan, parseLossless } from './json-lossless.ts';
import type {
  HeaderMap,
  InferLimits,
  InferParameters,
  ModelInterface,
  ProtocolError,
} from './inference-types.ts';
import { isProtocolError, protocolError } from './inference-types.ts';
import { fromWire, isFiniteTensor } from './tensor-codec.ts';
import { fromJson, fromNumbers, hasLoneSurrogate, needsLossless } from './tensor-json.ts';
import type { Datatype, Tensor, TensorData, TensorSpec } from '../tensor.ts';
import { datatypes, elementCount, fitsShape } from '../tensor.ts';

export const jsonLengthHeader = 'inference-header-content-length';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A message taken apart: its JSON, and the bytes behind it. */
export interface Envelope {
  readonly json: JsonObject;
  /** The JSON as it is written; without its long arrays where they were read apart. */
  readonly text: string;
  readonly tail: Uint8Array;
  /** The long arrays that were read apart. */
  readonly lifted?: Lifted;
}

/**
 * Takes a body apart, reads its JSON and hands it to `read`; a second time, with whole integers,
 * when `read` asks for that. Lengths and depth are checked before anything is parsed. With
 * `numbers`, long arrays are read apart; what comes out is the same.
 */
export function readMessage<T>(
  body: Uint8Array,
  headers: HeaderMap,
  limits: InferLimits,
  read: (envelope: Envelope) => T | ProtocolError | typeof needsLossless,
  numbers?: FlatNumbers,
): T | ProtocolError {
  const split = splitBody(plain(body), headers, limits);
  if (isProtocolError(split)) return split;
  const lifted = numbers?.lift(split.json) ?? null;
  const first = readJson(split, lifted, limits, read);
  if (first === notJson) return noJson(split.json, headers);
  if (first !== needsLossless) return first;
  const text = decodeUtf8(split.json) ?? '';
  const second = read({ json: parseLossless(text) as JsonObject, text, tail: split.tail });
  if (second !== needsLossless) return second;
  return protocolError(400, 'a 64-bit integer is not written as plain digits');
}

/** The two parts of a body. */
interface Split {
  readonly json: Uint8Array;
  readonly tail: Uint8Array;
}

function readJson<T>(
  { json: bytes, tail }: Split,
  lifted: Lifted | null,
  limits: InferLimits,
  read: (envelope: Envelope) => T | ProtocolError | typeof needsLossless,
): T | ProtocolError | typeof needsLossless | typeof notJson {
  const text = lifted === null ? decodeUtf8(bytes) : lifted.text;
  if (text === null) return notJson;
  if (isDeeperThan(text, limits.maxJsonDepth)) {
    return protocolError(400, `the JSON part nests deeper than ${limits.maxJsonDepth}`);
  }
  const json = parse(text);
  if (json === notJson) return notJson;
  if (!isObject(json)) return protocolError(400, 'the JSON part is not an object');
  return read({ json, text, tail, ...(lifted !== null && { lifted }) });
}

/** The same bytes without the habits of Node's Buffer, whose `slice` does not copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function splitBody(
  body: Uint8Array,
  headers: HeaderMap,
  limits: InferLimits,
): Split | ProtocolError {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return protocolError(415, 'compressed bodies are not accepted');
  }
  if (body.length > limits.maxBodyBytes) return tooLarge('the body', limits.maxBodyBytes);
  const length = jsonLength(body, headers);
  if (length === null) {
    return protocolError(400, `${jsonLengthHeader} must be a number of bytes within the body`);
  }
  if (length > limits.maxJsonBytes) return tooLarge('the JSON part', limits.maxJsonBytes);
  return { json: body.subarray(0, length), tail: body.subarray(length) };
}

function tooLarge(what: string, limit: number): ProtocolError {
  return protocolError(413, `${what} is longer than ${limit} bytes`);
}

/** Without the header the whole body is JSON. */
function jsonLength(body: Uint8Array, headers: HeaderMap): number | null {
  const text = headers[jsonLengthHeader];
  if (text === undefined) return body.length;
  if (typeof text !== 'string' || !/^[0-9]{1,15}$/.test(text)) return null;
  const length = Number(text);
  return length <= body.length ? length : null;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

const notJson = Symbol('not JSON');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return notJson;
  }
}

/** Looks for the reason in the bytes as they came: they may have been read in two ways. */
function noJson(bytes: Uint8Array, headers: HeaderMap): ProtocolError {
  if (headers[jsonLengthHeader] !== undefined || !hasTail(bytes)) {
    return protocolError(400, `the JSON part ${whyNoJson(bytes)}`);
  }
  const advice = `data behind the JSON needs the header ${jsonLengthHeader}`;
  return protocolError(400, `the body cannot be parsed: ${advice}`);
}

export function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** A text that can be sent on as UTF-8 and in one line of a log. */
export function isName(json: unknown): json is string {
  return (
    typeof json === 'string' && json.length > 0 && json.length <= maxNameChars && isPlain(json)
  );
}

const maxNameChars = 1024;

/** Why a text that is not empty is no name. */
export function nameProblem(json: unknown): string {
  if (typeof json !== 'string') return 'must be a string';
  return json.length > maxNameChars
    ? `must be a string of at most ${maxNameChars} characters, not ${json.length}`
    : 'must be a string of one line, without control characters or halves of pairs';
}

// Control characters have no place in names, and could forge lines in logs.
function isPlain(text: string): boolean {
  return !/[\p{Cc}]/u.test(text) && !hasLoneSurrogate(text);
}

/** A name from the network as it may stand in an error. */
export function quoted(name: string): string {
  return `'${name.length > 100 ? `${name.slice(0, 100)}…` : name}'`;
}

/** Bytes behind the JSON, taken in the order in which the JSON names them. */
export class Tail {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array | null {
    if (length > this.left) return null;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Reads all tensors of `inputs` or `outputs`, and sees to it that they use up the tail. */
export function readTensors(
  json: unknown,
  tailBytes: Uint8Array,
  limits: InferLimits,
  what: 'input' | 'output',
  lifted?: Lifted,
): Tensor[] | ProtocolError | typeof needsLossless {
  if (!Array.isArray(json)) return protocolError(400, `there is no "${what}s" array`);
  if (json.length > limits.maxTensors) return protocolError(400, `too many ${what}s`);
  const tail = new Tail(tailBytes);
  const tensors: Tensor[] = [];
  for (const item of json) {
    const tensor = readTensor(item, tail, limits, what, lifted);
    if (tensor === needsLossless || isProtocolError(tensor)) return tensor;
    if (tensors.some(({ name }) => name === tensor.name)) return named(what, tensor, 'comes twice');
    tensors.push(tensor);
  }
  if (tail.left === 0) return tensors;
  return protocolError(400, `${tail.left} bytes of the body belong to no ${what}`);
}

function named(what: string, tensor: { name: string }, problem: string): ProtocolError {
  return protocolError(400, `${what} ${quoted(tensor.name)} ${problem}`);
}

function readTensor(
  json: unknown,
  tail: Tail,
  limits: InferLimits,
  what: string,
  lifted: Lifted | undefined,
): Tensor | ProtocolError | typeof needsLossless {
  if (!isObject(json)) return protocolError(400, `an ${what} is not an object`);
  const head = readHead(json, limits, what);
  if (isProtocolError(head)) return head;
  const data = readData(json, head, tail, limits, lifted);
  if (data === needsLossless) return data;
  if ('problem' in data) return named(what, head, data.problem);
  return { name: head.name, datatype: head.datatype, shape: head.shape, data: data.ok };
}

interface TensorHead extends TensorSpec {
  readonly count: number;
}

function readHead(json: JsonObject, limits: InferLimits, what: string): TensorHead | ProtocolError {
  const { name, datatype, shape } = json as { name?: unknown; datatype?: unknown; shape?: unknown };
  if (!isName(name)) return protocolError(400, `an ${what} has no proper "name"`);
  if (!isDatatype(datatype)) return named(what, { name }, 'has an unknown "datatype"');
  if (!isShape(shape, limits)) {
    return named(what, { name }, shapeProblem(shape, limits));
  }
  const count = elementCount(shape);
  return count <= limits.maxElements
    ? { name, datatype, shape, count }
    : named(what, { name }, `has more than ${limits.maxElements} elements`);
}

const known: ReadonlySet<unknown> = new Set(datatypes);

function isDatatype(json: unknown): json is Datatype {
  return known.has(json);
}

/** With each length a safe integer, `elementCount` can only be exact or too large. */
function isShape(json: unknown, limits: InferLimits): json is number[] {
  return Array.isArray(json) && json.length <= limits.maxRank && json.every(isLength);
}

function shapeProblem(json: unknown, { maxRank }: InferLimits): string {
  if (!Array.isArray(json)) return `needs a "shape" of at most ${maxRank} lengths`;
  if (json.length > maxRank)
    return `has a "shape" of ${json.length} axes, at most ${maxRank} may be`;
  const axis = json.findIndex((length) => !isLength(length));
  const most = Number.MAX_SAFE_INTEGER;
  return `needs whole numbers from 0 to ${most} in its "shape", and axis ${axis} is ${shown(json[axis])}`;
}

/** A number as it is; of all else only what it is. */
function shown(json: unknown): string {
  return typeof json === 'number' ? String(json) : `of type ${typeof json}`;
}

function isLength(json: unknown): boolean {
  return Number.isSafeInteger(json) && Number(json) >= 0;
}

type Data = { readonly ok: TensorData } | { readonly problem: string } | typeof needsLossless;

/** Values that come as JSON are finite: their reader refuses what does not fit the datatype. */
function readData(
  json: JsonObject,
  head: TensorHead,
  tail: Tail,
  limits: InferLimits,
  lifted: Lifted | undefined,
): Data {
  const size = binarySize(json);
  if (size === undefined) return readValues(json['data'], head, lifted);
  if (size === null) return { problem: 'has a "binary_data_size" that is no number of bytes' };
  if (json['data'] !== undefined) return { problem: 'has both "data" and "binary_data_size"' };
  const bytes = tail.take(size);
  if (bytes === null) return { problem: 'has a "binary_data_size" beyond the end of the body' };
  const data = fromWire(head.datatype, bytes, head.count);
  if ('problem' in data || !limits.requireFinite) return data;
  return isFiniteTensor(head.datatype, data.ok) ? data : { problem: 'holds NaN or infinity' };
}

function readValues(json: unknown, head: TensorHead, lifted: Lifted | undefined): Data {
  const numbers = lifted?.numbersOf(json);
  return numbers === undefined
    ? fromJson(head.datatype, json, head.count)
    : fromNumbers(head.datatype, numbers, head.count);
}

/** Undefined: not sent in binary; null: not a size. */
function binarySize(json: JsonObject): number | null | undefined {
  const parameters = json['parameters'];
  const size = isObject(parameters) ? parameters['binary_data_size'] : undefined;
  if (size === undefined) return undefined;
  return Number.isSafeInteger(size) && Number(size) >= 0 ? Number(size) : null;
}

/** The scalars of a `parameters` object, without the keys in `reserved`; null when it is not one. */
export function readParameters(json: unknown, reserved: readonly string[]): InferParameters | null {
  if (json === undefined) return {};
  if (!isObject(json)) return null;
  const entries = Object.entries(json).filter(([key]) => !reserved.includes(key));
  return entries.every(isScalarEntry) ? Object.fromEntries(entries.map(plainEntry)) : null;
}

type Scalar = string | number | boolean | bigint;

function isScalarEntry(entry: [string, unknown]): entry is [string, Scalar] {
  const type = typeof entry[1];
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'bigint';
}

function plainEntry([key, value]: [string, Scalar]): [string, string | number | boolean] {
  return [key, typeof value === 'bigint' ? Number(value) : value];
}

/** The first way in which tensors are not what the specs ask for, or null. */
export function misfit(
  tensors: readonly Tensor[],
  specs: readonly TensorSpec[],
  what: 'input' | 'output',
): ProtocolError | null {
  for (const tensor of tensors) {
    const spec = specs.find(({ name }) => name === tensor.name);
    if (spec === undefined) return named(what, tensor, 'is not one of the model');
    const problem = specProblem(tensor, spec) ?? emptyProblem(tensor, what);
    if (problem !== null) return named(what, tensor, problem);
  }
  const absent = specs.find(({ name }) => !tensors.some((tensor) => tensor.name === name));
  return absent === undefined ? null : named(what, absent, 'is missing');
}

/** The input with more rows than one request may have, as a refusal; null when there is none. */
export function tooManyRows(
  inputs: readonly Tensor[],
  model: ModelInterface,
  { maxRows }: InferLimits,
): ProtocolError | null {
  if (model.batchAxis === false) return null;
  const isFree = (name: string): boolean =>
    model.inputs.some((spec) => spec.name === name && spec.shape[0] === -1);
  const long = inputs.find(({ name, shape }) => (shape[0] ?? 0) > maxRows && isFree(name));
  return long === undefined
    ? null
    : named('input', long, `has ${long.shape[0]} rows, and one request at most ${maxRows}`);
}

/** Nothing to compute, and yet as large as the other axes say. */
function emptyProblem({ shape }: Tensor, what: 'input' | 'output'): string | null {
  return what === 'input' && shape.includes(0) ? 'has an axis without elements' : null;
}

function specProblem(tensor: Tensor, spec: TensorSpec): string | null {
  if (tensor.datatype !== spec.datatype) {
    return `must be ${spec.datatype}, not ${tensor.datatype}`;
  }
  return fitsShape(spec.shape, tensor.shape)
    ? null
    : `must have shape [${spec.shape.join()}], not [${tensor.shape.join()}]`;
}
