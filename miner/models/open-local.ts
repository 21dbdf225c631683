import type { MinerConfig } from '../../common/config/config-schema.ts';
import { SubnetError } from '../../common/errors.ts';
import { createLifecycle } from '../../common/node/lifecycle.ts';
import type { Lifecycle } from '../../common/node/lifecycle.ts';
import type { ModelManifest } from '../../common/model-manifest.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import { createTurnstile } from '../../common/turnstile.ts';
import { batcherOptionsOf } from '../batch/batch-options.ts';
import { createBatcher } from '../batch/batcher.ts';
import type { Batcher } from '../batch/batcher.ts';
import { ruleProblem } from '../batch/padding.ts';
import type { PaddingRule } from '../batch/padding.ts';
import { startOnnxEngine } from '../engine/engine-onnx.ts';
import type { PostOrder } from '../engine/engine-load.ts';
import type { OnnxEngine } from '../engine/engine-onnx.ts';
import { engineSettingsOf } from '../engine/engine-options.ts';
import type { MinerMetrics } from '../metrics.ts';
import { loadAssets } from './assets.ts';
import type { Assets } from './assets.ts';
import { createLocalModel } from './local-model.ts';
import { checkModelFile } from './model-file.ts';
import { meterModel } from './model-meter.ts';
import { createStatistics } from './model-statistics.ts';
import type { StatisticsRecorder } from './model-statistics.ts';
import type { ServedModel } from './served-model.ts';
import { planPreSteps } from './steps/plan-steps.ts';
import type { PrePlan } from './steps/plan-steps.ts';
import { createPreparation } from './steps/preparation.ts';
import type { Preparation } from './steps/preparation.ts';
import type { TextWorker } from './steps/pre-steps.ts';
import { startTextTokenizer } from './steps/text-tokenizer.ts';

export interface OpenLocalDeps {
  readonly platform: Platform;
  readonly log: Logger;
  readonly metrics: MinerMetrics;
}

/** How models are run on this machine: the parts of the miner YAML that say so. */
export type ServingOptions = Pick<MinerConfig, 'engine' | 'queue' | 'preparation'> & {
  /** How long requests that are under way may take when a model is unloaded. */
  readonly drainMs: number;
};

/** One version, and where its files are. */
export interface LocalModelSource {
  readonly name: string;
  readonly version: string;
  readonly modelPath: string;
  readonly sha256: string;
  readonly batchAxis: boolean;
  /** Null for a bare ONNX file: callers speak to the network itself. */
  readonly stored: { readonly folder: string; readonly manifest: ModelManifest } | null;
}

/**
 * Loads one version and makes it warm; what was started for one that fails is stopped. Throws
 * MODEL_*, ENGINE_*, CONFIG_INVALID.
 */
export async function openLocalModel(
  deps: OpenLocalDeps,
  source: LocalModelSource,
  serving: ServingOptions,
): Promise<ServedModel> {
  const started = createLifecycle(deps.log);
  try {
    return await open(deps, source, serving, started);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

async function open(
  deps: OpenLocalDeps,
  source: LocalModelSource,
  serving: ServingOptions,
  started: Lifecycle,
): Promise<ServedModel> {
  const { clock } = deps.platform;
  const { stored, modelPath: path, name, version, sha256 } = source;
  const padding = paddingOf(stored?.manifest);
  await checkModelFile({ path, sha256 });
  const assets = stored === null ? null : await loadAssets(stored.folder, stored.manifest);
  const engine = await startEngine(deps, source, postOf(stored?.manifest, assets), serving);
  started.add('engine', () => engine.close());
  const preparation =
    stored === null || assets === null
      ? null
      : await prepare(deps, stored.manifest, assets, engine, serving, started);
  const statistics = createStatistics();
  const batcher = startBatcher(deps, source, engine, statistics, serving, padding);
  started.add('batcher', () => batcher.close());
  return createLocalModel(
    { engine, batcher, preparation, statistics, clock },
    { name, version, sha256, drainMs: serving.drainMs },
  );
}

function postOf(manifest: ModelManifest | undefined, assets: Assets | null): PostOrder | null {
  if (manifest === undefined || assets === null) return null;
  const { post: steps, outputs } = manifest;
  if (steps.length === 0 && outputs === undefined) return null;
  return { steps, labels: assets.labels, ...(outputs === undefined ? {} : { outputs }) };
}

/** Throws MODEL_MISFIT. */
function paddingOf(manifest: ModelManifest | undefined): PaddingRule | null {
  const padding = manifest?.batch.padding;
  if (padding === undefined) return null;
  const rule = { ...padding, mask: padding.mask ?? null };
  const problem = ruleProblem(rule);
  if (problem !== null) throw new SubnetError('MODEL_MISFIT', { detail: `padding: ${problem}` });
  return rule;
}

function startEngine(
  { log, metrics }: OpenLocalDeps,
  { name: model, version, modelPath, sha256, batchAxis }: LocalModelSource,
  post: PostOrder | null,
  { engine }: ServingOptions,
): Promise<OnnxEngine> {
  const settings = engineSettingsOf({ modelPath, sha256, batchAxis }, engine);
  return startOnnxEngine({
    ...settings,
    load: { ...settings.load, ...(post === null ? {} : { post }) },
    log,
    onRestart: () => metrics.engineRestarts.inc({ model, version }),
  });
}

function startBatcher(
  { platform, metrics }: OpenLocalDeps,
  source: LocalModelSource,
  engine: OnnxEngine,
  statistics: StatisticsRecorder,
  serving: ServingOptions,
  padding: PaddingRule | null,
): Batcher {
  const observer = meterModel(metrics, statistics, source);
  const { clock } = platform;
  return createBatcher(
    { engine, clock, defer: setImmediate, observer },
    { ...batcherOptionsOf(serving), padding },
  );
}

async function prepare(
  { platform, log }: OpenLocalDeps,
  manifest: ModelManifest,
  assets: Assets,
  engine: OnnxEngine,
  { engine: { runTimeoutMs }, queue: { maxWaiting }, preparation }: ServingOptions,
  started: Lifecycle,
): Promise<Preparation | null> {
  if (manifest.pre.length === 0) return null;
  const { clock } = platform;
  const plan = planPreSteps(manifest.pre, engine.model.inputs);
  const options = { threads: preparation.threads, maxWaiting, timeoutMs: runTimeoutMs };
  const tokenizers = await startTokenizers(plan, assets, async (order) => {
    const tokenizer = await startTextTokenizer({ clock, log }, order, options);
    started.add('tokenizer', () => tokenizer.close());
    return tokenizer;
  });
  // Loaded where there is something to prepare: most miners have no images, and start faster.
  const { decodeImage } = await import('./steps/image-decoder.ts');
  return createPreparation(
    {
      tokenizers,
      decodeImage,
      decoding: createTurnstile(preparation.images, maxWaiting),
      nowMs: () => clock.monotonicMs(),
    },
    { plan, maxItems: manifest.maxItems },
  );
}

type StartTokenizer = (order: Parameters<typeof startTextTokenizer>[1]) => Promise<TextWorker>;

async function startTokenizers(
  { steps }: PrePlan,
  { tokenizers: files }: Assets,
  start: StartTokenizer,
): Promise<ReadonlyMap<number, TextWorker>> {
  const tokenizers = new Map<number, TextWorker>();
  for (const [at, planned] of steps.entries()) {
    const texts = files.get(at);
    if (planned.kind !== 'tokenize' || texts === undefined) continue;
    tokenizers.set(at, await start({ ...texts, step: planned.step, made: planned.made }));
  }
  return tokenizers;
}
