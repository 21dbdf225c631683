import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../common/hex.ts';
import type { Receipt, ReceiptFields } from '../../common/wire/receipt.ts';
import {
  checkReceipt,
  parseReceipt,
  receiptHeaderNames,
  receiptHeaders,
  receiptText,
  signReceipts,
} from '../../common/wire/receipt.ts';
import {
  growReceiptTree,
  parseReceiptPath,
  rootOf,
  rootText,
} from '../../common/wire/receipt-tree.ts';
import { alice, bob, sha256, sr25519, utf8 } from './wire-keys.ts';

function fieldsOf(at: number): ReceiptFields {
  return {
    requestNonceNs: 1_700_000_000_000_000_000n + BigInt(at),
    requestSha256: at.toString(16).padStart(64, '0'),
    responseSha256: 'ab'.repeat(32),
    status: 200,
    task: 'digits',
    modelSha256: 'cd'.repeat(32),
    miner: alice.ss58,
    validator: bob.ss58,
    timeNs: 1_700_000_000_500_000_000n,
  };
}

function many(count: number): readonly Receipt[] {
  const fields = Array.from({ length: count }, (_, at) => fieldsOf(at));
  return signReceipts(fields, alice, sha256).map((receipt) => {
    const parsed = parseReceipt(receiptHeaders(receipt));
    if (parsed.kind !== 'receipt') throw new Error(parsed.detail);
    return parsed;
  });
}

function verdict(receipt: Receipt, against: ReceiptFields): string {
  return checkReceipt(receipt, against, alice.publicKey, sr25519)?.problem ?? 'ok';
}

/** The same tree, written once more and without the project's own hashing. */
function plainRoot(texts: readonly Uint8Array[]): Buffer {
  const hash = (prefix: number, ...parts: Uint8Array[]): Buffer => {
    const sum = createHash('sha256').update(Uint8Array.of(prefix));
    for (const part of parts) sum.update(part);
    return sum.digest();
  };
  let level = texts.map((text) => hash(0, text));
  while (level.length > 1) {
    level = level.flatMap((left, at) => {
      if (at % 2 === 1) return [];
      const right = level[at + 1];
      return [right === undefined ? left : hash(1, left, right)];
    });
  }
  return level[0] ?? Buffer.alloc(0);
}

describe('receipts under one signature', () => {
  it('verify one by one, for any number of them', () => {
    for (const count of [1, 2, 3, 5, 8, 13, 33, 64]) {
      const verdicts = many(count).map((receipt, at) => verdict(receipt, fieldsOf(at)));
      expect(new Set(verdicts)).toEqual(new Set(['ok']));
    }
  });

  it('are signed plainly when there is one only', () => {
    const [lone] = many(1);
    expect(lone?.path).toEqual([]);
    expect(receiptHeaders(lone as Receipt)).not.toHaveProperty(receiptHeaderNames.path);
  });

  it('cost one signature', () => {
    const signatures = new Set(many(64).map(({ signature }) => toHex(signature)));
    expect(signatures.size).toBe(1);
  });

  it('cannot stand for one another', () => {
    const receipts = many(7);
    receipts.forEach((receipt, at) => {
      const other = receipts[(at + 1) % 7] as Receipt;
      expect(verdict({ ...receipt, path: other.path }, fieldsOf(at))).toBe('signature');
      expect(verdict({ ...other, path: receipt.path }, fieldsOf((at + 1) % 7))).toBe('signature');
    });
  });

  it('fall with any changed step, a missing one, one more, or none', () => {
    const [receipt] = many(5) as [Receipt];
    const { path } = receipt;
    const turned = path.map((step) => (step.startsWith('L') ? 'R' : 'L') + step.slice(1));
    const changes = [
      turned,
      path.slice(1),
      path.slice(0, -1),
      [...path, `L${'0'.repeat(64)}`],
      [...path].reverse(),
      [],
    ];
    for (const changed of changes) {
      expect(verdict({ ...receipt, path: changed }, fieldsOf(0))).toBe('signature');
    }
  });

  it('an inner node passes for no receipt', () => {
    const texts = [0, 1, 2, 3].map((at) => utf8(receiptText(fieldsOf(at))));
    const { root } = growReceiptTree(texts, sha256);
    const [left, right] = [
      growReceiptTree(texts.slice(0, 2), sha256),
      growReceiptTree(texts.slice(2), sha256),
    ];
    const inner = new Uint8Array([...left.root, ...right.root]);
    expect(toHex(rootOf(inner, [], sha256))).not.toBe(toHex(root));
  });

  it('the tree is that of a second writing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 70 }),
        (texts) => {
          const { root, paths } = growReceiptTree(texts, sha256);
          expect(toHex(root)).toBe(plainRoot(texts).toString('hex'));
          texts.forEach((text, at) =>
            expect(toHex(rootOf(text, paths[at] ?? [], sha256))).toBe(toHex(root)),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('what is signed says that it is a root', () => {
    const { root } = growReceiptTree([utf8('a'), utf8('b')], sha256);
    expect(new TextDecoder().decode(rootText(root))).toBe(`subnet-receipts/1\n${toHex(root)}`);
  });

  it('refuses a path in any other spelling', () => {
    const step = `L${'0a'.repeat(32)}`;
    expect(parseReceiptPath(step)).toEqual([step]);
    const bad = [
      '',
      ' ',
      `${step} `,
      `${step}  ${step}`,
      step.toUpperCase(),
      `X${step.slice(1)}`,
      step.slice(1),
    ];
    for (const text of bad) expect(parseReceiptPath(text)).toBeNull();
    expect(parseReceiptPath(Array.from({ length: 17 }, () => step).join(' '))).toBeNull();
  });

  it('a path that comes twice is malformed', () => {
    const [receipt] = many(2) as [Receipt];
    const headers = { ...receiptHeaders(receipt), [receiptHeaderNames.path]: ['a', 'b'] };
    expect(parseReceipt(headers)).toMatchObject({ problem: 'malformed' });
  });
});
