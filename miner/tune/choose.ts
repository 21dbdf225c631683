import type { Measured } from './setting.ts';

/** Less apart than this is noise. */
const tieShare = 0.02;

/** The rule, in words that are shown with its result. */
export const ruleText =
  'the highest throughput; within 2 % of it the shortest run, then the fewest processors';

/**
 * Of those that keep the p99, when one is asked for: the highest throughput; of what lies within
 * 2 % of it the shortest median run, then the fewest processors, then the smallest batch. Undefined
 * when none keeps it.
 */
export function chooseSetting(
  measured: readonly Measured[],
  targetP99Ms: number | null,
): Measured | undefined {
  const kept = measured.filter(({ median }) => targetP99Ms === null || median.p99Ms <= targetP99Ms);
  const best = bestThroughput(kept);
  const ties = kept.filter(({ median }) => median.itemsPerSecond >= best * (1 - tieShare));
  return [...ties].sort(byLatency)[0];
}

export function bestThroughput(measured: readonly Measured[]): number {
  return measured.reduce((best, { median }) => Math.max(best, median.itemsPerSecond), 0);
}

function byLatency(a: Measured, b: Measured): number {
  return (
    a.median.p50Ms - b.median.p50Ms ||
    processorsOf(a) - processorsOf(b) ||
    a.setting.maxBatch - b.setting.maxBatch
  );
}

function processorsOf({ setting }: Measured): number {
  return setting.instances * setting.threads;
}
