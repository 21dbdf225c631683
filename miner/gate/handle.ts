import type { Ss58 } from '../../common/brand.ts';
import type {
  AuthClaim,
  AuthedRequest,
  AuthPolicy,
  KeyedAddress,
} from '../../common/wire/btauth.ts';
import { keyOfAddress, readAuth, settleAuth, signatureCheckOf } from '../../common/wire/btauth.ts';
import { toHex } from '../../common/hex.ts';
import {
  encodeModelMetadata,
  encodeServerMetadata,
  matchInferRoute,
} from '../../common/wire/inference-metadata.ts';
import type { InferRoute } from '../../common/wire/inference-metadata.ts';
import { decodeInferRequest, encodeInferResponse } from '../../common/wire/inference-protocol.ts';
import type { InferLimits, InferRequest } from '../../common/wire/inference-types.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import type { Platform } from '../../common/platform-port.ts';
import { receiptHeaders, signReceipt } from '../../common/wire/receipt.ts';
import type { ReplayMemory } from '../../common/wire/replay.ts';
import type { Signer } from '../../common/signer-port.ts';
import { admit } from './admit.ts';
import type { AdmitPolicy, CallerDirectory } from './admit.ts';
import type { BatchOutcome, Batcher } from '../batch/batcher.ts';
import type { ModelInfo, RunFailure } from '../engine/engine-port.ts';
import { refuse, reply } from './http-message.ts';
import type { RawRequest, RawResponse } from './http-message.ts';
import type { MinerMetrics } from '../metrics.ts';
import { createRateLimiter } from './rate-limit.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { VerifyQueue } from './verify-queue.ts';

export interface HandleDeps {
  readonly platform: Platform;
  readonly signer: Signer;
  readonly replay: ReplayMemory;
  readonly verifyQueue: VerifyQueue;
  readonly batcher: Batcher;
  readonly model: ModelInfo;
  readonly metrics: MinerMetrics;
  /** The callers that the chain knows; null until it was read. */
  readonly directory: () => CallerDirectory | null;
  /** Why no request can be answered now, or null. */
  readonly notReady: () => string | null;
}

export interface HandleOptions {
  /** Model name in the protocol. */
  readonly task: string;
  readonly modelSha256: string;
  readonly version: string;
  /** Requests signed before this are refused (`restartFloorNs`). */
  readonly notBeforeNs: bigint;
  readonly maxBodyBytes: number;
  readonly maxWaitMs: number;
  readonly admission: AdmitPolicy;
  readonly ratePerSecond: number;
  readonly burst: number;
  /** Of one hotkey at a time. */
  readonly maxInFlight: number;
}

/** Answers one request. Never rejects for anything that a caller can do. */
export type Handle = (request: RawRequest) => Promise<RawResponse>;

/** A wrong signature costs as much as a good one: from one address, this many may be tried. */
const badSignatures = { ratePerSecond: 20, burst: 100, maxKeys: 10_000 };
const maxRememberedCallers = 10_000;
const busyRetryMs = 1000;

interface Context extends HandleDeps {
  readonly options: HandleOptions;
  readonly auth: AuthPolicy;
  readonly limits: InferLimits;
  readonly perHotkey: RateLimiter;
  readonly badByAddress: RateLimiter;
  readonly inFlight: Map<string, number>;
}

/** A request whose signature, caller and nonce were good. */
interface Accepted {
  readonly authed: AuthedRequest;
  readonly body: Uint8Array;
  readonly bodySha256: Uint8Array;
}

/** Raw request in, raw response out; knows no sockets. */
export function createHandle(deps: HandleDeps, options: HandleOptions): Handle {
  const { ratePerSecond, burst, maxBodyBytes } = options;
  const context: Context = {
    ...deps,
    options,
    auth: {
      receiver: deps.signer.ss58,
      keyOf: rememberKeys(deps.directory),
      notBeforeNs: options.notBeforeNs,
    },
    limits: { ...defaultInferLimits, maxBodyBytes, maxJsonBytes: maxBodyBytes },
    perHotkey: createRateLimiter({ ratePerSecond, burst, maxKeys: maxRememberedCallers }),
    badByAddress: createRateLimiter(badSignatures),
    inFlight: new Map(),
  };
  return async (request) => {
    const response = await route(context, request);
    const { status, reason } = response;
    deps.metrics.requests.inc({ status, reason });
    return response;
  };
}

/** Decoding an address costs a hash; those of registered callers are decoded once. */
function rememberKeys(
  directory: HandleDeps['directory'],
): (address: string) => KeyedAddress | undefined {
  const known = new Map<string, KeyedAddress>();
  return (address) => {
    const found = known.get(address) ?? keyOfAddress(address);
    if (found !== undefined && directory()?.has(address) === true) {
      if (known.size >= maxRememberedCallers) known.clear();
      known.set(address, found);
    }
    return found;
  };
}

function route(context: Context, request: RawRequest): RawResponse | Promise<RawResponse> {
  const { options, model } = context;
  const found = matchInferRoute(request.method, request.path);
  if ('model' in found && !servesModel(found, options)) {
    return refuse(404, 'no_model', `this miner serves ${options.task} only`);
  }
  switch (found.kind) {
    case 'no-route':
      return refuse(404, 'no_route', 'no such path');
    case 'wrong-method': {
      const refusal = refuse(405, 'wrong_method', `use ${found.allow}`);
      return { ...refusal, headers: { ...refusal.headers, allow: found.allow } };
    }
    case 'server-live':
      return reply(200, 'live', empty);
    case 'server-ready':
    case 'model-ready':
      return readiness(context);
    case 'server-metadata':
      return reply(200, 'metadata', encodeServerMetadata(serverMetadata(options)));
    case 'model-metadata':
      return reply(200, 'metadata', encodeModelMetadata(modelMetadata(options, model)));
    case 'model-infer':
      return infer(context, request);
  }
}

const empty = { headers: {}, body: new Uint8Array() };

function servesModel(
  route: Extract<InferRoute, { model: string }>,
  { task }: HandleOptions,
): boolean {
  return route.model === task && (route.version === null || route.version === modelVersion);
}

const modelVersion = '1';

function readiness({ notReady }: Context): RawResponse {
  const why = notReady();
  return why === null ? reply(200, 'ready', empty) : refuse(503, 'not_ready', why, busyRetryMs);
}

function serverMetadata({ version }: HandleOptions) {
  return { name: 'subnet-suite', version, extensions: ['binary_tensor_data'] };
}

function modelMetadata({ task }: HandleOptions, { inputs, outputs }: ModelInfo) {
  const platform = 'onnxruntime_onnx';
  return { name: task, versions: [modelVersion], platform, inputs, outputs };
}

async function infer(context: Context, request: RawRequest): Promise<RawResponse> {
  const started = context.platform.clock.monotonicMs();
  const early = refuseEarly(context, request);
  if (early !== null) return early;
  const accepted = await accept(context, request);
  if ('status' in accepted) return accepted;
  const { hotkey } = accepted.authed;
  const { inFlight } = context;
  inFlight.set(hotkey, (inFlight.get(hotkey) ?? 0) + 1);
  try {
    return signed(context, accepted, await answer(context, request, accepted, started));
  } finally {
    const left = (inFlight.get(hotkey) ?? 1) - 1;
    if (left > 0) inFlight.set(hotkey, left);
    else inFlight.delete(hotkey);
    context.metrics.requestSeconds.observe((context.platform.clock.monotonicMs() - started) / 1000);
  }
}

/** What can be said from the head of the request alone, before a byte of the body is read. */
function refuseEarly(context: Context, request: RawRequest): RawResponse | null {
  const { maxBodyBytes } = context.options;
  const why = context.notReady();
  if (why !== null) return refuse(503, 'not_ready', why, busyRetryMs);
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return refuse(415, 'encoded', 'compressed bodies are not accepted');
  }
  return (request.contentLength ?? 0) > maxBodyBytes ? tooLarge(maxBodyBytes) : null;
}

function tooLarge(maxBytes: number): RawResponse {
  return refuse(413, 'too_large', `the body may have at most ${maxBytes} bytes`);
}

/** Verify, admit, then spend the nonce: a stranger's good signature costs no memory. */
async function accept(context: Context, request: RawRequest): Promise<Accepted | RawResponse> {
  const { platform, auth, badByAddress } = context;
  const claim = readAuth(request.headers, auth, platform.clock.nowNs());
  if (claim.kind === 'auth-refusal') return refuse(claim.status, claim.name, claim.reason);
  const waitMs = badByAddress.peek(request.remoteAddress, platform.clock.monotonicMs());
  if (waitMs > 0) {
    return refuse(429, 'bad_signatures', 'too many wrong signatures from this address', waitMs);
  }
  const body = await request.readBody(context.options.maxBodyBytes);
  if (body === 'gone') return refuse(408, 'gone', 'the body did not arrive');
  if (body === 'too-large') return tooLarge(context.options.maxBodyBytes);
  const bodySha256 = platform.sha256(body);
  const authed = await authenticate(context, request, claim, bodySha256);
  return 'status' in authed ? authed : { authed, body, bodySha256 };
}

async function authenticate(
  context: Context,
  request: RawRequest,
  claim: AuthClaim,
  bodySha256: Uint8Array,
): Promise<AuthedRequest | RawResponse> {
  const { platform, replay } = context;
  const parts = { method: request.method, pathWithQuery: request.path, bodySha256 };
  const good = await context.verifyQueue.verify(signatureCheckOf(claim, parts));
  if (!good) context.badByAddress.take(request.remoteAddress, platform.clock.monotonicMs());
  const barred = good ? bar(context, claim.hotkey) : null;
  if (barred !== null) return barred;
  const settled = settleAuth(claim, good, replay, platform.clock.nowNs());
  context.metrics.replayEntries.set(replay.size);
  return settled.kind === 'authed' ? settled : refuse(settled.status, settled.name, settled.reason);
}

/** Reasons against a caller whose signature is good. */
function bar(context: Context, hotkey: Ss58): RawResponse | null {
  const { options, inFlight } = context;
  const admission = admit(options.admission, context.directory(), hotkey);
  if (admission.kind === 'refused') {
    const { status, reason, detail } = admission;
    return refuse(status, reason, detail, status === 503 ? busyRetryMs : undefined);
  }
  if ((inFlight.get(hotkey) ?? 0) >= options.maxInFlight) {
    const text = `at most ${options.maxInFlight} requests of one hotkey at a time`;
    return refuse(429, 'in_flight', text, busyRetryMs);
  }
  const waitMs = context.perHotkey.take(hotkey, context.platform.clock.monotonicMs());
  if (waitMs === 0) return null;
  return refuse(429, 'rate', `at most ${options.ratePerSecond} requests a second`, waitMs);
}

async function answer(
  context: Context,
  request: RawRequest,
  { body }: Accepted,
  startedMs: number,
): Promise<RawResponse> {
  const { batcher, limits, model, options } = context;
  const decoded = decodeInferRequest(body, request.headers, limits, model);
  if (isProtocolError(decoded)) return refuse(decoded.status, 'bad_request', decoded.error);
  const outcome = await batcher.submit({
    inputs: decoded.inputs,
    deadlineMs: startedMs + options.maxWaitMs,
    isGone: () => request.isGone(),
  });
  return outcome.kind === 'outputs' ? encode(options, decoded, outcome) : failure(outcome);
}

function encode(
  { task }: HandleOptions,
  request: InferRequest,
  { outputs }: Extract<BatchOutcome, { kind: 'outputs' }>,
): RawResponse {
  const id = request.id === undefined ? {} : { id: request.id };
  const response = { modelName: task, modelVersion, ...id, outputs };
  const message = encodeInferResponse(response, request);
  if (isProtocolError(message)) return refuse(message.status, 'encode', message.error);
  return reply(200, 'ok', message);
}

function failure(outcome: Exclude<BatchOutcome, { kind: 'outputs' }>): RawResponse {
  if (outcome.kind === 'failed') return engineFailure(outcome);
  switch (outcome.reason) {
    case 'full':
      return refuse(429, 'queue_full', 'too many requests wait; try again', busyRetryMs);
    case 'expired':
      return refuse(503, 'queue_expired', 'the request waited too long', busyRetryMs);
    case 'gone':
      return refuse(408, 'gone', 'the caller left');
    case 'closed':
      return refuse(503, 'stopping', 'the miner stops', busyRetryMs);
  }
}

function engineFailure({ reason }: RunFailure): RawResponse {
  switch (reason) {
    case 'model':
      return refuse(422, 'model', 'the model does not take these inputs');
    case 'timeout':
      return refuse(503, 'engine_timeout', 'the model took too long', busyRetryMs);
    case 'crashed':
    case 'unavailable':
      return refuse(503, 'engine_restarting', 'the model is being restarted', busyRetryMs);
  }
}

/** Whatever was answered to a signed request is the miner's word: it carries a receipt. */
function signed(context: Context, accepted: Accepted, response: RawResponse): RawResponse {
  const { platform, signer, options } = context;
  const receipt = signReceipt(
    {
      requestNonceNs: accepted.authed.nonceNs,
      requestSha256: toHex(accepted.bodySha256),
      responseSha256: toHex(platform.sha256(response.body)),
      status: response.status,
      task: options.task,
      modelSha256: response.status === 200 ? options.modelSha256 : '-',
      miner: signer.ss58,
      validator: accepted.authed.hotkey,
      timeNs: platform.clock.nowNs(),
    },
    signer,
  );
  return { ...response, headers: { ...response.headers, ...receiptHeaders(receipt) } };
}
