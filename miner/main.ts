import type { Lifecycle } from '../common/node/lifecycle.ts';
import { loadConfig, resolvePath } from '../common/config/config-load.ts';
import { minerSchema } from '../common/config/miner-schema.ts';
import { messageOf } from '../common/errors.ts';
import { aborted, createLifecycle } from '../common/node/lifecycle.ts';
import { createLogger } from '../common/node/log.ts';
import { packageVersion } from '../common/node/package-root.ts';
import type { AdminControl } from './admin/admin-control.ts';
import { serveAdmin } from './admin/serve-admin.ts';
import { ensureRegistered, followMetagraph, keepServing, serveAxon } from './announce.ts';
import type { AnnounceDeps, AxonAddress } from './announce.ts';
import { announceOptions } from './axon-options.ts';
import { openGate } from './gate/open-gate.ts';
import { startMinerServer } from './gate/server.ts';
import type { MinerServer } from './gate/server.ts';
import { createMinerMetrics } from './metrics.ts';
import type { MinerMetrics } from './metrics.ts';
import type { ModelKeeper } from './models/model-keeper.ts';
import { openModels } from './models/open-models.ts';
import type { OpenModels } from './models/open-models.ts';
import { openParts } from './parts.ts';
import type { MinerParts } from './parts.ts';
import { adopt, newState, observe, whyClosed, whyNotReady } from './state.ts';
import type { MinerState } from './state.ts';
import { serveStatus, servingFields, statusOf } from './status.ts';
import type { MinerStatus } from './status.ts';

export interface RunOptions {
  readonly configFile: string;
  readonly signal: AbortSignal;
  /** Called once requests are answered and, when asked for, the axon is on chain. */
  readonly onServing?: (state: MinerStatus) => void;
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
    const miner = await startMiner(parts, signal);
    lifecycle.add('miner', () => miner.stop());
    await orAborted(miner.announce(signal), signal);
    log.info('serving', servingFields(miner.status()));
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

/**
 * Starts models, server and metagraph; what cannot start stops what was started. The signal ends a
 * start that is under way: a model may take minutes to load.
 */
export async function startMiner(parts: MinerParts, signal?: AbortSignal): Promise<RunningMiner> {
  const lifecycle = createLifecycle(parts.log);
  try {
    return await assemble(parts, lifecycle, signal);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

async function assemble(
  parts: MinerParts,
  lifecycle: Lifecycle,
  signal: AbortSignal | undefined,
): Promise<RunningMiner> {
  const { config, log, chain } = parts;
  const metrics = createMinerMetrics(parts.registry);
  const state = newState();
  const models = await startModels(parts, metrics, signal);
  lifecycle.add('models', () => models.close());
  const { catalogue } = models;
  const notReady = (): string | null => whyNotReady(state, models);
  const { statistics } = models.keeper;
  const readiness = { whyClosed: () => whyClosed(state), whyNotReady: notReady };
  const gate = openGate(parts, { metrics, lifecycle, catalogue, readiness, statistics, state });
  const server = await startMinerServer(gate);
  lifecycle.add('server', () => server.drain(config.server.drainMs));
  lifecycle.add('readiness', () => void (state.draining = true));
  const follow = { netuid: config.netuid, everyBlocks: metagraphEveryBlocks };
  const stopFollowing = followMetagraph({ chain, log, metrics }, follow, (snapshot) =>
    adopt(parts, metrics, state, snapshot),
  );
  lifecycle.add('metagraph', stopFollowing);
  const stopping = new AbortController();
  lifecycle.add('announcement', () => stopping.abort());
  const status = (): MinerStatus => statusOf(parts, state, models, server, notReady());
  const stopTick = tick(() => observe(parts, metrics, state, models));
  lifecycle.add('clock of metrics', stopTick);
  await serveStatus(parts, { status, statistics: () => statistics(null, null) }, lifecycle);
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
    announce: (signal) =>
      announce(parts, metrics, state, server, AbortSignal.any([signal, stopping.signal])),
    stop: () => lifecycle.stop(),
  };
}

function startModels(
  parts: MinerParts,
  metrics: MinerMetrics,
  signal: AbortSignal | undefined,
): Promise<OpenModels> {
  const { config, platform, log, registry: meter, modelPath, modelRepository, baseDir } = parts;
  return openModels(
    { platform, log, metrics, meter, ...(signal === undefined ? {} : { signal }) },
    { config, modelPath, modelRepository, baseDir: baseDir ?? '.' },
  );
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
  if (options.axon !== null) await serve(deps, config.netuid, options.axon, state, signal);
  adopt(parts, metrics, state, await chain.snapshot(config.netuid));
}

/** Resolves when the chain took the axon, or will not soon: then it is tried on in the background. */
async function serve(
  deps: AnnounceDeps,
  netuid: number,
  axon: AxonAddress,
  state: MinerState,
  signal: AbortSignal,
): Promise<void> {
  const tell = (problem: string | null): void => {
    state.axonProblem = problem;
    state.axonServed = problem === null;
  };
  tell(await serveAxon(deps, netuid, axon, signal));
  if (!state.axonServed) void keepServing(deps, netuid, axon, signal, tell);
}
