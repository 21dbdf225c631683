import { startThread } from '../../common/node/package-root.ts';
import type { SignatureCheck } from '../../common/signer-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import { packChecks } from './verify-frames.ts';
import type { VerifyThreads } from './verify-queue.ts';

export interface RunningVerifyThreads extends VerifyThreads {
  close(): Promise<void>;
}

/** Starts `count` threads; they take part once they have loaded, and a dead one is not replaced. */
export function startVerifyThreads(count: number, log: Logger): RunningVerifyThreads {
  const threads = Array.from({ length: count }, () => startVerifyThread(log));
  return {
    isFree: () => threads.some((thread) => thread.isFree()),
    verifyBatch: (checks) =>
      threads.find((thread) => thread.isFree())?.verifyBatch(checks) ?? Promise.resolve(null),
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

type Verdicts = readonly boolean[] | null;

function startVerifyThread(log: Logger): RunningVerifyThreads {
  const worker = startThread('miner/gate/verify-worker.ts');
  let state: 'starting' | 'free' | 'busy' | 'gone' = 'starting';
  let settle: (verdicts: Verdicts) => void = () => undefined;
  const leave = (): void => {
    state = 'gone';
    settle(null);
  };
  worker.unref();
  // The first message says that it has loaded, each further one answers a batch.
  worker.on('message', (verdicts: Verdicts) => {
    state = 'free';
    settle(verdicts);
  });
  worker.once('error', (error) => {
    log.error('a thread that verifies signatures died; they are verified without it', { error });
    leave();
  });
  worker.once('exit', leave);
  return {
    isFree: () => state === 'free',
    verifyBatch: (checks: readonly SignatureCheck[]) =>
      new Promise((resolve) => {
        const packed = packChecks(checks);
        if (packed === null || state !== 'free') return resolve(null);
        state = 'busy';
        settle = resolve;
        worker.postMessage(packed, [packed.buffer]);
      }),
    close: async () => {
      leave();
      await worker.terminate();
    },
  };
}
