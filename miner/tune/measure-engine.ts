import type { Clock } from '../../common/platform-port.ts';
import { createHistogram } from '../../common/load/histogram.ts';
import type { Tensor } from '../../common/tensor.ts';
import type { Engine, RunFailure } from '../engine/engine-port.ts';
import type { Sample } from './setting.ts';

export interface MeasureOptions {
  /** Rows of each run. */
  readonly rows: number;
  /** At least so long, and at least `leastRuns` of each lane. */
  readonly sliceMs: number;
  readonly signal: AbortSignal;
}

const leastRuns = 3;

/**
 * Keeps the engine as busy as the batcher would with endless work: as many runs handed in as it
 * takes, each answered by the next. The first runs only warm up. A run that fails ends it.
 */
export async function measureEngine(
  { engine, clock }: { readonly engine: Engine; readonly clock: Pick<Clock, 'monotonicMs'> },
  inputs: readonly Tensor[],
  { rows, sliceMs, signal }: MeasureOptions,
): Promise<Sample | RunFailure> {
  const lanes = engine.slots + (engine.ahead ?? 0);
  const warm = await Promise.all(Array.from({ length: lanes }, () => engine.run(inputs)));
  const broken = warm.find((outcome) => outcome.kind === 'failed');
  if (broken !== undefined) return broken;
  const runs = createHistogram();
  const startMs = clock.monotonicMs();
  const isOver = (): boolean =>
    signal.aborted || (runs.count >= leastRuns * lanes && clock.monotonicMs() - startMs >= sliceMs);
  const lane = async (): Promise<RunFailure | null> => {
    while (!isOver()) {
      const outcome = await engine.run(inputs);
      if (outcome.kind === 'failed') return outcome;
      runs.record(outcome.runMs);
    }
    return null;
  };
  const ends = await Promise.all(Array.from({ length: lanes }, lane));
  const failure = ends.find((end) => end !== null);
  if (failure !== undefined) return failure;
  const seconds = Math.max(clock.monotonicMs() - startMs, 0.001) / 1000;
  return {
    itemsPerSecond: (runs.count * rows) / seconds,
    p50Ms: runs.quantileMs(0.5),
    p99Ms: runs.quantileMs(0.99),
  };
}
