import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { restartFloorNs } from '../common/wire/btauth.ts';
import type { Chain, Snapshot } from '../common/chain-port.ts';
import { connectPatiently } from '../common/connect-patiently.ts';
import { loadConfig, resolvePath } from '../common/config/config-load.ts';
import { minerSchema, raoOf, subnetSchema } from '../common/config/config-schema.ts';
import type { MinerConfig } from '../common/config/config-schema.ts';
import { meterEndpoints } from '../common/endpoint-metrics.ts';
import { messageOf } from '../common/errors.ts';
import { aborted, createLifecycle } from '../common/node/lifecycle.ts';
import type { Lifecycle } from '../common/node/lifecycle.ts';
import { createLogger } from '../common/node/log.ts';
import type { AdjustableLogger } from '../common/node/log.ts';
import { checkRules, watchRules } from '../common/owner/check-rules.ts';
import { packageVersion } from '../common/node/package-root.ts';
import type { Platform } from '../common/platform-port.ts';
import { createPlatform } from '../common/node/platform.ts';
import { readTlsIdentity } from '../common/node/tls-certificate.ts';
import type { TlsIdentity } from '../common/node/tls-certificate.ts';
import { sha3OfText } from '../common/node/sha3.ts';
import { loadFlatNumbers } from '../common/wire/flat-numbers-wasm.ts';
import { ReplayMemory } from '../common/wire/replay.ts';
import type { Signer, Verifier } from '../common/signer-port.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { jsonReply, metricsReply, startStatusServer } from '../common/node/status-server.ts';
import type { StatusReply } from '../common/node/status-server.ts';
import { createMetricsRegistry } from '../common/node/telemetry.ts';
import type { MetricsRegistry } from '../common/telemetry-port.ts';
import { readColdkey, readHotkey, walletLocation } from '../common/keys/wallet.ts';
import type { AdminControl } from './admin/admin-control.ts';
import { createAdminGate } from './admin/admin-gate.ts';
import { startAdminServer } from './admin/admin-server.ts';
import { directoryOf } from './gate/admit.ts';
import type { CallerDirectory } from './gate/admit.ts';
import {
  checkAxonAddress,
  ensureRegistered,
  followMetagraph,
  isSame,
  neuronOf,
  serveAxon,
} from './announce.ts';
import type { AnnounceDeps, AnnounceOptions, AxonAddress } from './announce.ts';
import { openEntrances } from './entrance/open-entrances.ts';
import { createGatekeeper } from './gate/gatekeeper.ts';
import type { GatekeeperOptions } from './gate/gatekeeper.ts';
import { createHandle } from './gate/handle.ts';
import type { Handle, HandleOptions } from './gate/handle.ts';
import { createReceiptDesk } from './gate/receipts.ts';
import { createRefusalLog } from './gate/refusal-log.ts';
import type { RefusalLog } from './gate/refusal-log.ts';
import { createMinerMetrics } from './metrics.ts';
import type { MinerMetrics } from './metrics.ts';
import { checkModelFile } from './models/model-file.ts';
import { modelFilesOf } from './models/model-files.ts';
import type { ModelFiles } from './models/model-files.ts';
import { checkRepository } from './models/check-repository.ts';
import type { ModelKeeper } from './models/model-keeper.ts';
import { openModels } from './models/open-models.ts';
import type { ModelStatus, OpenModels } from './models/open-models.ts';
import { startMinerServer } from './gate/server.ts';
import type { MinerServer, MinerServerOptions } from './gate/server.ts';
import { createVerifyQueue } from './gate/verify-queue.ts';
import { startVerifyThreads } from './gate/verify-threads.ts';

export interface RunOptions {
  readonly configFile: string;
  readonly signal: AbortSignal;
  /** Called once requests are answered and, when asked for, the axon is on chain. */
  readonly onServing?: (state: MinerStatus) => void;
}

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
  /** Block of the metagraph in use. */
  readonly metagraphBlock: number | null;
  /** Requests that wait for the model, and runs of it that are under way. */
  readonly waiting: number;
  readonly running: number;
  /** Process id of the model process; null while it is being replaced. */
  readonly enginePid: number | null;
}

/** What changes while a miner runs. */
interface MinerState {
  draining: boolean;
  snapshot: Snapshot | null;
  snapshotAtMs: number;
  directory: CallerDirectory | null;
  axonServed: boolean;
}

/** The parts that a miner is made of, handed in so that tests can put others in their place. */
export interface MinerParts {
  readonly config: MinerConfig;
  /** Absolute path of the model's file, where the configuration names one. */
  readonly modelPath?: string;
  /** Absolute path of the model repository, where the configuration names one. */
  readonly modelRepository?: string;
  /** What further files of the configuration are relative to; default the working directory. */
  readonly baseDir?: string;
  readonly platform: Platform;
  readonly log: AdjustableLogger;
  readonly registry: MetricsRegistry;
  readonly hotkey: Signer;
  readonly coldkey: () => Signer;
  readonly verifier: Verifier;
  readonly chain: Chain;
  /** The certificate that is served with; plain HTTP when absent. */
  readonly tls?: TlsIdentity;
  /** Requests signed before this are refused; by default those of an earlier life. */
  readonly notBeforeNs?: bigint;
}

/** A miner that serves. */
export interface RunningMiner {
  status(): MinerStatus;
  /** Loads, unloads and names models while it serves. */
  readonly models: ModelKeeper;
  /** Where the admin port listens; null where there is none. */
  readonly adminPort: number | null;
  /** Registers and serves the axon as configured; resolves when done. */
  announce(signal: AbortSignal): Promise<void>;
  /** Drains, then stops everything, last started first. */
  stop(): Promise<void>;
}

const metagraphEveryBlocks = 5;
const statusTickMs = 1000;

/**
 * Runs a miner until the signal aborts; then drains and returns. Throws CONFIG_*, WALLET_*,
 * KEYFILE_*, MODEL_*, ENGINE_*, PORT_TAKEN, MINER_*, CHAIN_*.
 */
export async function runMiner({ configFile, signal, onServing }: RunOptions): Promise<void> {
  const { value: config, baseDir } = loadConfig(configFile, minerSchema);
  const { level, format } = config.log;
  const form = format === 'auto' ? {} : { format };
  const log = createLogger({ level, ...form, fields: { node: 'miner' } });
  const lifecycle = createLifecycle(log);
  try {
    const files = {
      baseDir,
      subnet: config.subnet === undefined ? null : resolvePath(baseDir, config.subnet),
    };
    const parts = await orAborted(openParts(config, files, log, lifecycle, signal), signal);
    const miner = await startMiner(parts);
    lifecycle.add('miner', () => miner.stop());
    await orAborted(miner.announce(signal), signal);
    log.info('serving', { ...miner.status() });
    onServing?.(miner.status());
    await aborted(signal);
    log.info('stopping', { reason: messageOf(signal.reason) });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await lifecycle.stop();
  }
}

/** Rejects when the signal aborts first: a chain that does not answer must not keep a miner alive. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const abortion = aborted(signal).then((): never => {
    throw signal.reason;
  });
  return Promise.race([work, abortion]);
}

/** Absolute paths of what the YAML names. */
interface MinerFiles {
  readonly baseDir: string;
  /** null: the rules are not compared with the chain. */
  readonly subnet: string | null;
}

async function openParts(
  config: MinerConfig,
  { baseDir, subnet }: MinerFiles,
  log: AdjustableLogger,
  lifecycle: Lifecycle,
  signal: AbortSignal,
): Promise<MinerParts> {
  axonOf(config);
  const tls = tlsOf(config, baseDir);
  const rulesSha256 = subnet === null ? null : hashOfRules(subnet);
  const models = modelFilesOf(config, baseDir);
  await checkModels(config, models);
  const sr25519 = loadSr25519();
  const location = walletLocation(config.wallet);
  const { signer, warnings } = readHotkey(sr25519, location);
  for (const { file, detail } of warnings) log.warn('wallet', { file, detail });
  lifecycle.add('hotkey', () => signer.dispose());
  const platform = createPlatform();
  const { endpoints, requestTimeoutMs, startPatienceMs: patienceMs } = config.chain;
  const options = { endpoints, requestTimeoutMs, platform, logger: log, signal };
  // Loaded here: the client takes longer to load than all else, and a chain handed in needs none.
  const { connectChain } = await import('../common/chain/chain-substrate.ts');
  const patient = { clock: platform.clock, log, signal, patienceMs };
  const chain = await connectPatiently(() => connectChain(options), patient);
  lifecycle.add('chain', () => chain.close());
  if (subnet !== null && rulesSha256 !== null) {
    const { onMismatch } = config.rules;
    const rules = { netuid: config.netuid, file: subnet, sha256: rulesSha256, onMismatch };
    lifecycle.add('rules', watchRules(chain, rules, await checkRules(chain, rules, log), log));
  }
  return {
    config,
    ...(tls !== null && { tls }),
    ...models,
    baseDir,
    platform,
    log,
    registry: createMetricsRegistry({ processMetrics: true }),
    hotkey: signer,
    coldkey: () => {
      const coldkey = readColdkey(sr25519, location).signer;
      lifecycle.add('coldkey', () => coldkey.dispose());
      return coldkey;
    },
    verifier: sr25519,
    chain,
  };
}

/** Wrong files are told before a process is started, or the chain is dialled. */
async function checkModels(config: MinerConfig, files: ModelFiles): Promise<void> {
  const { modelPath, modelRepository } = files;
  if (config.model !== undefined && modelPath !== undefined) {
    await checkModelFile({ path: modelPath, sha256: config.model.sha256 });
  }
  if (modelRepository !== undefined) await checkRepository(modelRepository, config.models);
}

function tlsOf({ server }: MinerConfig, baseDir: string): TlsIdentity | null {
  if (server.tls === undefined) return null;
  const { cert, key } = server.tls;
  return readTlsIdentity(resolvePath(baseDir, cert), resolvePath(baseDir, key));
}

/** Of the file's bytes; the file must be a subnet YAML. */
function hashOfRules(file: string): string {
  loadConfig(file, subnetSchema);
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** Starts models, server and metagraph; what cannot start stops what was started. */
export async function startMiner(parts: MinerParts): Promise<RunningMiner> {
  const lifecycle = createLifecycle(parts.log);
  try {
    return await assemble(parts, lifecycle);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

async function assemble(parts: MinerParts, lifecycle: Lifecycle): Promise<RunningMiner> {
  const { config, log, chain, platform } = parts;
  const metrics = createMinerMetrics(parts.registry);
  const notBeforeNs = parts.notBeforeNs ?? restartFloorNs(platform.clock.nowNs());
  const state: MinerState = {
    draining: false,
    snapshot: null,
    snapshotAtMs: 0,
    directory: null,
    axonServed: false,
  };
  const models = await startModels(parts, metrics);
  lifecycle.add('models', () => models.close());
  const { catalogue } = models;
  const notReady = (): string | null => whyNotReady(state, models);
  const threads = startVerifyThreads(verifyThreadsOf(config), log);
  lifecycle.add('threads that verify', () => threads.close());
  const refusals = createRefusalLog(log);
  const handle = createHandle(
    {
      clock: platform.clock,
      refusals,
      gatekeeper: createGatekeeper(
        {
          platform,
          receiver: parts.hotkey.ss58,
          replay: new ReplayMemory(),
          verifyQueue: createVerifyQueue({
            verifier: parts.verifier,
            threads,
            clock: platform.clock,
            defer: setImmediate,
            onBatch: (_, seconds) => metrics.verifySeconds.observe(seconds),
          }),
          metrics,
          directory: () => state.directory,
        },
        gateOptions(config, notBeforeNs),
      ),
      receipts: createReceiptDesk({
        platform,
        signer: parts.hotkey,
        defer: setImmediate,
        onSigned: (_, seconds) => metrics.signSeconds.observe(seconds),
      }),
      catalogue,
      conversations: openEntrances(
        {
          catalogue,
          clock: platform.clock,
          sha3: sha3OfText,
          hotkey: parts.hotkey.ss58,
          log,
          numbers: loadFlatNumbers(),
        },
        config,
      ),
      metrics,
      notReady,
    },
    handleOptions(config),
  );
  const server = await startMinerServer(serverOptions(parts, metrics, handle, refusals));
  lifecycle.add('server', () => server.drain(config.server.drainMs));
  lifecycle.add('readiness', () => void (state.draining = true));
  const follow = { netuid: config.netuid, everyBlocks: metagraphEveryBlocks };
  const stopFollowing = followMetagraph({ chain, log, metrics }, follow, (snapshot) =>
    adopt(parts, metrics, state, snapshot),
  );
  lifecycle.add('metagraph', stopFollowing);
  const status = (): MinerStatus => statusOf(parts, state, models, server, notReady());
  const stopTick = tick(() => observe(parts, metrics, state, notReady()));
  lifecycle.add('clock of metrics', stopTick);
  await serveStatus(parts, status, lifecycle);
  const control: AdminControl = {
    models: models.keeper,
    setDraining: (draining) => void (state.draining = draining),
    setLogLevel: (level) => parts.log.setLevel(level),
  };
  const adminPort = await serveAdmin(parts, control, status, lifecycle);
  metrics.buildInfo.set(1, { version: packageVersion() });
  return {
    status,
    models: models.keeper,
    adminPort,
    announce: (signal) => announce(parts, metrics, state, server, signal),
    stop: () => lifecycle.stop(),
  };
}

/** On a single core a thread could only take turns with the event loop. */
function verifyThreadsOf({ server }: MinerConfig): number {
  return server.verifyThreads ?? (availableParallelism() > 1 ? 1 : 0);
}

function handleOptions({ server, queue }: MinerConfig): HandleOptions {
  return {
    version: packageVersion(),
    maxBodyBytes: server.maxBodyBytes,
    maxWaitMs: queue.maxWaitMs,
  };
}

function serverOptions(
  { config, log, platform, tls }: MinerParts,
  metrics: MinerMetrics,
  handle: Handle,
  refusals: RefusalLog,
): MinerServerOptions {
  const { host, port, maxConnections, maxConnectionsPerAddress, requestTimeoutMs } = config.server;
  return {
    host,
    port,
    maxConnections,
    maxConnectionsPerAddress,
    requestTimeoutMs,
    stallTimeoutMs: requestTimeoutMs + config.queue.maxWaitMs + config.engine.runTimeoutMs,
    ...(tls !== undefined && { tls: { cert: tls.cert, key: tls.key } }),
    handle,
    observer: {
      onConnections: (open) => metrics.connections.set(open),
      onRefused: (status, reason) => {
        metrics.requests.inc({ status, reason });
        refusals.note(status, reason, platform.clock.monotonicMs());
      },
    },
    log,
  };
}

function gateOptions(config: MinerConfig, notBeforeNs: bigint): GatekeeperOptions {
  const { admission, server } = config;
  return {
    notBeforeNs,
    maxBodyBytes: server.maxBodyBytes,
    maxBufferedBytes: server.maxBufferedBytes,
    admission: {
      requireValidatorPermit: admission.requireValidatorPermit,
      minStakeRao: raoOf(admission.minStakeTao),
      allow: new Set(admission.allow),
      deny: new Set(admission.deny),
    },
    ratePerSecond: admission.ratePerSecond,
    burst: admission.burst,
    costUnit: admission.costUnit,
    addressRatePerSecond: admission.addressRatePerSecond,
    addressBurst: admission.addressBurst,
    maxInFlight: admission.maxInFlight,
    capacity: admission.capacity,
    share: admission.share,
  };
}

function startModels(parts: MinerParts, metrics: MinerMetrics): Promise<OpenModels> {
  const { config, platform, log, registry: meter, modelPath, modelRepository, baseDir } = parts;
  return openModels(
    { platform, log, metrics, meter },
    { config, modelPath, modelRepository, baseDir: baseDir ?? '.' },
  );
}

/** A model that is being restarted is no reason: requests wait for it in the queue. */
function whyNotReady(state: MinerState, models: OpenModels): string | null {
  if (state.draining) return 'the miner stops';
  if (state.directory === null) return 'the metagraph was not read yet';
  return models.notReady();
}

function adopt(
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

function observe(
  { platform, chain }: MinerParts,
  metrics: MinerMetrics,
  state: MinerState,
  notReady: string | null,
): void {
  metrics.ready.set(notReady === null ? 1 : 0);
  metrics.serving.set(state.axonServed ? 1 : 0);
  meterEndpoints(metrics, chain.endpoints());
  if (state.snapshot === null) return;
  metrics.chainHeadAgeSeconds.set((platform.clock.monotonicMs() - state.snapshotAtMs) / 1000);
}

function tick(run: () => void): () => void {
  const timer = setInterval(run, statusTickMs);
  timer.unref();
  run();
  return () => clearInterval(timer);
}

async function announce(
  parts: MinerParts,
  metrics: MinerMetrics,
  state: MinerState,
  server: MinerServer,
  signal: AbortSignal,
): Promise<void> {
  const { chain, platform, hotkey, log, config } = parts;
  const deps: AnnounceDeps = { chain, clock: platform.clock, hotkey, log, metrics };
  const options = announceOptions(parts, server.port);
  await ensureRegistered(deps, options, signal);
  metrics.registered.set(1);
  if (options.axon !== null) {
    state.axonServed = await serveAxon(deps, config.netuid, options.axon, signal);
  }
  adopt(parts, metrics, state, await chain.snapshot(config.netuid));
}

function announceOptions({ config, coldkey, tls }: MinerParts, port: number): AnnounceOptions {
  const { register, maxBurnTao } = config.announce;
  const axon = axonOf(config);
  const key = tls === undefined ? {} : { tlsKey: tls.tlsKey };
  const served =
    axon === null ? null : { ...axon, ...key, port: axon.port === 0 ? port : axon.port };
  if (served !== null) checkAxonAddress(served);
  return {
    netuid: config.netuid,
    register: register ? { coldkey, maxBurnRao: raoOf(maxBurnTao) } : null,
    axon: served,
  };
}

/** The address that is served on chain; port 0 stands for the one that will be found. */
function axonOf({ announce, server }: MinerConfig): AxonAddress | null {
  if (!announce.serve) return null;
  const axon = {
    ip: server.externalIp ?? server.host,
    port: server.externalPort ?? server.port,
  };
  checkAxonAddress(axon.port === 0 ? { ...axon, port: 1 } : axon);
  return axon;
}

function statusOf(
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
    metagraphBlock: snapshot?.block.number ?? null,
    waiting: model?.waiting ?? 0,
    running: model?.running ?? 0,
    enginePid: model?.pid ?? null,
  };
}

async function serveStatus(
  { config, registry, log }: MinerParts,
  status: () => MinerStatus,
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
    },
  });
  lifecycle.add('metrics', () => server.close());
  log.info('metrics', { url: server.url });
}

async function serveAdmin(
  { config, registry, log, platform, verifier, hotkey, notBeforeNs }: MinerParts,
  control: AdminControl,
  status: () => MinerStatus,
  lifecycle: Lifecycle,
): Promise<number | null> {
  const { enabled, host, port, keys } = config.admin;
  if (!enabled) return null;
  const floorNs = notBeforeNs ?? restartFloorNs(platform.clock.nowNs());
  const gate = createAdminGate(
    { platform, verifier, control, log },
    { hotkey: hotkey.ss58, keys, notBeforeNs: floorNs },
  );
  const server = await startAdminServer({
    host,
    port,
    gate,
    pages: {
      '/status': () => jsonReply(status()),
      '/metrics': async () => metricsReply(await registry.render()),
    },
    log,
  });
  lifecycle.add('admin port', () => server.close());
  log.info('admin port', { host, port: server.port });
  return server.port;
}
