import type { Hotkey } from '../../common/brand.ts';
import { toHex } from '../../common/hex.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Signer } from '../../common/signer-port.ts';
import { receiptHeaders, signReceipt, signReceipts } from '../../common/wire/receipt.ts';
import type { Receipt, ReceiptFields } from '../../common/wire/receipt.ts';
import { createTogether } from '../../common/together.ts';
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

export interface ReceiptDeskDeps {
  readonly platform: Platform;
  readonly signer: Signer;
  /** Runs a function once what was answered at the same time was taken in. */
  readonly defer: (run: () => void) => void;
  /** So many receipts, by one signature, in this time. */
  readonly onSigned: (receipts: number, seconds: number) => void;
}

interface Waiting {
  readonly fields: ReceiptFields;
  readonly response: RawResponse;
  readonly settle: (response: RawResponse) => void;
  readonly fail: (error: unknown) => void;
}

/** Enough that the signature no longer counts; a longer path only makes answers longer. */
const maxTogether = 64;

/** Signs what was answered in one turn of the event loop together; a lone answer waits for none. */
export function createReceiptDesk(deps: ReceiptDeskDeps): ReceiptDesk {
  const { platform, signer, defer, onSigned } = deps;
  const together = createTogether<Waiting>(defer, maxTogether, (due) => {
    const from = platform.clock.monotonicMs();
    sign(due, deps);
    onSigned(due.length, (platform.clock.monotonicMs() - from) / 1000);
  });
  return {
    attach: (answered, response) =>
      new Promise((settle, fail) => {
        const fields = fieldsOf(answered, response, platform, signer);
        together.push({ fields, response, settle, fail });
      }),
  };
}

function fieldsOf(
  answered: Answered,
  { body, status }: RawResponse,
  { sha256, clock }: Platform,
  signer: Signer,
): ReceiptFields {
  return {
    requestNonceNs: answered.nonceNs,
    requestSha256: toHex(answered.bodySha256),
    responseSha256: toHex(sha256(body)),
    status,
    task: answered.model,
    modelSha256: status === 200 ? answered.modelSha256 : '-',
    miner: signer.ss58,
    validator: answered.hotkey,
    timeNs: clock.nowNs(),
  };
}

/** One receipt that cannot be written must not cost the others theirs. */
function sign(together: readonly Waiting[], { signer, platform }: ReceiptDeskDeps): void {
  try {
    const receipts = signReceipts(
      together.map(({ fields }) => fields),
      signer,
      platform.sha256,
    );
    together.forEach((one, at) => settle(one, receipts[at]));
  } catch {
    for (const one of together) signAlone(one, signer);
  }
}

function signAlone(one: Waiting, signer: Signer): void {
  try {
    settle(one, signReceipt(one.fields, signer));
  } catch (error) {
    one.fail(error);
  }
}

function settle({ settle: done, response }: Waiting, receipt: Receipt | undefined): void {
  const headers = receipt === undefined ? {} : receiptHeaders(receipt);
  done({ ...response, headers: { ...response.headers, ...headers } });
}
