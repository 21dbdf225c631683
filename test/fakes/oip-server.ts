import type { Tensor } from '../../common/tensor.ts';
import { matchInferRoute } from '../../common/wire/inference-metadata.ts';
import { decodeInferRequest, encodeInferResponse } from '../../common/wire/inference-protocol.ts';
import type { InferRequest, ModelInterface } from '../../common/wire/inference-types.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';

/** What a test changes while the server runs. */
export interface OipServer {
  ready: boolean;
  /** What it says its sha256 is, where Triton says it; null: it has no such route. */
  sha256: string | null;
  /** Multiplies; another factor is another model. */
  factor: number;
  /** `json`: it has no binary extension. */
  binary: boolean;
  /** Whether its metadata describes the model. */
  describes: boolean;
  /** How it answers what it is asked for, `compute` by default. */
  answer: (request: InferRequest) => Promise<OipReply> | OipReply;
  /** Inference requests that it was sent, the probe included, and their headers. */
  readonly asked: Readonly<Record<string, string>>[];
  handle(request: OipRequest): Promise<OipReply>;
}

export interface OipRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface OipReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export const timesInterface: ModelInterface = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 4] }],
};

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** An Open Inference Protocol server without sockets, with one model `times`: y = factor × x. */
export function createOipServer(options: Partial<OipServer> = {}): OipServer {
  const asked: Readonly<Record<string, string>>[] = [];
  const server: OipServer = {
    ready: true,
    sha256: null,
    factor: 2,
    binary: true,
    describes: true,
    answer: (request) => compute(server, request),
    ...options,
    asked,
    handle: async ({ method, path, headers, body }) => {
      if (path === '/v2/models/times/config') return config(server);
      const route = matchInferRoute(method, path);
      if (route.kind === 'model-infer') asked.push(headers);
      if ('model' in route && route.model !== 'times') return { status: 404 };
      switch (route.kind) {
        case 'server-ready':
        case 'model-ready':
          return { status: server.ready ? 200 : 400 };
        case 'server-metadata':
          return ok({ name: 'fake', extensions: server.binary ? ['binary_tensor_data'] : [] });
        case 'model-metadata':
          return ok({ name: 'times', ...(server.describes ? timesInterface : {}) });
        case 'model-infer': {
          const request = decodeInferRequest(body, headers, defaultInferLimits, timesInterface);
          return isProtocolError(request)
            ? { status: 400, body: json({ error: request.error }) }
            : server.answer(request);
        }
        case 'statistics':
        case 'server-live':
        case 'wrong-method':
        case 'no-route':
          return { status: 404 };
      }
    },
  };
  return server;
}

/** The answer with other outputs, for a server that answers nonsense. */
export function replyWith(request: InferRequest, outputs: readonly Tensor[]): OipReply {
  const message = encodeInferResponse({ modelName: 'times', outputs }, request);
  if (isProtocolError(message)) throw new Error(message.error);
  return { status: 200, ...message };
}

export function compute({ factor }: OipServer, request: InferRequest): OipReply {
  const [x] = request.inputs;
  const data = Float32Array.from((x?.data ?? []) as Float32Array, (value) => factor * value);
  return replyWith(request, [{ name: 'y', datatype: 'FP32', shape: x?.shape ?? [], data }]);
}

function config({ sha256 }: OipServer): OipReply {
  if (sha256 === null) return { status: 404 };
  return ok({ name: 'times', parameters: { model_sha256: { string_value: sha256 } } });
}

function ok(value: unknown): OipReply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: json(value) };
}
