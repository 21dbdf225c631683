import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOfAddress } from '../../common/wire/btauth.ts';
import { toHex } from '../../common/hex.ts';
import type { HeaderMap } from '../../common/wire/inference-types.ts';
import type { ExpectedReceipt, Receipt, ReceiptFields } from '../../common/wire/receipt.ts';
import {
  checkReceipt,
  isReceiptName,
  parseReceipt,
  receiptHeaders,
  receiptText,
  signReceipt,
  verifyRecordedAnswer,
} from '../../common/wire/receipt.ts';
import { alice, bob, charlie, sha256, sr25519, utf8 } from './wire-keys.ts';

const requestBody = utf8('{"inputs":[]}');
const responseBody = utf8('{"outputs":[]}');
const fields: ReceiptFields = {
  requestNonceNs: 1_700_000_000_000_000_001n,
  requestSha256: toHex(sha256(requestBody)),
  responseSha256: toHex(sha256(responseBody)),
  status: 200,
  task: 'digits',
  modelSha256: 'ab'.repeat(32),
  miner: alice.ss58,
  validator: bob.ss58,
  timeNs: 1_700_000_000_500_000_000n,
};
const expected: ExpectedReceipt = { ...fields };
const receipt = signReceipt(fields, alice);

function roundTrip(one: Receipt): Receipt {
  const parsed = parseReceipt(receiptHeaders(one));
  if (parsed.kind !== 'receipt') throw new Error(parsed.detail);
  return parsed;
}

function check(one: Receipt, against: ExpectedReceipt = expected): string {
  return checkReceipt(one, against, alice.publicKey, sr25519)?.problem ?? 'ok';
}

const others: { readonly [K in keyof ReceiptFields]: ReceiptFields[K] } = {
  requestNonceNs: fields.requestNonceNs + 1n,
  requestSha256: '0'.repeat(64),
  responseSha256: '1'.repeat(64),
  status: 400,
  task: 'digit',
  modelSha256: 'cd'.repeat(32),
  miner: charlie.ss58,
  validator: charlie.ss58,
  timeNs: fields.timeNs - 1n,
};
const names = Object.keys(others) as (keyof ReceiptFields)[];

describe('a receipt', () => {
  it('is ten lines of ASCII', () => {
    const text = receiptText(fields);
    expect(text.split('\n')).toHaveLength(10);
    expect(text.startsWith('subnet-receipt/1\n1700000000000000001\n')).toBe(true);
    expect(text).toMatch(/^[\x21-\x7e\n]+$/);
  });

  it('comes back whole from its headers and verifies', () => {
    expect(roundTrip(receipt)).toEqual(receipt);
    expect(check(roundTrip(receipt))).toBe('ok');
  });

  it.each(names)('binds %s by its signature', (name) => {
    const forged = { ...receipt, [name]: others[name] };
    expect(check(forged, forged)).toBe('signature');
  });

  it.each(names.filter((name) => name !== 'timeNs'))('of another %s is a mismatch', (name) => {
    const honest = signReceipt({ ...fields, [name]: others[name] }, alice);
    expect(check(honest)).toBe('mismatch');
  });

  it('by another key does not verify', () => {
    expect(check(signReceipt(fields, charlie))).toBe('signature');
  });

  it('does not verify with any one bit of the signature changed', () => {
    for (let bit = 0; bit < 512; bit += 7) {
      const signature = receipt.signature.slice();
      signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(check({ ...receipt, signature })).toBe('signature');
    }
  });

  it('is refused or does not verify with any one character of its header changed', () => {
    const headers = receiptHeaders(receipt);
    const text = headers['x-subnet-receipt'] ?? '';
    for (let at = 0; at < text.length; at += 1) {
      for (const character of ['0', 'a', 'Z', ' ', '-', '\n']) {
        if (text[at] === character) continue;
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const parsed = parseReceipt({ ...headers, 'x-subnet-receipt': changed });
        const { miner: _miner, ...rest } = expected;
        const verdict =
          parsed.kind === 'receipt' ? check(parsed, { ...rest, miner: parsed.miner }) : 'refused';
        expect(verdict, `${at} ${character}`).not.toBe('ok');
      }
    }
  });

  it('has one spelling', () => {
    const headers = receiptHeaders(receipt);
    const text = headers['x-subnet-receipt'] ?? '';
    const signature = headers['x-subnet-receipt-signature'] ?? '';
    const spelled = (changes: Record<string, string | string[] | undefined>): string =>
      parseReceipt({ ...headers, ...changes }).kind;
    expect(spelled({})).toBe('receipt');
    expect(spelled({ 'x-subnet-receipt': ` ${text}` })).toBe('receipt-problem');
    expect(spelled({ 'x-subnet-receipt': text.replace(' ', '  ') })).toBe('receipt-problem');
    expect(spelled({ 'x-subnet-receipt': text.replace('/1 ', '/2 ') })).toBe('receipt-problem');
    expect(spelled({ 'x-subnet-receipt': text.replace(' 17', ' 017') })).toBe('receipt-problem');
    expect(spelled({ 'x-subnet-receipt': text.replace('digits', 'dig its') })).toBe(
      'receipt-problem',
    );
    expect(spelled({ 'x-subnet-receipt': [text, text] })).toBe('receipt-problem');
    expect(spelled({ 'x-subnet-receipt-signature': signature.toUpperCase() })).toBe(
      'receipt-problem',
    );
    expect(spelled({ 'x-subnet-receipt-signature': signature.slice(2) })).toBe('receipt-problem');
    expect(spelled({ 'x-subnet-receipt-signature': undefined })).toBe('receipt-problem');
  });

  it('that is absent is told from one that is broken', () => {
    expect(parseReceipt({})).toMatchObject({ problem: 'missing' });
    expect(parseReceipt({ 'x-subnet-receipt': '' })).toMatchObject({ problem: 'malformed' });
  });

  it('of an answer without task and model carries dashes', () => {
    const bare = signReceipt({ ...fields, task: '-', modelSha256: '-', status: 404 }, alice);
    expect(roundTrip(bare)).toEqual(bare);
  });

  it('is not signed over a field that its text cannot carry', () => {
    for (const task of ['', 'two words', 'line\nfeed', 'ünïcode', 'x'.repeat(129)]) {
      expect(isReceiptName(task)).toBe(false);
      expect(() => signReceipt({ ...fields, task }, alice)).toThrow(RangeError);
    }
    expect(() => signReceipt({ ...fields, modelSha256: 'AB'.repeat(32) }, alice)).toThrow(
      RangeError,
    );
    expect(isReceiptName('digits/v1.2_a-b')).toBe(true);
  });

  it('never makes parsing throw', () => {
    const value = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.array(fc.string()));
    fc.assert(
      fc.property(value, value, (text, signature) => {
        const parsed = parseReceipt({
          'x-subnet-receipt': text,
          'x-subnet-receipt-signature': signature,
        });
        expect(parsed.kind).toBe('receipt-problem');
      }),
      { seed: 3 },
    );
  });
});

describe('a recorded answer', () => {
  const tools = { verifier: sr25519, sha256, keyOf: keyOfAddress };
  const judge = (recorded: Parameters<typeof verifyRecordedAnswer>[0]): string =>
    verifyRecordedAnswer(recorded, tools)?.problem ?? 'ok';

  it('verifies from its bytes alone', () => {
    expect(judge({ requestBody, responseBody, receipt: roundTrip(receipt) })).toBe('ok');
  });

  it('verifies from the committed vector', () => {
    const vector = JSON.parse(
      readFileSync(new URL('../vectors/receipt.json', import.meta.url), 'utf8'),
    ) as Record<'requestBody' | 'responseBody' | 'text', string> & { headers: HeaderMap };
    const parsed = parseReceipt(vector.headers);
    if (parsed.kind !== 'receipt') throw new Error(parsed.detail);
    expect(receiptText(parsed)).toBe(vector.text);
    const bodies = {
      requestBody: utf8(vector.requestBody),
      responseBody: utf8(vector.responseBody),
    };
    expect(judge({ ...bodies, receipt: parsed })).toBe('ok');
  });

  it('does not verify with one byte of either body changed, cut or added', () => {
    const changed = (bytes: Uint8Array): Uint8Array[] => {
      const flipped = bytes.slice();
      flipped[3] = (flipped[3] ?? 0) ^ 1;
      return [flipped, bytes.slice(0, -1), Uint8Array.of(...bytes, 0), new Uint8Array()];
    };
    for (const body of changed(requestBody)) {
      expect(judge({ requestBody: body, responseBody, receipt })).toBe('mismatch');
    }
    for (const body of changed(responseBody)) {
      expect(judge({ requestBody, responseBody: body, receipt })).toBe('mismatch');
    }
  });

  it.each(names)('does not verify with another %s', (name) => {
    const forged = { ...receipt, [name]: others[name] };
    expect(['mismatch', 'signature']).toContain(
      judge({ requestBody, responseBody, receipt: forged }),
    );
  });

  it('by a miner that is no address is malformed', () => {
    const forged = { ...receipt, miner: 'x'.repeat(48) as typeof receipt.miner };
    expect(judge({ requestBody, responseBody, receipt: forged })).toBe('malformed');
  });
});
