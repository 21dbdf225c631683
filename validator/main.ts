import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { connectChain } from '../common/chain/chain-substrate.ts';
import type { Chain } from '../common/chain-port.ts';
import { connectPatiently } from '../common/connect-patiently.ts';
import { subnetSchema } from '../common/config/subnet-schema.ts';
import { validatorSchema } from '../common/config/validator-schema.ts';
import type { SubnetConfig } from '../common/config/subnet-schema.ts';
import type { ValidatorConfig } from '../common/config/validator-schema.ts';
import { loadConfig, resolvePath } from '../common/config/config-load.ts';
import { SubnetError, isSubnetError, messageOf } from '../common/errors.ts';
import { closeAfter, createLifecycle } from '../common/node/lifecycle.ts';
import type { Lifecycle } from '../common/node/lifecycle.ts';
import { createLogger } from '../common/node/log.ts';
import { createPlatform } from '../common/node/platform.ts';
import type { Platform } from '../common/platform-port.ts';
import type { Signer } from '../common/signer-port.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { jsonReply, metricsReply, startStatusServer } from '../common/node/status-server.ts';
import type { StatusServer } from '../common/node/status-server.ts';
import { hasDatabase, openLevelStore } from '../common/node/store-level.ts';
import type { Store } from '../common/store-port.ts';
import { createMetricsRegistry } from '../common/node/telemetry.ts';
import type { Logger, MetricsRegistry } from '../common/telemetry-port.ts';
import { readHotkey, readHotkeyAddress, walletLocation } from '../common/keys/wallet.ts';
import { parseDataset } from '../tasks/dataset.ts';
import { prepareTask } from '../tasks/registry.ts';
import type { Task } from '../tasks/task-port.ts';
import { refusal } from './address.ts';
import { createEvidenceLog, evidenceLines, readHead } from './evidence.ts';
import { explain } from './explain.ts';
import type { ValidatorStatus } from './explain.ts';
import { createLoop } from './loop.ts';
import type { LoopDeps, ValidatorLoop } from './loop.ts';
import { createValidatorMetrics } from './metrics.ts';
import { roundConfigOf } from './round-config.ts';
import type { RoundConfig } from './round.ts';
import { checkRules, watchRules } from '../common/owner/check-rules.ts';
import { claimState, readOwner, readState } from './state.ts';
import type { StateOwner } from './state.ts';
import { createCommitMaker } from './weights/commit-maker.ts';
import { createJournal } from './weights/journal.ts';
import type { Journal } from './weights/journal.ts';
import { newestOfEach, vectorReport } from './weights/vector-report.ts';
import type { VectorReport } from './weights/vector-report.ts';

export interface RunOptions {
  readonly configFile: string;
  readonly once: boolean;
  readonly dryRun: boolean;
  /** With `once`: send a vector that is much emptier than the last one too. */
  readonly force?: boolean;
  /** Take what this hotkey did on chain until now for this node's own, whoever did it. */
  readonly adopt?: boolean;
  readonly signal: AbortSignal;
  /** How the chain is reached; tests put failures in between. */
  readonly connect?: typeof connectChain;
}

/** A validator's YAML and all that it points to. */
interface Loaded {
  readonly config: ValidatorConfig;
  readonly subnet: SubnetConfig;
  readonly netuid: number;
  readonly stateDir: string;
  readonly subnetFile: string;
  readonly rulesSha256: string;
  readonly subnetDir: string;
}

/** Vectors that `subnet validator weights` shows: of two mechanisms, ten epochs. */
const shownVectors = 20;
const endpointFile = 'endpoint.json';
/** A node that is told to stop leaves what it has under way on the chain this much time. */
const stopGraceMs = 3000;

/**
 * Runs a validator until it is stopped, or for one round; gives its last status, null when it was
 * stopped before it had begun. Throws CONFIG_*, WALLET_*, DATASET_*, TASK_*, STORE_*, STATE_*,
 * CHAIN_*, PORT_TAKEN.
 */
export async function runValidator(options: RunOptions): Promise<ValidatorStatus | null> {
  const loaded = loadFiles(options.configFile);
  const { log: logging } = loaded.config;
  const format = logging.format === 'auto' ? {} : { format: logging.format };
  const log = createLogger({ level: logging.level, ...format, fields: { node: 'validator' } });
  const lifecycle = createLifecycle(log);
  try {
    const loop = await assemble(loaded, options, log, lifecycle);
    await loop.run();
    return { ...loop.status(), running: false };
  } catch (error) {
    if (options.signal.aborted && isClosed(error)) return null;
    throw error;
  } finally {
    await lifecycle.stop();
  }
}

function isClosed(error: unknown): boolean {
  return isSubnetError(error) && error.code === 'CHAIN_CLOSED';
}

async function assemble(
  loaded: Loaded,
  options: RunOptions,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<ValidatorLoop> {
  const { config, netuid, stateDir } = loaded;
  const roundConfig = configOf(loaded, prepareTasks(loaded), options);
  const sr25519 = loadSr25519();
  const { signer, warnings } = readHotkey(sr25519, walletLocation(config.wallet));
  for (const { file, detail } of warnings) log.warn('wallet', { file, detail });
  lifecycle.add('key', () => signer.dispose());
  const platform = createPlatform();
  const store = await openOwnStore(join(stateDir, 'db'), platform);
  lifecycle.add('store', () => store.close());
  const { signal } = options;
  const chain = await reachChain(loaded, options, await readOwner(store), platform, log);
  lifecycle.add('chain', () => chain.close());
  lifecycle.add(
    'grace',
    closeAfter(signal, stopGraceMs, () => chain.close()),
  );
  await claimState(store, { genesisHash: chain.genesisHash, netuid, hotkey: signer.ss58 });
  const { subnetFile: file, rulesSha256: sha256 } = loaded;
  const rules = { netuid, file, sha256, onMismatch: config.rules.onMismatch };
  lifecycle.add('rules', watchRules(chain, rules, await checkRules(chain, rules, log), log));
  const journal = createJournal(store, platform.sha256);
  if (options.adopt === true) await adopt(journal, chain, log);
  const { addresses } = roundConfig.query;
  const { createHttpClient } = await import('../common/node/http-undici.ts');
  const http = createHttpClient({ refuse: (ip, port) => refusal(ip, port, addresses) });
  lifecycle.add('http client', () => http.close());
  const registry = createMetricsRegistry({ processMetrics: true });
  const deps: LoopDeps = {
    chain,
    http,
    platform,
    store,
    signer,
    verifier: sr25519,
    journal,
    evidence: createEvidenceLog(await readHead(store), platform.sha256),
    commits: createCommitMaker((length) => platform.randomBytes(length)),
    log,
    metrics: createValidatorMetrics(registry),
  };
  const loop = createLoop(deps, roundConfig, {
    once: options.once,
    headTimeoutMs: config.chain.requestTimeoutMs,
    signal: options.signal,
  });
  lifecycle.add('clock of alerts', keepTicking(loop));
  if (config.metrics.enabled) await serveStatus(loaded, loop, registry, log, lifecycle);
  sayHello(log, loaded, signer, chain, options);
  return loop;
}

/**
 * The chain that the state belongs to decides which endpoints are used, whatever the first of them
 * serves. Throws as `connectChain` does, and STATE_FOREIGN when all serve another chain.
 */
async function reachChain(
  { config }: Loaded,
  { once, signal, connect = connectByDefault }: RunOptions,
  owner: StateOwner | null,
  platform: Platform,
  log: Logger,
): ReturnType<typeof connectChain> {
  const { endpoints, requestTimeoutMs, startPatienceMs } = config.chain;
  const known = owner === null ? {} : { genesisHash: owner.genesisHash };
  const options = { endpoints, requestTimeoutMs, platform, logger: log, signal, ...known };
  const patienceMs = once ? 0 : startPatienceMs;
  try {
    const patient = { clock: platform.clock, log, signal, patienceMs };
    return await connectPatiently(() => connect(options), patient);
  } catch (error) {
    const foreign = isSubnetError(error) && error.code === 'CHAIN_FOREIGN';
    if (owner === null || !foreign) throw error;
    const why = messageOf(error);
    const detail = `it was written on the chain with genesis ${owner.genesisHash}; ${why}`;
    throw new SubnetError('STATE_FOREIGN', { detail }, { cause: error });
  }
}

/** Loaded here: the client takes longer to load than all else, and a wrong YAML is told without it. */
const connectByDefault: typeof connectChain = async (options) =>
  (await import('../common/chain/chain-substrate.ts')).connectChain(options);

const tickMs = 1000;

/** Alerts that time alone brings about reach the log whether anybody asks or not. */
function keepTicking(loop: ValidatorLoop): () => void {
  const timer = setInterval(() => loop.tick(), tickMs);
  timer.unref();
  return () => clearInterval(timer);
}

const lockTries = 10;
const lockPauseMs = 300;

/** Who looks at a stopped node's state holds it for a moment; another node would hold it on. */
async function openOwnStore(dir: string, { clock }: Platform): Promise<Store> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await openLevelStore(dir);
    } catch (error) {
      if (!isLocked(error) || tries === lockTries) throw error;
      await clock.sleep(lockPauseMs);
    }
  }
}

function isLocked(error: unknown): boolean {
  return isSubnetError(error) && error.code === 'STORE_LOCKED';
}

/** The operator vouches for all that stands on chain: from here on the journal knows again. */
async function adopt(journal: Journal, chain: Chain, log: Logger): Promise<void> {
  const { number } = await chain.head();
  await journal.setKnowsSince(number);
  log.warn('adopted what this hotkey did on chain so far', { block: number });
}

function sayHello(
  log: Logger,
  { netuid, stateDir, subnet }: Loaded,
  signer: Signer,
  chain: Chain,
  { once, dryRun }: RunOptions,
): void {
  const { genesisHash } = chain;
  log.info('validator', {
    subnet: subnet.name,
    netuid,
    hotkey: signer.ss58,
    genesisHash,
    stateDir,
    once,
    dryRun,
  });
}

function loadFiles(configFile: string): Loaded {
  const { value: config, baseDir } = loadConfig(configFile, validatorSchema);
  const subnetFile = resolvePath(baseDir, config.subnet);
  const { value: subnet, baseDir: subnetDir } = loadConfig(subnetFile, subnetSchema);
  return {
    config,
    subnet,
    netuid: config.netuid ?? subnet.netuid,
    stateDir: resolvePath(baseDir, config.stateDir),
    subnetFile,
    rulesSha256: createHash('sha256').update(readFileSync(subnetFile)).digest('hex'),
    subnetDir,
  };
}

function prepareTasks({ subnet, subnetDir }: Loaded): readonly Task[] {
  return subnet.tasks.map((task) => {
    const path = resolvePath(subnetDir, task.source.path);
    const bytes = readBytes(path);
    return prepareTask(task, parseDataset(bytes, { path, sha256: task.source.sha256 }));
  });
}

function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw new SubnetError('DATASET_INVALID', { path, detail: messageOf(cause) }, { cause });
  }
}

function configOf(
  loaded: Loaded,
  tasks: readonly Task[],
  { dryRun, force = false }: RunOptions,
): RoundConfig {
  const { config, subnet, netuid, rulesSha256 } = loaded;
  return roundConfigOf(subnet, tasks, {
    netuid,
    intervalBlocks: config.round.intervalBlocks ?? subnet.round.intervalBlocks,
    rulesSha256,
    query: config.query,
    evidence: config.evidence,
    weights: { ...config.weights, allowEmptier: config.weights.allowEmptier || force },
    dryRun,
  });
}

/** Metrics, health and status over HTTP; where, stands in the state directory while it runs. */
async function serveStatus(
  { config, stateDir }: Loaded,
  loop: ValidatorLoop,
  registry: MetricsRegistry,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<void> {
  const { host, port } = config.metrics;
  const health = () => jsonReply({ ok: loop.healthy() }, loop.healthy() ? 200 : 503);
  const routes = {
    '/metrics': async () => {
      loop.tick();
      return metricsReply(await registry.render());
    },
    '/healthz': health,
    '/status': () => jsonReply(loop.status()),
    '/weights': async () => jsonReply(await loop.vectors(shownVectors)),
  };
  const server = await startStatusServer({ host, port, routes });
  lifecycle.add('status server', () => server.close());
  const file = noteEndpoint(stateDir, server);
  lifecycle.add('endpoint file', () => rmSync(file, { force: true }));
  log.info('status', { url: server.url });
}

function noteEndpoint(stateDir: string, server: StatusServer): string {
  const file = join(stateDir, endpointFile);
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ pid: process.pid, url: server.url })}\n`);
  return file;
}

/**
 * What a validator knows: asked from the running one, or read from the state that a stopped one
 * left. Throws NO_STATUS when it never ran.
 */
export async function readStatus(configFile: string): Promise<ValidatorStatus> {
  const loaded = loadFiles(configFile);
  return runningOrStopped(
    loaded,
    () => askRunning<ValidatorStatus>(loaded.stateDir, '/status'),
    (store) => statusIn(store, loaded),
  );
}

/**
 * Asks the running validator, or looks into the state of a stopped one. Between the two it holds
 * its state without an answer: when it starts and stops. Throws NO_STATUS, STORE_*.
 */
async function runningOrStopped<T>(
  loaded: Loaded,
  ask: () => Promise<T | null>,
  look: (store: Store) => Promise<T>,
): Promise<T> {
  const { clock } = createPlatform();
  for (let tries = 1; ; tries += 1) {
    const asked = await ask();
    if (asked !== null) return asked;
    try {
      return await withStore(loaded, look);
    } catch (error) {
      if (!isLocked(error)) throw error;
      const dir = loaded.stateDir;
      if (tries === lockTries) throw new SubnetError('STORE_BUSY', { dir }, { cause: error });
      await clock.sleep(lockPauseMs);
    }
  }
}

export interface VectorsRead {
  readonly running: boolean;
  /** Newest first. */
  readonly vectors: readonly VectorReport[];
}

/** The weight vectors of the last epochs, running or stopped. Throws NO_STATUS, STORE_*. */
export async function readVectors(configFile: string): Promise<VectorsRead> {
  const loaded = loadFiles(configFile);
  return runningOrStopped<VectorsRead>(
    loaded,
    async () => {
      const vectors = await askRunning<readonly VectorReport[]>(loaded.stateDir, '/weights');
      return vectors === null ? null : { running: true, vectors };
    },
    async (store) => {
      const journal = createJournal(store, createPlatform().sha256);
      const vectors = (await journal.recent(shownVectors)).map(vectorReport);
      return { running: false, vectors };
    },
  );
}

async function askRunning<T>(stateDir: string, path: string): Promise<T | null> {
  try {
    const text = readFileSync(join(stateDir, endpointFile), 'utf8');
    const { url } = JSON.parse(text) as { readonly url: string };
    const answer = await fetch(url + path, { signal: AbortSignal.timeout(3000) });
    return answer.ok ? ((await answer.json()) as T) : null;
  } catch {
    // No file, or one that a killed node left: its state is free to be read.
    return null;
  }
}

async function statusIn(store: Store, { config, netuid }: Loaded): Promise<ValidatorStatus> {
  const { board, lastRound } = await readState(store);
  const journal = createJournal(store, createPlatform().sha256);
  return explain({
    netuid,
    hotkey: readHotkeyAddress(walletLocation(config.wallet)),
    round: lastRound,
    board,
    vectors: newestOfEach(await journal.recent(shownVectors)),
    snapshot: null,
    head: null,
    voided: null,
    reports: [],
    endpoints: [],
    alerts: [],
    running: false,
  });
}

/** Writes the evidence as JSON lines, oldest first; gives their number. */
export async function exportEvidence(
  configFile: string,
  write: (line: string) => Promise<void> | void,
): Promise<number> {
  return withStore(loadFiles(configFile), async (store) => {
    let lines = 0;
    for await (const line of evidenceLines(store)) {
      await write(line);
      lines += 1;
    }
    return lines;
  });
}

async function withStore<T>({ stateDir }: Loaded, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openExisting(join(stateDir, 'db'));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function openExisting(dir: string): Promise<Store> {
  try {
    return await openLevelStore(dir, { mustExist: true });
  } catch (error) {
    const failed = isSubnetError(error) && error.code === 'STORE_FAILED';
    throw failed && !hasDatabase(dir)
      ? new SubnetError('NO_STATUS', { dir }, { cause: error })
      : error;
  }
}
