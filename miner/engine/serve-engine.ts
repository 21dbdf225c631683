import process from 'node:process';
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { createAnswerer } from './engine-answerer.ts';
import { createFrameReader, encodeFrame } from './engine-frames.ts';
import type { Frame, FrameReader } from './engine-frames.ts';
import type { LoadModel } from './loaded-model.ts';

/**
 * What a model process does: answers the miner over the socket on file descriptor 3, one frame
 * after the other, for runs that overlap would only share the same cores. It ends with the miner.
 */
export function serveEngine(load: LoadModel): void {
  let work: Promise<void> = Promise.resolve();
  const answer = createAnswerer(load, (kind, id, header, tensors = []) => {
    // First of all: a frame that cannot be leaves the socket as it is.
    const parts = encodeFrame({ kind, id, header, tensors });
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.uncork();
  });
  const socket = openSocket(createFrameReader(), (frame) => {
    work = work.then(() => answer(frame));
  });
  socket.on('close', leave);
  socket.on('end', leave);
  socket.on('error', leave);
  // A Ctrl-C reaches the whole process group: the parent decides when this process ends.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  watchParent();
  socket.resume();
}

/** Bytes go from the socket to where they stay: the reader says where that is. */
function openSocket(reader: FrameReader, onFrame: (frame: Frame) => void): Socket {
  const onread = {
    buffer: () => reader.place(),
    callback: (count: number): boolean => {
      for (const frame of reader.filled(count)) onFrame(frame);
      return true;
    },
  };
  // The options of a socket that exists already are not in the types; they are in the documentation.
  return new Socket({ fd: 3, readable: true, writable: true, onread } as object);
}

/**
 * While the model computes, this process cannot see that its parent is gone. A thread watches the
 * parent's process id instead, so that no model is left computing for nobody.
 */
function watchParent(): void {
  const code = `const parent = process.ppid;
    setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`;
  new Worker(code, { eval: true, execArgv: [] }).unref();
}

function leave(): void {
  process.exit(0);
}
