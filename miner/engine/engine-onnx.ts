import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { SubnetError } from '../../common/errors.ts';
import { nodeArguments } from '../../common/node/package-root.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import { createFrameReader, encodeFrame } from './engine-frames.ts';
import type { Frame, FrameKind } from './engine-frames.ts';
import { missingLibrary } from './engine-load.ts';
import type { LoadFailure, LoadOrder, LoadReport, RunFault, RunReport } from './engine-load.ts';
import { runFailure } from './engine-port.ts';
import type { Engine, RunOutcome } from './engine-port.ts';

export interface OnnxEngineOptions {
  readonly load: Omit<LoadOrder, 'scratchDir'>;
  /** A run that takes longer kills the model process; it is replaced. */
  readonly runTimeoutMs: number;
  /** Loading and warming up; default ten minutes, for large models on cold disks. */
  readonly loadTimeoutMs?: number;
  readonly log: Logger;
  /** Called each time a model process had to be replaced. */
  readonly onRestart?: (reason: string) => void;
}

/** For tests and for looking at it from outside. */
export interface OnnxEngine extends Engine {
  /** Process id of the model process; null while it is being replaced. */
  pid(): number | null;
}

const defaultLoadTimeoutMs = 600_000;
const firstBackoffMs = 50;
const maxBackoffMs = 1600;
/** A process that lived this long did not die of its model: the next restart is immediate. */
const stableMs = 10_000;
const keptErrorText = 4096;

/**
 * Starts the model process and resolves once the model is loaded and warm. Throws MODEL_UNREADABLE,
 * MODEL_HASH_MISMATCH, MODEL_INVALID, ENGINE_CUDA_MISSING, ENGINE_FAILED. A process that dies later
 * is replaced after at most `maxBackoffMs`, with the same hash checked again.
 */
export async function startOnnxEngine(options: OnnxEngineOptions): Promise<OnnxEngine> {
  const first = await startModelProcess(options);
  return supervise(first, options);
}

interface ModelProcess {
  readonly report: LoadReport;
  readonly pid: number;
  readonly startedMs: number;
  run(inputs: readonly Tensor[]): Promise<RunOutcome>;
  /** Resolves when the process is gone. */
  readonly gone: Promise<string>;
  kill(): Promise<void>;
}

function supervise(first: ModelProcess, options: OnnxEngineOptions): OnnxEngine {
  let current: ModelProcess | null = first;
  let closed = false;
  let waiting: ((ready: boolean) => void)[] = [];
  let stopBackoff = (): void => undefined;

  const wake = (ready: boolean): void => {
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve(ready);
  };
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      stopBackoff = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const replace = async (): Promise<void> => {
    for (let attempt = 1; !isClosed(); attempt += 1) {
      try {
        adopt(await startModelProcess(options));
        return;
      } catch (error) {
        options.log.error('the model process does not start again', { attempt, error });
      }
      await pause(Math.min(firstBackoffMs * 2 ** attempt, maxBackoffMs));
    }
  };
  const isClosed = (): boolean => closed;
  const adopt = (process: ModelProcess): void => {
    if (closed) {
      void process.kill();
      return;
    }
    current = process;
    watch(process);
    wake(true);
  };
  const watch = (process: ModelProcess): void => {
    void process.gone.then(async (reason) => {
      if (closed) return;
      current = null;
      const livedMs = performance.now() - process.startedMs;
      options.log.warn('the model process ended; starting another', { reason, livedMs });
      options.onRestart?.(reason);
      if (livedMs < stableMs) await pause(firstBackoffMs);
      await replace();
    });
  };
  watch(first);
  return {
    model: first.report.model,
    slots: 1,
    pid: () => current?.pid ?? null,
    ready: () => current !== null,
    whenReady: () => {
      if (current !== null || closed) return Promise.resolve(!closed);
      return new Promise((resolve) => waiting.push(resolve));
    },
    run: async (inputs) => {
      const process = current;
      if (process === null) {
        return runFailure('unavailable', 'the model process is being replaced');
      }
      const outcome = await process.run(inputs);
      // It is as good as dead, though the operating system has not said so yet.
      const dying = outcome.kind === 'failed' && outcome.reason !== 'model';
      if (dying && current === process) current = null;
      return outcome;
    },
    close: async () => {
      closed = true;
      stopBackoff();
      wake(false);
      const last = current;
      current = null;
      await last?.kill();
    },
  };
}

async function startModelProcess(options: OnnxEngineOptions): Promise<ModelProcess> {
  const child = spawn(process.execPath, [...nodeArguments('miner/engine/engine-child.ts')], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: childEnvironment(),
  });
  const channel = openChannel(child, options);
  const order: LoadOrder = { ...options.load, scratchDir: tmpdir() };
  const timeoutMs = options.loadTimeoutMs ?? defaultLoadTimeoutMs;
  const answer = await channel.ask('load', order, [], timeoutMs);
  if (typeof answer === 'string' || answer.kind !== 'loaded') {
    await channel.kill();
    throw loadError(answer, channel.errorText(), options);
  }
  const report = answer.header as LoadReport;
  const text = channel.errorText();
  if (report.notice !== '') {
    options.log.warn('the model runs on the CPU', {
      notice: report.notice,
      missing: missingLibrary(text) ?? '-',
    });
  }
  return {
    report,
    pid: child.pid ?? 0,
    startedMs: performance.now(),
    gone: channel.gone,
    kill: () => channel.kill(),
    run: async (inputs) => outcomeOf(await channel.ask('run', null, inputs, options.runTimeoutMs)),
  };
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
  if (answer.kind === 'outputs') {
    const { runMs } = answer.header as RunReport;
    return { kind: 'outputs', outputs: answer.tensors, runMs };
  }
  return runFailure('model', (answer.header as RunFault).detail);
}

function loadError(answer: Answer, text: string, options: OnnxEngineOptions): SubnetError {
  const { modelPath: path, sha256: expected } = options.load;
  if (answer === 'timeout') return new SubnetError('ENGINE_FAILED', { path, detail: 'too slow' });
  if (answer === 'gone') {
    const detail = `the model process died: ${lastLine(text)}`;
    return new SubnetError('ENGINE_FAILED', { path, detail });
  }
  const { problem, detail } = answer.header as LoadFailure;
  if (problem === 'hash') return new SubnetError('MODEL_HASH_MISMATCH', { path, expected, detail });
  if (problem === 'unreadable') return new SubnetError('MODEL_UNREADABLE', { path, detail });
  if (problem === 'model') return new SubnetError('MODEL_INVALID', { path, detail });
  const missing = missingLibrary(text);
  return new SubnetError('ENGINE_CUDA_MISSING', {
    detail: missing === null ? detail : `the library ${missing} cannot be loaded`,
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}

type Answer = Frame | 'timeout' | 'gone';

interface Channel {
  ask(
    kind: FrameKind,
    header: unknown,
    tensors: readonly Tensor[],
    timeoutMs: number,
  ): Promise<Answer>;
  readonly gone: Promise<string>;
  /** What the process wrote to standard error, its end. */
  errorText(): string;
  kill(): Promise<void>;
}

/** Questions and answers over the socket; a question that takes too long kills the process. */
function openChannel(child: ChildProcess, { log }: OnnxEngineOptions): Channel {
  const socket = child.stdio[3];
  if (!(socket instanceof Duplex)) throw new SubnetError('INTERNAL', { detail: 'no socket' });
  const asked = new Map<number, (answer: Answer) => void>();
  const reader = createFrameReader();
  let nextId = 1;
  let text = '';

  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-keptErrorText);
    log.debug('model process', { text: chunk.trim() });
  });
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code ?? 'unknown'}`));
  });
  void gone.then(() => {
    for (const settle of asked.values()) settle('gone');
    asked.clear();
  });
  socket.on('error', () => child.kill('SIGKILL'));
  socket.on('data', (chunk: Uint8Array) => {
    for (const frame of reader.push(chunk)) asked.get(frame.id)?.(frame);
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  return {
    gone,
    kill,
    errorText: () => text,
    ask: (kind, header, tensors, timeoutMs) =>
      new Promise((resolve) => {
        const id = nextId++;
        const timer = setTimeout(() => {
          settle('timeout');
          child.kill('SIGKILL');
        }, timeoutMs);
        const settle = (answer: Answer): void => {
          clearTimeout(timer);
          asked.delete(id);
          resolve(answer);
        };
        if (child.exitCode !== null || child.signalCode !== null) return settle('gone');
        asked.set(id, settle);
        send(socket, { kind, id, header, tensors });
      }),
  };
}

function send(socket: Duplex, frame: Frame): void {
  socket.cork();
  for (const part of encodeFrame(frame)) socket.write(part);
  socket.uncork();
}
