import { signRequest } from '../common/wire/btauth.ts';
import { fault, isFault } from '../common/fault.ts';
import type { Fault, FaultReason } from '../common/fault.ts';
import { toHex } from '../common/hex.ts';
import type { HttpClient, HttpResponse } from '../common/http-port.ts';
import { decodeInferResponse, encodeInferRequest } from '../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../common/wire/inference-types.ts';
import type { EncodedMessage } from '../common/wire/inference-types.ts';
import type { Platform } from '../common/platform-port.ts';
import { parseReceipt, receiptSignatureCheck } from '../common/wire/receipt.ts';
import type { Receipt } from '../common/wire/receipt.ts';
import type { SignatureCheck, Signer, Verifier } from '../common/signer-port.ts';
import { publicKeyOf } from '../common/keys/ss58.ts';
import type { Judgement } from '../tasks/task-port.ts';
import { axonUrl } from './address.ts';
import type { AddressPolicy } from './address.ts';
import type { MinerChallenge } from './challenge.ts';
import type { GotAnswer, Outcome, SentRequest } from './outcome.ts';
import type { MinerTarget } from './select.ts';

export interface QueryDeps {
  readonly http: HttpClient;
  readonly signer: Signer;
  readonly verifier: Verifier;
  readonly platform: Platform;
}

export interface QueryOptions {
  readonly addresses: AddressPolicy;
  /** Requests under way at once. */
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly encoding: 'binary' | 'json';
}

interface Prepared {
  readonly item: MinerChallenge;
  readonly headers: Readonly<Record<string, string>>;
  readonly sent: SentRequest;
}

/** One question and what came back over the wire, not judged yet. */
interface Exchange {
  readonly item: MinerChallenge;
  readonly sent: SentRequest | null;
  readonly answer: HttpResponse | Fault;
}

/** An answer whose receipt says the right things; its signature is still to be verified. */
interface Unverified {
  readonly got: GotAnswer;
  readonly receipt: Receipt;
  readonly check: SignatureCheck;
}

/**
 * Asks every miner its own question, all at once up to the concurrency cap. Answers are judged
 * only after the last one is in, so that no miner's latency holds this node's own work, and the
 * receipts are verified together. Whatever a peer does becomes a fault of that peer alone.
 */
export async function queryMiners(
  deps: QueryDeps,
  challenges: readonly MinerChallenge[],
  options: QueryOptions,
  signal?: AbortSignal,
): Promise<readonly Outcome[]> {
  const exchanges = await exchangeAll(deps, challenges, options, signal);
  return judgeAll(deps, exchanges, options);
}

/** Outcomes for the measured miners that serve no axon: one fault for each task. */
export function silentOutcomes(
  targets: readonly MinerTarget[],
  tasks: readonly string[],
): readonly Outcome[] {
  const result = fault('no-axon', 'registered, but serves no axon');
  return targets
    .filter(({ axon }) => axon === null)
    .flatMap(({ uid, hotkey }) =>
      tasks.map((task) => ({ uid, hotkey, task, sent: null, got: null, result })),
    );
}

async function exchangeAll(
  deps: QueryDeps,
  challenges: readonly MinerChallenge[],
  options: QueryOptions,
  signal: AbortSignal | undefined,
): Promise<readonly Exchange[]> {
  const exchanges: Exchange[] = [];
  const width = Math.min(options.concurrency, challenges.length);
  // The first wave is signed before it is sent: signing must not delay the reading of answers.
  const first = challenges.slice(0, width).map((item) => prepare(deps, item, options));
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < challenges.length) {
      const at = next;
      next += 1;
      const item = challenges[at];
      if (item === undefined) return;
      const ready = first[at] ?? prepare(deps, item, options);
      exchanges[at] = await exchange(deps, item, ready, options, signal);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return exchanges;
}

/** The signed request, or why none is sent. */
function prepare(deps: QueryDeps, item: MinerChallenge, options: QueryOptions): Prepared | Fault {
  const url = axonUrl(item.target.axon, options.addresses);
  if (isFault(url)) return url;
  const message = encode(item, options.encoding);
  if (isFault(message)) return message;
  const pathWithQuery = `/v2/models/${encodeURIComponent(item.task.name)}/infer`;
  const bodySha256 = deps.platform.sha256(message.body);
  const nonceNs = deps.platform.clock.nowNs();
  const auth = signRequest({
    method: 'POST',
    pathWithQuery,
    bodySha256,
    signer: deps.signer,
    nonceNs,
    receiver: item.target.hotkey,
  });
  const sha256 = toHex(bodySha256);
  const sent = { url: url + pathWithQuery, nonceNs, sha256, body: message.body };
  return { item, headers: { ...message.headers, ...auth }, sent };
}

function encode(item: MinerChallenge, encoding: QueryOptions['encoding']): EncodedMessage | Fault {
  const binary = encoding === 'binary';
  const request = {
    inputs: item.challenge.inputs,
    outputs: item.task.outputs.map(({ name }) => ({ name, binary })),
    binaryOutput: binary,
    parameters: {},
  };
  const message = encodeInferRequest(request, { binary });
  if (isProtocolError(message)) return fault('cancelled', `not sendable: ${message.error}`);
  return message;
}

async function exchange(
  deps: QueryDeps,
  item: MinerChallenge,
  ready: Prepared | Fault,
  options: QueryOptions,
  signal: AbortSignal | undefined,
): Promise<Exchange> {
  if (isFault(ready)) return { item, sent: null, answer: ready };
  const answer = await deps.http.request({
    method: 'POST',
    url: ready.sent.url,
    headers: ready.headers,
    body: ready.sent.body,
    timeoutMs: options.timeoutMs,
    maxBodyBytes: options.maxAnswerBytes,
    ...(signal === undefined ? {} : { signal }),
  });
  return { item, sent: ready.sent, answer };
}

function judgeAll(
  deps: QueryDeps,
  exchanges: readonly Exchange[],
  options: QueryOptions,
): readonly Outcome[] {
  const read = exchanges.map((one) => readAnswer(deps, one));
  const checks = read.flatMap((one) => (isFault(one) ? [] : [one.check]));
  const verdicts = deps.verifier.verifyBatch(checks);
  let at = 0;
  return exchanges.map((one, index) => {
    const answer = read[index] ?? fault('cancelled', 'not asked');
    if (isFault(answer)) return outcome(one, null, answer);
    const good = verdicts[at] ?? false;
    at += 1;
    if (!good) return outcome(one, answer.got, fault('bad-receipt', 'the signature is wrong'));
    const got = { ...answer.got, receipt: answer.receipt };
    return outcome(one, got, judge(one.item, got, one.answer, options));
  });
}

function outcome(one: Exchange, got: GotAnswer | null, result: Judgement | Fault): Outcome {
  const { uid, hotkey } = one.item.target;
  return { uid, hotkey, task: one.item.task.name, sent: one.sent, got, result };
}

function reasonFor(status: number): FaultReason {
  return status === 401 || status === 403 ? 'not-admitted' : 'http-status';
}

/** The miner's own words stay out of it: they are its to choose. */
function statusText(status: number): string {
  const meanings: Readonly<Record<number, string>> = {
    401: 'it does not accept the signature or the clock',
    403: 'it does not admit this hotkey: no validator permit yet, or too little stake',
    404: 'it serves no such model',
    413: 'the request is too large for it',
    429: 'it is asked too often',
    503: 'it is not ready',
  };
  const meaning = meanings[status];
  return meaning === undefined ? `status ${status}` : `status ${status}: ${meaning}`;
}

/** Status first, then the receipt against this exchange: all that needs no parsing of the body. */
function readAnswer(deps: QueryDeps, { item, sent, answer }: Exchange): Unverified | Fault {
  if (isFault(answer)) return answer;
  if (sent === null) return fault('cancelled', 'nothing was sent');
  if (answer.status !== 200) return fault(reasonFor(answer.status), statusText(answer.status));
  const receipt = parseReceipt(answer.headers);
  if (receipt.kind !== 'receipt') return fault('bad-receipt', receipt.detail);
  const sha256 = toHex(deps.platform.sha256(answer.body));
  const expected = {
    requestNonceNs: sent.nonceNs,
    requestSha256: sent.sha256,
    responseSha256: sha256,
    status: answer.status,
    miner: item.target.hotkey,
    validator: deps.signer.ss58,
    task: item.task.name,
  };
  const check = receiptSignatureCheck(receipt, expected, publicKeyOf(item.target.hotkey));
  if ('kind' in check) return fault('bad-receipt', check.detail);
  const { status, body } = answer;
  // In whole microseconds, as the evidence tells it: points can be computed again from that.
  const latencyMs = Math.round(answer.latencyMs * 1000) / 1000;
  return { got: { status, sha256, body, latencyMs, receipt: null }, receipt, check };
}

function judge(
  item: MinerChallenge,
  got: GotAnswer,
  answer: HttpResponse | Fault,
  options: QueryOptions,
): Judgement | Fault {
  const headers = isFault(answer) ? {} : answer.headers;
  const limits = { ...defaultInferLimits, maxBodyBytes: options.maxAnswerBytes };
  const response = decodeInferResponse(got.body, headers, limits, { outputs: item.task.outputs });
  if (isProtocolError(response)) return fault('bad-answer', response.error);
  return item.task.judge(item.challenge.truth, response.outputs);
}
