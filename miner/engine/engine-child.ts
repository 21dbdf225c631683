/**
 * The model process: runs one ONNX model for the miner that spawned it, over the socket on file
 * descriptor 3. It exists because `run()` blocks its event loop for as long as it computes, and
 * because a process, unlike a worker thread, can be killed while it computes.
 */
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../common/errors.ts';
import type { Tensor } from '../../common/tensor.ts';
import { createFrameReader, encodeFrame } from './engine-frames.ts';
import type { Frame, FrameKind, FrameReader } from './engine-frames.ts';
import type { LoadFailure, LoadOrder, RunFault } from './engine-load.ts';
import { LoadError, loadModel } from './ort-session.ts';
import type { LoadedModel } from './ort-session.ts';
import { withPostSteps } from './with-post-steps.ts';

type Send = (kind: FrameKind, id: number, header: unknown, tensors?: readonly Tensor[]) => void;

/** Answers one frame after the other: runs never overlap, they would only share the same cores. */
function createAnswerer(send: Send): (frame: Frame) => Promise<void> {
  let model: LoadedModel | null = null;
  const onLoad = async ({ id, header }: Frame): Promise<void> => {
    try {
      const order = header as LoadOrder;
      const loaded = await loadModel(order);
      model = order.post === undefined ? loaded : withPostSteps(loaded, order.post);
      send('loaded', id, model.report);
    } catch (error) {
      const problem = error instanceof LoadError ? error.problem : 'model';
      send('failed', id, { problem, detail: messageOf(error) } satisfies LoadFailure);
    }
  };
  const onRun = async ({ id, tensors }: Frame): Promise<void> => {
    try {
      if (model === null) throw new Error('no model is loaded');
      const { report, outputs } = await model.run(tensors);
      send('outputs', id, report, outputs);
    } catch (error) {
      send('failed', id, { detail: messageOf(error) } satisfies RunFault);
    }
  };
  return (frame) => (frame.kind === 'load' ? onLoad(frame) : onRun(frame));
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

let work: Promise<void> = Promise.resolve();
const answer = createAnswerer((kind, id, header, tensors = []) => {
  socket.cork();
  for (const part of encodeFrame({ kind, id, header, tensors })) socket.write(part);
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
