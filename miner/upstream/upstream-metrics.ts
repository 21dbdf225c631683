import type { Counter, Gauge, Histogram, Meter } from '../../common/telemetry-port.ts';

/** What is measured of upstreams; `upstream` is the place that the YAML names, never its path. */
export interface UpstreamMetrics {
  readonly tries: Counter;
  readonly trySeconds: Histogram;
  readonly outstanding: Gauge;
  readonly usable: Gauge;
  readonly breakerOpen: Gauge;
  readonly extraTries: Counter;
  readonly budgetRefusals: Counter;
}

export function createUpstreamMetrics(meter: Meter): UpstreamMetrics {
  return {
    tries: meter.counter({
      name: 'miner_upstream_tries_total',
      help: 'Requests to an upstream, by how they ended: answer, failed, busy, suspect, cancelled',
      labels: ['upstream', 'result'],
    }),
    trySeconds: meter.histogram({
      name: 'miner_upstream_try_seconds',
      help: 'From sending a request to an upstream to its complete answer; answers only',
      labels: ['upstream'],
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
    }),
    outstanding: meter.gauge({
      name: 'miner_upstream_outstanding',
      help: 'Requests that an upstream has not answered yet',
      labels: ['upstream'],
    }),
    usable: meter.gauge({
      name: 'miner_upstream_usable',
      help: '1 while an upstream is well and serves the pinned model',
      labels: ['upstream'],
    }),
    breakerOpen: meter.gauge({
      name: 'miner_upstream_breaker_open',
      help: '1 while the circuit breaker keeps requests from an upstream, a trial apart',
      labels: ['upstream'],
    }),
    extraTries: meter.counter({
      name: 'miner_upstream_extra_tries_total',
      help: 'Tries beyond the first one of a request: retry, or hedge of a slow answer',
      labels: ['kind'],
    }),
    budgetRefusals: meter.counter({
      name: 'miner_upstream_budget_refusals_total',
      help: 'Retries and hedges that were not made because their budget was spent',
      labels: ['kind'],
    }),
  };
}
