import type { Worker } from 'node:worker_threads';
import { SubnetError } from '../../../common/errors.ts';
import { startThread } from '../../../common/node/package-root.ts';
import type { Clock } from '../../../common/platform-port.ts';
import type { Logger } from '../../../common/telemetry-port.ts';
import { packTexts } from './thread-messages.ts';
import type { ItemTexts, ThreadMessage, Tokenized, TokenizerOrder } from './thread-messages.ts';

export interface TextTokenizerDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

export interface TextTokenizerOptions {
  readonly threads: number;
  /** Requests that may wait for a thread. */
  readonly maxWaiting: number;
  /** A request that takes longer ends its thread, which is replaced. */
  readonly timeoutMs: number;
}

/** The texts of one request. */
export interface TextJob {
  readonly items: ItemTexts;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  isGone(): boolean;
}

/** `failed`: the thread died or hung. */
export type TextOutcome =
  | Tokenized
  | { readonly kind: 'refused'; readonly reason: 'full' | 'expired' | 'gone' | 'closed' }
  | { readonly kind: 'failed'; readonly reason: 'timeout' | 'crashed'; readonly detail: string };

export interface TextTokenizer {
  /** Never rejects. */
  encode(job: TextJob): Promise<TextOutcome>;
  readonly waiting: number;
  close(): Promise<void>;
}

interface Queued {
  readonly job: TextJob;
  readonly settle: (outcome: TextOutcome) => void;
}

/** A thread takes the next request while it answers the one before: it need not wait for us. */
const perThread = 2;
const startTimeoutMs = 120_000;
const restartPauseMs = 250;

/** Starts the threads; resolves when they are ready. Throws MODEL_ASSET_INVALID. */
export async function startTextTokenizer(
  deps: TextTokenizerDeps,
  order: TokenizerOrder,
  options: TextTokenizerOptions,
): Promise<TextTokenizer> {
  const queue: Queued[] = [];
  const threads: (Thread | null)[] = [];
  let closed = false;
  const start = (): Promise<Thread> => startTokenizing(order, options.timeoutMs);
  const pump = (): void => {
    for (let thread = freest(threads); thread !== null; thread = freest(threads)) {
      const next = takeUseful(queue, deps.clock.monotonicMs());
      if (next === null) return;
      void thread.encode(next.job.items).then(next.settle).then(pump);
    }
  };
  const replace = async (place: number): Promise<void> => {
    threads[place] = null;
    while (!isClosed()) {
      await deps.clock.sleep(restartPauseMs);
      const thread = await start().catch(() => null);
      if (thread === null) continue;
      adopt(place, thread);
      return;
    }
  };
  const isClosed = (): boolean => closed;
  const adopt = (place: number, thread: Thread): void => {
    if (closed) return void thread.end();
    threads[place] = thread;
    void thread.gone.then((reason) => {
      if (closed) return undefined;
      deps.log.warn('a tokenizing thread ended; starting another', { reason });
      return replace(place);
    });
    pump();
  };
  const started = await Promise.all(Array.from({ length: options.threads }, start));
  started.forEach((thread, place) => adopt(place, thread));
  return {
    get waiting() {
      return queue.length + threads.reduce((sum, thread) => sum + (thread?.busy ?? 0), 0);
    },
    encode: (job) => {
      if (closed) return Promise.resolve(refused('closed'));
      if (queue.length >= options.maxWaiting) return Promise.resolve(refused('full'));
      return new Promise((settle) => {
        queue.push({ job, settle });
        pump();
      });
    },
    close: async () => {
      closed = true;
      for (const { settle } of queue.splice(0)) settle(refused('closed'));
      await Promise.all(threads.map(async (thread) => thread?.end()));
    },
  };
}

/** The one with the least to do, if it takes more. */
function freest(threads: readonly (Thread | null)[]): Thread | null {
  const running = threads.filter((thread) => thread !== null);
  const free = running.filter(({ busy }) => busy < perThread);
  return free.sort((a, b) => a.busy - b.busy)[0] ?? null;
}

function refused(reason: 'full' | 'expired' | 'gone' | 'closed'): TextOutcome {
  return { kind: 'refused', reason };
}

function takeUseful(queue: Queued[], nowMs: number): Queued | null {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (next.job.isGone()) next.settle(refused('gone'));
    else if (nowMs > next.job.deadlineMs) next.settle(refused('expired'));
    else return next;
  }
  return null;
}

interface Thread {
  readonly busy: number;
  encode(items: ItemTexts): Promise<TextOutcome>;
  /** Resolves, with the reason, when the thread is gone. */
  readonly gone: Promise<string>;
  end(): Promise<void>;
}

async function startTokenizing(order: TokenizerOrder, timeoutMs: number): Promise<Thread> {
  // What reads strangers' texts needs no secret of ours.
  const options = { env: {}, workerData: order };
  const worker = startThread('miner/models/steps/tokenizer-thread.ts', options);
  const asked = new Map<number, (outcome: TextOutcome) => void>();
  let nextId = 1;
  const gone = new Promise<string>((resolve) => {
    worker.once('error', (error) => resolve(error instanceof Error ? error.message : 'error'));
    worker.once('exit', (code) => resolve(`exit code ${code}`));
  });
  void gone.then((reason) => {
    for (const settle of asked.values()) {
      settle({ kind: 'failed', reason: 'crashed', detail: `the tokenizer died: ${reason}` });
    }
    asked.clear();
  });
  await whenReady(worker, gone);
  worker.on('message', (message: ThreadMessage) => {
    if (message.kind === 'done') asked.get(message.id)?.(message.tokenized);
  });
  const encode = (items: ItemTexts): Promise<TextOutcome> =>
    new Promise((resolve) => {
      const id = nextId++;
      const timer = setTimeout(() => {
        settle({ kind: 'failed', reason: 'timeout', detail: 'the tokenizer took too long' });
        void worker.terminate();
      }, timeoutMs);
      const settle = (outcome: TextOutcome): void => {
        clearTimeout(timer);
        asked.delete(id);
        resolve(outcome);
      };
      asked.set(id, settle);
      const message = packTexts(id, items);
      worker.postMessage(message, [message.bytes.buffer, message.lengths.buffer]);
    });
  return {
    get busy() {
      return asked.size;
    },
    encode,
    gone,
    end: async () => void (await worker.terminate()),
  };
}

async function whenReady(worker: Worker, gone: Promise<string>): Promise<void> {
  const said = await new Promise<ThreadMessage | string>((resolve) => {
    const timer = setTimeout(() => resolve('it does not start'), startTimeoutMs);
    worker.once('message', (message: ThreadMessage) => {
      clearTimeout(timer);
      resolve(message);
    });
    void gone.then((reason) => {
      clearTimeout(timer);
      resolve(reason);
    });
  });
  if (typeof said !== 'string' && said.kind === 'ready') return;
  await worker.terminate();
  const detail = typeof said === 'string' ? said : said.kind === 'unusable' ? said.detail : '';
  throw new SubnetError('MODEL_ASSET_INVALID', { detail: `tokenizer: ${detail}` });
}
