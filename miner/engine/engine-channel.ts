import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { SubnetError } from '../../common/errors.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import { createFrameReader, encodeFrame } from './engine-frames.ts';
import type { Frame, FrameKind } from './engine-frames.ts';

/** `unbegun`: the process went before it came to this question. */
export type Answer = Frame | 'timeout' | 'gone' | 'unbegun';

export interface Question {
  readonly kind: FrameKind;
  readonly header: unknown;
  readonly tensors: readonly Tensor[];
  /** From when the process comes to it. */
  readonly timeoutMs: number;
}

/** Questions to a model process, which answers one after the other. */
export interface EngineChannel {
  /** Rejects only what no frame can hold. */
  ask(question: Question): Promise<Answer>;
  /** Questions without an answer yet. */
  readonly asked: number;
  /** Resolves with the reason when the process is gone. */
  readonly gone: Promise<string>;
  /** What the process wrote to standard error, its end. */
  errorText(): string;
  /** Ends a process that begins nothing more: what it was asked was not begun. */
  drop(): Promise<void>;
  kill(): Promise<void>;
}

interface Asked {
  readonly timeoutMs: number;
  readonly settle: (answer: Answer) => void;
}

const keptErrorText = 4096;

/** Over the socket on file descriptor 3; a question that takes too long kills the process. */
export function openChannel(child: ChildProcess, log: Logger): EngineChannel {
  // Where no file descriptor is left it was never started, has no streams, and says so later.
  child.once('error', (error) => log.debug('the model process met an error', { error }));
  const streams: ChildProcess['stdio'] | undefined = child.stdio;
  const socket = streams?.[3];
  if (!(socket instanceof Duplex)) throw new SubnetError('INTERNAL', { detail: 'no socket' });
  const asked = new Map<number, Asked>();
  const reader = createFrameReader();
  let nextId = 1;
  let text = '';
  let isGone = false;
  let timer: NodeJS.Timeout | undefined;

  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-keptErrorText);
    log.debug('model process', { text: chunk.trim() });
  });
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code ?? 'unknown'}`));
  });
  const settle = (id: number, answer: Answer): void => {
    const one = asked.get(id);
    asked.delete(id);
    one?.settle(answer);
  };
  /** Only the first is being answered: the others' time has not begun. */
  const watchFirst = (): void => {
    clearTimeout(timer);
    const [first] = asked;
    if (first === undefined) return;
    const [id, { timeoutMs }] = first;
    timer = setTimeout(() => {
      isGone = true;
      settle(id, 'timeout');
      settleAll('unbegun', 'unbegun');
      child.kill('SIGKILL');
    }, timeoutMs);
  };
  const settleAll = (first: Answer, others: Answer): void => {
    clearTimeout(timer);
    [...asked.keys()].forEach((id, at) => settle(id, at === 0 ? first : others));
  };
  void gone.then(() => {
    isGone = true;
    settleAll('gone', 'unbegun');
  });
  /** A process that writes what is no frame is out of order: it goes, and is replaced. */
  const read = (chunk: Uint8Array): readonly Frame[] => {
    try {
      return reader.push(chunk);
    } catch (error) {
      log.error('the model process wrote what is no frame', { error });
      child.kill('SIGKILL');
      return [];
    }
  };
  socket.on('error', () => child.kill('SIGKILL'));
  socket.on('data', (chunk: Uint8Array) => {
    const frames = read(chunk);
    for (const frame of frames) settle(frame.id, frame);
    if (frames.length > 0) watchFirst();
  });
  return {
    gone,
    get asked() {
      return asked.size;
    },
    errorText: () => text,
    drop: async () => {
      isGone = true;
      settleAll('unbegun', 'unbegun');
      child.kill('SIGKILL');
      await gone;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
    ask: ({ timeoutMs, ...question }) =>
      new Promise((resolve) => {
        if (isGone || child.exitCode !== null || child.signalCode !== null) {
          return resolve('unbegun');
        }
        const id = nextId++;
        // Throws for what is longer than a frame can be: then it was not asked.
        const parts = encodeFrame({ ...question, id });
        asked.set(id, { timeoutMs, settle: resolve });
        if (asked.size === 1) watchFirst();
        send(socket, parts);
      }),
  };
}

function send(socket: Duplex, parts: readonly Uint8Array[]): void {
  socket.cork();
  for (const part of parts) socket.write(part);
  socket.uncork();
}
