import { Command, InvalidArgumentError, Option } from 'commander';
import { SubnetError } from '../../common/errors.ts';
import { isFault } from '../../common/fault.ts';
import type { HttpClient } from '../../common/http-port.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { arrivalKinds } from '../../common/load/arrivals.ts';
import type { ArrivalKind } from '../../common/load/arrivals.ts';
import { seededUniform } from '../../common/load/seeded.ts';
import { createPlatform } from '../../common/node/platform.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Signer, Verifier } from '../../common/signer-port.ts';
import type { ModelInterface } from '../../common/wire/inference-types.ts';
import { readModelStatement, readServerExtensions } from '../../miner/upstream/model-statement.ts';
import { locationOf, textOption, withHotkey, withJson } from '../flags.ts';
import type { OutputFlags, WalletFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { addressOption, usage } from '../operator/command-parts.ts';
import { jsonLine } from '../operator/session.ts';
import { wholeNumberOption } from '../options.ts';
import { processTerminal, terminalPrompter } from '../prompt.ts';
import { throwIfStopped } from '../stopped.ts';
import { openHotkey } from '../wallet-open.ts';
import { tensorBodies } from './bench-body.ts';
import type { BenchBody } from './bench-body.ts';
import { createCaller, entrances } from './bench-caller.ts';
import type { BenchEntrance, BenchRequest } from './bench-caller.ts';
import { applyLoad, httpRequest, refusalText } from './bench-load.ts';
import type { LoadPeer, LoadResult } from './bench-load.ts';
import { reportJson, reportLines, reportSvg } from './bench-report.ts';
import type { BenchReport } from './bench-report.ts';
import { createAnswerSample } from './bench-sample.ts';
import { synapseBodies } from './bench-synapse.ts';
import { axonOption, benchTarget, ownershipOf, targetUrl, walletPathsOf } from './bench-target.ts';
import type { BenchTarget, TargetFlags } from './bench-target.ts';
import { checkOutputFile, writeOutputFile } from './output-file.ts';
import { createPreciseWait } from './precise-wait.ts';

export interface BenchFlags extends TargetFlags, WalletFlags, OutputFlags {
  readonly rate?: number;
  readonly rates?: readonly number[];
  readonly seconds: number;
  readonly warmUp: number;
  readonly arrivals: ArrivalKind;
  readonly connections: number;
  readonly timeoutMs: number;
  readonly entrance: BenchEntrance;
  readonly input: string;
  readonly encoding: 'auto' | 'binary' | 'json';
  readonly rows: number;
  readonly freeAxis: number;
  readonly seed: number;
  readonly sample: number;
  readonly synapse?: string;
  readonly hashFields: readonly string[];
  readonly plot?: string;
}

/** `subnet miner bench`: an open-loop load on one miner, and how it bears it. */
export function benchCommand(io: CliIo): Command {
  const command = withTarget(new Command('bench'))
    .description('put a realistic load on a miner of yours, and see how it bears it')
    .option('--rate <rate>', 'requests a second', rateOption)
    .option('--rates <rates>', 'several rates, one after the other: 50,100,200', ratesOption)
    .option('--seconds <seconds>', 'of each rate', wholeNumberOption(1, 86_400), 10)
    .option('--warm-up <seconds>', 'before, not counted', wholeNumberOption(0, 3600), 1)
    .addOption(
      new Option('--arrivals <kind>', 'how requests follow each other')
        .choices(arrivalKinds)
        .default('poisson'),
    )
    .option('--connections <n>', 'most requests under way', wholeNumberOption(1, 10_000), 256)
    .option('--timeout-ms <ms>', 'patience of a caller', wholeNumberOption(10, 600_000), 12_000);
  withInput(command)
    .option('--sample <n>', 'answers to look at closely', wholeNumberOption(0, 10_000), 200)
    .option('--plot <file>', 'an SVG of latencies over load, and how they are spread', textOption);
  return withHotkey(withJson(command)).action((flags: BenchFlags) => runBench(io, flags));
}

function withTarget(command: Command): Command {
  return command
    .option('--config <file>', 'miner YAML of the miner on this machine', textOption)
    .option('--axon <host:port>', 'IP address and port of the miner', axonOption)
    .option('--hotkey-of-miner <ss58>', 'whom requests are addressed to', addressOption)
    .option('--model <name>', 'the model that is asked', textOption)
    .option('--tls-certificate <pem>', 'of a miner that serves by TLS', textOption)
    .option('--i-own-this-miner', 'load on a miner that is not on this machine nor in a wallet')
    .addOption(
      new Option('--entrance <scheme>', 'how requests are signed')
        .choices(entrances)
        .default('btauth'),
    );
}

function withInput(command: Command): Command {
  const list = (text: string): readonly string[] => text.split(',').filter((name) => name !== '');
  return command
    .option('--input <file>', 'requests in JSON, one or one a line', textOption, 'synthetic')
    .addOption(
      new Option('--encoding <form>', 'of tensors; auto: binary where the miner takes it')
        .choices(['auto', 'binary', 'json'])
        .default('auto'),
    )
    .option('--rows <n>', 'of each synthetic request', wholeNumberOption(1, 65_536), 1)
    .option('--free-axis <n>', 'other free axes', wholeNumberOption(1, 65_536), 16)
    .option('--seed <n>', 'of arrivals and inputs', wholeNumberOption(0, 2 ** 32 - 1), 1)
    .option('--synapse <name>', 'with --entrance classic: the class of the synapse', textOption)
    .addOption(
      new Option('--hash-fields <names>', 'with --entrance classic: required_hash_fields')
        .argParser(list)
        .default([], 'none'),
    );
}

const rateRange = 'a number from 0.01 to 100000';

function rateOption(text: string): number {
  const rate = readRate(text);
  if (rate !== null) return rate;
  throw new InvalidArgumentError(`must be ${rateRange}`);
}

function ratesOption(text: string): readonly number[] {
  const entries = text.split(',');
  const wrong = entries.flatMap((one, index) => {
    if (readRate(one) !== null) return [];
    return [one.trim() === '' ? `number ${index + 1} is empty` : `number ${index + 1} is "${one}"`];
  });
  if (wrong.length === 0) return entries.map(Number);
  throw new InvalidArgumentError(`each must be ${rateRange}: ${wrong.join(', ')}`);
}

function readRate(text: string): number | null {
  const rate = Number(text);
  return text.trim() !== '' && rate >= 0.01 && rate <= 100_000 ? rate : null;
}

/**
 * Throws USAGE, BENCH_*, OUTPUT_UNWRITABLE, CONFIG_*, WALLET_*, KEYFILE_*, CANCELLED before
 * anything was measured.
 */
async function runBench(io: CliIo, flags: BenchFlags): Promise<void> {
  const rates = ratesOf(flags);
  const target = benchTarget(flags);
  if (flags.plot !== undefined) checkOutputFile(flags.plot);
  const location = locationOf(io, flags);
  warn(io, target, ownershipOf(target, flags, walletPathsOf(flags, location.path)));
  const prompter = terminalPrompter(processTerminal(io.signal));
  const signer = await openHotkey(location, { prompter, io });
  const { createHttpClient } = await import('../../common/node/http-undici.ts');
  const http = createHttpClient();
  try {
    const platform = createPlatform();
    const deps = { io, http, platform, signer, verifier: loadSr25519() };
    show(io, flags, await measure(deps, flags, target, rates));
  } finally {
    await http.close();
    signer.dispose();
  }
}

function ratesOf({ rate, rates }: BenchFlags): readonly number[] {
  if (rate !== undefined && rates !== undefined) throw usage('give --rate or --rates, not both');
  const all = rate === undefined ? rates : [rate];
  if (all === undefined) throw usage('say how many requests a second with --rate or --rates');
  return all;
}

function warn(io: CliIo, { ip, port, hotkey }: BenchTarget, ownership: string): void {
  if (ownership === 'loopback') return;
  io.err(`warning: this puts load on ${ip}:${port}, hotkey ${hotkey}.`);
  io.err('  On a miner that is not yours that is an attack, and validators see a slow miner.');
}

interface MeasureDeps {
  readonly io: CliIo;
  readonly http: HttpClient;
  readonly platform: Platform;
  readonly signer: Signer;
  readonly verifier: Verifier;
}

async function measure(
  deps: MeasureDeps,
  flags: BenchFlags,
  target: BenchTarget,
  rates: readonly number[],
): Promise<BenchReport> {
  const { io, platform } = deps;
  const { entrance, arrivals, connections: maxInFlight } = flags;
  const model = entrance === 'classic' ? null : await interfaceOf(deps, flags, target);
  const binary = entrance !== 'classic' && (await isBinary(deps, flags, target));
  const bodies = bodiesOf(platform, flags, target, model, binary);
  const prepare = createCaller(deps, entrance, target.hotkey, bodies);
  await tryOnce(deps, flags, target, prepare());
  const results: LoadResult[] = [];
  const wait = createPreciseWait(io.signal);
  try {
    for (const rate of rates) {
      if (io.signal.aborted) break;
      io.err(`${rate}/s for ${flags.seconds} s, after ${flags.warmUp} s of warm-up ...`);
      results.push(await oneRate(deps, flags, target, { rate, model, prepare, wait }));
    }
  } finally {
    await wait.close();
  }
  return { target, entrance, arrivals, maxInFlight, results, cancelled: io.signal.aborted };
}

function bodiesOf(
  platform: Platform,
  flags: BenchFlags,
  target: BenchTarget,
  model: ModelInterface | null,
  binary: boolean,
): readonly BenchBody[] {
  const { entrance, input, rows, freeAxis, seed } = flags;
  if (entrance === 'classic') return synapseBodies(platform, flags);
  const sizes = { rows, freeAxis };
  return tensorBodies(platform, {
    model: target.model,
    interface: model,
    input,
    sizes,
    seed,
    binary,
  });
}

interface OneRate {
  readonly rate: number;
  readonly model: ModelInterface | null;
  readonly prepare: () => BenchRequest;
  readonly wait: { until(atMs: number): Promise<void> };
}

function oneRate(
  { io, http, platform, signer, verifier }: MeasureDeps,
  flags: BenchFlags,
  target: BenchTarget,
  { rate, model, prepare, wait }: OneRate,
): Promise<LoadResult> {
  const { seconds, arrivals, connections, timeoutMs, seed } = flags;
  const sample = createAnswerSample(
    { platform, verifier, uniform: seededUniform(seed) },
    { size: flags.sample, miner: target.hotkey, caller: signer.ss58, model },
  );
  const { clock } = platform;
  return applyLoad(
    { http, clock, waitUntil: (atMs) => wait.until(atMs), prepare, sample },
    {
      peer: peerOf(target),
      arrivals,
      ratePerSecond: rate,
      seconds,
      warmUpSeconds: flags.warmUp,
      maxInFlight: connections,
      timeoutMs,
      seed,
      signal: io.signal,
    },
  );
}

function peerOf(target: BenchTarget): LoadPeer {
  const { tlsKey } = target;
  return { url: targetUrl(target), ...(tlsKey === undefined ? {} : { tlsKey }) };
}

const metadataBytes = 1_048_576;

/** What the model takes and gives, by the miner's own word; null where it does not say. */
async function interfaceOf(
  deps: MeasureDeps,
  flags: BenchFlags,
  target: BenchTarget,
): Promise<ModelInterface | null> {
  const path = `/v2/models/${encodeURIComponent(target.model)}`;
  const body = await metadataAt(deps, flags, target, path);
  return body === null ? null : (readModelStatement(body)?.interface ?? null);
}

/** Not every server of the protocol has its extension for binary tensors; those that do say so. */
async function isBinary(
  deps: MeasureDeps,
  flags: BenchFlags,
  target: BenchTarget,
): Promise<boolean> {
  if (flags.encoding !== 'auto') return flags.encoding === 'binary';
  const body = await metadataAt(deps, flags, target, '/v2');
  const extensions = body === null ? null : readServerExtensions(body);
  return extensions?.includes('binary_tensor_data') ?? false;
}

/** Null where there is nothing. Throws BENCH_NO_ANSWER, CANCELLED. */
async function metadataAt(
  { http, io }: MeasureDeps,
  { timeoutMs }: BenchFlags,
  target: BenchTarget,
  path: string,
): Promise<Uint8Array | null> {
  const { url, ...tls } = peerOf(target);
  const answer = await http.request({
    ...tls,
    method: 'GET',
    url: url + path,
    headers: {},
    timeoutMs,
    maxBodyBytes: metadataBytes,
    signal: io.signal,
  });
  throwIfStopped(io.signal);
  if (isFault(answer)) throw unanswered(target, `${answer.reason} ${answer.detail}`);
  return answer.status === 200 ? answer.body : null;
}

/** One request alone: what is refused once would be refused ten thousand times. */
async function tryOnce(
  { http, io }: MeasureDeps,
  { timeoutMs }: BenchFlags,
  target: BenchTarget,
  request: BenchRequest,
): Promise<void> {
  const answer = await http.request(httpRequest(request, peerOf(target), timeoutMs, io.signal));
  throwIfStopped(io.signal);
  if (isFault(answer)) throw unanswered(target, `${answer.reason} ${answer.detail}`);
  if (answer.status !== 200) throw unanswered(target, refusalText(answer));
}

function unanswered({ ip, port }: BenchTarget, detail: string): SubnetError {
  return new SubnetError('BENCH_NO_ANSWER', { detail, axon: `${ip}:${port}` });
}

function show(io: CliIo, flags: BenchFlags, report: BenchReport): void {
  if (report.results.length === 0) throwIfStopped(io.signal);
  if (flags.json === true) io.out(jsonLine(reportJson(report)));
  else reportLines(report, io.columns).forEach((line) => io.out(line));
  if (flags.plot !== undefined) {
    writeOutputFile(flags.plot, reportSvg(report));
    io.err(`plotted in ${flags.plot}`);
  }
  if (report.results.every(({ ok }) => ok === 0)) io.setExitCode(1);
  if (report.cancelled) io.setExitCode(130);
}
