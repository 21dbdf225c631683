import type { MinerConfig } from '../../common/config/miner-schema.ts';
import { SubnetError } from '../../common/errors.ts';
import { createLifecycle } from '../../common/node/lifecycle.ts';
import type { Lifecycle } from '../../common/node/lifecycle.ts';
import type { ModelManifest } from '../../common/model-manifest.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import { batcherOptionsOf } from '../batch/batch-options.ts';
import { createBatcher } from '../batch/batcher.ts';
import type { Batcher } from '../batch/batcher.ts';
import { createFairTurnstile } from '../batch/fair-turnstile.ts';
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
  /** Called when a model process was replaced: where it computes may have changed. */
  readonly onReplaced?: () => void;
}

/** How models are run on this machine: the parts of the miner YAML that say so. */
export type ServingOptions = Pick<MinerConfig, 'engine' | 'queue' | 'preparation'> & {
  /** How long requests that are under way may take when a model is unloaded. */
  readonly drainMs: number;
  /** Of the outputs of a run, for each request in it. */
  readonly maxAnswerBytes: number;
};

/** One version, and where its files are. */
export interface LocalModelSource {
  readonly name: string;
  readonly version: string;
  readonly modelPath: string;
  readonly sha256: string;
  readonly batchAxis: boolean;
  /** How far an answer from a shared run may be from one alone, where it is stated. */
  readonly tolerance?: number | undefined;
  /** Null for a bare ONNX file: callers speak to the network itself. */
  readonly stored: { readonly folder: string; readonly manifest: ModelManifest } | null;
}

/**
 * Loads one version and makes it warm; what was started for one that fails is stopped. Throws
 * MODEL_*, ENGINE_*, CONFIG_INVALID, or the reason of the signal.
 */
export async function openLocalModel(
  deps: OpenLocalDeps,
  source: LocalModelSource,
  serving: ServingOptions,
  signal?: AbortSignal,
): Promise<ServedModel> {
  const started = createLifecycle(deps.log);
  try {
    const model = await open({ ...deps, started, signal }, source, serving);
    signal?.throwIfAborted();
    return model;
  } catch (error) {
    await started.stop();
    throw error;
  }
}

interface LoadDeps extends OpenLocalDeps {
  /** Takes what was started, in case that something else fails. */
  readonly started: Lifecycle;
  readonly signal: AbortSignal | undefined;
}

async function open(
  deps: LoadDeps,
  source: LocalModelSource,
  serving: ServingOptions,
): Promise<ServedModel> {
  const { platform, started, signal } = deps;
  const { clock } = platform;
  const { stored, modelPath: path, name, version, sha256 } = source;
  const padding = paddingOf(stored?.manifest);
  await checkModelFile({ path, sha256 }, signal);
  const assets = stored === null ? null : await loadAssets(stored.folder, stored.manifest);
  const engine = await startEngine(deps, source, postOf(stored?.manifest, assets), serving);
  started.add('engine', () => engine.close());
  tellOfRows(deps, source, engine);
  const preparation =
    stored === null || assets === null
      ? null
      : await prepare(deps, stored.manifest, assets, engine, serving);
  const statistics = createStatistics();
  const batcher = startBatcher(deps, source, engine, statistics, serving, padding);
  started.add('batcher', () => batcher.close());
  return createLocalModel(
    { engine, batcher, preparation, statistics, clock },
    { name, version, sha256, batchAxis: source.batchAxis, drainMs: serving.drainMs },
  );
}

/** An operator who counts on shared runs should hear that there are none. */
function tellOfRows(
  { log }: LoadDeps,
  { name: model, version, batchAxis }: LocalModelSource,
  { model: { inputs, sharesFirstAxis, batchable, rowsMixed } }: OnnxEngine,
): void {
  const facts = { model, version };
  if (typeof rowsMixed === 'string') {
    const message =
      'the model mixes the rows of a run: requests share no runs. Where that is rounding, state batch.tolerance in its manifest';
    log.warn(message, { ...facts, difference: rowsMixed });
  } else if (batchable && rowsMixed === undefined) {
    log.info('no inputs were found with which to see whether the model keeps rows apart', facts);
  }
  const isFree = inputs.some(({ shape }) => shape[0] === -1);
  if (!batchAxis || sharesFirstAxis || !isFree) return;
  const message =
    'the tensors of the model share no named first axis: requests share no runs, and server.maxRows does not bound them';
  log.warn(message, facts);
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
  { log, metrics, onReplaced, signal }: LoadDeps,
  { name: model, version, modelPath, sha256, batchAxis, tolerance }: LocalModelSource,
  post: PostOrder | null,
  { engine, maxAnswerBytes }: ServingOptions,
): Promise<OnnxEngine> {
  const settings = engineSettingsOf({ modelPath, sha256, batchAxis, tolerance }, engine);
  return startOnnxEngine({
    ...settings,
    load: { ...settings.load, maxAnswerBytes, ...(post === null ? {} : { post }) },
    log,
    ...(signal === undefined ? {} : { signal }),
    onRestart: () => metrics.engineRestarts.inc({ model, version }),
    onReplaced: () => onReplaced?.(),
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
  { platform, log, started, signal }: LoadDeps,
  manifest: ModelManifest,
  assets: Assets,
  engine: OnnxEngine,
  serving: ServingOptions,
): Promise<Preparation | null> {
  if (manifest.pre.length === 0) return null;
  const { clock } = platform;
  const {
    preparation,
    engine: { runTimeoutMs: timeoutMs },
  } = serving;
  const line = batcherOptionsOf(serving);
  const plan = planPreSteps(manifest.pre, engine.model.inputs);
  const options = { threads: preparation.threads, line, timeoutMs };
  const tokenizers = await startTokenizers(plan, assets, async (order) => {
    const tokenizer = await startTextTokenizer({ clock, log }, order, options, signal);
    started.add('tokenizer', () => tokenizer.close());
    return tokenizer;
  });
  // Loaded where there is something to prepare: most miners have no images, and start faster.
  const { decodeImage } = await import('./steps/image-decoder.ts');
  return createPreparation(
    {
      tokenizers,
      decodeImage,
      decoding: createFairTurnstile(clock, preparation.images, line),
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
