import type { BatchObserver } from '../batch/batcher.ts';
import type { MinerMetrics } from '../metrics.ts';
import type { StatisticsRecorder } from './model-statistics.ts';

/** Runs of one version into its statistics, and into the metrics under its name. */
export function meterModel(
  metrics: MinerMetrics,
  statistics: StatisticsRecorder,
  { name: model, version }: { readonly name: string; readonly version: string },
): BatchObserver {
  const labels = { model, version };
  return {
    onQueue: (waiting) => metrics.queueDepth.set(waiting, labels),
    onWaited: (waitedMs) => metrics.queueSeconds.observe(waitedMs / 1000, labels),
    onRefused: (reason) => metrics.queueRefusals.inc({ ...labels, reason }),
    onRun: (_, rows, runMs) => {
      statistics.ran(rows, runMs);
      metrics.batchRows.observe(rows, labels);
      metrics.engineSeconds.observe(runMs / 1000, labels);
    },
  };
}
