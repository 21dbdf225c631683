import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
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
const options = { threads: 2, line: { maxWaiting: 4 }, timeoutMs: 20_000 };

const someTexts = { texts: bytesOf('A validator asks.', 'miner'), pairs: null };

function job(asker: Partial<TextJob['asker']> = {}, items = someTexts): TextJob {
  return { items, asker: { deadlineMs: Infinity, isGone: () => false, ...asker } };
}

let onThread: ((thread: Worker) => void) | null = null;

afterEach(() => {
  if (onThread !== null) process.off('worker', onThread);
});

/** Those that are started from now on; told of each before it says a word. */
function startedThreads(tell: (thread: Worker, at: number) => void): readonly Worker[] {
  const threads: Worker[] = [];
  onThread = (thread) => tell(thread, threads.push(thread) - 1);
  process.on('worker', onThread);
  return threads;
}

/** Seconds of work. */
const endless = { texts: bytesOf('a '.repeat(4_000_000)), pairs: null };

describe('threads that tokenise', () => {
  it('answer as the tokenizer does, and leave the request as it was', async () => {
    const tokenizer = await startTextTokenizer(deps, smallOrder(), options);
    try {
      const body = new TextEncoder().encode('A validator asks.miner');
      const items = { texts: [body.subarray(0, 17), body.subarray(17)], pairs: null };
      const expected = createItemTokenizer(smallOrder())(items);
      const all = await Promise.all([1, 2, 3, 4].map(() => tokenizer.encode(job({}, items))));
      for (const one of all) expect(one).toEqual(expected);
      expect(body).toHaveLength(22);
    } finally {
      await tokenizer.close();
    }
    expect(await tokenizer.encode(job())).toEqual({ kind: 'refused', reason: 'closed' });
  });

  it('do nothing for who left or waited too long, and turn away what is too much', async () => {
    const one = { ...options, threads: 1, line: { maxWaiting: 1 } };
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

  it('are replaced when one hangs, and what it had not begun is done by the next', async () => {
    const hasty = { ...options, threads: 1, timeoutMs: 500 };
    const tokenizer = await startTextTokenizer(deps, smallOrder(), hasty);
    try {
      const asked = [job({}, endless), job(), job()].map((one) => tokenizer.encode(one));
      const [hung, ...others] = await Promise.all(asked);
      expect(hung).toMatchObject({ kind: 'failed', reason: 'timeout' });
      expect(others.map(({ kind }) => kind)).toEqual(['tensors', 'tensors']);
      expect((await tokenizer.encode(job())).kind).toBe('tensors');
    } finally {
      await tokenizer.close();
    }
  });

  it('give each caller its turn, whoever floods them', async () => {
    const one = { ...options, threads: 1, line: { maxWaiting: 100 } };
    const tokenizer = await startTextTokenizer(deps, smallOrder(), one);
    const done: string[] = [];
    const ask = async (caller: string): Promise<void> => {
      await tokenizer.encode(job({ caller }));
      done.push(caller);
    };
    try {
      const flood = Array.from({ length: 50 }, () => ask('flood'));
      await Promise.all([ask('other'), ...flood]);
      // Two that the thread has already, and one turn of the flood.
      expect(done.indexOf('other')).toBeLessThanOrEqual(3);
    } finally {
      await tokenizer.close();
    }
  });

  it('answer who left or whose time is over while they are busy', async () => {
    const one = { ...options, threads: 1 };
    const tokenizer = await startTextTokenizer(deps, smallOrder(), one);
    let left = false;
    const busy = [job({}, endless), job({}, endless)].map((each) => tokenizer.encode(each));
    const waiting = [
      tokenizer.encode(job({ isGone: () => left })),
      tokenizer.encode(job({ deadlineMs: platform.clock.monotonicMs() + 30 })),
    ];
    left = true;
    const outcomes = await Promise.race([Promise.all(waiting), ...busy]);
    expect(outcomes).toMatchObject([{ reason: 'gone' }, { reason: 'expired' }]);
    await tokenizer.close();
    await Promise.all(busy);
  });

  it('are ended while they start when nobody wants them any more', async () => {
    const reason = new Error('not wanted');
    const stopping = new AbortController();
    let answered = false;
    const threads = startedThreads((thread) => {
      thread.once('message', () => (answered = true));
      stopping.abort(reason);
    });
    const { signal } = stopping;
    const starting = startTextTokenizer(deps, smallOrder(), options, signal);
    await expect(starting).rejects.toBe(reason);
    expect([threads.length, answered]).toEqual([2, false]);
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
    await expect(startTextTokenizer(deps, smallOrder(), options, signal)).rejects.toBe(reason);
    expect(threads).toHaveLength(2);
  });

  it('start all or none', async () => {
    const threads = startedThreads((thread, at) => {
      if (at === 0) void thread.terminate();
    });
    await expect(startTextTokenizer(deps, smallOrder(), options)).rejects.toMatchObject({
      code: 'MODEL_ASSET_INVALID',
    });
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  });

  it('leave none behind that was to take the place of another', async () => {
    const threads = startedThreads(() => undefined);
    const one = { ...options, threads: 1 };
    const tokenizer = await startTextTokenizer(deps, smallOrder(), one);
    const replaced = new Promise((resolve) => process.once('worker', resolve));
    await threads[0]?.terminate();
    await replaced;
    await tokenizer.close();
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
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
