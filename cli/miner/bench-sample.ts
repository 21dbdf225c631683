import type { Hotkey } from '../../common/brand.ts';
import { toHex } from '../../common/hex.ts';
import type { HttpResponse } from '../../common/http-port.ts';
import { publicKeyOf } from '../../common/keys/ss58.ts';
import { createTally } from '../../common/load/tally.ts';
import type { TallyEntry } from '../../common/load/tally.ts';
import type { Uniform } from '../../common/load/seeded.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { SignatureCheck, Verifier } from '../../common/signer-port.ts';
import { decodeInferResponse } from '../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import type { ModelInterface } from '../../common/wire/inference-types.ts';
import { parseReceipt, receiptSignatureCheck } from '../../common/wire/receipt.ts';
import type { ReceiptProblem } from '../../common/wire/receipt.ts';
import type { BenchRequest } from './bench-caller.ts';

/** What was seen of the answers that were looked at closely. */
export interface SampleReport {
  readonly looked: number;
  /** Receipts that hold against their exchange and verify. */
  readonly goodReceipts: number;
  /** Answers without any receipt. */
  readonly missingReceipts: number;
  readonly badReceipts: readonly TallyEntry[];
  /** Answers that are not what the model's metadata says, or cannot be read. */
  readonly badAnswers: readonly TallyEntry[];
}

export interface SampleDeps {
  readonly platform: Pick<Platform, 'sha256'>;
  readonly verifier: Verifier;
  readonly uniform: Uniform;
}

export interface SampleOptions {
  readonly size: number;
  readonly miner: Hotkey;
  readonly caller: Hotkey;
  /** Null where the form of answers is not known here. */
  readonly model: ModelInterface | null;
}

export interface AnswerSample {
  /** Each answer has the same chance to be looked at, however many follow. */
  offer(request: BenchRequest, response: HttpResponse): void;
  report(): SampleReport;
}

type Looked = {
  readonly receipt: SignatureCheck | ReceiptProblem;
  readonly problem: string | null;
};

/**
 * Looks closely at some of the answers: reservoir sampling (Vitter's algorithm R). Signatures are
 * verified at the end, when nothing is timed any more.
 */
export function createAnswerSample(deps: SampleDeps, options: SampleOptions): AnswerSample {
  const kept: Looked[] = [];
  let seen = 0;
  return {
    offer: (request, response) => {
      seen += 1;
      const at = seen <= options.size ? seen - 1 : Math.floor(deps.uniform() * seen);
      if (at < options.size) kept[at] = look(deps, options, request, response);
    },
    report: () => reportOf(deps.verifier, kept),
  };
}

function look(
  { platform }: SampleDeps,
  { miner, caller, model }: SampleOptions,
  { nonceNs, body }: BenchRequest,
  response: HttpResponse,
): Looked {
  const receipt = parseReceipt(response.headers);
  if (receipt.kind !== 'receipt') return { receipt, problem: answerProblem(response, model) };
  const expected = {
    requestNonceNs: nonceNs,
    requestSha256: body.sha256Hex,
    responseSha256: toHex(platform.sha256(response.body)),
    status: response.status,
    miner,
    validator: caller,
  };
  const check = receiptSignatureCheck(receipt, expected, publicKeyOf(miner));
  return { receipt: check, problem: answerProblem(response, model) };
}

function answerProblem({ body, headers }: HttpResponse, model: ModelInterface | null) {
  if (model === null) return null;
  const read = decodeInferResponse(body, headers, defaultInferLimits, model);
  return isProtocolError(read) ? read.error : null;
}

const mostKinds = 10;

function reportOf(verifier: Verifier, kept: readonly Looked[]): SampleReport {
  const badReceipts = createTally(mostKinds, 'other');
  const badAnswers = createTally(mostKinds, 'other');
  const checks = kept.flatMap(({ receipt }) => ('kind' in receipt ? [] : [receipt]));
  const good = verifier.verifyBatch(checks).filter(Boolean).length;
  const problems = kept.flatMap(({ receipt }) => ('kind' in receipt ? [receipt] : []));
  const missing = problems.filter(({ problem }) => problem === 'missing').length;
  for (const { problem, detail } of problems) if (problem !== 'missing') badReceipts.add(detail);
  for (let wrong = good; wrong < checks.length; wrong += 1) badReceipts.add('wrong signature');
  for (const { problem } of kept) if (problem !== null) badAnswers.add(problem);
  return {
    looked: kept.length,
    goodReceipts: good,
    missingReceipts: missing,
    badReceipts: badReceipts.list(),
    badAnswers: badAnswers.list(),
  };
}
