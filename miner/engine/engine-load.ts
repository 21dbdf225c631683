import type { ModelInfo, Provider } from './engine-port.ts';

/** What the model process is told to load; JSON in the `load` frame. */
export interface LoadOrder {
  readonly modelPath: string;
  /** Lower-case hex; the process hashes the very bytes that it loads. */
  readonly sha256: string;
  readonly provider: Provider;
  /** Refuse another provider rather than compute on the CPU. */
  readonly requireProvider: boolean;
  /** Threads inside one operator. */
  readonly threads: number;
  /** False keeps requests apart even when the model has a free first axis. */
  readonly batching: boolean;
  /** Sizes that are run once before the model counts as loaded. */
  readonly warmUpBatches: readonly number[];
  /** Where ONNX Runtime may put the profile by which the provider is observed. */
  readonly scratchDir: string;
}

/** JSON in the `loaded` frame. */
export interface LoadReport {
  readonly model: ModelInfo;
  readonly loadMs: number;
  /** Empty when all went as asked for; otherwise what a person should know. */
  readonly notice: string;
}

export type LoadProblem = 'hash' | 'model' | 'provider' | 'unreadable';

/** JSON in a `failed` frame that answers `load`. */
export interface LoadFailure {
  readonly problem: LoadProblem;
  readonly detail: string;
}

/** JSON in a `failed` frame that answers `run`. */
export interface RunFault {
  readonly detail: string;
}

/** JSON in an `outputs` frame. */
export interface RunReport {
  readonly runMs: number;
}

/** Operators that each execution provider ran, by ONNX Runtime's own profile (JSON text). */
export function operatorsByProvider(profile: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [, provider = ''] of profile.matchAll(/"provider"\s*:\s*"([A-Za-z]+)"/g)) {
    counts.set(provider, (counts.get(provider) ?? 0) + 1);
  }
  return counts;
}

/** The library that the dynamic linker missed, if the text tells. */
export function missingLibrary(text: string): string | null {
  const missing = /([\w.+/-]+\.so[\w.]*): cannot open shared object file/g;
  const names = [...text.matchAll(missing)].map(([, path = '']) => path.split('/').at(-1) ?? path);
  return names.at(-1) ?? null;
}
