import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { InferRoute } from '../../common/wire/inference-metadata.ts';
import {
  encodeModelMetadata,
  encodeServerMetadata,
  matchInferRoute,
} from '../../common/wire/inference-metadata.ts';
import {
  decodeInferRequest,
  encodeError,
  encodeInferResponse,
} from '../../common/wire/inference-protocol.ts';
import type {
  EncodedMessage,
  HeaderMap,
  ModelMetadata,
} from '../../common/wire/inference-types.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import { datatypes } from '../../common/tensor.ts';

export type Answer = EncodedMessage & { readonly status: number };

/** Stands before inference: refuses a request, or hands on the answer with its receipt. */
export type Gate = (
  request: { readonly url: string; readonly headers: HeaderMap; readonly body: Uint8Array },
  infer: () => Answer,
) => Answer;

/** Models `echo_FP32` and so on: output `y` is input `x`, of shape [-1, 3]. */
const models = new Map<string, ModelMetadata>(
  datatypes.map((datatype) => [
    `echo_${datatype}`,
    {
      name: `echo_${datatype}`,
      versions: ['1'],
      platform: 'echo',
      inputs: [{ name: 'x', datatype, shape: [-1, 3] }],
      outputs: [{ name: 'y', datatype, shape: [-1, 3] }],
    },
  ]),
);

export interface EchoServer {
  readonly host: string;
  close(): Promise<void>;
}

/** A server of nothing but the protocol's codec, so that a foreign client meets every datatype. */
export async function startEchoServer(gate?: Gate): Promise<EchoServer> {
  const server = createServer((request, response) => void serve(request, response, gate));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gate | undefined,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { status, headers, body } = answer(request, Buffer.concat(chunks), gate);
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}

function answer(request: IncomingMessage, body: Uint8Array, gate: Gate | undefined): Answer {
  const { url = '', headers } = request;
  const route = matchInferRoute(request.method ?? '', url);
  if (!('model' in route) || route.kind === 'statistics') return answerServer(route);
  const infer = (): Answer => answerModel(route, request, body);
  return route.kind === 'model-infer' && gate !== undefined
    ? gate({ url, headers, body }, infer)
    : infer();
}

function answerServer(route: InferRoute): Answer {
  if (route.kind === 'server-live' || route.kind === 'server-ready') return ok(empty);
  if (route.kind === 'server-metadata') {
    return ok(
      encodeServerMetadata({ name: 'echo', version: '1', extensions: ['binary_tensor_data'] }),
    );
  }
  return refuse(404, 'no route');
}

function answerModel(
  route: Extract<InferRoute, { model: string }>,
  request: IncomingMessage,
  body: Uint8Array,
): Answer {
  const model = models.get(route.model);
  if (model === undefined) return refuse(404, `unknown model '${route.model}'`);
  if (route.kind === 'model-ready') return ok(empty);
  if (route.kind === 'model-metadata') return ok(encodeModelMetadata(model));
  return echo(model, request, body);
}

function echo(model: ModelMetadata, request: IncomingMessage, body: Uint8Array): Answer {
  const decoded = decodeInferRequest(body, request.headers, defaultInferLimits, model);
  if (isProtocolError(decoded)) return refuse(decoded.status, decoded.error);
  const outputs = decoded.inputs.map((tensor) => ({ ...tensor, name: 'y' }));
  const id = decoded.id === undefined ? {} : { id: decoded.id };
  const message = encodeInferResponse(
    { modelName: model.name, modelVersion: '1', ...id, outputs },
    decoded,
  );
  return isProtocolError(message) ? refuse(message.status, message.error) : ok(message);
}

const empty: EncodedMessage = { headers: {}, body: new Uint8Array() };

function ok(message: EncodedMessage): Answer {
  return { status: 200, ...message };
}

export function refuse(status: number, error: string): Answer {
  return { status, ...encodeError(error) };
}
