import { describe, expect, it } from 'vitest';
import { isFault } from '../../../common/fault.ts';
import { toHex } from '../../../common/hex.ts';
import { btauthHeaders } from '../../../common/wire/btauth.ts';
import { epistulaCheck, epistulaHeaders, readEpistula } from '../../../common/wire/epistula.ts';
import {
  decodeInferRequest,
  encodeInferResponse,
} from '../../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../../common/wire/inference-types.ts';
import { receiptHeaders, signReceipt } from '../../../common/wire/receipt.ts';
import { runRound } from '../../../validator/round.ts';
import { emptyBoard } from '../../../validator/scoreboard.ts';
import { queryWireOf } from '../../../validator/wire/choose-wire.ts';
import { inferenceWire } from '../../../validator/wire/inference-wire.ts';
import type { FakePeer, FakeReply } from '../../fakes/fake-http.ts';
import { nearestMean } from '../../sim/sim-models.ts';
import { createWorld, key, sr25519, train } from '../../sim/world.ts';
import type { World } from '../../sim/world.ts';

const start = { board: emptyBoard, lastRound: 0, voidRounds: 0 };
const model = nearestMean(train);

/** A miner with the Epistula entrance: the same tensors and receipts, another signature. */
function epistulaMiner(world: World, name: string, withReceipt: boolean): FakePeer {
  const { platform } = world;
  return ({ headers, body = new Uint8Array() }): FakeReply => {
    const policy = { receiver: key(name).ss58, notBeforeNs: 0n };
    const claim = readEpistula(headers, policy, platform.clock.nowNs());
    if (claim.kind === 'auth-refusal') return { status: 401 };
    const bodySha256 = platform.sha256(body);
    const { message, signature, publicKey } = epistulaCheck(claim, bodySha256);
    const request = decodeInferRequest(body, headers, defaultInferLimits);
    if (!sr25519.verify(message, signature, publicKey)) return { status: 401 };
    if (isProtocolError(request)) return { status: 400 };
    const pixels = request.inputs[0]?.data as Float32Array;
    const rows = pixels.length / 64;
    const data = new Float32Array(rows * 10);
    for (let row = 0; row < rows; row += 1) {
      data.set(model(pixels.subarray(row * 64, (row + 1) * 64)), row * 10);
    }
    const output = { name: 'probabilities', datatype: 'FP32', shape: [rows, 10], data } as const;
    const answer = encodeInferResponse({ modelName: 'digits', outputs: [output] }, request);
    if (isProtocolError(answer)) return { status: 500 };
    const receipt = signReceipt(
      {
        requestNonceNs: claim.timestampMs * 1_000_000n,
        requestSha256: toHex(bodySha256),
        responseSha256: toHex(platform.sha256(answer.body)),
        status: 200,
        task: 'digits',
        modelSha256: '0'.repeat(64),
        miner: key(name).ss58,
        validator: claim.hotkey,
        timeNs: platform.clock.nowNs(),
      },
      key(name),
    );
    const signed = withReceipt ? receiptHeaders(receipt) : {};
    return { status: 200, body: answer.body, headers: { ...answer.headers, ...signed } };
  };
}

async function asked(withReceipt: boolean, receiptsRequired: boolean) {
  const world = createWorld();
  world.addValidator('alpha');
  const uid = world.addMiner('m', epistulaMiner(world, 'm', withReceipt));
  const node = await world.node('alpha');
  const wire = inferenceWire({ signedBy: 'epistula', encoding: 'binary', receiptsRequired });
  const query = { ...node.config.query, wire };
  const result = await runRound(node.deps, start, { ...node.config, query }, { eager: true });
  const outcome = result.outcomes.find((one) => one.uid === uid);
  const verdict = outcome === undefined ? undefined : outcome.result;
  return {
    headers: world.http.requests[0]?.headers ?? {},
    reason: isFault(verdict) ? verdict.reason : 'answer',
    receipt: outcome?.got?.receipt ?? null,
  };
}

describe('a round over Epistula', () => {
  it('asks as the scheme has it, and takes the receipt', async () => {
    const { headers, reason, receipt } = await asked(true, true);
    expect(reason).toBe('answer');
    expect(headers[epistulaHeaders.version]).toBe('2');
    expect(headers[epistulaHeaders.signedFor]).toBe(key('m').ss58);
    expect(headers).not.toHaveProperty(btauthHeaders.nonce);
    expect(receipt?.validator).toBe(key('alpha').ss58);
  });

  it('wants a receipt unless the subnet does without', async () => {
    expect(await asked(false, true)).toMatchObject({ reason: 'bad-receipt' });
    expect(await asked(false, false)).toMatchObject({ reason: 'answer', receipt: null });
  });
});

describe('the wire of a subnet', () => {
  const query = { encoding: 'binary', timeoutMs: 1000 } as const;
  const receipts = (protocol: 'btauth' | 'epistula' | 'classic', given?: 'required' | 'optional') =>
    queryWireOf(
      {
        wire: { protocol, synapses: [], ...(given !== undefined && { receipts: given }) },
        tasks: [],
      },
      query,
    ).receiptsRequired;

  it('needs receipts, but for axons that have none to give', () => {
    expect(receipts('btauth')).toBe(true);
    expect(receipts('epistula')).toBe(true);
    expect(receipts('classic')).toBe(false);
    expect(receipts('classic', 'required')).toBe(true);
    expect(receipts('btauth', 'optional')).toBe(false);
  });
});
