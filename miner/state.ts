import type { Snapshot } from '../common/chain-port.ts';
import { meterEndpoints } from '../common/endpoint-metrics.ts';
import { neuronOf } from './announce.ts';
import { directoryOf } from './gate/admit.ts';
import type { CallerDirectory } from './gate/admit.ts';
import type { MinerMetrics } from './metrics.ts';
import type { OpenModels } from './models/open-models.ts';
import type { MinerParts } from './parts.ts';

/** What changes while a miner runs. */
export interface MinerState {
  draining: boolean;
  snapshot: Snapshot | null;
  snapshotAtMs: number;
  directory: CallerDirectory | null;
  axonServed: boolean;
  /** Why the chain does not take the axon; null where it does, or was not asked. */
  axonProblem: string | null;
}

export function newState(): MinerState {
  return {
    draining: false,
    snapshot: null,
    snapshotAtMs: 0,
    directory: null,
    axonServed: false,
    axonProblem: null,
  };
}

/** Why no request is taken, whichever model it asks; null while they are. */
export function whyClosed({ draining, directory }: MinerState): string | null {
  if (draining) return 'the miner stops';
  return directory === null ? 'the metagraph was not read yet' : null;
}

/**
 * Why the task is not answered, or null. A model that is being restarted is no reason: requests
 * wait for it, unless its device fails.
 */
export function whyNotReady(state: MinerState, models: OpenModels): string | null {
  return whyClosed(state) ?? models.notReady();
}

export function adopt(
  { hotkey, config, log, platform }: MinerParts,
  metrics: MinerMetrics,
  state: MinerState,
  snapshot: Snapshot,
): void {
  const neuron = neuronOf(snapshot, hotkey);
  const was = state.snapshot === null ? undefined : neuronOf(state.snapshot, hotkey);
  if (was !== undefined && neuron === undefined) {
    log.error('the hotkey lost its place on the subnet', { netuid: config.netuid, uid: was.uid });
  }
  state.snapshot = snapshot;
  state.snapshotAtMs = platform.clock.monotonicMs();
  state.directory = directoryOf(snapshot);
  metrics.registered.set(neuron === undefined ? 0 : 1);
}

export function observe(
  { platform, chain }: MinerParts,
  metrics: MinerMetrics,
  state: MinerState,
  models: OpenModels,
): void {
  metrics.ready.set(whyNotReady(state, models) === null ? 1 : 0);
  metrics.modelReady.clear();
  for (const { name: model, version, notReady } of models.list()) {
    metrics.modelReady.set(notReady === null ? 1 : 0, { model, version });
  }
  metrics.serving.set(state.axonServed ? 1 : 0);
  meterEndpoints(metrics, chain.endpoints());
  if (state.snapshot === null) return;
  metrics.chainHeadAgeSeconds.set((platform.clock.monotonicMs() - state.snapshotAtMs) / 1000);
}
