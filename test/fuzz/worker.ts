import { parentPort } from 'node:worker_threads';
import { corpusOf } from './corpus.ts';
import { createInputs } from './execution.ts';
import type { FuzzTarget } from './target.ts';
import { fuzzTargets } from './targets.ts';

/** What a worker is told. */
export interface WorkerJob {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  /** At most so many executions. */
  readonly count: number;
  /** At most so long, from when it is ready. */
  readonly forMs: number;
  /** One number for each lane: the execution that it is at. */
  readonly at: SharedArrayBuffer;
}

export type WorkerReport =
  | { readonly kind: 'done'; readonly executions: number }
  | { readonly kind: 'broken'; readonly execution: number; readonly error: string };

// Most inputs end in an error that is caught: writing its stack would take most of the time.
Error.stackTraceLimit = 0;

/** The clock is looked at after so many executions. */
const stride = 64;
let unhandled: unknown = null;

process.on('unhandledRejection', (reason) => (unhandled = reason ?? new Error('unhandled')));
parentPort?.on('message', (job: WorkerJob) => void work(job));
parentPort?.postMessage('ready', []);

async function work(job: WorkerJob): Promise<void> {
  const target = fuzzTargets.find(({ name }) => name === job.target);
  if (target === undefined) throw new Error(`no target ${job.target}`);
  await target.open?.();
  const report = await runAll(target, job);
  await target.close?.();
  parentPort?.postMessage(report, []);
}

async function runAll(target: FuzzTarget, job: WorkerJob): Promise<WorkerReport> {
  const inputs = createInputs(target, corpusOf(target.name), job.seed);
  const progress = new Int32Array(job.at);
  const untilMs = Date.now() + job.forMs;
  let next = 0;
  let ended: WorkerReport | null = null;
  const lane = async (number: number): Promise<void> => {
    while (ended === null && next < job.count) {
      if (next % stride === 0 && Date.now() > untilMs) return;
      const execution = job.first + next;
      next += 1;
      Atomics.store(progress, number, execution);
      const error = await tryOne(target, inputs(execution));
      if (error !== null) ended = { kind: 'broken', execution, error };
    }
  };
  await Promise.all(Array.from({ length: target.lanes ?? 1 }, (_, number) => lane(number)));
  return ended ?? { kind: 'done', executions: next };
}

async function tryOne(target: FuzzTarget, input: Uint8Array): Promise<string | null> {
  try {
    const running = target.run(input);
    if (running !== undefined) await running;
    if (unhandled === null) return null;
    const reason = unhandled;
    unhandled = null;
    return `unhandled rejection: ${textOf(reason)}`;
  } catch (error) {
    return textOf(error);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
