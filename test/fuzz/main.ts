import { parseArgs } from 'node:util';
import { startThread } from '../../common/node/package-root.ts';
import { corpusOf, keepInput } from './corpus.ts';
import { inputOf } from './execution.ts';
import type { FuzzTarget } from './target.ts';
import { fuzzTargets } from './targets.ts';
import type { WorkerJob, WorkerReport } from './worker.ts';

/**
 * npm run fuzz -- --seconds N --seed S --target T --executions E
 * Runs all targets (or T), each for its part of N seconds or E executions, whichever ends first.
 * Execution K of seed S is the same input everywhere; an input that breaks a promise, crashes or
 * hangs is kept in test/fuzz/corpus.
 */
interface Finding {
  readonly target: string;
  readonly execution: number;
  readonly error: string;
  readonly file: string;
}

/** An input that takes longer is taken for a hang. */
const hangMs = 20_000;
const laneCount = 16;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    executions: { type: 'string', default: '1000000000' },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const chosen = fuzzTargets.filter(
  ({ name }) => values.target === undefined || name === values.target,
);
if (chosen.length === 0) throw new Error(`no target ${values.target ?? ''}`);
const secondsEach = Number(values.seconds) / chosen.length;

const findings: Finding[] = [];
const counts: Record<string, number> = {};
const started = Date.now();
for (const target of chosen) {
  const from = Date.now();
  const executions = await fuzz(target);
  counts[target.name] = executions;
  const seconds = (Date.now() - from) / 1000;
  console.log(
    `${target.name.padEnd(14)} ${String(executions).padStart(9)} executions in ${seconds.toFixed(1)} s`,
  );
}
for (const { target, execution, error, file } of findings) {
  console.log(`\n${target}: execution ${execution} of seed ${seed}, kept as ${file}\n${error}`);
}
const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
const seconds = Math.round((Date.now() - started) / 1000);
if (values.json)
  console.log(JSON.stringify({ seed, seconds, total, counts, findings: findings.length }));
else console.log(`${total} executions in ${seconds} s, seed ${seed}: ${findings.length} findings`);
if (findings.length > 0) process.exitCode = 1;

async function fuzz(target: FuzzTarget): Promise<number> {
  const forMs = secondsEach * 1000;
  const at = new SharedArrayBuffer(4 * laneCount);
  const most = Number(values.executions);
  const report = await runWorker(
    { target: target.name, seed, first: 0, count: most, forMs, at },
    at,
  );
  if (report.kind === 'done') return report.executions;
  const input = inputOf(target, corpusOf(target.name), seed, report.execution);
  const file = keepInput(target.name, input);
  findings.push({ target: target.name, execution: report.execution, error: report.error, file });
  return report.execution;
}

/** In a thread of its own, so that an endless loop can be seen and ended. */
function runWorker(job: WorkerJob, at: SharedArrayBuffer): Promise<WorkerReport> {
  return new Promise((resolve) => {
    const worker = startThread('test/fuzz/worker.ts');
    const progress = new Int32Array(at);
    let seen = 0;
    // Counts from when the thread is ready: on a busy machine loading takes its time.
    let seenAtMs = Infinity;
    const watch = setInterval(() => {
      const now = progress.reduce((sum, one) => sum + one, 0);
      if (now !== seen) {
        seen = now;
        seenAtMs = Date.now();
      } else if (Date.now() - seenAtMs > hangMs)
        end({ kind: 'broken', execution: progress[0] ?? 0, error: 'hangs' });
    }, 500);
    const end = (report: WorkerReport): void => {
      clearInterval(watch);
      void worker.terminate().then(() => resolve(report));
    };
    worker.on('error', (error) =>
      end({
        kind: 'broken',
        execution: progress[0] ?? 0,
        error: `crash: ${error.stack ?? error.message}`,
      }),
    );
    worker.on('message', (message: WorkerReport | 'ready') => {
      if (message !== 'ready') return end(message);
      seenAtMs = Date.now();
      worker.postMessage(job, []);
    });
  });
}
