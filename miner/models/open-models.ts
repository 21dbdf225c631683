import type { MinerConfig } from '../../common/config/miner-schema.ts';
import process from 'node:process';
import { resolvePath } from '../../common/config/config-load.ts';
import { SubnetError } from '../../common/errors.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Logger, Meter } from '../../common/telemetry-port.ts';
import type { InstanceState } from '../engine/engine-port.ts';
import type { MinerMetrics } from '../metrics.ts';
import { readApiKey } from '../upstream/api-key.ts';
import { openUpstreamModel } from '../upstream/open-upstream-model.ts';
import { readAuthorities } from '../upstream/read-authorities.ts';
import { createUpstreamMetrics } from '../upstream/upstream-metrics.ts';
import { createCatalogue } from './catalogue.ts';
import { createModelKeeper } from './model-keeper.ts';
import type { KeeperDeps, ModelKeeper, StoredRef } from './model-keeper.ts';
import { openLocalModel } from './open-local.ts';
import type { OpenLocalDeps } from './open-local.ts';
import { modelSources, onlyVersion, storedSource } from './model-sources.ts';
import { scanRepository } from './repository.ts';
import type { Catalogue, ModelProcess, ServedModel } from './served-model.ts';

export interface OpenModelsDeps {
  readonly platform: Platform;
  readonly log: Logger;
  readonly metrics: MinerMetrics;
  /** Where models on other servers register their metrics. */
  readonly meter: Meter;
  /** Ends a start that is under way, and the processes that it has begun. */
  readonly signal?: AbortSignal;
}

export interface OpenModelsOptions {
  readonly config: MinerConfig;
  /** Absolute path of `model.path`; undefined without one. */
  readonly modelPath: string | undefined;
  /** Absolute path of `modelRepository`; undefined without one. */
  readonly modelRepository: string | undefined;
  /** What the files of the configuration are relative to. */
  readonly baseDir: string;
}

/** The models of a miner, and what can be done with them while it runs. */
export interface OpenModels {
  readonly catalogue: Catalogue;
  readonly keeper: ModelKeeper;
  /** Of the task's model, for whoever names no version; undefined while there is none. */
  current(): ModelStatus | undefined;
  /** All that are served, the newest version of each name first. */
  list(): readonly ModelStatus[];
  /** Why the task cannot be answered now, or null. */
  notReady(): string | null;
  close(): Promise<void>;
}

/** What `/status` shows of a model. */
export interface ModelStatus {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  /** The execution provider that really computes, or `upstream`. */
  readonly provider: string;
  readonly waiting: number;
  readonly running: number;
  /** Process id of the model process; null while it is being replaced, and for other servers. */
  readonly pid: number | null;
  /** Model processes, each with its device and the provider that it really uses. */
  readonly instances: readonly InstanceState[];
  /** Requests share runs; null where another server decides that. */
  readonly sharesRuns: boolean | null;
  /** Why they do not although they might: it mixes rows, so much; null otherwise. */
  readonly rowsMixed: string | null;
  /** Why it cannot answer now, or null. */
  readonly notReady: string | null;
}

/**
 * Loads what the configuration asks for. Throws MODEL_*, ENGINE_*, UPSTREAM_*, CONFIG_*; when the
 * signal aborts, MINER_STOPPING.
 */
export async function openModels(
  deps: OpenModelsDeps,
  options: OpenModelsOptions,
): Promise<OpenModels> {
  const { config } = options;
  const catalogue = createCatalogue();
  const onChange = (): void => tellServed(deps.metrics, catalogue);
  const source = sourceOf({ ...deps, onReplaced: onChange }, options);
  const keeper = createModelKeeper(
    { ...source, catalogue, onChange, clock: deps.platform.clock, log: deps.log },
    { models: config.models, lingerMs: config.server.requestTimeoutMs },
  );
  const stop = (): void => void keeper.close();
  try {
    deps.signal?.throwIfAborted();
    deps.signal?.addEventListener('abort', stop, { once: true });
    await keeper.start();
    if (catalogue.find(config.task, null, null) === undefined) {
      const detail = `no model answers for the task ${config.task}`;
      throw new SubnetError('MODEL_UNKNOWN', { detail });
    }
  } catch (error) {
    await keeper.close();
    throw error;
  } finally {
    deps.signal?.removeEventListener('abort', stop);
  }
  const current = (): ServedModel | undefined => catalogue.find(config.task, null, null);
  return {
    catalogue,
    keeper,
    current: () => {
      const model = current();
      return model === undefined ? undefined : statusOf(model);
    },
    list: () => catalogue.list().map(statusOf),
    notReady: () => {
      const model = current();
      return model === undefined ? 'no model' : model.notReady();
    },
    close: () => keeper.close(),
  };
}

type ModelSource = Pick<KeeperDeps, 'scan' | 'open'>;

interface SourceDeps extends OpenModelsDeps {
  readonly onReplaced: () => void;
}

function sourceOf(deps: SourceDeps, options: OpenModelsOptions): ModelSource {
  const { config, modelRepository, modelPath } = options;
  if (modelRepository !== undefined) return repositorySource(deps, config, modelRepository);
  const scan = (): readonly StoredRef[] => [{ name: config.task, version: onlyVersion }];
  const { backend } = config;
  if (backend !== undefined)
    return { scan, open: (_, signal) => openBackend(deps, options, backend, signal) };
  const files = modelPath === undefined ? {} : { modelPath };
  const [source] = modelSources(config, files);
  if (source === undefined) {
    throw new SubnetError('CONFIG_INVALID', { detail: 'the configuration names no model' });
  }
  return {
    scan,
    open: (_, signal) => openLocalModel(localDeps(deps), source, servingOf(config), signal),
  };
}

function repositorySource(deps: SourceDeps, config: MinerConfig, root: string): ModelSource {
  return {
    scan: () => scanRepository(root),
    open: async ({ name, version }, signal) => {
      const stored = scanRepository(root).find(
        (one) => one.name === name && one.version === version,
      );
      if (stored === undefined) {
        throw new SubnetError('MODEL_UNKNOWN', { detail: `${name}/${version}` });
      }
      return openLocalModel(localDeps(deps), storedSource(stored), servingOf(config), signal);
    },
  };
}

function localDeps({ platform, log, metrics, onReplaced }: SourceDeps): OpenLocalDeps {
  return { platform, log, metrics, onReplaced };
}

function servingOf({ engine, queue, preparation, server }: MinerConfig) {
  const { drainMs, maxAnswerBytes } = server;
  return { engine, queue, preparation, drainMs, maxAnswerBytes };
}

async function openBackend(
  { platform, log, meter }: OpenModelsDeps,
  { config, baseDir }: OpenModelsOptions,
  backend: NonNullable<MinerConfig['backend']>,
  signal: AbortSignal,
): Promise<ServedModel> {
  const { createHttpClient } = await import('../../common/node/http-undici.ts');
  return openUpstreamModel(
    backend,
    {
      name: config.task,
      version: onlyVersion,
      apiKey: keyOf(backend, baseDir),
      drainMs: config.server.drainMs,
    },
    {
      http: createHttpClient({ operatorHosts: true, ca: authoritiesOf(backend, baseDir) }),
      platform,
      log,
      metrics: createUpstreamMetrics(meter),
      signal,
    },
  );
}

function authoritiesOf(
  { ca }: NonNullable<MinerConfig['backend']>,
  baseDir: string,
): string | undefined {
  return ca === undefined ? undefined : readAuthorities(resolvePath(baseDir, ca));
}

/** A file that it stands in is relative to the configuration. */
function keyOf({ apiKey }: NonNullable<MinerConfig['backend']>, baseDir: string): string | null {
  if (apiKey === undefined) return null;
  const source = 'file' in apiKey ? { file: resolvePath(baseDir, apiKey.file) } : apiKey;
  return readApiKey(source, process.env);
}

function statusOf(model: ServedModel): ModelStatus {
  const { name, version, sha256 } = model;
  const process: Partial<ModelProcess> = model.process?.() ?? {};
  const { provider = 'upstream', pid = null, instances = [] } = process;
  const { sharesRuns = null, rowsMixed = null } = process;
  const status = { name, version, sha256, provider, pid, instances, sharesRuns, rowsMixed };
  return { ...status, notReady: model.notReady(), ...model.load() };
}

/** One series for each version that is served now; those of others go. */
function tellServed(metrics: MinerMetrics, catalogue: Catalogue): void {
  metrics.modelInfo.clear();
  for (const served of catalogue.list().map(statusOf)) {
    const { name: model, version, sha256, provider } = served;
    metrics.modelInfo.set(1, { model, version, sha256, provider });
  }
}
