import { createEndpointMetrics } from '../common/endpoint-metrics.ts';
import type { EndpointMetrics } from '../common/endpoint-metrics.ts';
import type { Counter, Gauge, Histogram, Meter } from '../common/telemetry-port.ts';

/** All that a miner measures, in the order of a request's way. */
export interface MinerMetrics extends EndpointMetrics {
  readonly connections: Gauge;
  readonly requests: Counter;
  readonly requestSeconds: Histogram;
  readonly verifySeconds: Histogram;
  readonly signSeconds: Histogram;
  /** Where the time of an admitted request goes; the model's own stages are the batcher's. */
  readonly stages: StageMetrics;
  readonly replayEntries: Gauge;
  readonly queueDepth: Gauge;
  readonly queueSeconds: Histogram;
  readonly queueRefusals: Counter;
  readonly batchRows: Histogram;
  readonly engineSeconds: Histogram;
  readonly engineRestarts: Counter;
  readonly modelInfo: Gauge;
  readonly modelReady: Gauge;
  readonly ready: Gauge;
  readonly chainHeadAgeSeconds: Gauge;
  readonly chainFailures: Counter;
  readonly registered: Gauge;
  readonly serving: Gauge;
  readonly buildInfo: Gauge;
}

/** One per stage of a request's way, in order. */
export interface StageMetrics {
  readonly body: Histogram;
  readonly authenticate: Histogram;
  readonly decode: Histogram;
  readonly infer: Histogram;
  readonly encode: Histogram;
  readonly receipt: Histogram;
}

const latencyBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** As many as there are versions in the repository. */
const perModel = ['model', 'version'];

export function createMinerMetrics(meter: Meter): MinerMetrics {
  return {
    connections: meter.gauge({
      name: 'miner_connections',
      help: 'Connections that are open',
    }),
    requests: meter.counter({
      name: 'miner_requests_total',
      help: 'Answers, by HTTP status and reason',
      labels: ['status', 'reason'],
    }),
    requestSeconds: meter.histogram({
      name: 'miner_request_seconds',
      help: 'From the headers of an inference request to its answer, admitted requests only',
      buckets: latencyBuckets,
    }),
    verifySeconds: meter.histogram({
      name: 'miner_verify_seconds',
      help: 'Verification of one batch of signatures',
      buckets: [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01],
    }),
    signSeconds: meter.histogram({
      name: 'miner_sign_seconds',
      help: 'Signing the receipts of answers given at the same time, by one signature',
      buckets: [0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01],
    }),
    stages: createStageMetrics(meter),
    replayEntries: meter.gauge({
      name: 'miner_replay_entries',
      help: 'Nonces in the replay memory',
    }),
    queueDepth: meter.gauge({
      name: 'miner_queue_depth',
      help: 'Requests that wait for a model',
      labels: perModel,
    }),
    queueSeconds: meter.histogram({
      name: 'miner_queue_seconds',
      help: 'Waiting for a place in a run of a model',
      labels: perModel,
      buckets: stageBuckets,
    }),
    queueRefusals: meter.counter({
      name: 'miner_queue_refusals_total',
      help: 'Requests that were not computed: full, expired, gone, closed',
      labels: [...perModel, 'reason'],
    }),
    batchRows: meter.histogram({
      name: 'miner_batch_rows',
      help: 'Rows in one run of a model',
      labels: perModel,
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
    }),
    engineSeconds: meter.histogram({
      name: 'miner_engine_run_seconds',
      help: 'One run of a model, without queue and transport',
      labels: perModel,
      buckets: [0.00005, 0.0001, ...latencyBuckets],
    }),
    engineRestarts: meter.counter({
      name: 'miner_engine_restarts_total',
      help: 'Model processes that had to be replaced',
      labels: perModel,
    }),
    modelInfo: meter.gauge({
      name: 'miner_model_info',
      help: 'Always 1, for each version that is served now',
      labels: [...perModel, 'sha256', 'provider'],
    }),
    modelReady: meter.gauge({
      name: 'miner_model_ready',
      help: '1 while a version can be asked; 0 while its device or its upstreams fail',
      labels: perModel,
    }),
    ready: meter.gauge({ name: 'miner_ready', help: '1 while requests can be answered' }),
    chainHeadAgeSeconds: meter.gauge({
      name: 'miner_chain_head_age_seconds',
      help: 'Since the metagraph was last read',
    }),
    chainFailures: meter.counter({
      name: 'miner_chain_failures_total',
      help: 'Readings of the chain that failed; the last metagraph stays in use',
    }),
    registered: meter.gauge({
      name: 'miner_registered',
      help: '1 while the hotkey is registered on the subnet',
    }),
    serving: meter.gauge({
      name: 'miner_axon_serving',
      help: '1 while the axon on chain is the configured address',
    }),
    ...createEndpointMetrics(meter, 'miner'),
    buildInfo: meter.gauge({
      name: 'miner_build_info',
      help: 'Always 1; the labels say what runs',
      labels: ['version'],
    }),
  };
}

function createStageMetrics(meter: Meter): StageMetrics {
  const stage = (name: string, help: string): Histogram =>
    meter.histogram({ name: `miner_${name}_seconds`, help, buckets: stageBuckets });
  return {
    body: stage('body', 'Arrival of a body, from the first look at its head'),
    authenticate: stage(
      'authenticate',
      'Hashing a body and verifying its signature, queue included',
    ),
    decode: stage('decode', 'Reading tensors from a body'),
    infer: stage('infer', 'Queue and model together, as one request sees them'),
    encode: stage('encode', 'Writing outputs into an answer'),
    receipt: stage('receipt', 'Signing an answer, queue included'),
  };
}

const stageBuckets = [0.00001, 0.00002, 0.00005, 0.0001, 0.0002, ...latencyBuckets];
