import type { Hotkey } from '../../common/brand.ts';
import type { SignatureCheck } from '../../common/signer-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import type { AuthPolicy, AuthRefusal } from '../../common/wire/btauth.ts';
import type {
  AnswerLimits,
  EncodedMessage,
  HeaderMap,
  InferLimits,
  ProtocolError,
} from '../../common/wire/inference-types.ts';
import type { ServedModel } from '../models/served-model.ts';
import type { RawRequest, RawResponse } from '../gate/http-message.ts';

export const entranceNames = ['btauth', 'epistula', 'classic'] as const;

export type EntranceName = (typeof entranceNames)[number];

/** The head of a request, before a byte of its body is kept. */
export type RequestHead = Pick<RawRequest, 'method' | 'path' | 'headers'>;

/** Who a request says that it is from; nothing of it is verified yet. */
export interface Claim {
  readonly kind: 'claim';
  readonly hotkey: Hotkey;
  /** When it was signed, nanoseconds since the Unix epoch; already within the window. */
  readonly nonceNs: bigint;
  /** Tells requests of one nonce apart where a scheme's clock is coarse; empty where it is not. */
  readonly mark: string;
  /** What has to verify, once the body is there. */
  signatureCheck(bodySha256: Uint8Array): SignatureCheck;
  /**
   * Tried when that does not verify: the same text between `<Bytes>` and `</Bytes>`, as browser
   * wallets sign it. Left out where a scheme does not allow it.
   */
  wrappedCheck?(bodySha256: Uint8Array): SignatureCheck;
}

/** One scheme by which a request proves whom it is from. All tell the verified hotkey, no other. */
export interface Entrance {
  readonly name: EntranceName;
  /** Lower-case name of the header in which a caller names its hotkey. */
  readonly callerHeader: string;
  /** From the head alone: shape, receiver, age. */
  read(head: RequestHead, policy: AuthPolicy, nowNs: bigint): Claim | AuthRefusal;
}

/** The entrances of a miner to one form of requests. */
export type Entrances = readonly [Entrance, ...Entrance[]];

/** A request for tensors, in whatever form it was written. */
export interface Asked {
  readonly inputs: readonly Tensor[];
}

/**
 * How one request and its answer are written. Found by the request's head; made anew for each
 * request, so that it may remember what `decode` read.
 */
export interface Conversation {
  readonly entrance: Entrance;
  readonly model: ServedModel;
  /** As the caller named it: answers and receipts speak of an alias by that name. */
  readonly askedName: string;
  /** Called once, after the signature was good. */
  decode(body: Uint8Array, headers: HeaderMap, limits: InferLimits): Asked | ProtocolError;
  /** Called after `decode`. */
  encode(outputs: readonly Tensor[], limits: AnswerLimits): EncodedMessage | ProtocolError;
  /** The last word on an answer, refusals too: headers or a body that the form asks for. */
  dress?(response: RawResponse, claim: Claim | null, startedMs: number): RawResponse;
}

/** Finds the conversation of a request, or undefined when its path is none of this form's. */
export type FindConversation = (head: RequestHead) => Conversation | RawResponse | undefined;
