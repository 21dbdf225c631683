import { checkRequest } from '../../common/wire/btauth.ts';
import { toHex } from '../../common/hex.ts';
import type { HttpRequest } from '../../common/http-port.ts';
import { decodeInferRequest, encodeInferResponse } from '../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import type { Platform } from '../../common/platform-port.ts';
import { receiptHeaders, signReceipt } from '../../common/wire/receipt.ts';
import { ReplayMemory } from '../../common/wire/replay.ts';
import type { Signer, Verifier } from '../../common/signer-port.ts';
import type { FakePeer, FakeReply } from '../fakes/fake-http.ts';
import type { SimModel } from './sim-models.ts';

export interface SimMinerOptions {
  readonly signer: Signer;
  readonly verifier: Verifier;
  readonly platform: Platform;
  readonly model: SimModel;
  readonly latencyMs?: number;
  /** How far this miner's wall clock is ahead. */
  readonly clockOffsetMs?: number;
}

const modelSha256 = '0'.repeat(64);

/** A miner on the real wire: checks the signature, runs its model, signs a receipt. */
export function simMiner(options: SimMinerOptions): FakePeer {
  const { signer, verifier, platform, latencyMs = 20 } = options;
  const replay = new ReplayMemory();
  return (request): FakeReply => {
    const url = new URL(request.url);
    const body = request.body ?? new Uint8Array();
    const bodySha256 = platform.sha256(body);
    const offsetNs = BigInt(options.clockOffsetMs ?? 0) * 1_000_000n;
    const nowNs = platform.clock.nowNs() + offsetNs;
    const parts = {
      method: request.method,
      pathWithQuery: url.pathname + url.search,
      bodySha256,
      headers: request.headers,
    };
    const policy = { receiver: signer.ss58, notBeforeNs: 0n };
    const authed = checkRequest(parts, policy, { verifier, replay, nowNs });
    if (authed.kind === 'auth-refusal') return refusal(authed.status, authed.reason);
    const answer = infer(request, options.model);
    if (answer === null) return refusal(400, 'bad request');
    const receipt = signReceipt(
      {
        requestNonceNs: authed.nonceNs,
        requestSha256: toHex(bodySha256),
        responseSha256: toHex(platform.sha256(answer.body)),
        status: 200,
        task: url.pathname.split('/')[3] ?? '-',
        modelSha256,
        miner: signer.ss58,
        validator: authed.hotkey,
        timeNs: nowNs,
      },
      signer,
    );
    const headers = { ...answer.headers, ...receiptHeaders(receipt) };
    return { status: 200, headers, body: answer.body, latencyMs };
  };
}

function refusal(status: number, reason: string): FakeReply {
  return { status, body: new TextEncoder().encode(JSON.stringify({ error: reason })) };
}

function infer(request: HttpRequest, model: SimModel) {
  const body = request.body ?? new Uint8Array();
  const decoded = decodeInferRequest(body, request.headers, defaultInferLimits);
  if (isProtocolError(decoded)) return null;
  const input = decoded.inputs[0];
  if (!(input?.data instanceof Float32Array)) return null;
  const rows = input.shape[0] ?? 0;
  const size = input.data.length / rows;
  const data = new Float32Array(rows * 10);
  for (let row = 0; row < rows; row += 1) {
    data.set(model(input.data.subarray(row * size, (row + 1) * size)), row * 10);
  }
  const output = { name: 'probabilities', datatype: 'FP32', shape: [rows, 10], data } as const;
  const encoded = encodeInferResponse({ modelName: 'digits', outputs: [output] }, decoded);
  return isProtocolError(encoded) ? null : encoded;
}
