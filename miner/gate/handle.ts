import {
  answerTooLarge,
  defaultInferLimits,
  isProtocolError,
} from '../../common/wire/inference-types.ts';
import type {
  AnswerLimits,
  InferLimits,
  ProtocolError,
} from '../../common/wire/inference-types.ts';
import type { Clock } from '../../common/platform-port.ts';
import type { Conversation, FindConversation } from '../entrance/entrance.ts';
import type { MinerMetrics } from '../metrics.ts';
import type { Catalogue, InferOutcome } from '../models/served-model.ts';
import { tooLarge } from './gatekeeper.ts';
import type { Accepted, Gatekeeper } from './gatekeeper.ts';
import { computedReason, refuse, reply } from './http-message.ts';
import type { RawRequest, RawResponse } from './http-message.ts';
import { answerInfo } from './info-routes.ts';
import type { Readiness, StatisticsOf } from './info-routes.ts';
import type { ReceiptDesk } from './receipts.ts';
import type { RefusalLog } from './refusal-log.ts';

export interface HandleDeps {
  readonly clock: Clock;
  readonly gatekeeper: Gatekeeper;
  readonly receipts: ReceiptDesk;
  readonly catalogue: Catalogue;
  /** Asked in order; the first that knows the path answers. */
  readonly conversations: readonly FindConversation[];
  readonly metrics: MinerMetrics;
  readonly refusals: RefusalLog;
  readonly readiness: Readiness;
  /** See `InfoDeps`. */
  readonly statistics?: StatisticsOf | undefined;
}

export interface HandleOptions {
  /** Of this software. */
  readonly version: string;
  readonly maxBodyBytes: number;
  readonly maxAnswerBytes: number;
  /** Of one request. */
  readonly maxRows: number;
  readonly maxWaitMs: number;
}

/** Answers one request. Never rejects for anything that a caller can do. */
export type Handle = (request: RawRequest) => Promise<RawResponse>;

const busyRetryMs = 1000;

interface Context extends HandleDeps {
  readonly options: HandleOptions;
  readonly limits: InferLimits;
  readonly answerLimits: AnswerLimits;
}

/** Raw request in, raw response out; knows no sockets. The stages of a request, in order. */
export function createHandle(deps: HandleDeps, options: HandleOptions): Handle {
  const limits = limitsOf(options);
  const context: Context = { ...deps, options, limits, answerLimits: answerLimitsOf(options) };
  return async (request) => {
    const response = await route(context, request);
    const { status, reason } = response;
    deps.metrics.requests.inc({ status, reason });
    if (status >= 400) deps.refusals.note(status, reason, deps.clock.monotonicMs());
    return response;
  };
}

/** JSON is read in one go, and nobody else is served meanwhile: what is larger comes in binary. */
function limitsOf({ maxBodyBytes, maxRows }: HandleOptions): InferLimits {
  const maxJsonBytes = Math.min(maxBodyBytes, defaultInferLimits.maxJsonBytes);
  return { ...defaultInferLimits, maxBodyBytes, maxJsonBytes, maxRows };
}

/** It is written in one go as well. */
function answerLimitsOf({ maxAnswerBytes: maxBytes }: HandleOptions): AnswerLimits {
  return { maxBytes, maxJsonBytes: Math.min(maxBytes, defaultInferLimits.maxJsonBytes) };
}

function route(context: Context, request: RawRequest): RawResponse | Promise<RawResponse> {
  for (const find of context.conversations) {
    const found = find(request);
    if (found !== undefined) return 'status' in found ? found : infer(context, request, found);
  }
  const { catalogue, readiness, statistics, options } = context;
  return answerInfo({ catalogue, readiness, statistics, version: options.version }, request);
}

async function infer(
  context: Context,
  request: RawRequest,
  conversation: Conversation,
): Promise<RawResponse> {
  // Before anything is waited for: the model must be there when the body is.
  const letGo = conversation.model.holds?.take();
  try {
    return await inferHeld(context, request, conversation);
  } finally {
    letGo?.();
  }
}

async function inferHeld(
  context: Context,
  request: RawRequest,
  conversation: Conversation,
): Promise<RawResponse> {
  const startedMs = context.clock.monotonicMs();
  const dress = (response: RawResponse, accepted: Accepted | null): RawResponse =>
    conversation.dress?.(response, accepted?.claim ?? null, startedMs) ?? response;
  const early = refuseEarly(context, request, conversation);
  if (early !== null) return dress(early, null);
  const accepted = await context.gatekeeper.accept(request, conversation.entrance);
  if (accepted.kind === 'turned-away') return dress(accepted.response, null);
  try {
    const answered = await answer(context, request, conversation, accepted, startedMs);
    return await vouch(context, conversation, accepted, dress(answered, accepted));
  } finally {
    accepted.release();
    context.metrics.requestSeconds.observe((context.clock.monotonicMs() - startedMs) / 1000);
  }
}

/** What can be said from the head of the request alone, before a byte of the body is read. */
function refuseEarly(
  { options, readiness }: Context,
  request: RawRequest,
  { model }: Conversation,
): RawResponse | null {
  const why = readiness.whyClosed() ?? model.notReady();
  if (why !== null) return refuse(503, 'not_ready', why, busyRetryMs);
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return refuse(415, 'encoded', 'compressed bodies are not accepted');
  }
  return (request.contentLength ?? 0) > options.maxBodyBytes
    ? tooLarge(options.maxBodyBytes)
    : null;
}

async function answer(
  context: Context,
  request: RawRequest,
  conversation: Conversation,
  accepted: Accepted,
  startedMs: number,
): Promise<RawResponse> {
  const { clock, limits, metrics, options, gatekeeper } = context;
  const { body, claim, stakeRao } = accepted;
  const decodeFrom = clock.monotonicMs();
  const asked = conversation.decode(body, request.headers, limits);
  const decoded = clock.monotonicMs();
  metrics.stages.decode.observe((decoded - decodeFrom) / 1000);
  if (isProtocolError(asked)) return refuse(asked.status, 'bad_request', asked.error);
  const tooDear = accepted.charge(asked.inputs);
  if (tooDear !== null) return tooDear;
  const outcome = await conversation.model.infer({
    inputs: asked.inputs,
    deadlineMs: startedMs + options.maxWaitMs,
    isGone: () => request.isGone(),
    caller: claim.hotkey,
    stakeRao,
  });
  const computed = clock.monotonicMs();
  metrics.stages.infer.observe((computed - decoded) / 1000);
  const response =
    outcome.kind === 'outputs'
      ? encode(context, conversation, outcome)
      : failure(context, outcome, Math.max(busyRetryMs, gatekeeper.backlogMs()));
  metrics.stages.encode.observe((clock.monotonicMs() - computed) / 1000);
  return response;
}

function encode(
  { answerLimits }: Context,
  conversation: Conversation,
  { outputs }: Extract<InferOutcome, { kind: 'outputs' }>,
): RawResponse {
  const message = conversation.encode(outputs, answerLimits);
  return isProtocolError(message) ? notEncoded(message) : reply(200, computedReason, message);
}

function notEncoded({ status, reason, error }: ProtocolError): RawResponse {
  return refuse(status, reason ?? 'encode', error);
}

async function vouch(
  { receipts, clock, metrics }: Context,
  { model, askedName }: Conversation,
  { claim, bodySha256 }: Accepted,
  response: RawResponse,
): Promise<RawResponse> {
  const from = clock.monotonicMs();
  const { hotkey, nonceNs } = claim;
  const answered = { hotkey, nonceNs, bodySha256, model: askedName, modelSha256: model.sha256 };
  const signed = await receipts.attach(answered, response);
  metrics.stages.receipt.observe((clock.monotonicMs() - from) / 1000);
  return signed;
}

function failure(
  { answerLimits }: Context,
  outcome: Exclude<InferOutcome, { kind: 'outputs' }>,
  retryMs: number,
): RawResponse {
  if (outcome.kind === 'invalid') return refuse(400, 'bad_input', outcome.detail);
  if (outcome.kind === 'failed') return engineFailure(outcome.reason, answerLimits);
  switch (outcome.reason) {
    case 'full': {
      const untilMs = outcome.retryAfterMs ?? retryMs;
      return refuse(429, 'queue_full', 'too many requests wait; try again', untilMs);
    }
    case 'expired':
      return refuse(503, 'queue_expired', 'the request waited too long', retryMs);
    case 'gone':
      return refuse(408, 'gone', 'the caller left');
    case 'closed':
      return refuse(503, 'stopping', 'the miner stops', busyRetryMs);
  }
}

function engineFailure(
  reason: Extract<InferOutcome, { kind: 'failed' }>['reason'],
  { maxBytes }: AnswerLimits,
): RawResponse {
  switch (reason) {
    case 'too-large':
      return notEncoded(answerTooLarge(maxBytes, 'ask for fewer rows'));
    case 'model':
      return refuse(422, 'model', 'the model does not take these inputs');
    case 'memory':
      return refuse(
        413,
        'memory',
        'the model has too little memory for this request: ask for less',
      );
    case 'device':
    case 'broken':
      return refuse(503, 'engine_failed', 'the device of the model failed', busyRetryMs);
    case 'timeout':
      return refuse(503, 'engine_timeout', 'the model took too long', busyRetryMs);
    case 'crashed':
      return refuse(503, 'engine_restarting', 'the model is being restarted', busyRetryMs);
    case 'unavailable':
      return refuse(503, 'engine_unavailable', 'the model cannot be reached now', busyRetryMs);
  }
}
