import * as prom from 'prom-client';
import type {
  Counter,
  Gauge,
  Histogram,
  Labels,
  MetricOptions,
  MetricsRegistry,
} from '../telemetry-port.ts';

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
      const buckets = o.buckets === undefined ? {} : { buckets: [...o.buckets] };
      return wrapHistogram(new prom.Histogram({ ...settings(o), ...buckets }));
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

function wrapHistogram(histogram: prom.Histogram): Histogram {
  return {
    observe: (value: number, labels: Labels = {}) => histogram.observe({ ...labels }, value),
  };
}
