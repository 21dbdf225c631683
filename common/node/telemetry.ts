import * as prom from 'prom-client';
import { createCountedHistogram } from './counted-histogram.ts';
import type { Counter, Gauge, Labels, MetricOptions, MetricsRegistry } from '../telemetry-port.ts';

/** Seconds, for a histogram that names no bounds. */
const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A registry of its own (no global one), so that two nodes in one process never mix. */
export function createMetricsRegistry(options: { processMetrics?: boolean } = {}): MetricsRegistry {
  const registry = new prom.Registry();
  if (options.processMetrics === true) prom.collectDefaultMetrics({ register: registry });
  const settings = (o: MetricOptions) => ({
    name: o.name,
    help: o.help,
    labelNames: [...(o.labels ?? [])],
    registers: [registry],
  });
  return {
    counter: (o) => wrapCounter(new prom.Counter(settings(o))),
    gauge: (o) => wrapGauge(new prom.Gauge(settings(o))),
    histogram: (o) => {
      const histogram = createCountedHistogram(o, o.buckets ?? defaultBuckets);
      // The registry asks a metric for its name and its values only; its type names the classes.
      registry.registerMetric(histogram as unknown as prom.Metric);
      return histogram;
    },
    render: () => registry.metrics(),
  };
}

function wrapCounter(counter: prom.Counter): Counter {
  return { inc: (labels: Labels = {}, by = 1) => counter.inc({ ...labels }, by) };
}

function wrapGauge(gauge: prom.Gauge): Gauge {
  return {
    set: (value: number, labels: Labels = {}) => gauge.set({ ...labels }, value),
    clear: () => gauge.reset(),
  };
}
