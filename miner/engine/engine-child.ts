/**
 * The model process: runs one ONNX model for the miner that spawned it, over the socket on file
 * descriptor 3. It exists because `run()` blocks its event loop for as long as it computes, and
 * because a process, unlike a worker thread, can be killed while it computes.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';
import { messageOf } from '../../common/errors.ts';
import type { Datatype, Tensor, TensorSpec } from '../../common/tensor.ts';
import { elementCount } from '../../common/tensor.ts';
import { arrayTypes, createFrameReader, encodeFrame, isByteStrings } from './engine-frames.ts';
import type { Frame, FrameKind } from './engine-frames.ts';
import { operatorsByProvider } from './engine-load.ts';
import type {
  LoadFailure,
  LoadOrder,
  LoadProblem,
  LoadReport,
  RunFault,
  RunReport,
} from './engine-load.ts';
import type { Provider } from './engine-port.ts';

type Metadata = ort.InferenceSession.ValueMetadata;
type TensorMetadata = ort.InferenceSession.TensorValueMetadata;

const ortTypes: Readonly<Partial<Record<Datatype, ort.Tensor.Type>>> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
};
const datatypeOf = new Map(
  Object.entries(ortTypes).map(([datatype, type]) => [type, datatype as Datatype]),
);
const profilePrefix = 'profile';
const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();

class LoadError extends Error {
  readonly problem: LoadProblem;
  constructor(problem: LoadProblem, detail: string) {
    super(detail);
    this.problem = problem;
  }
}

interface Loaded {
  readonly session: ort.InferenceSession;
  readonly report: LoadReport;
}

async function load(order: LoadOrder): Promise<Loaded> {
  const started = performance.now();
  const bytes = readChecked(order);
  const scratch = mkdtempSync(join(order.scratchDir, 'engine-'));
  try {
    const { session, notice } = await openSession(bytes, order, scratch);
    const inputs = session.inputMetadata.map(specOf);
    const outputs = session.outputMetadata.map(specOf);
    const batchable = order.batching && sharesFirstAxis(session);
    await warmUp(session, inputs, batchable ? order.warmUpBatches : [1]);
    const provider = observeProvider(session, order, scratch);
    const model = { inputs, outputs, batchable, provider };
    return { session, report: { model, notice, loadMs: performance.now() - started } };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The very bytes that were hashed are loaded: a file swapped in between changes nothing. */
function readChecked(order: LoadOrder): Buffer {
  const bytes = readModel(order.modelPath);
  const got = createHash('sha256').update(bytes).digest('hex');
  if (got === order.sha256) return bytes;
  throw new LoadError('hash', `${order.modelPath} has sha256 ${got}, expected ${order.sha256}`);
}

function readModel(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new LoadError('unreadable', messageOf(error));
  }
}

async function openSession(
  bytes: Buffer,
  order: LoadOrder,
  scratch: string,
): Promise<{ session: ort.InferenceSession; notice: string }> {
  try {
    return { session: await create(bytes, order, order.provider, scratch), notice: '' };
  } catch (error) {
    if (order.provider === 'cpu') throw new LoadError('model', messageOf(error));
    if (order.requireProvider) throw new LoadError('provider', messageOf(error));
    const session = await create(bytes, order, 'cpu', scratch);
    return { session, notice: `cuda is not available: ${messageOf(error)}` };
  }
}

function create(
  bytes: Buffer,
  order: LoadOrder,
  provider: Provider,
  scratch: string,
): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(bytes, {
    executionProviders: [provider],
    intraOpNumThreads: order.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    enableProfiling: provider === 'cuda',
    profileFilePrefix: join(scratch, profilePrefix),
  });
}

/**
 * ONNX Runtime places on the CPU, without a word, whatever the CUDA provider does not take. The
 * profile of the warm-up run says which provider really computed.
 */
function observeProvider(
  session: ort.InferenceSession,
  order: LoadOrder,
  scratch: string,
): Provider {
  if (order.provider === 'cpu') return 'cpu';
  session.endProfiling();
  const file = readdirSync(scratch).find((name) => name.startsWith(profilePrefix));
  const profile = file === undefined ? '' : readFileSync(join(scratch, file), 'utf8');
  const counts = operatorsByProvider(profile);
  if ((counts.get('CUDAExecutionProvider') ?? 0) > 0) return 'cuda';
  if (!order.requireProvider) return 'cpu';
  const ran = [...counts].map(([provider, count]) => `${count} on ${provider}`).join(', ');
  throw new LoadError('provider', `no operator ran on CUDA (${ran === '' ? 'no profile' : ran})`);
}

function specOf(meta: Metadata): TensorSpec {
  if (!meta.isTensor) throw new LoadError('model', `${meta.name} is not a tensor`);
  const datatype = datatypeOf.get(meta.type);
  if (datatype === undefined) throw new LoadError('model', `${meta.name} is of type ${meta.type}`);
  const shape = meta.shape.map((length) => (typeof length === 'number' ? length : -1));
  return { name: meta.name, datatype, shape };
}

/** Named axes are the same axis: only when all tensors share the first can requests share a run. */
function sharesFirstAxis(session: ort.InferenceSession): boolean {
  const all = [...session.inputMetadata, ...session.outputMetadata].filter(isTensorMetadata);
  const first = all.map((meta) => meta.shape[0]);
  return typeof first[0] === 'string' && first.every((axis) => axis === first[0]);
}

function isTensorMetadata(meta: Metadata): meta is TensorMetadata {
  return meta.isTensor;
}

async function warmUp(
  session: ort.InferenceSession,
  inputs: readonly TensorSpec[],
  batches: readonly number[],
): Promise<void> {
  for (const batch of batches) {
    const feeds = inputs.map((spec) => zeros(spec, batch));
    try {
      await session.run(toFeeds(feeds));
    } catch (error) {
      // Zeros of length 1 on a free inner axis need not be a valid input; only fixed shapes must run.
      const fixed = inputs.every(({ shape }) => shape.slice(1).every((length) => length > 0));
      if (fixed) throw new LoadError('model', `warm-up: ${messageOf(error)}`);
    }
  }
}

function zeros({ name, datatype, shape }: TensorSpec, batch: number): Tensor {
  const full = shape.map((length, axis) => (length >= 0 ? length : axis === 0 ? batch : 1));
  const count = elementCount(full);
  if (datatype === 'BYTES') {
    return {
      name,
      datatype,
      shape: full,
      data: Array.from({ length: count }, () => new Uint8Array()),
    };
  }
  const data = new arrayTypes[datatype](new ArrayBuffer(count * 8), 0, count);
  return { name, datatype, shape: full, data };
}

function toFeeds(tensors: readonly Tensor[]): Record<string, ort.Tensor> {
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, toOrt(tensor)]));
}

function toOrt({ name, datatype, shape, data }: Tensor): ort.Tensor {
  const type = ortTypes[datatype];
  if (type === undefined) throw new Error(`${name}: ONNX Runtime for Node takes no ${datatype}`);
  const values = isByteStrings(data) ? data.map((item) => textDecoder.decode(item)) : data;
  return new ort.Tensor(type, values, [...shape]);
}

function fromOrt(name: string, value: ort.Tensor): Tensor {
  const datatype = datatypeOf.get(value.type);
  if (datatype === undefined) throw new Error(`${name}: type ${value.type} has no wire form`);
  const shape = [...value.dims];
  if (datatype === 'BYTES') {
    const data = (value.data as string[]).map((item) => textEncoder.encode(item));
    return { name, datatype, shape, data };
  }
  const { buffer, byteOffset, length } = value.data as Uint8Array;
  return { name, datatype, shape, data: new arrayTypes[datatype](buffer, byteOffset, length) };
}

/** Answers one frame after the other: runs never overlap, they would only share the same cores. */
function serve(socket: Socket): void {
  const reader = createFrameReader();
  let session: ort.InferenceSession | null = null;
  let work: Promise<void> = Promise.resolve();
  const send = (kind: FrameKind, id: number, header: unknown, tensors: readonly Tensor[] = []) => {
    socket.cork();
    for (const part of encodeFrame({ kind, id, header, tensors })) socket.write(part);
    socket.uncork();
  };
  const onLoad = async ({ id, header }: Frame): Promise<void> => {
    try {
      const loaded = await load(header as LoadOrder);
      session = loaded.session;
      send('loaded', id, loaded.report);
    } catch (error) {
      const problem = error instanceof LoadError ? error.problem : 'model';
      send('failed', id, { problem, detail: messageOf(error) } satisfies LoadFailure);
    }
  };
  const onRun = async ({ id, tensors }: Frame): Promise<void> => {
    try {
      const { report, outputs } = await run(session, tensors);
      send('outputs', id, report, outputs);
    } catch (error) {
      send('failed', id, { detail: messageOf(error) } satisfies RunFault);
    }
  };
  socket.on('data', (chunk) => {
    for (const frame of reader.push(chunk)) {
      work = work.then(() => (frame.kind === 'load' ? onLoad(frame) : onRun(frame)));
    }
  });
}

async function run(
  session: ort.InferenceSession | null,
  tensors: readonly Tensor[],
): Promise<{ report: RunReport; outputs: readonly Tensor[] }> {
  if (session === null) throw new Error('no model is loaded');
  const feeds = toFeeds(tensors);
  const started = performance.now();
  const results = await session.run(feeds);
  const runMs = performance.now() - started;
  const outputs = session.outputNames.flatMap((name) => {
    const value = results[name];
    return value === undefined ? [] : [fromOrt(name, value)];
  });
  return { report: { runMs }, outputs };
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

const socket = new Socket({ fd: 3, readable: true, writable: true });
socket.on('close', leave);
socket.on('error', leave);
// A Ctrl-C reaches the whole process group: the parent decides when this process ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
watchParent();
serve(socket);
