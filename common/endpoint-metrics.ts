import type { EndpointState } from './chain-port.ts';
import { placeOf } from './endpoint-name.ts';
import type { Gauge, Meter } from './telemetry-port.ts';

/** The state of each chain endpoint, the same for every kind of node. */
export interface EndpointMetrics {
  readonly endpointState: Gauge;
  readonly endpointScore: Gauge;
  readonly endpointHeadBlock: Gauge;
}

const states = ['in-use', 'ready', 'failed', 'wrong-chain', 'untried'] as const;

export function createEndpointMetrics(meter: Meter, node: 'miner' | 'validator'): EndpointMetrics {
  return {
    endpointState: meter.gauge({
      name: `${node}_chain_endpoint_state`,
      help: `1 for the state of a chain endpoint: ${states.join(', ')}`,
      labels: ['endpoint', 'state'],
    }),
    endpointScore: meter.gauge({
      name: `${node}_chain_endpoint_score_ratio`,
      help: 'What decides which endpoint is used next, 0 to 1',
      labels: ['endpoint'],
    }),
    endpointHeadBlock: meter.gauge({
      name: `${node}_chain_endpoint_head_block`,
      help: 'Newest block seen from a chain endpoint',
      labels: ['endpoint'],
    }),
  };
}

export function meterEndpoints(
  metrics: EndpointMetrics,
  endpoints: readonly EndpointState[],
): void {
  for (const one of endpoints) {
    const endpoint = placeOf(one.url);
    for (const state of states) {
      metrics.endpointState.set(one.state === state ? 1 : 0, { endpoint, state });
    }
    metrics.endpointScore.set(one.score, { endpoint });
    if (one.headBlock !== null) metrics.endpointHeadBlock.set(one.headBlock, { endpoint });
  }
}
