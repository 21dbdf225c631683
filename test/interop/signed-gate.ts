import { checkRequest } from '../../common/wire/btauth.ts';
import type { Hotkey } from '../../common/brand.ts';
import { toHex } from '../../common/hex.ts';
import { receiptHeaders, signReceipt } from '../../common/wire/receipt.ts';
import { ReplayMemory } from '../../common/wire/replay.ts';
import type { Signer } from '../../common/signer-port.ts';
import { sha256, sr25519 } from '../common/wire-keys.ts';
import { refuse } from './echo-server.ts';
import type { Answer, Gate } from './echo-server.ts';

interface GateOptions {
  readonly signer: Signer;
  readonly task: string;
  readonly modelSha256: string;
}

/** btauth/1 before, a receipt behind: the wire whole, without a miner around it. */
export function signedGate(options: GateOptions): Gate {
  const replay = new ReplayMemory();
  const policy = { receiver: options.signer.ss58, notBeforeNs: 0n };
  return ({ url, headers, body }, infer) => {
    const bodySha256 = sha256(body);
    const request = { method: 'POST', pathWithQuery: url, bodySha256, headers };
    const tools = { verifier: sr25519, replay, nowNs: nowNs() };
    const caller = checkRequest(request, policy, tools);
    if (caller.kind === 'auth-refusal') {
      return refuse(caller.status, `${caller.name}: ${caller.reason}`);
    }
    return withReceipt(infer(), { ...options, ...caller, requestSha256: toHex(bodySha256) });
  };
}

type Exchange = GateOptions & {
  readonly hotkey: Hotkey;
  readonly nonceNs: bigint;
  readonly requestSha256: string;
};

function withReceipt(answer: Answer, exchange: Exchange): Answer {
  const receipt = signReceipt(
    {
      requestNonceNs: exchange.nonceNs,
      requestSha256: exchange.requestSha256,
      responseSha256: toHex(sha256(answer.body)),
      status: answer.status,
      task: exchange.task,
      modelSha256: exchange.modelSha256,
      miner: exchange.signer.ss58,
      validator: exchange.hotkey,
      timeNs: nowNs(),
    },
    exchange.signer,
  );
  return { ...answer, headers: { ...answer.headers, ...receiptHeaders(receipt) } };
}

/** The real clock: the foreign client signs with its own. */
function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
