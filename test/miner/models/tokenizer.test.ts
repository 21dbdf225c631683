import { describe, expect, it } from 'vitest';
import { SubnetError } from '../../../common/errors.ts';
import { createPlatform } from '../../../common/node/platform.ts';
import { createItemTokenizer } from '../../../miner/models/steps/item-tokenizer.ts';
import { startTextTokenizer } from '../../../miner/models/steps/text-tokenizer.ts';
import type { TextJob } from '../../../miner/models/steps/text-tokenizer.ts';
import type { Tokenized } from '../../../miner/models/steps/thread-messages.ts';
import { silentLog } from '../../fakes/silent-log.ts';
import { bytesOf, smallOrder, smallTokenizer } from './small-tokenizer.ts';

function rowsOf(tokenized: Tokenized): Record<string, number[]> {
  if (tokenized.kind !== 'tensors') throw new Error(tokenized.detail);
  return Object.fromEntries(
    tokenized.tensors.map(({ name, data }) => [name, Array.from(data as BigInt64Array, Number)]),
  );
}

describe('texts of one request', () => {
  it('are padded to the longest, with a mask and segments', () => {
    const tokenize = createItemTokenizer(smallOrder());
    const rows = rowsOf(tokenize({ texts: bytesOf('A validator asks.', 'miner'), pairs: null }));
    expect(rows).toEqual({
      input_ids: [2, 4, 7, 8, 9, 10, 3, 2, 5, 3, 0, 0, 0, 0],
      attention_mask: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0],
      token_type_ids: Array.from({ length: 14 }, () => 0),
    });
  });

  it('are cut within their special tokens, or refused where that is asked for', () => {
    const long = { texts: bytesOf('a a a a a a a a a a'), pairs: null };
    const cut = rowsOf(createItemTokenizer(smallOrder())(long));
    expect(cut['input_ids']).toEqual([2, 4, 4, 4, 4, 4, 4, 3]);
    expect(createItemTokenizer(smallOrder({ truncation: false }))(long)).toEqual({
      kind: 'invalid',
      detail: 'text 0 has 12 tokens; at most 8',
    });
  });

  it('may come in pairs, of which the longer is cut first', () => {
    const tokenize = createItemTokenizer(smallOrder({ pair: 'other' }));
    const items = { texts: bytesOf('miner'), pairs: bytesOf('a a a a a a a') };
    expect(rowsOf(tokenize(items))).toMatchObject({
      input_ids: [2, 5, 3, 4, 4, 4, 4, 3],
      token_type_ids: [0, 0, 0, 1, 1, 1, 1, 1],
    });
  });

  it('can always have the same length', () => {
    const tokenize = createItemTokenizer(smallOrder({ padding: 'max-length' }));
    expect(rowsOf(tokenize({ texts: bytesOf(''), pairs: null }))['input_ids']).toEqual([
      2, 3, 0, 0, 0, 0, 0, 0,
    ]);
  });

  it('are refused when they are no UTF-8', () => {
    const texts = [...bytesOf('a'), Uint8Array.of(0xc3, 0x28)];
    const tokenized = createItemTokenizer(smallOrder())({ texts, pairs: null });
    expect(tokenized).toEqual({ kind: 'invalid', detail: 'text 1 is no UTF-8' });
  });
});

const platform = createPlatform();
const deps = { clock: platform.clock, log: silentLog };
const options = { threads: 2, maxWaiting: 4, timeoutMs: 20_000 };

function job(changes: Partial<TextJob> = {}): TextJob {
  const items = { texts: bytesOf('A validator asks.', 'miner'), pairs: null };
  return { items, deadlineMs: Infinity, isGone: () => false, ...changes };
}

describe('threads that tokenise', () => {
  it('answer as the tokenizer does, and leave the request as it was', async () => {
    const tokenizer = await startTextTokenizer(deps, smallOrder(), options);
    try {
      const body = new TextEncoder().encode('A validator asks.miner');
      const items = { texts: [body.subarray(0, 17), body.subarray(17)], pairs: null };
      const expected = createItemTokenizer(smallOrder())(items);
      const all = await Promise.all([1, 2, 3, 4].map(() => tokenizer.encode(job({ items }))));
      for (const one of all) expect(one).toEqual(expected);
      expect(body).toHaveLength(22);
    } finally {
      await tokenizer.close();
    }
    expect(await tokenizer.encode(job())).toEqual({ kind: 'refused', reason: 'closed' });
  });

  it('do nothing for who left or waited too long, and turn away what is too much', async () => {
    const one = { ...options, threads: 1, maxWaiting: 1 };
    const tokenizer = await startTextTokenizer(deps, smallOrder(), one);
    try {
      const outcomes = await Promise.all([
        tokenizer.encode(job({ isGone: () => true })),
        tokenizer.encode(job({ deadlineMs: -1 })),
        ...[1, 2, 3, 4].map(() => tokenizer.encode(job())),
      ]);
      const said = outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : outcome.kind));
      expect(said).toEqual(['gone', 'expired', 'tensors', 'tensors', 'tensors', 'full']);
    } finally {
      await tokenizer.close();
    }
  });

  it('are replaced when one hangs, and only its own request fails', async () => {
    const hasty = { ...options, threads: 1, timeoutMs: 40 };
    const tokenizer = await startTextTokenizer(deps, smallOrder(), hasty);
    try {
      const endless = { texts: bytesOf('a '.repeat(2_000_000)), pairs: null };
      expect(await tokenizer.encode(job({ items: endless }))).toMatchObject({ reason: 'timeout' });
      let outcome = await tokenizer.encode(job());
      while (outcome.kind === 'failed') outcome = await tokenizer.encode(job());
      expect(outcome.kind).toBe('tensors');
    } finally {
      await tokenizer.close();
    }
  });

  it('do not start with a file that is no tokenizer, or lacks what the step names', async () => {
    const wrong = [
      { ...smallOrder(), tokenizer: '{"model":{}}' },
      { ...smallOrder(), tokenizer: 'no JSON' },
      smallOrder({ padToken: '[NONE]' }),
      { ...smallOrder(), tokenizer: smallTokenizer, config: '[' },
    ];
    for (const order of wrong) {
      const error: unknown = await startTextTokenizer(deps, order, options).catch(
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(SubnetError);
      expect(error).toMatchObject({ code: 'MODEL_ASSET_INVALID' });
    }
  });
});
