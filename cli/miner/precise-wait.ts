import process from 'node:process';
import { Worker } from 'node:worker_threads';

/** Waits to a tenth of a millisecond, without keeping a core busy. */
export interface PreciseWait {
  /** Resolves at that moment of `performance.now()`, after a turn of the event loop at least. */
  until(atMs: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Timers of the event loop tick in whole milliseconds, too coarse for a thousand requests a second.
 * A thread that sleeps on a shared word wakes in time, and says so. Its clock is the process's.
 */
const sleeper = `
  const { parentPort, workerData } = require('node:worker_threads');
  const order = new Int32Array(workerData, 0, 1);
  const due = new Float64Array(workerData, 8, 1);
  const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
  for (let seen = 0; ; ) {
    Atomics.wait(order, 0, seen);
    seen = Atomics.load(order, 0);
    if (seen < 0) break;
    while (Atomics.load(order, 0) === seen) {
      const restMs = due[0] - nowMs();
      if (restMs <= 0) break;
      Atomics.wait(order, 0, seen, restMs);
    }
    parentPort.postMessage(seen);
  }
`;

export function createPreciseWait(signal: AbortSignal): PreciseWait {
  const shared = new SharedArrayBuffer(16);
  const order = new Int32Array(shared, 0, 1);
  const due = new Float64Array(shared, 8, 1);
  const worker = new Worker(sleeper, { eval: true, execArgv: [], workerData: shared });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let wake = (): void => undefined;
  const tell = (number: number): void => {
    Atomics.store(order, 0, number);
    Atomics.notify(order, 0);
  };
  worker.on('message', () => wake());
  worker.on('error', () => wake());
  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);
  const sleep = (restMs: number): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      due[0] = Number(process.hrtime.bigint()) / 1e6 + restMs;
      tell(Atomics.load(order, 0) + 1);
    });
  return {
    until: async (atMs) => {
      const restMs = atMs - performance.now();
      if (restMs > 0 && !signal.aborted) await sleep(restMs);
      else await new Promise((resolve) => setImmediate(resolve));
    },
    close: async () => {
      signal.removeEventListener('abort', onAbort);
      tell(-1);
      await ended;
    },
  };
}
