import { SubnetError } from '../../common/errors.ts';
import type { PostStep } from '../../common/model-manifest.ts';
import type { ModelInfo, Provider } from './engine-port.ts';
import type { RunCause } from './run-cause.ts';

/** What the model process is told to load; JSON in the `load` frame. */
export interface LoadOrder {
  readonly modelPath: string;
  /** Lower-case hex; the process hashes the very bytes that it loads. */
  readonly sha256: string;
  readonly provider: Provider;
  /** Refuse another provider rather than compute on it. */
  readonly requireProvider: boolean;
  /** Number of the device, of those that the process sees; default 0. */
  readonly device?: number;
  /** Refuse when the loaded and warm model takes more of the device's memory. */
  readonly memoryLimitMib?: number;
  /** Threads inside one operator. */
  readonly threads: number;
  /** Threads look for work for a while before they sleep; default false. */
  readonly spinning?: boolean;
  /** False keeps requests apart even when the model has a free first axis. */
  readonly batching: boolean;
  /** How far an answer from a shared run may be from one alone; default what rounding explains. */
  readonly tolerance?: number;
  /** What is made of the network's outputs before they leave the process: far less to send. */
  readonly post?: PostOrder;
  /** Sizes that are run once before the model counts as loaded. */
  readonly warmUpBatches: readonly number[];
  /** They ran in a process before this one: if they do not now, the device or the runtime fails. */
  readonly mustWarmUp?: boolean;
  /** Outputs of a run with more bytes for each of its requests are not sent; default no bound. */
  readonly maxAnswerBytes?: number;
  /** Where ONNX Runtime may put the profile by which the provider is observed. */
  readonly scratchDir: string;
}

/** Steps after the network, as its manifest declares them. */
export interface PostOrder {
  readonly steps: readonly PostStep[];
  /** Names of classes, by place of the step. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Names of what callers get; when absent, what no later step takes. */
  readonly outputs?: readonly string[];
}

/** JSON in the `loaded` frame. */
export interface LoadReport {
  readonly model: ModelInfo;
  readonly loadMs: number;
  /** Inputs of zeros ran. Not every model takes some. */
  readonly warm: boolean;
  /** Empty when all went as asked for; otherwise what a person should know. */
  readonly notice: string;
}

export type LoadProblem =
  'device' | 'hash' | 'memory' | 'misfit' | 'model' | 'provider' | 'unreadable';

/** JSON in a `failed` frame that answers `load`. */
export interface LoadFailure {
  readonly problem: LoadProblem;
  readonly detail: string;
}

/** JSON in a `run` frame. */
export interface RunOrder {
  /** How many share the run. */
  readonly requests: number;
}

/** JSON in a `failed` frame that answers `run`. */
export interface RunFault {
  readonly cause: RunCause;
  readonly detail: string;
}

/** JSON in an `outputs` frame. */
export interface RunReport {
  readonly runMs: number;
  /** In the steps after the network; 0 without any. */
  readonly postMs: number;
}

const providerNames: Readonly<Record<Provider, string>> = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  tensorrt: 'TensorrtExecutionProvider',
};

/** What to try, in this order, when the first is only preferred. */
export function providerChain(provider: Provider, isRequired: boolean): readonly Provider[] {
  if (isRequired || provider === 'cpu') return [provider];
  return provider === 'tensorrt' ? ['tensorrt', 'cuda', 'cpu'] : ['cuda', 'cpu'];
}

/** Operators that each execution provider ran, by ONNX Runtime's own profile (JSON text). */
export function operatorsByProvider(profile: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [, provider = ''] of profile.matchAll(/"provider"\s*:\s*"([A-Za-z]+)"/g)) {
    counts.set(provider, (counts.get(provider) ?? 0) + 1);
  }
  return counts;
}

/** The asked-for provider when it ran anything, else the next of its kind that did, else the CPU. */
export function providerThatRan(counts: ReadonlyMap<string, number>, asked: Provider): Provider {
  const chain = providerChain(asked, false);
  return chain.find((provider) => (counts.get(providerNames[provider]) ?? 0) > 0) ?? 'cpu';
}

/** Such as `the operators ran 12 on CUDAExecutionProvider, 3 on CPUExecutionProvider`. */
export function describeOperators(counts: ReadonlyMap<string, number>): string {
  const parts = [...counts].map(([provider, count]) => `${count} on ${provider}`);
  return parts.length === 0
    ? 'ONNX Runtime wrote no profile by which the provider could be seen'
    : `the operators ran ${parts.join(', ')}`;
}

/** The library that the dynamic linker missed, if the text tells. */
export function missingLibrary(text: string): string | null {
  const missing = /([\w.+/-]+\.so[\w.]*): cannot open shared object file/g;
  const names = [...text.matchAll(missing)].map(([, path = '']) => path.split('/').at(-1) ?? path);
  return names.at(-1) ?? null;
}

/** MiB in use, as `nvidia-smi --format=csv,noheader,nounits` prints it; null when it does not. */
export function usedMib(text: string): number | null {
  const [line = ''] = text.trim().split('\n');
  return /^\d+$/.test(line.trim()) ? Number(line) : null;
}

/** Why a model may not stay loaded: what it took is not known, or too much. Null when it may. */
export function memoryProblem(
  before: number | null,
  after: number | null,
  limitMib: number,
): string | null {
  if (before === null || after === null) {
    return 'nvidia-smi does not tell the memory in use, so the limit cannot be held';
  }
  const taken = after - before;
  return taken <= limitMib ? null : `the warm model takes ${taken} MiB, allowed are ${limitMib}`;
}

/** What the model process said, as the error that people meet. `text`: of its standard error. */
export function refusedLoad(
  { problem, detail }: LoadFailure,
  { modelPath: path, sha256: expected }: Pick<LoadOrder, 'modelPath' | 'sha256'>,
  text: string,
): SubnetError {
  switch (problem) {
    case 'hash':
      return new SubnetError('MODEL_HASH_MISMATCH', { path, expected, detail });
    case 'unreadable':
      return new SubnetError('MODEL_UNREADABLE', { path, detail });
    case 'model':
      return new SubnetError('MODEL_INVALID', { path, detail });
    case 'misfit':
      return new SubnetError('MODEL_MISFIT', { path, detail });
    case 'device':
      return new SubnetError('ENGINE_FAILED', { path, detail });
    case 'memory':
      return new SubnetError('ENGINE_MEMORY', { path, detail });
    case 'provider':
      return new SubnetError('ENGINE_CUDA_MISSING', { detail: providerDetail(detail, text) });
  }
}

function providerDetail(detail: string, text: string): string {
  const missing = missingLibrary(text);
  return missing === null ? detail : `the library ${missing} cannot be loaded`;
}
