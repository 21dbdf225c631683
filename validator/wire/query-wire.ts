import type { Fault } from '../../common/fault.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Signer } from '../../common/signer-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import type { HeaderMap } from '../../common/wire/inference-types.ts';
import type { MinerChallenge } from '../challenge.ts';

export interface WireDeps {
  readonly signer: Signer;
  readonly platform: Platform;
}

/** A signed request, but for the address that it goes to. */
export interface WireRequest {
  readonly pathWithQuery: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** As a receipt names it. */
  readonly nonceNs: bigint;
}

/** How a question is put to a miner, and how its answer is read. */
export interface QueryWire {
  /** An answer without a receipt is worth nothing. One that is there must be good either way. */
  readonly receiptsRequired: boolean;
  write(item: MinerChallenge, deps: WireDeps): WireRequest | Fault;
  /** The outputs of an answer with status 200; they are held against the task afterwards. */
  read(
    item: MinerChallenge,
    answer: { readonly body: Uint8Array; readonly headers: HeaderMap },
    maxBytes: number,
  ): readonly Tensor[] | Fault;
}
