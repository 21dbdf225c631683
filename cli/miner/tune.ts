import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../../common/config/config-load.ts';
import { minerSchema } from '../../common/config/miner-schema.ts';
import type { MinerConfig } from '../../common/config/miner-schema.ts';
import { SubnetError } from '../../common/errors.ts';
import { seededUniform } from '../../common/load/seeded.ts';
import { syntheticTensors } from '../../common/load/synthetic-tensors.ts';
import { createLogger } from '../../common/node/log.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { checkReplaceable } from '../../common/node/replace-file.ts';
import { startOnnxEngine } from '../../miner/engine/engine-onnx.ts';
import type { Engine } from '../../miner/engine/engine-port.ts';
import { checkModelFile } from '../../miner/models/model-file.ts';
import { modelFilesOf } from '../../miner/models/model-files.ts';
import { findModelSources } from '../../miner/models/model-sources.ts';
import type { LocalModelSource } from '../../miner/models/open-local.ts';
import { measureEngine } from '../../miner/tune/measure-engine.ts';
import { settingText } from '../../miner/tune/setting.ts';
import type { Placement, Sample, Setting } from '../../miner/tune/setting.ts';
import { tuneEngine } from '../../miner/tune/tuner.ts';
import { textOption, withJson } from '../flags.ts';
import type { OutputFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { usage } from '../operator/command-parts.ts';
import { jsonLine } from '../operator/session.ts';
import { wholeNumberOption } from '../options.ts';
import { processTerminal, terminalPrompter } from '../prompt.ts';
import type { Prompter } from '../prompt.ts';
import { throwIfStopped } from '../stopped.ts';
import { msText } from './bench-report.ts';
import { checkOutputFile, writeOutputFile } from './output-file.ts';
import { chosenOf, rateText, tuneJson, tuneLines, tuneSvg } from './tune-report.ts';
import type { TuneReport } from './tune-report.ts';
import { carryOutRewrite, planRewrite } from './tune-write.ts';
import type { Rewrite } from './tune-write.ts';

export interface TuneFlags extends OutputFlags {
  readonly config: string;
  readonly model?: string;
  readonly modelVersion?: string;
  readonly seconds: number;
  readonly targetP99Ms?: number;
  readonly maxBatch: number;
  readonly cores: number;
  readonly freeAxis: number;
  readonly seed: number;
  readonly write?: boolean;
  readonly yes?: boolean;
  readonly prompt?: boolean;
  readonly plot?: string;
}

export type AskWith = (flags: TuneFlags) => Prompter;

/** `subnet miner tune`: which batch, instances and threads suit this model on this device. */
export function tuneCommand(
  io: CliIo,
  prompterOf: AskWith = (flags) => terminalPrompter(processTerminal(io.signal), flags),
): Command {
  const cores = availableParallelism();
  const command = new Command('tune')
    .description('measure this device, and choose batch, instances and threads for the model')
    .requiredOption('--config <file>', 'miner YAML', textOption)
    .option('--seconds <seconds>', 'for all of it', wholeNumberOption(3, 86_400), 60)
    .option('--target-p99-ms <ms>', 'the slowest run that is allowed', millisecondsOption)
    .option('--max-batch <rows>', 'the largest that is tried', wholeNumberOption(1, 4096), 128)
    .option('--cores <n>', 'processors to use, on the CPU', wholeNumberOption(1, cores), cores)
    .option('--model <name>', 'of a model repository', textOption)
    .option('--model-version <version>', 'of a model repository', textOption)
    .option('--free-axis <n>', 'free axes of the inputs', wholeNumberOption(1, 65_536), 16)
    .option('--seed <n>', 'of the inputs', wholeNumberOption(0, 2 ** 32 - 1), 1)
    .option('--plot <file>', 'an SVG of throughput against latency', textOption)
    .option('--write', 'write the choice into the YAML; asks first')
    .option('--no-prompt', 'ask nothing: questions count as yes')
    .option('-y, --yes', 'answer yes to questions');
  return withJson(command).action((flags: TuneFlags) => runTune(io, flags, prompterOf(flags)));
}

function millisecondsOption(text: string): number {
  const ms = Number(text);
  if (text.trim() !== '' && ms > 0 && ms <= 600_000) return ms;
  throw new InvalidArgumentError('must be a number of milliseconds above 0');
}

/**
 * Throws CONFIG_*, USAGE, MODEL_*, ENGINE_*, OUTPUT_UNWRITABLE before it measures; TUNE_FAILED,
 * TUNE_TARGET_MISSED, CANCELLED after.
 */
async function runTune(io: CliIo, flags: TuneFlags, prompter: Prompter): Promise<void> {
  const { value: config, baseDir } = loadConfig(flags.config, minerSchema);
  if (flags.write === true) {
    prompter.checkConfirm(writeQuestion(flags.config));
    checkWritable(flags.config, config);
  }
  if (flags.plot !== undefined) checkOutputFile(flags.plot);
  const source = sourceOf(flags, config, baseDir);
  await checkModelFile({ path: source.modelPath, sha256: source.sha256 });
  const report = await measure(io, flags, config, source).catch((error: unknown) => {
    throwIfStopped(io.signal);
    throw error;
  });
  if (flags.json !== true) tuneLines(report, io.columns).forEach((line) => io.out(line));
  if (flags.plot !== undefined) {
    writeOutputFile(flags.plot, tuneSvg(report));
    io.err(`plotted in ${flags.plot}`);
  }
  const chosen = chosenOf(report);
  const rewrite = flags.write === true ? planRewrite(flags.config, chosen) : null;
  const written = rewrite !== null && (await offer(io, rewrite, prompter));
  if (flags.json === true) io.out(jsonLine({ ok: true, ...tuneJson(report), written }));
}

/** Before minutes of measuring, rather than after them. Throws CONFIG_UNWRITABLE, CONFIG_UNEDITABLE. */
function checkWritable(file: string, { engine }: MinerConfig): void {
  checkReplaceable(file);
  planRewrite(file, engine);
}

/** Throws USAGE when it is not clear which model is meant, or none runs here; CONFIG_*, MODEL_*. */
function sourceOf(
  { model, modelVersion }: TuneFlags,
  config: MinerConfig,
  baseDir: string,
): LocalModelSource {
  const { found: all, missing } = findModelSources(config, modelFilesOf(config, baseDir));
  if (all.length === 0 && missing.length === 0)
    throw usage('the YAML names no model that computes on this machine');
  const meant = all.filter(
    ({ name, version }) => (model ?? name) === name && (modelVersion ?? version) === version,
  );
  const [only, second] = meant;
  const names = all.map(({ name, version }) => `${name} ${version}`).join(', ');
  if (only === undefined) {
    const absent = missing.map(({ reason }) => reason);
    throw usage([`there is no such model; there are: ${names}`, ...absent].join('; '));
  }
  if (second !== undefined) throw usage(`name one with --model and --model-version: ${names}`);
  return only.read();
}

async function measure(
  io: CliIo,
  flags: TuneFlags,
  config: MinerConfig,
  source: LocalModelSource,
): Promise<TuneReport> {
  const { clock } = createPlatform();
  const { signal } = io;
  const { engine } = config;
  const current = {
    instances: engine.instances,
    threads: engine.threads,
    maxBatch: engine.maxBatch,
  };
  const targetP99Ms = flags.targetP99Ms ?? null;
  let provider = '';
  const result = await tuneEngine(
    {
      clock,
      startEngine: async (placement) => {
        const started = await startEngine(flags, config, source, placement);
        provider = started.model.provider;
        return started;
      },
      measure: (running, { maxBatch: rows }, sliceMs) =>
        measureEngine({ engine: running, clock }, inputsOf(flags, running, rows), {
          rows,
          sliceMs,
          signal,
        }),
      onSample: (setting, sample, elapsedMs) => tell(io, flags, setting, sample, elapsedMs),
    },
    {
      device: { cores: flags.cores, isCpu: engine.provider === 'cpu' },
      maxBatch: flags.maxBatch,
      budgetMs: flags.seconds * 1000,
      targetP99Ms,
      current,
      runTimeoutMs: engine.runTimeoutMs,
      signal,
    },
  );
  const model = `${source.name} ${source.version}`;
  const { seconds, maxBatch } = flags;
  return { model, provider, targetP99Ms, seconds, maxBatch, result };
}

/** As the miner starts it, but never on another provider than the one that is to be tuned. */
function startEngine(
  { maxBatch }: TuneFlags,
  { engine }: MinerConfig,
  { modelPath, sha256, batchAxis, tolerance }: LocalModelSource,
  { instances, threads }: Placement,
): Promise<Engine> {
  const { provider, devices, memoryLimitMib, spinning, runTimeoutMs } = engine;
  return startOnnxEngine({
    load: {
      modelPath,
      sha256,
      provider,
      requireProvider: true,
      threads,
      spinning,
      ...(memoryLimitMib === undefined ? {} : { memoryLimitMib }),
      batching: batchAxis && maxBatch > 1,
      ...(tolerance === undefined ? {} : { tolerance }),
      warmUpBatches: [1],
    },
    instances,
    devices,
    runTimeoutMs,
    log: createLogger({ level: 'error' }),
  });
}

function inputsOf({ freeAxis, seed }: TuneFlags, { model }: Engine, rows: number) {
  return syntheticTensors(model.inputs, { rows, freeAxis }, seededUniform(seed));
}

function tell(
  io: CliIo,
  { seconds }: TuneFlags,
  setting: Setting,
  { itemsPerSecond, p50Ms }: Sample,
  elapsedMs: number,
): void {
  const time = `${Math.round(elapsedMs / 1000)} of ${seconds} s`;
  const figures = `${rateText(itemsPerSecond)} items/s, run ${msText(p50Ms)} ms`;
  io.err(`${time}: ${settingText(setting)}: ${figures}`);
}

function writeQuestion(file: string): string {
  return `Write this into ${file}?`;
}

/** Shows what would change, asks, and writes. False when the file says so already. */
async function offer(io: CliIo, rewrite: Rewrite, prompter: Prompter): Promise<boolean> {
  if (rewrite.diff.length === 0) {
    io.err(`${rewrite.file} says so already`);
    return false;
  }
  io.err(`${rewrite.file}:`);
  rewrite.diff.forEach((line) => io.err(line));
  if (!(await prompter.confirm(writeQuestion(rewrite.file)))) {
    throw new SubnetError('CANCELLED');
  }
  carryOutRewrite(rewrite);
  io.err('written; a running miner takes it up when it is started again');
  return true;
}
