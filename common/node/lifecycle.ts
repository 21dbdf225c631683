import { messageOf } from '../errors.ts';
import type { Logger } from '../telemetry-port.ts';

/** Things that were started, stopped in reverse order. */
export interface Lifecycle {
  /** Remembers how to stop something that now runs. */
  add(name: string, stop: () => Promise<void> | void): void;
  /** Stops all, last started first; a failing stop is logged and does not keep the others. */
  stop(): Promise<void>;
}

export function createLifecycle(log: Logger): Lifecycle {
  const running: { name: string; stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | null = null;
  const stopAll = async (): Promise<void> => {
    for (let last = running.pop(); last !== undefined; last = running.pop()) {
      await stopOne(last.name, last.stop, log);
    }
  };
  return {
    add: (name, stop) => void running.push({ name, stop }),
    stop: () => (stopping ??= stopAll()),
  };
}

async function stopOne(name: string, stop: () => Promise<void> | void, log: Logger): Promise<void> {
  try {
    await stop();
    log.debug('stopped', { part: name });
  } catch (error) {
    log.error('could not stop a part', { part: name, error: messageOf(error) });
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Calls `close` when the signal has been aborted for `graceMs`; returns how to forget about it. */
export function closeAfter(
  signal: AbortSignal,
  graceMs: number,
  close: () => Promise<void>,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = (): void => {
    timer = setTimeout(() => void close(), graceMs);
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return () => {
    signal.removeEventListener('abort', start);
    clearTimeout(timer);
  };
}
