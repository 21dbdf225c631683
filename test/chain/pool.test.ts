import { describe, expect, it } from 'vitest';
import { compact, concat, littleEndian } from '../../common/scale-bytes.ts';
import { fromHex, toHex } from '../../chain/bytes.ts';
import type { Hex } from '../../chain/chain-state.ts';
import { TransactionPool } from '../../chain/pool.ts';
import type { TransactionStatus } from '../../chain/pool.ts';

interface Validity {
  readonly requires?: readonly Hex[];
  readonly provides?: readonly Hex[];
  readonly priority?: number;
  readonly longevity?: number;
}

const bytes = (hex: Hex): Uint8Array => fromHex(hex) ?? new Uint8Array();

function tags(list: readonly Hex[]): Uint8Array {
  const items = list.map((tag) => concat(compact(bytes(tag).length), bytes(tag)));
  return concat(compact(list.length), ...items);
}

/** SCALE of `Ok(ValidTransaction)`. */
function valid({ requires = [], provides = [], priority = 1, longevity = 64 }: Validity): Hex {
  return toHex(
    concat(
      Uint8Array.of(0),
      littleEndian(BigInt(priority), 8),
      tags(requires),
      tags(provides),
      littleEndian(BigInt(longevity), 8),
      Uint8Array.of(1),
    ),
  );
}

function poolOf(answers: Readonly<Record<Hex, Hex>>): TransactionPool {
  return new TransactionPool(async (extrinsic) => answers[extrinsic] ?? '0x', 0);
}

/** `System.remark`, mortal, with a tip. */
function signedExtrinsic(signer: Hex, nonce: number): Hex {
  const body = concat(
    Uint8Array.of(0x84, 0),
    bytes(signer),
    Uint8Array.of(1, ...new Uint8Array(64)),
    Uint8Array.of(0x15, 0x00),
    compact(nonce),
    compact(1000),
    Uint8Array.of(0, 0, 0, 0),
  );
  return toHex(concat(compact(body.length), body));
}

const block = (number: number) => ({ number, hash: `0xb${number}` as Hex });

describe('the transaction pool', () => {
  it('offers transactions in the order of their nonces, whatever order they came in', async () => {
    const pool = poolOf({
      '0x01': valid({ provides: ['0xa1'] }),
      '0x02': valid({ requires: ['0xa1'], provides: ['0xa2'] }),
      '0x03': valid({ requires: ['0xa2'], provides: ['0xa3'] }),
    });
    const seen: TransactionStatus[] = [];
    await pool.submit('0x03', (status) => void seen.push(status));
    expect(seen).toEqual(['future']);
    expect(pool.ready()).toEqual([]);
    await pool.submit('0x02');
    await pool.submit('0x01');
    expect(pool.ready()).toEqual(['0x01', '0x02', '0x03']);
    pool.included(['0x01'], block(1));
    expect(pool.ready()).toEqual(['0x02', '0x03']);
  });

  it('leaves out what is not wanted, with all that comes after it', async () => {
    const pool = poolOf({
      '0x01': valid({ provides: ['0xa1'] }),
      '0x02': valid({ requires: ['0xa1'], provides: ['0xa2'] }),
      '0x03': valid({ provides: ['0xb1'] }),
    });
    for (const one of ['0x01', '0x02', '0x03'] as const) await pool.submit(one);
    expect(pool.ready((one) => one !== '0x01')).toEqual(['0x03']);
    expect(pool.ready()).toEqual(['0x01', '0x02', '0x03']);
  });

  it('goes on after the nonce of a transaction that it never held', async () => {
    const signer = `0x${'07'.repeat(32)}` as const;
    const tag = `${signer}04000000` as const;
    const pool = poolOf({ '0x01': valid({ requires: [tag] }) });
    await pool.submit('0x01');
    expect(pool.ready()).toEqual([]);
    pool.included([signedExtrinsic(signer, 4)], block(1));
    expect(pool.ready()).toEqual(['0x01']);
  });

  it('does not offer what waits for a nonce that never comes, and drops it when too old', async () => {
    const pool = poolOf({ '0x02': valid({ requires: ['0xa1'], longevity: 3 }) });
    const seen: TransactionStatus[] = [];
    await pool.submit('0x02', (status) => void seen.push(status));
    for (let number = 1; number <= 3; number += 1) pool.included([], block(number));
    expect(pool.ready()).toEqual([]);
    expect(pool.pending()).toHaveLength(1);
    pool.included([], block(4));
    expect(pool.pending()).toEqual([]);
    expect(seen).toEqual(['future', 'invalid']);
  });

  it('knows a tag whose block came while the next nonce was being validated', async () => {
    let answer: (validity: Hex) => void = () => undefined;
    const slow = new Promise<Hex>((resolve) => {
      answer = resolve;
    });
    const pool = new TransactionPool(
      async (extrinsic) => (extrinsic === '0x01' ? valid({ provides: ['0xa1'] }) : slow),
      0,
    );
    await pool.submit('0x01');
    const second = pool.submit('0x02');
    pool.included(['0x01'], block(1));
    answer(valid({ requires: ['0xa1'], provides: ['0xa2'] }));
    expect(await second).toMatchObject({ kind: 'pooled' });
    expect(pool.ready()).toEqual(['0x02']);
  });

  it('tells inBlock with the block, and finalized only with the next one', async () => {
    const pool = poolOf({ '0x01': valid({ provides: ['0xa1'] }) });
    const seen: TransactionStatus[] = [];
    await pool.submit('0x01', (status) => void seen.push(status));
    pool.included(['0x01'], block(1));
    expect(seen).toEqual(['ready', { inBlock: '0xb1' }]);
    pool.included([], block(2));
    expect(seen.at(-1)).toEqual({ finalized: '0xb1' });
    pool.settle();
    expect(seen).toHaveLength(3);
  });

  it('answers the same twice, a used nonce and a better offer as a Substrate node does', async () => {
    const pool = poolOf({
      '0x01': valid({ provides: ['0xa1'] }),
      '0x02': valid({ provides: ['0xa1'] }),
      '0x03': valid({ provides: ['0xa1'], priority: 5 }),
    });
    const seen: TransactionStatus[] = [];
    await pool.submit('0x01', (status) => void seen.push(status));
    expect(await pool.submit('0x01')).toMatchObject({ code: 1013 });
    const tooLow = { code: 1014, message: 'Priority is too low: (1 vs 1)' };
    expect(await pool.submit('0x02')).toMatchObject(tooLow);
    const taken = await pool.submit('0x03');
    if (taken.kind !== 'pooled') throw new Error(taken.message);
    expect(seen.at(-1)).toEqual({ usurped: taken.hash });
    expect(pool.pending()).toEqual(['0x03']);
  });

  it('takes one of two that arrive at once', async () => {
    const pool = poolOf({ '0x01': valid({ provides: ['0xa1'] }) });
    const both = await Promise.all([pool.submit('0x01'), pool.submit('0x01')]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['pooled', 'refused']);
    expect(pool.pending()).toHaveLength(1);
  });

  it.each([
    ['0x010003', 1010, 'Transaction is outdated'],
    ['0x01000706', 1010, 'Custom error: 6'],
    ['0x010001', 1010, 'Inability to pay some fees (e.g. account balance too low)'],
    ['0x010004', 1010, 'Transaction has a bad signature'],
    ['0x01000a', 1010, 'Invalid signing address'],
    ['0x010100', 1011, 'Could not lookup information required to validate the transaction'],
  ] as const)('words the refusal %s like a node', async (validity, code, data) => {
    const pool = poolOf({ '0x01': validity });
    expect(await pool.submit('0x01')).toMatchObject({ kind: 'refused', code, data });
  });

  it('forgets a watcher that went away', async () => {
    const pool = poolOf({ '0x01': valid({ provides: ['0xa1'] }) });
    const seen: TransactionStatus[] = [];
    const watch = (status: TransactionStatus): void => void seen.push(status);
    await pool.submit('0x01', watch);
    pool.unwatch(watch);
    pool.included(['0x01'], block(1));
    expect(seen).toEqual(['ready']);
  });
});
