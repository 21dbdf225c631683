import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { messageOf } from '../../common/errors.ts';
import type { Datatype, Tensor, TensorSpec } from '../../common/tensor.ts';
import { elementCount } from '../../common/tensor.ts';
import { arrayTypes, isByteStrings } from './engine-frames.ts';
import {
  describeOperators,
  memoryProblem,
  operatorsByProvider,
  providerChain,
  providerThatRan,
  usedMib,
} from './engine-load.ts';
import { createKnownInputs } from './known-inputs.ts';
import type { LoadedModel, ModelRun } from './loaded-model.ts';
import type { LoadOrder, LoadReport } from './engine-load.ts';
import { LoadError } from './load-error.ts';
import type { Provider } from './engine-port.ts';

type Metadata = ort.InferenceSession.ValueMetadata;
type TensorMetadata = ort.InferenceSession.TensorValueMetadata;
type ProviderConfig = ort.InferenceSession.ExecutionProviderConfig;

/**
 * From Node 24 on there are 16-bit floats, for which the binding cannot find the bytes. Without them
 * it takes raw bits, as on older Nodes; nothing else in the model process uses them.
 */
Reflect.deleteProperty(globalThis, 'Float16Array');

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
/** What it cannot carry is refused before; a mark at the front belongs to the text. */
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Loads, warms up and observes. Throws LoadError. */
export async function loadModel(order: LoadOrder): Promise<LoadedModel> {
  const started = performance.now();
  const bytes = readChecked(order);
  const scratch = mkdtempSync(join(order.scratchDir, 'engine-'));
  try {
    const usedBefore = memoryInUse(order);
    const { session, opened, notice } = await openSession(bytes, order, scratch);
    const inputs = session.inputMetadata.map(specOf);
    const outputs = session.outputMetadata.map(specOf);
    const sharesFirstAxis = haveOneFirstAxis(session);
    const batchable = order.batching && sharesFirstAxis;
    const zeros = await warmUp(session, inputs, batchable ? order.warmUpBatches : [1], order);
    const observed = observeProvider(session, opened, order, scratch);
    const { provider } = observed;
    if (provider !== 'cpu') checkMemory(order, usedBefore);
    const model = { inputs, outputs, sharesFirstAxis, batchable, provider };
    const notices = [notice, observed.notice].filter((text) => text !== '').join('; ');
    const loadMs = performance.now() - started;
    return serving(session, { model, notice: notices, loadMs, warm: zeros !== null }, zeros);
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

interface Opened {
  readonly session: ort.InferenceSession;
  /** Of the chain, the one that took the model. */
  readonly opened: Provider;
  readonly notice: string;
}

async function openSession(bytes: Buffer, order: LoadOrder, scratch: string): Promise<Opened> {
  const chain = providerChain(order.provider, order.requireProvider);
  const notices: string[] = [];
  for (const provider of chain) {
    try {
      const session = await create(bytes, order, provider, scratch);
      return { session, opened: provider, notice: notices.join('; ') };
    } catch (error) {
      if (provider === 'cpu') throw new LoadError('model', messageOf(error));
      notices.push(`${provider} is not available: ${messageOf(error)}`);
    }
  }
  throw new LoadError('provider', notices.join('; '));
}

function create(
  bytes: Buffer,
  order: LoadOrder,
  provider: Provider,
  scratch: string,
): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(bytes, {
    executionProviders: [...providerConfigs(order, provider)],
    intraOpNumThreads: order.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    enableProfiling: provider !== 'cpu',
    profileFilePrefix: join(scratch, profilePrefix),
    extra: { session: { intra_op: { allow_spinning: order.spinning === true ? '1' : '0' } } },
  });
}

/**
 * ONNX Runtime 1.30 for Node takes the number of a device and nothing else of a provider. The
 * memory limit is handed over all the same, for the version that will take it; until then it is
 * held by measuring.
 */
function providerConfigs(order: LoadOrder, provider: Provider): readonly ProviderConfig[] {
  if (provider === 'cpu') return ['cpu'];
  const { device: deviceId = 0, memoryLimitMib } = order;
  const limit = memoryLimitMib === undefined ? {} : { gpuMemLimit: memoryLimitMib * 2 ** 20 };
  const cuda = { name: 'cuda', deviceId, ...limit } as const;
  return provider === 'cuda' ? [cuda] : [{ name: 'tensorrt', deviceId }, cuda];
}

interface Observed {
  readonly provider: Provider;
  readonly notice: string;
}

/**
 * ONNX Runtime places on the CPU, without a word, whatever the asked-for provider does not take.
 * The profile of the warm-up run says which provider really computed.
 */
function observeProvider(
  session: ort.InferenceSession,
  opened: Provider,
  order: LoadOrder,
  scratch: string,
): Observed {
  if (opened === 'cpu') return { provider: 'cpu', notice: '' };
  const counts = operatorsByProvider(readProfile(session, scratch));
  const provider = providerThatRan(counts, order.provider);
  const ran = describeOperators(counts);
  if (provider === order.provider) {
    return { provider, notice: counts.size > 1 ? ran : '' };
  }
  if (!order.requireProvider) return { provider, notice: ran };
  throw new LoadError('provider', `no operator ran on ${order.provider} (${ran})`);
}

function readProfile(session: ort.InferenceSession, scratch: string): string {
  session.endProfiling();
  const file = readdirSync(scratch).find((name) => name.startsWith(profilePrefix));
  return file === undefined ? '' : readFileSync(join(scratch, file), 'utf8');
}

function checkMemory(order: LoadOrder, before: number | null): void {
  if (order.memoryLimitMib === undefined) return;
  const problem = memoryProblem(before, memoryInUse(order), order.memoryLimitMib);
  if (problem !== null) throw new LoadError('memory', problem);
}

/** Of the whole device: inside a container the processes on it cannot be told apart. */
function memoryInUse({ provider, memoryLimitMib, device = 0 }: LoadOrder): number | null {
  if (memoryLimitMib === undefined || provider === 'cpu') return null;
  const visible = process.env['CUDA_VISIBLE_DEVICES']?.split(',') ?? [];
  const id = visible[device]?.trim() ?? String(device);
  const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits', `--id=${id}`];
  const asked = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 10_000 });
  return asked.status === 0 ? usedMib(asked.stdout) : null;
}

function specOf(meta: Metadata): TensorSpec {
  if (!meta.isTensor) throw new LoadError('model', `${meta.name} is not a tensor`);
  const datatype = datatypeOf.get(meta.type);
  if (datatype === undefined) throw new LoadError('model', `${meta.name} is of type ${meta.type}`);
  const shape = meta.shape.map((length) => (typeof length === 'number' ? length : -1));
  return { name: meta.name, datatype, shape };
}

/** Named axes are the same axis: only when all tensors share the first can requests share a run. */
function haveOneFirstAxis(session: ort.InferenceSession): boolean {
  const all = [...session.inputMetadata, ...session.outputMetadata].filter(isTensorMetadata);
  const first = all.map((meta) => meta.shape[0]);
  return typeof first[0] === 'string' && first.every((axis) => axis === first[0]);
}

function isTensorMetadata(meta: Metadata): meta is TensorMetadata {
  return meta.isTensor;
}

/** The smallest inputs that ran; null when none did. */
async function warmUp(
  session: ort.InferenceSession,
  inputs: readonly TensorSpec[],
  batches: readonly number[],
  { mustWarmUp = false }: LoadOrder,
): Promise<readonly Tensor[] | null> {
  const problem = mustWarmUp ? 'device' : 'model';
  let ran: readonly Tensor[] | null = null;
  let why = '';
  for (const batch of [...batches].sort((a, b) => a - b)) {
    const tensors = inputs.map((spec) => zeros(spec, batch));
    try {
      await session.run(toFeeds(tensors));
      ran ??= tensors;
    } catch (error) {
      // Zeros of length 1 on a free inner axis need not be a valid input; only fixed shapes must run.
      const fixed = inputs.every(({ shape }) => shape.slice(1).every((length) => length > 0));
      why = `warm-up: ${messageOf(error)}`;
      if (fixed) throw new LoadError(problem, why);
    }
  }
  if (mustWarmUp && ran === null) throw new LoadError(problem, why);
  return ran;
}

function serving(
  session: ort.InferenceSession,
  report: LoadReport,
  warmUpInputs: readonly Tensor[] | null,
): LoadedModel {
  const known = createKnownInputs(warmUpInputs);
  return {
    report,
    run: async (tensors) => {
      const ran = await run(session, tensors);
      known.ran(tensors);
      return ran;
    },
    stillRuns: async () => {
      if (known.smallest === null) return null;
      return run(session, known.smallest).then(
        () => true,
        () => false,
      );
    },
  };
}

function zeros({ name, datatype, shape }: TensorSpec, batch: number): Tensor {
  const full = shape.map((length, axis) => (length >= 0 ? length : axis === 0 ? batch : 1));
  const count = elementCount(full);
  if (datatype === 'BYTES') {
    const data = Array.from({ length: count }, () => new Uint8Array());
    return { name, datatype, shape: full, data };
  }
  const data = new arrayTypes[datatype](new ArrayBuffer(count * 8), 0, count);
  return { name, datatype, shape: full, data };
}

async function run(session: ort.InferenceSession, tensors: readonly Tensor[]): Promise<ModelRun> {
  const feeds = toFeeds(tensors);
  const started = performance.now();
  const results = await session.run(feeds);
  const runMs = performance.now() - started;
  const outputs = session.outputNames.flatMap((name) => {
    const value = results[name];
    return value === undefined ? [] : [fromOrt(name, value)];
  });
  return { report: { runMs, postMs: 0 }, outputs };
}

function toFeeds(tensors: readonly Tensor[]): Record<string, ort.Tensor> {
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, toOrt(tensor)]));
}

/** A view on the received bytes: numbers are not copied. */
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
