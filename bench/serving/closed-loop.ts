import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { readAnswer } from './answer.ts';
import type { Prepared } from './traffic.ts';

export interface LoopOptions {
  readonly port: number;
  readonly concurrency: number;
  readonly seconds: number;
  /** The next request, or null when there are no more. */
  readonly next: () => Prepared | null;
}

export interface LoopResult {
  readonly seconds: number;
  /** Of every answer, ascending. */
  readonly latenciesMs: Float64Array;
  /** Answers by status; `dropped` where a connection ended without one. */
  readonly statuses: Readonly<Record<string, number>>;
}

interface Loop {
  readonly options: LoopOptions;
  readonly endMs: number;
  readonly latenciesMs: number[];
  readonly statuses: Record<string, number>;
}

/**
 * Callers that each send a request when the answer to their last one is there, over raw keep-alive
 * sockets: the cheapest client, so that the server is what is measured.
 */
export async function closedLoop(options: LoopOptions): Promise<LoopResult> {
  const startedMs = performance.now();
  const endMs = startedMs + options.seconds * 1000;
  const loop: Loop = { options, endMs, latenciesMs: [], statuses: {} };
  await Promise.all(Array.from({ length: options.concurrency }, () => oneCaller(loop)));
  const seconds = (performance.now() - startedMs) / 1000;
  const latenciesMs = Float64Array.from(loop.latenciesMs).sort();
  return { seconds, latenciesMs, statuses: loop.statuses };
}

/** A server may end a connection after any answer: the caller then goes on over another. */
async function oneCaller(loop: Loop): Promise<void> {
  let waiting = nextOf(loop);
  while (waiting !== null) waiting = await oneConnection(loop, waiting);
}

function nextOf({ options, endMs }: Loop): Prepared | null {
  return performance.now() < endMs ? options.next() : null;
}

/** Resolves with the request that is to be sent over the next connection, or null at the end. */
function oneConnection(loop: Loop, first: Prepared): Promise<Prepared | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: loop.options.port, noDelay: true });
    let request: Prepared | null = first;
    let sentMs = performance.now();
    let answer: Buffer | null = null;
    const send = (): void => {
      if (request === null) return void socket.destroy();
      sentMs = performance.now();
      answer = null;
      write(socket, request);
    };
    socket.on('connect', send);
    socket.on('data', (chunk: Buffer) => {
      answer = answer === null ? chunk : Buffer.concat([answer, chunk]);
      const whole = readAnswer(answer);
      if (whole === null) return;
      loop.latenciesMs.push(performance.now() - sentMs);
      count(loop.statuses, whole.status);
      request = nextOf(loop);
      if (whole.closes) socket.destroy();
      else send();
    });
    socket.once('error', () => socket.destroy());
    socket.once('close', () => {
      if (answer === null && request !== null) request = dropped(loop);
      resolve(request);
    });
  });
}

function dropped(loop: Loop): Prepared | null {
  count(loop.statuses, 'dropped');
  return nextOf(loop);
}

function count(statuses: Record<string, number>, status: string): void {
  statuses[status] = (statuses[status] ?? 0) + 1;
}

function write(socket: Socket, { head, body }: Prepared): void {
  socket.cork();
  socket.write(head);
  socket.write(body);
  socket.uncork();
}
