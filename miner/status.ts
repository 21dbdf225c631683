import type { Lifecycle } from '../common/node/lifecycle.ts';
import { jsonReply, metricsReply, startStatusServer } from '../common/node/status-server.ts';
import type { StatusReply } from '../common/node/status-server.ts';
import { modelStatisticsJson } from '../common/wire/model-statistics.ts';
import type { ModelStatistics } from '../common/wire/model-statistics.ts';
import { isSame, neuronOf } from './announce.ts';
import { axonOf } from './axon-options.ts';
import type { MinerServer } from './gate/server.ts';
import { keyOf } from './models/model-names.ts';
import type { ModelStatus, OpenModels } from './models/open-models.ts';
import type { MinerParts } from './parts.ts';
import type { MinerState } from './state.ts';

/** What `/status` shows. */
export interface MinerStatus {
  readonly netuid: number;
  readonly hotkey: string;
  /** Null while it is not registered, or not known yet. */
  readonly uid: number | null;
  readonly task: string;
  /** Of the model that answers for the task; null while there is none. */
  readonly modelSha256: string | null;
  readonly provider: string | null;
  /** All versions that are served. */
  readonly models: readonly ModelStatus[];
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly notReady: string | null;
  readonly address: { readonly host: string; readonly port: number };
  readonly axonServed: boolean;
  /** Why the chain does not take the axon, which is tried again; null otherwise. */
  readonly axonProblem: string | null;
  /** Block of the metagraph in use. */
  readonly metagraphBlock: number | null;
  /** Requests that wait for the model, and runs of it that are under way. */
  readonly waiting: number;
  readonly running: number;
  /** Process id of the model process; null while it is being replaced. */
  readonly enginePid: number | null;
}

export function statusOf(
  { config, hotkey }: MinerParts,
  state: MinerState,
  models: OpenModels,
  { host, port }: MinerServer,
  notReady: string | null,
): MinerStatus {
  const { snapshot } = state;
  const neuron = snapshot === null ? undefined : neuronOf(snapshot, hotkey);
  const model = models.current();
  const axon = axonOf(config);
  const onChain = neuron?.axon ?? null;
  return {
    netuid: config.netuid,
    hotkey: hotkey.ss58,
    uid: neuron?.uid ?? null,
    task: config.task,
    modelSha256: model?.sha256 ?? null,
    provider: model?.provider ?? null,
    models: models.list(),
    ready: notReady === null,
    notReady,
    address: { host, port },
    axonServed: axon !== null && isSame(onChain, { ...axon, port: axon.port || port }),
    axonProblem: state.axonProblem,
    metagraphBlock: snapshot?.block.number ?? null,
    waiting: model?.waiting ?? 0,
    running: model?.running ?? 0,
    enginePid: model?.pid ?? null,
  };
}

/** What an operator looks for in the line that says that the miner serves; `/status` has the rest. */
export function servingFields(status: MinerStatus): Readonly<Record<string, unknown>> {
  const { netuid, uid, hotkey, address, models, notReady } = status;
  return {
    address: address.host.includes(':')
      ? `[${address.host}]:${address.port}`
      : `${address.host}:${address.port}`,
    models: models.map(keyOf).join(', '),
    netuid,
    uid,
    hotkey,
    ...(notReady === null ? {} : { notReady }),
  };
}

/** What is told on the port of the metrics. */
export interface StatusPages {
  status(): MinerStatus;
  statistics(): readonly ModelStatistics[];
}

export async function serveStatus(
  { config, registry, log }: MinerParts,
  { status, statistics }: StatusPages,
  lifecycle: Lifecycle,
): Promise<void> {
  if (!config.metrics.enabled) return;
  const { host, port } = config.metrics;
  const ready = (): StatusReply => {
    const now = status();
    return jsonReply({ ready: now.ready, reason: now.notReady }, now.ready ? 200 : 503);
  };
  const server = await startStatusServer({
    host,
    port,
    routes: {
      '/status': () => jsonReply(status()),
      '/metrics': async () => metricsReply(await registry.render()),
      '/v2/health/live': () => jsonReply({ live: true }),
      '/v2/health/ready': ready,
      '/v2/models/stats': () => jsonReply(modelStatisticsJson(statistics())),
    },
  });
  lifecycle.add('metrics', () => server.close());
  log.info('metrics', { url: server.url });
}
