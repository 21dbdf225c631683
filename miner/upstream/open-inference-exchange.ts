import type { HttpRequest, HttpResponse } from '../../common/http-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import { inferPath } from '../../common/wire/inference-metadata.ts';
import { decodeInferResponse, encodeInferRequest } from '../../common/wire/inference-protocol.ts';
import type {
  EncodedMessage,
  ModelInterface,
  ProtocolError,
} from '../../common/wire/inference-types.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import type { Unreadable } from './try-result.ts';
import { unreadable } from './try-result.ts';

export interface OpenInferenceTarget {
  /** The name of the model at the upstream. */
  readonly model: string;
  readonly version: string | undefined;
  readonly maxResponseBytes: number;
  /** Goes with every request; a key is in here. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A request in the forms that upstreams want, each written once and only if it is wanted. */
export class OpenInferenceRequest {
  readonly #target: OpenInferenceTarget;
  readonly #inputs: readonly Tensor[];
  #binary: EncodedMessage | ProtocolError | undefined;
  #json: EncodedMessage | ProtocolError | undefined;

  constructor(target: OpenInferenceTarget, inputs: readonly Tensor[]) {
    this.#target = target;
    this.#inputs = inputs;
  }

  /** An error when JSON cannot carry the values. */
  encoded(binary: boolean): EncodedMessage | ProtocolError {
    if (binary) return (this.#binary ??= encode(this.#inputs, true));
    return (this.#json ??= encode(this.#inputs, false));
  }

  to(url: string, message: EncodedMessage): Omit<HttpRequest, 'timeoutMs' | 'signal'> {
    const { headers, maxResponseBytes, model, version } = this.#target;
    return {
      method: 'POST',
      url: `${url}${inferPath(model, version)}`,
      headers: { ...headers, ...message.headers },
      body: message.body,
      maxBodyBytes: maxResponseBytes,
    };
  }
}

function encode(inputs: readonly Tensor[], binary: boolean): EncodedMessage | ProtocolError {
  const request = { inputs, outputs: [], binaryOutput: binary, parameters: {} };
  return encodeInferRequest(request, { binary });
}

export interface ReadOptions {
  readonly maxResponseBytes: number;
  /** The first axis of every tensor is a batch: answers have as many rows as the request. */
  readonly batchAxis: boolean;
}

/**
 * The outputs of an answer, all of them, as the interface says and in its order; values are
 * finite.
 */
export function readOutputs(
  response: HttpResponse,
  model: ModelInterface,
  inputs: readonly Tensor[],
  { maxResponseBytes, batchAxis }: ReadOptions,
): { readonly outputs: readonly Tensor[] } | Unreadable {
  const limits = {
    ...defaultInferLimits,
    maxBodyBytes: maxResponseBytes,
    maxJsonBytes: maxResponseBytes,
  };
  const answer = decodeInferResponse(response.body, response.headers, limits, model);
  if (isProtocolError(answer)) return unreadable(answer.error);
  const outputs: Tensor[] = [];
  for (const spec of model.outputs) {
    const output = answer.outputs.find(({ name }) => name === spec.name);
    if (output === undefined) return unreadable(`output ${spec.name} is missing`);
    if (batchAxis && spec.shape[0] === -1 && output.shape[0] !== inputs[0]?.shape[0]) {
      return unreadable(`output ${spec.name} has another number of rows than the request`);
    }
    outputs.push(output);
  }
  return { outputs };
}
