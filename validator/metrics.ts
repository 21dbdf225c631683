import { createEndpointMetrics } from '../common/endpoint-metrics.ts';
import type { EndpointMetrics } from '../common/endpoint-metrics.ts';
import type { Counter, Gauge, Histogram, Meter } from '../common/telemetry-port.ts';

/** Everything the validator tells Prometheus, in the order of a round. */
export interface ValidatorMetrics extends EndpointMetrics {
  readonly headBlock: Gauge;
  readonly headSeenTimestamp: Gauge;
  readonly rounds: Counter;
  readonly roundSeconds: Histogram;
  readonly outcomes: Counter;
  readonly answerSeconds: Histogram;
  readonly score: Gauge;
  readonly weight: Gauge;
  readonly weightSubmissions: Counter;
  readonly vectorState: Gauge;
  readonly vectors: Gauge;
  readonly weightsCommittedBlock: Gauge;
  readonly weightsDueBlock: Gauge;
  readonly weightsEffectiveBlock: Gauge;
  readonly missedReveals: Counter;
  readonly validatorTrust: Gauge;
  readonly registered: Gauge;
  readonly chainFailures: Counter;
  readonly alert: Gauge;
}

export function createValidatorMetrics(meter: Meter): ValidatorMetrics {
  return {
    headBlock: meter.gauge({ name: 'validator_head_block', help: 'Newest block seen' }),
    headSeenTimestamp: meter.gauge({
      name: 'validator_head_seen_timestamp_seconds',
      help: 'When the newest block was seen, Unix time',
    }),
    rounds: meter.counter({
      name: 'validator_rounds_total',
      help: 'Rounds by how they ended: counted, void, failed',
      labels: ['result'],
    }),
    roundSeconds: meter.histogram({
      name: 'validator_round_seconds',
      help: 'A round from snapshot to stored results',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    }),
    outcomes: meter.counter({
      name: 'validator_query_outcomes_total',
      help: 'Questions by task and what came of them: answer, the reason of the fault, or unjudged',
      labels: ['task', 'outcome'],
    }),
    answerSeconds: meter.histogram({
      name: 'validator_answer_seconds',
      help: 'Latency of complete answers on the wire',
      labels: ['task'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 12],
    }),
    score: meter.gauge({
      name: 'validator_score_ratio',
      help: 'Moving average of a miner, 0 to 1',
      labels: ['uid'],
    }),
    weight: meter.gauge({
      name: 'validator_weight_ratio',
      help: 'Share of a miner in the newest vector of a mechanism',
      labels: ['mecid', 'uid'],
    }),
    weightSubmissions: meter.counter({
      name: 'validator_weight_submissions_total',
      help: 'Weight vectors by what became of them: effective, rejected, or why none was sent',
      labels: ['result'],
    }),
    vectorState: meter.gauge({
      name: 'validator_weights_state',
      help: '1 for the state of the newest vector of a mechanism',
      labels: ['mecid', 'state'],
    }),
    vectors: meter.gauge({
      name: 'validator_weights_vectors',
      help: 'The last 20 vectors of a mechanism by state',
      labels: ['mecid', 'state'],
    }),
    weightsCommittedBlock: meter.gauge({
      name: 'validator_weights_committed_block',
      help: 'Block in which the newest vector was set or committed',
      labels: ['mecid'],
    }),
    weightsDueBlock: meter.gauge({
      name: 'validator_weights_due_block',
      help: 'First block of the epoch in which the newest commit is revealed',
      labels: ['mecid'],
    }),
    weightsEffectiveBlock: meter.gauge({
      name: 'validator_weights_effective_block',
      help: 'Block at which the newest effective vector took effect, read back from the chain',
      labels: ['mecid'],
    }),
    missedReveals: meter.counter({
      name: 'validator_missed_reveals_total',
      help: 'Commits whose reveal did not come',
      labels: ['mecid'],
    }),
    validatorTrust: meter.gauge({
      name: 'validator_vtrust_ratio',
      help: 'Validator trust of this node as the chain computed it, 0 to 1',
    }),
    registered: meter.gauge({
      name: 'validator_registered',
      help: '1 while the hotkey is registered on the subnet',
    }),
    chainFailures: meter.counter({
      name: 'validator_chain_failures_total',
      help: 'Rounds that the chain connection broke off',
    }),
    ...createEndpointMetrics(meter, 'validator'),
    alert: meter.gauge({
      name: 'validator_alert',
      help: '1 while an alert stands',
      labels: ['alert'],
    }),
  };
}
