import type { MinerConfig } from '../../common/config/config-schema.ts';
import process from 'node:process';
import { resolvePath } from '../../common/config/config-load.ts';
import { SubnetError } from '../../common/errors.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Logger, Meter } from '../../common/telemetry-port.ts';
import type { InstanceState } from '../engine/engine-port.ts';
import type { MinerMetrics } from '../metrics.ts';
import { readApiKey } from '../upstream/api-key.ts';
import { openUpstreamModel } from '../upstream/open-upstream-model.ts';
import { createUpstreamMetrics } from '../upstream/upstream-metrics.ts';
import { createCatalogue } from './catalogue.ts';
import type { MutableCatalogue } from './catalogue.ts';
import { createModelKeeper } from './model-keeper.ts';
import type { ModelKeeper, StoredRef } from './model-keeper.ts';
import { openLocalModel } from './open-local.ts';
import type { OpenLocalDeps } from './open-local.ts';
import { modelSources, onlyVersion, storedSource } from './model-sources.ts';
import { scanRepository } from './repository.ts';
import type { ServedModel } from './served-model.ts';
import { wantedVersions } from './wanted-versions.ts';

export interface OpenModelsDeps {
  readonly platform: Platform;
  readonly log: Logger;
  readonly metrics: MinerMetrics;
  /** Where models on other servers register their metrics. */
  readonly meter: Meter;
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
  readonly catalogue: MutableCatalogue;
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
}

/** Loads what the configuration asks for. Throws MODEL_*, ENGINE_*, UPSTREAM_*, CONFIG_*. */
export async function openModels(
  deps: OpenModelsDeps,
  options: OpenModelsOptions,
): Promise<OpenModels> {
  const { config } = options;
  const catalogue = createCatalogue();
  const source = sourceOf(deps, options);
  const onChange = (): void => tellServed(deps.metrics, catalogue);
  const keeper = createModelKeeper(
    { ...source, catalogue, onChange, clock: deps.platform.clock, log: deps.log },
    { models: config.models, lingerMs },
  );
  try {
    await loadWanted(keeper, source.scan(), config);
    nameModels(keeper, config);
    if (catalogue.find(config.task, null, null) === undefined) {
      const detail = `no model answers for the task ${config.task}`;
      throw new SubnetError('MODEL_UNKNOWN', { detail });
    }
  } catch (error) {
    await keeper.close();
    throw error;
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

/** Bodies of requests that found the old version are on their way this long at most. */
const lingerMs = 2000;

async function loadWanted(
  keeper: ModelKeeper,
  stored: readonly StoredRef[],
  { models }: MinerConfig,
): Promise<void> {
  for (const { name, version } of wantedVersions(stored, models)) await keeper.load(name, version);
}

function nameModels(keeper: ModelKeeper, { models = {} }: MinerConfig): void {
  for (const [name, model] of Object.entries(models)) {
    if (model.canary !== undefined) keeper.setCanary(name, model.canary);
    if (model.default !== undefined) keeper.setAlias(name, { name, version: model.default });
    for (const alias of model.aliases) keeper.setAlias(alias, { name, version: null });
  }
}

interface ModelSource {
  scan(): readonly StoredRef[];
  open(stored: StoredRef): Promise<ServedModel>;
}

function sourceOf(deps: OpenModelsDeps, options: OpenModelsOptions): ModelSource {
  const { config, modelRepository, modelPath } = options;
  if (modelRepository !== undefined) return repositorySource(deps, config, modelRepository);
  const scan = (): readonly StoredRef[] => [{ name: config.task, version: onlyVersion }];
  const { backend } = config;
  if (backend !== undefined) return { scan, open: () => openBackend(deps, options, backend) };
  const files = modelPath === undefined ? {} : { modelPath };
  const [source] = modelSources(config, files);
  if (source === undefined) {
    throw new SubnetError('CONFIG_INVALID', { detail: 'the configuration names no model' });
  }
  return { scan, open: () => openLocalModel(localDeps(deps), source, servingOf(config)) };
}

function repositorySource(deps: OpenModelsDeps, config: MinerConfig, root: string): ModelSource {
  return {
    scan: () => scanRepository(root),
    open: async ({ name, version }) => {
      const stored = scanRepository(root).find(
        (one) => one.name === name && one.version === version,
      );
      if (stored === undefined) {
        throw new SubnetError('MODEL_UNKNOWN', { detail: `${name}/${version}` });
      }
      return openLocalModel(localDeps(deps), storedSource(stored), servingOf(config));
    },
  };
}

function localDeps({ platform, log, metrics }: OpenModelsDeps): OpenLocalDeps {
  return { platform, log, metrics };
}

function servingOf({ engine, queue, preparation, server }: MinerConfig) {
  return { engine, queue, preparation, drainMs: server.drainMs };
}

async function openBackend(
  { platform, log, meter }: OpenModelsDeps,
  { config, baseDir }: OpenModelsOptions,
  backend: NonNullable<MinerConfig['backend']>,
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
      http: createHttpClient({ operatorHosts: true }),
      platform,
      log,
      metrics: createUpstreamMetrics(meter),
    },
  );
}

/** A file that it stands in is relative to the configuration. */
function keyOf({ apiKey }: NonNullable<MinerConfig['backend']>, baseDir: string): string | null {
  if (apiKey === undefined) return null;
  const source = 'file' in apiKey ? { file: resolvePath(baseDir, apiKey.file) } : apiKey;
  return readApiKey(source, process.env);
}

function statusOf(model: ServedModel): ModelStatus {
  const { name, version, sha256 } = model;
  const { provider = 'upstream', pid = null, instances = [] } = model.process?.() ?? {};
  return { name, version, sha256, provider, pid, instances, ...model.load() };
}

/** One series for each version that is served now; those of others go. */
function tellServed(metrics: MinerMetrics, catalogue: MutableCatalogue): void {
  metrics.modelInfo.clear();
  for (const served of catalogue.list().map(statusOf)) {
    const { name: model, version, sha256, provider } = served;
    metrics.modelInfo.set(1, { model, version, sha256, provider });
  }
}
