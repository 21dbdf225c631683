/** How many processes run the model, and with how many threads each: takes an engine of its own. */
export interface Placement {
  readonly instances: number;
  /** Of each instance, inside one run. */
  readonly threads: number;
}

export interface Setting extends Placement {
  /** Rows of one run. */
  readonly maxBatch: number;
}

/** How a setting did while the device had all the work that it could take. */
export interface Sample {
  readonly itemsPerSecond: number;
  /** Of one run of `maxBatch` rows, inside the model. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Measured {
  readonly setting: Setting;
  readonly samples: readonly Sample[];
  /** Of each figure by itself. */
  readonly median: Sample;
}

export interface FailedSetting {
  readonly setting: Setting;
  readonly detail: string;
}

export function isSameSetting(a: Setting, b: Setting): boolean {
  return isSamePlacement(a, b) && a.maxBatch === b.maxBatch;
}

export function isSamePlacement(a: Placement, b: Placement): boolean {
  return a.instances === b.instances && a.threads === b.threads;
}

/** `2 x 1 threads, batch 16`. */
export function settingText({ instances, threads, maxBatch }: Setting): string {
  return `${placementText({ instances, threads })}, batch ${maxBatch}`;
}

export function placementText({ instances, threads }: Placement): string {
  return `${instances} x ${threads} thread${threads === 1 ? '' : 's'}`;
}

export function measuredOf(setting: Setting, samples: readonly Sample[]): Measured {
  const of = (read: (sample: Sample) => number): number => median(samples.map(read));
  return {
    setting,
    samples,
    median: {
      itemsPerSecond: of((sample) => sample.itemsPerSecond),
      p50Ms: of((sample) => sample.p50Ms),
      p99Ms: of((sample) => sample.p99Ms),
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
