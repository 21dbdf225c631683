import type { DurationStatistic, ModelStatistics } from '../../common/wire/model-statistics.ts';

/** Durations of one request, in milliseconds. */
export interface RequestTimes {
  readonly totalMs: number;
  /** From texts or images to the network's inputs. */
  readonly inputMs: number;
  readonly queueMs: number;
  readonly inferMs: number;
  /** From the network's outputs to what the caller gets. */
  readonly outputMs: number;
}

/** Counts what one version of a model did since it was loaded. */
export interface StatisticsRecorder {
  succeeded(times: RequestTimes, items: number, wallMs: number): void;
  failed(totalMs: number): void;
  /** One run of the network, for `rows` items. */
  ran(rows: number, runMs: number): void;
  read(): Omit<ModelStatistics, 'name' | 'version'>;
}

class Duration {
  private count = 0;
  private ms = 0;

  add(ms: number): void {
    this.count += 1;
    this.ms += Math.max(ms, 0);
  }

  read(): DurationStatistic {
    return { count: this.count, ns: Math.round(this.ms * 1e6) };
  }
}

/** Larger runs count as of this size. */
const largestSize = 1024;

export function createStatistics(): StatisticsRecorder {
  const [success, fail, queue, input, infer, output] = Array.from(
    { length: 6 },
    () => new Duration(),
  ) as [Duration, Duration, Duration, Duration, Duration, Duration];
  const batches = new Map<number, Duration>();
  let lastInferenceMs = 0;
  let items = 0;
  let runs = 0;
  return {
    succeeded: (times, count, wallMs) => {
      success.add(times.totalMs);
      queue.add(times.queueMs);
      input.add(times.inputMs);
      infer.add(times.inferMs);
      output.add(times.outputMs);
      items += count;
      lastInferenceMs = wallMs;
    },
    failed: (totalMs) => fail.add(totalMs),
    ran: (rows, runMs) => {
      runs += 1;
      // Callers choose how many rows they send: the sizes that are told apart have an end.
      const size = Math.min(rows, largestSize);
      const batch = batches.get(size) ?? new Duration();
      batches.set(size, batch);
      batch.add(runMs);
    },
    read: () => ({
      lastInferenceMs,
      inferenceCount: items,
      executionCount: runs,
      success: success.read(),
      fail: fail.read(),
      queue: queue.read(),
      computeInput: input.read(),
      computeInfer: infer.read(),
      computeOutput: output.read(),
      batches: [...batches]
        .sort(([a], [b]) => a - b)
        .map(([batchSize, duration]) => ({ batchSize, computeInfer: duration.read() })),
    }),
  };
}
