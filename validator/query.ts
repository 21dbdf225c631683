import { fault, isFault } from '../common/fault.ts';
import type { Fault, FaultReason } from '../common/fault.ts';
import { toHex } from '../common/hex.ts';
import type { HttpClient, HttpResponse } from '../common/http-port.ts';
import type { Platform } from '../common/platform-port.ts';
import { parseReceipt, receiptSignatureCheck } from '../common/wire/receipt.ts';
import type { Receipt } from '../common/wire/receipt.ts';
import type { SignatureCheck, Signer, Verifier } from '../common/signer-port.ts';
import { publicKeyOf } from '../common/keys/ss58.ts';
import { axonUrl } from './address.ts';
import type { AddressPolicy } from './address.ts';
import type { MinerChallenge } from './challenge.ts';
import { judgeAnswer } from './judge-answer.ts';
import type { Verdict } from './judge-answer.ts';
import type { GotAnswer, Outcome, SentRequest } from './outcome.ts';
import type { MinerTarget } from './select.ts';
import type { QueryWire } from './wire/query-wire.ts';

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
  readonly wire: QueryWire;
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
  /** Null where the wire does without one and the miner gave none. */
  readonly receipt: Receipt | null;
  readonly check: SignatureCheck | null;
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
  const { axon, tlsKey } = item.target;
  const url = axonUrl(axon, options.addresses, tlsKey === undefined ? 'http' : 'https');
  if (isFault(url)) return url;
  const request = options.wire.write(item, deps);
  if (isFault(request)) return request;
  const { pathWithQuery, headers, body, nonceNs } = request;
  const sha256 = toHex(deps.platform.sha256(body));
  return { item, headers, sent: { url: url + pathWithQuery, nonceNs, sha256, body } };
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
    ...(item.target.tlsKey !== undefined && { tlsKey: item.target.tlsKey }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { item, sent: ready.sent, answer };
}

function judgeAll(
  deps: QueryDeps,
  exchanges: readonly Exchange[],
  options: QueryOptions,
): readonly Outcome[] {
  const { receiptsRequired } = options.wire;
  const read = exchanges.map((one) => readAnswer(deps, one, receiptsRequired));
  const checks = read.flatMap((one) => (isFault(one) || one.check === null ? [] : [one.check]));
  const verdicts = deps.verifier.verifyBatch(checks);
  let at = 0;
  return exchanges.map((one, index) => {
    const answer = read[index] ?? fault('cancelled', 'not asked');
    if (isFault(answer)) return outcome(one, null, answer);
    const good = answer.check === null || (verdicts[at] ?? false);
    if (answer.check !== null) at += 1;
    if (!good) return outcome(one, answer.got, fault('bad-receipt', 'the signature is wrong'));
    const got = { ...answer.got, receipt: answer.receipt };
    return outcome(one, got, judge(one.item, got, one.answer, options));
  });
}

function outcome(one: Exchange, got: GotAnswer | null, result: Verdict): Outcome {
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
function readAnswer(
  deps: QueryDeps,
  { item, sent, answer }: Exchange,
  receiptsRequired: boolean,
): Unverified | Fault {
  if (isFault(answer)) return answer;
  if (sent === null) return fault('cancelled', 'nothing was sent');
  const { status, body } = answer;
  if (status !== 200) return fault(reasonFor(status), statusText(status));
  const sha256 = toHex(deps.platform.sha256(body));
  // In whole microseconds, as the evidence tells it: points can be computed again from that.
  const latencyMs = Math.round(answer.latencyMs * 1000) / 1000;
  const got = { status, sha256, body, latencyMs, receipt: null };
  const receipt = parseReceipt(answer.headers);
  if (receipt.kind !== 'receipt') {
    const goesWithout = receipt.problem === 'missing' && !receiptsRequired;
    return goesWithout ? { got, receipt: null, check: null } : fault('bad-receipt', receipt.detail);
  }
  const expected = {
    requestNonceNs: sent.nonceNs,
    requestSha256: sent.sha256,
    responseSha256: sha256,
    status,
    miner: item.target.hotkey,
    validator: deps.signer.ss58,
    task: item.task.name,
  };
  const check = receiptSignatureCheck(receipt, expected, publicKeyOf(item.target.hotkey));
  return 'kind' in check ? fault('bad-receipt', check.detail) : { got, receipt, check };
}

function judge(
  item: MinerChallenge,
  { body }: GotAnswer,
  answer: HttpResponse | Fault,
  options: QueryOptions,
): Verdict {
  const headers = isFault(answer) ? {} : answer.headers;
  const outputs = options.wire.read(item, { body, headers }, options.maxAnswerBytes);
  return isFault(outputs) ? outputs : judgeAnswer(item.task, item.challenge.truth, outputs);
}
