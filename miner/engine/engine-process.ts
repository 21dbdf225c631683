import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { SubnetError } from '../../common/errors.ts';
import { nodeArguments } from '../../common/node/package-root.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import { openChannel } from './engine-channel.ts';
import type { Answer } from './engine-channel.ts';
import { missingLibrary, refusedLoad } from './engine-load.ts';
import type {
  LoadFailure,
  LoadOrder,
  LoadReport,
  RunFault,
  RunOrder,
  RunReport,
} from './engine-load.ts';
import { runFailure } from './engine-port.ts';
import type { RunOutcome } from './engine-port.ts';

export interface ModelProcessOptions {
  readonly load: Omit<LoadOrder, 'scratchDir'>;
  /** A run that takes longer kills the model process. */
  readonly runTimeoutMs: number;
  /** Loading and warming up; default ten minutes, for large models on cold disks. */
  readonly loadTimeoutMs?: number;
  /** Ends a start that is under way: the process is killed, whatever it does. */
  readonly signal?: AbortSignal;
  /** Module that the process runs, from the root of the package; tests have others. */
  readonly program?: string;
  readonly log: Logger;
}

/** One process with the model loaded and warm. */
export interface ModelProcess {
  readonly report: LoadReport;
  readonly pid: number;
  readonly startedMs: number;
  run(inputs: readonly Tensor[], requests?: number): Promise<RunOutcome>;
  /** Runs that were handed in and have no outcome yet. */
  readonly inFlight: number;
  /** Resolves when the process is gone. */
  readonly gone: Promise<string>;
  kill(): Promise<void>;
}

const defaultLoadTimeoutMs = 600_000;

/**
 * Throws MODEL_UNREADABLE, MODEL_HASH_MISMATCH, MODEL_INVALID, ENGINE_CUDA_MISSING, ENGINE_MEMORY,
 * ENGINE_FAILED, or the reason of the signal; then no process is left.
 */
export async function startModelProcess(options: ModelProcessOptions): Promise<ModelProcess> {
  const { signal } = options;
  signal?.throwIfAborted();
  const program = options.program ?? 'miner/engine/engine-child.ts';
  const child = spawn(process.execPath, [...nodeArguments(program)], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: childEnvironment(),
  });
  const channel = openChannel(child, options.log);
  const header: LoadOrder = { ...options.load, scratchDir: tmpdir() };
  const timeoutMs = options.loadTimeoutMs ?? defaultLoadTimeoutMs;
  const stop = (): void => void channel.kill();
  signal?.addEventListener('abort', stop, { once: true });
  const answer = await channel.ask({ kind: 'load', header, tensors: [], timeoutMs });
  signal?.removeEventListener('abort', stop);
  const isStopped = signal?.aborted === true;
  if (isStopped || typeof answer === 'string' || answer.kind !== 'loaded') {
    await channel.kill();
    signal?.throwIfAborted();
    throw loadError(answer, channel.errorText(), options);
  }
  const report = answer.header as LoadReport;
  tellNotice(report, channel.errorText(), options);
  const { runTimeoutMs } = options;
  return {
    report,
    pid: child.pid ?? 0,
    startedMs: performance.now(),
    gone: channel.gone,
    get inFlight() {
      return channel.asked;
    },
    kill: () => channel.kill(),
    run: async (tensors, requests = 1) => {
      const order: RunOrder = { requests };
      const question = { kind: 'run', header: order, tensors, timeoutMs: runTimeoutMs } as const;
      const outcome = outcomeOf(await channel.ask(question));
      if (outcome.kind === 'failed' && outcome.reason === 'broken') void channel.drop();
      return outcome;
    },
  };
}

function tellNotice(report: LoadReport, text: string, { load, log }: ModelProcessOptions): void {
  const { notice, model } = report;
  if (notice === '') return;
  const facts = { notice, provider: model.provider, missing: missingLibrary(text) ?? '-' };
  if (model.provider === load.provider) log.info('not all of the model runs there', facts);
  else log.warn(`the model runs on the ${model.provider.toUpperCase()}`, facts);
}

/** The model process gets what the dynamic linker and CUDA need, and no secret of its parent's. */
function childEnvironment(): Record<string, string> {
  const wanted =
    /^(PATH|HOME|TMPDIR|TEMP|TMP|SystemRoot|TZ|LANG|LC_.*|LD_.*|CUDA.*|NVIDIA.*|OMP_.*)$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      wanted.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
}

function outcomeOf(answer: Answer): RunOutcome {
  if (answer === 'timeout') return runFailure('timeout', 'the model took too long');
  if (answer === 'gone') return runFailure('crashed', 'the model process died');
  if (answer === 'unbegun') return runFailure('unavailable', 'the model process is being replaced');
  if (answer.kind === 'outputs') {
    const { runMs, postMs } = answer.header as RunReport;
    return { kind: 'outputs', outputs: answer.tensors, runMs, postMs };
  }
  const { cause, detail } = answer.header as RunFault;
  return runFailure(cause === 'inputs' ? 'model' : cause, detail);
}

function loadError(answer: Answer, text: string, options: ModelProcessOptions): SubnetError {
  const { modelPath: path } = options.load;
  if (answer === 'timeout') return new SubnetError('ENGINE_FAILED', { path, detail: 'too slow' });
  if (typeof answer === 'string') {
    const detail = `the model process died: ${lastLine(text)}`;
    return new SubnetError('ENGINE_FAILED', { path, detail });
  }
  return refusedLoad(answer.header as LoadFailure, options.load, text);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}
