import type { Hotkey } from '../../common/brand.ts';
import { fault, isFault } from '../../common/fault.ts';
import type { Fault } from '../../common/fault.ts';
import { signRequest } from '../../common/wire/btauth.ts';
import { signEpistula, uuidOf } from '../../common/wire/epistula.ts';
import { inferPath } from '../../common/wire/inference-metadata.ts';
import { decodeInferResponse, encodeInferRequest } from '../../common/wire/inference-protocol.ts';
import type { EncodedMessage } from '../../common/wire/inference-types.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import type { MinerChallenge } from '../challenge.ts';
import type { QueryWire, WireDeps } from './query-wire.ts';

export interface InferenceWireOptions {
  readonly signedBy: 'btauth' | 'epistula';
  readonly encoding: 'binary' | 'json';
  readonly receiptsRequired: boolean;
}

/** Open Inference Protocol, signed by btauth/1 or by Epistula v2. */
export function inferenceWire(options: InferenceWireOptions): QueryWire {
  const { signedBy, encoding, receiptsRequired } = options;
  const sign = signedBy === 'btauth' ? signBtauth : signWithEpistula;
  return {
    receiptsRequired,
    write: (item, deps) => {
      const message = encode(item, encoding);
      if (isFault(message)) return message;
      const pathWithQuery = inferPath(item.task.name);
      const bodySha256 = deps.platform.sha256(message.body);
      const question = { pathWithQuery, bodySha256, receiver: item.target.hotkey };
      const { nonceNs, headers } = sign(question, deps);
      return {
        pathWithQuery,
        headers: { ...message.headers, ...headers },
        body: message.body,
        nonceNs,
      };
    },
    read: (item, { body, headers }, maxBytes) => {
      const limits = { ...defaultInferLimits, maxBodyBytes: maxBytes };
      const { outputs } = item.task;
      const response = decodeInferResponse(body, headers, limits, { outputs });
      return isProtocolError(response) ? fault('bad-answer', response.error) : response.outputs;
    },
  };
}

interface Question {
  readonly pathWithQuery: string;
  readonly bodySha256: Uint8Array;
  readonly receiver: Hotkey;
}

interface Signed {
  readonly nonceNs: bigint;
  readonly headers: Readonly<Record<string, string>>;
}

const nsPerMs = 1_000_000n;

function signBtauth(question: Question, { signer, platform }: WireDeps): Signed {
  const nonceNs = platform.clock.nowNs();
  return { nonceNs, headers: signRequest({ method: 'POST', ...question, signer, nonceNs }) };
}

function signWithEpistula(question: Question, { signer, platform }: WireDeps): Signed {
  const timestampMs = platform.clock.nowNs() / nsPerMs;
  const uuid = uuidOf(platform.randomBytes(16));
  const headers = signEpistula({ ...question, signer, timestampMs, uuid });
  return { nonceNs: timestampMs * nsPerMs, headers };
}

function encode(
  item: MinerChallenge,
  encoding: InferenceWireOptions['encoding'],
): EncodedMessage | Fault {
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
