import { sha256 } from '@noble/hashes/sha2.js';
import type { Hotkey } from '../brand.ts';
import type { KeyOf } from './btauth.ts';
import { fromHex, toHex } from '../hex.ts';
import type { HeaderMap } from './inference-types.ts';
import { growReceiptTree, parseReceiptPath, rootOf, rootText } from './receipt-tree.ts';
import type { ReceiptPath, Sha256 } from './receipt-tree.ts';
import type { SignatureCheck, Signer, Verifier } from '../signer-port.ts';

export const receiptHeaderNames = {
  text: 'x-subnet-receipt',
  signature: 'x-subnet-receipt-signature',
  path: 'x-subnet-receipt-path',
} as const;

/** What a miner signs of an answer it gave to a signed request. */
export interface ReceiptFields {
  /** `X-Bittensor-Nonce` of the request. */
  readonly requestNonceNs: bigint;
  /** Lower-case hex, over the raw bytes as sent. */
  readonly requestSha256: string;
  readonly responseSha256: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** Name of the task or model route; `-` when the answer belongs to none. */
  readonly task: string;
  /** sha256 of the model file in lower-case hex; `-` when no model was run. */
  readonly modelSha256: string;
  readonly miner: Hotkey;
  readonly validator: Hotkey;
  /** When the answer was signed, the miner's clock, nanoseconds since the Unix epoch. */
  readonly timeNs: bigint;
}

export interface Receipt extends ReceiptFields {
  readonly kind: 'receipt';
  /** 64 bytes, sr25519 by `miner` over the text, or over the root that text and path lead to. */
  readonly signature: Uint8Array;
  /** Empty when the text itself was signed. */
  readonly path: ReceiptPath;
}

export interface ReceiptProblem {
  readonly kind: 'receipt-problem';
  /** `missing`: no receipt at all; `malformed`; `mismatch`: of another exchange; `signature`. */
  readonly problem: 'missing' | 'malformed' | 'mismatch' | 'signature';
  readonly detail: string;
}

/** What the validator knows of the exchange, to hold a receipt against. */
export interface ExpectedReceipt {
  readonly requestNonceNs: bigint;
  readonly requestSha256: string;
  readonly responseSha256: string;
  readonly status: number;
  readonly miner: Hotkey;
  readonly validator: Hotkey;
  /** Checked when given. */
  readonly task?: string;
  readonly modelSha256?: string;
}

/** The canonical text: ten fields in this order, joined by LF, no trailing LF, ASCII only. */
export function receiptText(fields: ReceiptFields): string {
  return receiptWords(fields).join('\n');
}

/** True for a task name that a receipt can carry; configuration is held against it. */
export function isReceiptName(text: string): boolean {
  return name.test(text);
}

/** Throws RangeError for a field that the text cannot carry. */
export function signReceipt(fields: ReceiptFields, signer: Signer): Receipt {
  const signature = signer.sign(checkedBytes(fields));
  return { kind: 'receipt', ...fields, signature, path: [] };
}

/**
 * Receipts of many answers by one signature, in order: signing costs more than all else about a
 * receipt. Throws RangeError for a field that the text cannot carry.
 */
export function signReceipts(
  many: readonly ReceiptFields[],
  signer: Signer,
  hash: Sha256,
): readonly Receipt[] {
  const [first, ...others] = many;
  if (first === undefined) return [];
  if (others.length === 0) return [signReceipt(first, signer)];
  const { root, paths } = growReceiptTree(many.map(checkedBytes), hash);
  const signature = signer.sign(rootText(root));
  return many.map((fields, at) => {
    return { kind: 'receipt', ...fields, signature, path: paths[at] ?? [] };
  });
}

function checkedBytes(fields: ReceiptFields): Uint8Array {
  const words = receiptWords(fields);
  if (!areWords(words)) {
    throw new RangeError('a field of the receipt has a form that its text cannot carry');
  }
  return encoder.encode(words.join('\n'));
}

/** The response headers; the first is the canonical text with spaces for line feeds. */
export function receiptHeaders(receipt: Receipt): Record<string, string> {
  const { path } = receipt;
  const headers: Record<string, string> = {
    [receiptHeaderNames.text]: receiptWords(receipt).join(' '),
    [receiptHeaderNames.signature]: `0x${toHex(receipt.signature)}`,
  };
  if (path.length > 0) headers[receiptHeaderNames.path] = path.join(' ');
  return headers;
}

/** Reads the headers; nothing is verified yet. Never throws. */
export function parseReceipt(headers: HeaderMap): Receipt | ReceiptProblem {
  const text = headers[receiptHeaderNames.text];
  const signatureText = headers[receiptHeaderNames.signature];
  if (text === undefined && signatureText === undefined) {
    return problem('missing', 'the answer carries no receipt');
  }
  if (typeof text !== 'string' || typeof signatureText !== 'string') {
    return problem('malformed', 'each receipt header must be sent exactly once');
  }
  const signature = parseSignature(signatureText);
  if (signature === undefined)
    return problem('malformed', 'the signature is not 0x and 128 hex digits');
  const path = parsePath(headers[receiptHeaderNames.path]);
  if (path === null) return problem('malformed', 'the receipt path is not L or R and hashes');
  const fields = parseWords(text.split(' '));
  return fields === null
    ? problem('malformed', 'the receipt text is not the ten fields of subnet-receipt/1')
    : { kind: 'receipt', ...fields, signature, path };
}

function parsePath(header: HeaderMap[string]): ReceiptPath | null {
  if (header === undefined) return [];
  return typeof header === 'string' ? parseReceiptPath(header) : null;
}

/**
 * Holds a receipt against the exchange it came with, then verifies its signature with the key that
 * the caller took from the metagraph for `expected.miner`. Null when all is well.
 */
export function checkReceipt(
  receipt: Receipt,
  expected: ExpectedReceipt,
  minerPublicKey: Uint8Array,
  verifier: Verifier,
): ReceiptProblem | null {
  const check = receiptSignatureCheck(receipt, expected, minerPublicKey);
  if ('kind' in check) return check;
  return verifier.verify(check.message, check.signature, check.publicKey)
    ? null
    : problem('signature', 'the signature does not verify for the miner hotkey');
}

/** The first half of `checkReceipt`: what is left to verify, for a batch over many answers. */
export function receiptSignatureCheck(
  receipt: Receipt,
  expected: ExpectedReceipt,
  minerPublicKey: Uint8Array,
): SignatureCheck | ReceiptProblem {
  const field = differingField(receipt, expected);
  if (field !== null) return problem('mismatch', `${field} is not that of this exchange`);
  const { signature } = receipt;
  return { message: signedBytes(receipt), signature, publicKey: minerPublicKey };
}

/** The text itself, or the root of the tree that it stands in. */
function signedBytes(receipt: Receipt): Uint8Array {
  const text = bytesOf(receipt);
  return receipt.path.length === 0 ? text : rootText(rootOf(text, receipt.path, sha256));
}

/**
 * Verifies recorded bytes offline, years later: the hashes are taken anew, the key from the
 * receipt's own miner address. Null when all is well.
 */
export function verifyRecordedAnswer(
  recorded: {
    readonly requestBody: Uint8Array;
    readonly responseBody: Uint8Array;
    readonly receipt: Receipt;
  },
  tools: {
    readonly verifier: Verifier;
    readonly sha256: (bytes: Uint8Array) => Uint8Array;
    readonly keyOf: KeyOf;
  },
): ReceiptProblem | null {
  const { receipt } = recorded;
  const key = tools.keyOf(receipt.miner);
  if (key === undefined) return problem('malformed', 'the miner is no SS58 address');
  const hashed = {
    ...receipt,
    requestSha256: toHex(tools.sha256(recorded.requestBody)),
    responseSha256: toHex(tools.sha256(recorded.responseBody)),
  };
  return checkReceipt(receipt, hashed, key.publicKey, tools.verifier);
}

const magic = 'subnet-receipt/1';
const encoder = new TextEncoder();

function receiptWords(fields: ReceiptFields): string[] {
  return [
    magic,
    fields.requestNonceNs.toString(),
    fields.requestSha256,
    fields.responseSha256,
    fields.status.toString(),
    fields.task,
    fields.modelSha256,
    fields.miner,
    fields.validator,
    fields.timeNs.toString(),
  ];
}

function bytesOf(fields: ReceiptFields): Uint8Array {
  return encoder.encode(receiptText(fields));
}

function problem(name: ReceiptProblem['problem'], detail: string): ReceiptProblem {
  return { kind: 'receipt-problem', problem: name, detail };
}

/** Only what `receiptHeaders` writes: one spelling for each receipt. */
function parseSignature(text: string): Uint8Array | undefined {
  return /^0x[0-9a-f]{128}$/.test(text) ? fromHex(text) : undefined;
}

const decimal = /^(?:0|[1-9][0-9]{0,19})$/;
const address = /^[1-9A-HJ-NP-Za-km-z]{40,60}$/;
const sha256Hex = /^[0-9a-f]{64}$/;
const name = /^[A-Za-z0-9._/-]{1,128}$/;

function parseWords(words: readonly string[]): ReceiptFields | null {
  if (!areWords(words)) return null;
  return {
    requestNonceNs: BigInt(word(words, 1)),
    requestSha256: word(words, 2),
    responseSha256: word(words, 3),
    status: Number(word(words, 4)),
    task: word(words, 5),
    modelSha256: word(words, 6),
    miner: word(words, 7) as Hotkey,
    validator: word(words, 8) as Hotkey,
    timeNs: BigInt(word(words, 9)),
  };
}

function areWords(words: readonly string[]): boolean {
  return words.length === 10 && words.every((word, at) => wordShapes[at]?.(word) === true);
}

/** One test for each word, in order. */
const wordShapes: readonly ((word: string) => boolean)[] = [
  (word) => word === magic,
  (word) => decimal.test(word),
  (word) => sha256Hex.test(word),
  (word) => sha256Hex.test(word),
  (word) => /^[1-5][0-9]{2}$/.test(word),
  (word) => name.test(word),
  (word) => word === '-' || sha256Hex.test(word),
  (word) => address.test(word),
  (word) => address.test(word),
  (word) => decimal.test(word),
];

function word(words: readonly string[], at: number): string {
  return words[at] ?? '';
}

const exactFields = [
  'requestNonceNs',
  'requestSha256',
  'responseSha256',
  'status',
  'miner',
  'validator',
] as const;

function differingField(receipt: Receipt, expected: ExpectedReceipt): string | null {
  const exact = exactFields.find((field) => receipt[field] !== expected[field]);
  if (exact !== undefined) return exact;
  if (expected.task !== undefined && expected.task !== receipt.task) return 'task';
  const model = expected.modelSha256;
  return model !== undefined && model !== receipt.modelSha256 ? 'modelSha256' : null;
}
