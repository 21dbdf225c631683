import type { Tensor, TensorSpec } from '../tensor.ts';

/** Bounds that are checked before the work they bound is done. */
export interface InferLimits {
  /** Whole body: JSON header plus binary tail. */
  readonly maxBodyBytes: number;
  /** The JSON part alone. */
  readonly maxJsonBytes: number;
  /** Nesting of the JSON part, outermost object = 1. */
  readonly maxJsonDepth: number;
  /** Inputs, outputs and requested outputs, each. */
  readonly maxTensors: number;
  readonly maxRank: number;
  /** Elements of one tensor. */
  readonly maxElements: number;
  /** Rows of one request to a model whose first axis is a batch: small ones cost few bytes each. */
  readonly maxRows: number;
  /** Refuse NaN and infinities in binary floats too; JSON cannot carry them at all. */
  readonly requireFinite: boolean;
}

export const defaultInferLimits: InferLimits = {
  maxBodyBytes: 64 * 1024 * 1024,
  maxJsonBytes: 16 * 1024 * 1024,
  maxJsonDepth: 64,
  maxTensors: 64,
  maxRank: 16,
  maxElements: 16 * 1024 * 1024,
  maxRows: 4096,
  requireFinite: true,
};

/** What an answer may become; what is larger is refused before all of it is written. */
export interface AnswerLimits {
  /** Whole body. */
  readonly maxBytes: number;
  /** The JSON part alone: it is written in one go, and nobody else is served meanwhile. */
  readonly maxJsonBytes: number;
}

export const unlimitedAnswer: AnswerLimits = { maxBytes: Infinity, maxJsonBytes: Infinity };

/** A peer's message that is not what the protocol asks for; `error` goes into `{"error": …}`. */
export interface ProtocolError {
  readonly kind: 'protocol-error';
  readonly status: 400 | 404 | 413 | 415 | 500;
  readonly error: string;
  /** For metrics, where it is one that operators want to tell apart. */
  readonly reason?: 'answer_too_large';
}

/** The parameters of a message or tensor: the protocol allows scalars only. */
export type InferParameters = Readonly<Record<string, string | number | boolean>>;

export interface RequestedOutput {
  readonly name: string;
  /** True when the caller wants it in the binary tail. */
  readonly binary: boolean;
}

export interface InferRequest {
  readonly id?: string;
  readonly inputs: readonly Tensor[];
  /** Empty: every output of the model, in the form that `binaryOutput` says. */
  readonly outputs: readonly RequestedOutput[];
  /** `binary_data_output` of the request: the default form of outputs. */
  readonly binaryOutput: boolean;
  /** Without the keys of the binary extension. */
  readonly parameters: InferParameters;
}

export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion?: string;
  readonly id?: string;
  readonly outputs: readonly Tensor[];
  readonly parameters?: InferParameters;
}

/** A message ready to be sent; header names are lower-case. */
export interface EncodedMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What a served model takes and gives; tensors are held against it when it is handed in. */
export interface ModelInterface {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** False: the first axis of its tensors counts no rows. */
  readonly batchAxis?: boolean;
}

export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

export interface ModelMetadata extends ModelInterface {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
}

/** Lower-case header names, as an HTTP server or the http port hands them over. */
export type HeaderMap = Readonly<Record<string, string | readonly string[] | undefined>>;

export function protocolError(status: ProtocolError['status'], error: string): ProtocolError {
  return { kind: 'protocol-error', status, error };
}

/** An answer that would be longer than it may; `advice` says what the caller can do. */
export function answerTooLarge(maxBytes: number, advice: string): ProtocolError {
  const error = `the answer would be longer than ${maxBytes} bytes: ${advice}`;
  return { ...protocolError(400, error), reason: 'answer_too_large' };
}

export function isProtocolError(value: unknown): value is ProtocolError {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'protocol-error'
  );
}
