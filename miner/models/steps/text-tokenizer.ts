import type { Worker } from 'node:worker_threads';
import { allOrNone } from '../../../common/all-or-none.ts';
import { SubnetError } from '../../../common/errors.ts';
import { startThread } from '../../../common/node/package-root.ts';
import type { Clock } from '../../../common/platform-port.ts';
import { backoffMs } from '../../../common/retry.ts';
import type { Logger } from '../../../common/telemetry-port.ts';
import type { BatchRefusal } from '../../batch/batcher.ts';
import type { Asker, QueueLimits } from '../../batch/bounded-queue.ts';
import { createWaitingLine } from '../../batch/waiting-line.ts';
import type { InLine } from '../../batch/waiting-line.ts';
import { packTexts } from './thread-messages.ts';
import type { ItemTexts, ThreadMessage, Tokenized, TokenizerOrder } from './thread-messages.ts';

export interface TextTokenizerDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

export interface TextTokenizerOptions {
  readonly threads: number;
  /** Who may wait for a thread, and whose turn it is. */
  readonly line: QueueLimits;
  /** A request that takes longer, from when its thread comes to it, ends the thread. */
  readonly timeoutMs: number;
}

/** The texts of one request. */
export interface TextJob {
  readonly items: ItemTexts;
  readonly asker: Asker;
}

/** `failed`: the thread died or hung. */
export type TextOutcome =
  | Tokenized
  | BatchRefusal
  | { readonly kind: 'failed'; readonly reason: 'timeout' | 'crashed'; readonly detail: string };

export interface TextTokenizer {
  /** Never rejects. */
  encode(job: TextJob): Promise<TextOutcome>;
  readonly waiting: number;
  close(): Promise<void>;
}

interface Queued extends InLine {
  readonly items: ItemTexts;
  readonly settle: (outcome: TextOutcome) => void;
  /** Its thread went before it was begun: once more, not for ever. */
  readonly isSecondTry: boolean;
}

/** A thread takes the next request while it answers the one before: it need not wait for us. */
const perThread = 2;
const startTimeoutMs = 120_000;
const firstPauseMs = 250;
const maxPauseMs = 10_000;

/**
 * Starts the threads; resolves when they are ready. The signal ends a start that is under way.
 * Throws MODEL_ASSET_INVALID, or the reason of the signal.
 */
export async function startTextTokenizer(
  { clock, log }: TextTokenizerDeps,
  order: TokenizerOrder,
  options: TextTokenizerOptions,
  signal?: AbortSignal,
): Promise<TextTokenizer> {
  const line = createWaitingLine<Queued>(clock, options.line);
  const threads: (Thread | null)[] = [];
  const stopping = new AbortController();
  /** By place: a thread that takes the place of another. */
  const replacing = new Map<number, Promise<void>>();
  const pump = (): void => {
    for (let thread = freest(threads); thread !== null; thread = freest(threads)) {
      const next = line.take();
      if (next === null) return;
      void encode(thread, next);
    }
  };
  const encode = async (thread: Thread, queued: Queued): Promise<void> => {
    const outcome = await thread.encode(queued.items);
    if (outcome !== 'unbegun') queued.settle(outcome);
    else if (!queued.isSecondTry) line.push({ ...queued, isSecondTry: true });
    else queued.settle(crashed('twice'));
    pump();
  };
  const replace = async (place: number): Promise<void> => {
    threads[place] = null;
    for (let attempt = 0; !isClosed(); attempt += 1) {
      try {
        await clock.sleep(backoffMs(attempt, firstPauseMs, maxPauseMs), stopping.signal);
        adopt(place, await startTokenizing(order, options.timeoutMs, stopping.signal));
        return;
      } catch (error) {
        if (isClosed()) return;
        log.error('a tokenizing thread does not start again', { attempt, error });
      }
    }
  };
  const isClosed = (): boolean => stopping.signal.aborted;
  const adopt = (place: number, thread: Thread): void => {
    threads[place] = thread;
    void thread.gone.then((reason) => {
      if (isClosed()) return;
      log.warn('a tokenizing thread ended; starting another', { reason });
      replacing.set(place, replace(place));
    });
    pump();
  };
  const starts = Array.from({ length: options.threads }, () =>
    startTokenizing(order, options.timeoutMs, signal),
  );
  const started = await allOrNone(starts, (thread) => thread.end());
  started.forEach((thread, place) => adopt(place, thread));
  return {
    get waiting() {
      return line.size + threads.reduce((sum, thread) => sum + (thread?.busy ?? 0), 0);
    },
    encode: ({ items, asker }) =>
      new Promise((settle) => {
        const cost = costOf(items);
        line.push({ items, asker, cost, settle, refuse: settle, isSecondTry: false });
        pump();
      }),
    close: async () => {
      stopping.abort();
      line.close();
      await Promise.all(replacing.values());
      await Promise.all(threads.map(async (thread) => thread?.end()));
    },
  };
}

/** Bytes; an item without any is work as well. */
function costOf({ texts, pairs }: ItemTexts): number {
  return [...texts, ...(pairs ?? [])].reduce((sum, { length }) => sum + 1 + length, 0);
}

/** The one with the least to do, if it takes more. */
function freest(threads: readonly (Thread | null)[]): Thread | null {
  let found: Thread | null = null;
  for (const thread of threads) {
    const takes = thread !== null && thread.isAlive && thread.busy < perThread;
    if (takes && (found === null || thread.busy < found.busy)) found = thread;
  }
  return found;
}

function crashed(reason: string): TextOutcome {
  return { kind: 'failed', reason: 'crashed', detail: `the tokenizer died: ${reason}` };
}

interface Thread {
  readonly busy: number;
  /** False from when it is ended, which is before it is gone. */
  readonly isAlive: boolean;
  /** `unbegun`: the thread went before it came to these. */
  encode(items: ItemTexts): Promise<TextOutcome | 'unbegun'>;
  /** Resolves, with the reason, when the thread is gone. */
  readonly gone: Promise<string>;
  end(): Promise<void>;
}

type Settle = (outcome: TextOutcome | 'unbegun') => void;

async function startTokenizing(
  order: TokenizerOrder,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Thread> {
  signal?.throwIfAborted();
  // What reads strangers' texts needs no secret of ours.
  const options = { env: {}, workerData: order };
  const worker = startThread('miner/models/steps/tokenizer-thread.ts', options);
  /** The first is being answered; the others lie before the thread. */
  const asked = new Map<number, Settle>();
  let nextId = 1;
  let isAlive = true;
  let timer: NodeJS.Timeout | undefined;
  const gone = new Promise<string>((resolve) => {
    worker.once('error', (error) => resolve(error instanceof Error ? error.message : 'error'));
    worker.once('exit', (code) => resolve(`exit code ${code}`));
  });
  const settle = (id: number, outcome: TextOutcome | 'unbegun'): void => {
    const one = asked.get(id);
    asked.delete(id);
    one?.(outcome);
  };
  const endWith = (first: TextOutcome): void => {
    isAlive = false;
    clearTimeout(timer);
    [...asked.keys()].forEach((id, at) => settle(id, at === 0 ? first : 'unbegun'));
  };
  /** The others' time has not begun. */
  const watchFirst = (): void => {
    clearTimeout(timer);
    if (asked.size === 0) return;
    timer = setTimeout(() => {
      endWith({ kind: 'failed', reason: 'timeout', detail: 'the tokenizer took too long' });
      void worker.terminate();
    }, timeoutMs);
  };
  void gone.then((reason) => endWith(crashed(reason)));
  await whenReady(worker, gone, signal);
  worker.on('message', (message: ThreadMessage) => {
    if (message.kind !== 'done') return;
    settle(message.id, message.tokenized);
    if (isAlive) watchFirst();
  });
  return {
    get busy() {
      return asked.size;
    },
    get isAlive() {
      return isAlive;
    },
    encode: (items) =>
      new Promise((resolve) => {
        const id = nextId++;
        asked.set(id, resolve);
        if (asked.size === 1) watchFirst();
        const message = packTexts(id, items);
        worker.postMessage(message, [message.bytes.buffer, message.lengths.buffer]);
      }),
    gone,
    end: async () => {
      isAlive = false;
      await worker.terminate();
    },
  };
}

async function whenReady(
  worker: Worker,
  gone: Promise<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const said = await firstWord(worker, gone, signal);
  if (typeof said !== 'string' && said.kind === 'ready') return;
  await worker.terminate();
  signal?.throwIfAborted();
  const detail = typeof said === 'string' ? said : said.kind === 'unusable' ? said.detail : '';
  throw new SubnetError('MODEL_ASSET_INVALID', { detail: `tokenizer: ${detail}` });
}

/** A text where the thread says nothing: why not. */
function firstWord(
  worker: Worker,
  gone: Promise<string>,
  signal: AbortSignal | undefined,
): Promise<ThreadMessage | string> {
  return new Promise((resolve) => {
    const settle = (said: ThreadMessage | string): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      resolve(said);
    };
    const stop = (): void => settle('it is not wanted any more');
    const timer = setTimeout(() => settle('it does not start'), startTimeoutMs);
    signal?.addEventListener('abort', stop, { once: true });
    worker.once('message', settle);
    void gone.then(settle);
  });
}
