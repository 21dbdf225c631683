import type { Tensor } from '../../common/tensor.ts';
import type { LoadOrder, LoadReport, RunReport } from './engine-load.ts';

/** A model that is loaded and warm. */
export interface LoadedModel {
  readonly report: LoadReport;
  run(tensors: readonly Tensor[]): Promise<ModelRun>;
  /** Whether it computes what it computed before; null while it has computed nothing. */
  stillRuns(): Promise<boolean | null>;
}

export interface ModelRun {
  readonly report: RunReport;
  readonly outputs: readonly Tensor[];
}

/** Throws LoadError. */
export type LoadModel = (order: LoadOrder) => Promise<LoadedModel>;
