import type { Hotkey } from '../../common/brand.ts';
import { toHex } from '../../common/hex.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Signer } from '../../common/signer-port.ts';
import { receiptHeaders, signReceipt } from '../../common/wire/receipt.ts';
import type { RawResponse } from './http-message.ts';

/** The signed request that is answered. */
export interface Answered {
  readonly hotkey: Hotkey;
  readonly nonceNs: bigint;
  readonly bodySha256: Uint8Array;
  /** Name and hash of the model that was asked. */
  readonly model: string;
  readonly modelSha256: string;
}

/** Whatever is answered to a signed request is the miner's word: it carries a receipt. */
export interface ReceiptDesk {
  attach(answered: Answered, response: RawResponse): Promise<RawResponse>;
}

export function createReceiptDesk(platform: Platform, signer: Signer): ReceiptDesk {
  return {
    attach: (answered, response) => {
      const receipt = signReceipt(
        {
          requestNonceNs: answered.nonceNs,
          requestSha256: toHex(answered.bodySha256),
          responseSha256: toHex(platform.sha256(response.body)),
          status: response.status,
          task: answered.model,
          modelSha256: response.status === 200 ? answered.modelSha256 : '-',
          miner: signer.ss58,
          validator: answered.hotkey,
          timeNs: platform.clock.nowNs(),
        },
        signer,
      );
      const headers = { ...response.headers, ...receiptHeaders(receipt) };
      return Promise.resolve({ ...response, headers });
    },
  };
}
