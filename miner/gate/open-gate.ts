import { availableParallelism } from 'node:os';
import { raoOf } from '../../common/config/field-schemas.ts';
import type { MinerConfig } from '../../common/config/miner-schema.ts';
import type { Lifecycle } from '../../common/node/lifecycle.ts';
import { packageVersion } from '../../common/node/package-root.ts';
import { sha3OfText } from '../../common/node/sha3.ts';
import { restartFloorNs } from '../../common/wire/btauth.ts';
import { loadFlatNumbers } from '../../common/wire/flat-numbers-wasm.ts';
import { ReplayMemory } from '../../common/wire/replay.ts';
import { openEntrances } from '../entrance/open-entrances.ts';
import type { MinerMetrics } from '../metrics.ts';
import type { Catalogue } from '../models/served-model.ts';
import type { MinerParts } from '../parts.ts';
import type { MinerState } from '../state.ts';
import { createGatekeeper } from './gatekeeper.ts';
import type { Gatekeeper, GatekeeperOptions } from './gatekeeper.ts';
import { createHandle } from './handle.ts';
import type { Handle, HandleOptions } from './handle.ts';
import type { Readiness, StatisticsOf } from './info-routes.ts';
import { createReceiptDesk } from './receipts.ts';
import { createRefusalLog } from './refusal-log.ts';
import type { RefusalLog } from './refusal-log.ts';
import type { MinerServerOptions } from './server.ts';
import { createVerifyQueue } from './verify-queue.ts';
import { startVerifyThreads } from './verify-threads.ts';

export interface GateDeps {
  readonly metrics: MinerMetrics;
  readonly lifecycle: Lifecycle;
  readonly catalogue: Catalogue;
  readonly readiness: Readiness;
  readonly statistics: StatisticsOf;
  /** Where the callers that the chain knows stand. */
  readonly state: Pick<MinerState, 'directory'>;
}

/** All that stands between a socket and the models, as the configuration wants it. */
export function openGate(parts: MinerParts, deps: GateDeps): MinerServerOptions {
  const { config, log, platform, hotkey } = parts;
  const { catalogue, metrics, readiness } = deps;
  const refusals = createRefusalLog(log);
  const handle = createHandle(
    {
      clock: platform.clock,
      refusals,
      gatekeeper: openGatekeeper(parts, deps),
      receipts: createReceiptDesk({
        platform,
        signer: hotkey,
        defer: setImmediate,
        onSigned: (_, seconds) => metrics.signSeconds.observe(seconds),
      }),
      catalogue,
      conversations: openEntrances(
        {
          catalogue,
          clock: platform.clock,
          sha3: sha3OfText,
          hotkey: hotkey.ss58,
          log,
          numbers: loadFlatNumbers(),
        },
        config,
      ),
      metrics,
      readiness,
      statistics: config.server.statistics ? deps.statistics : undefined,
    },
    handleOptions(config),
  );
  return serverOptions(parts, metrics, handle, refusals);
}

function openGatekeeper(parts: MinerParts, { metrics, lifecycle, state }: GateDeps): Gatekeeper {
  const { config, log, platform, hotkey, verifier } = parts;
  const { clock } = platform;
  const threads = startVerifyThreads(verifyThreadsOf(config), log);
  lifecycle.add('threads that verify', () => threads.close());
  const verifyQueue = createVerifyQueue({
    verifier,
    threads,
    clock,
    defer: setImmediate,
    onBatch: (_, seconds) => metrics.verifySeconds.observe(seconds),
    log,
  });
  const replay = new ReplayMemory();
  const directory = () => state.directory;
  return createGatekeeper(
    { platform, receiver: hotkey.ss58, replay, verifyQueue, metrics, directory },
    gateOptions(config, parts.notBeforeNs ?? restartFloorNs(clock.nowNs())),
  );
}

/** On a single core a thread could only take turns with the event loop. */
function verifyThreadsOf({ server }: MinerConfig): number {
  return server.verifyThreads ?? (availableParallelism() > 1 ? 1 : 0);
}

function handleOptions({ server, queue }: MinerConfig): HandleOptions {
  return {
    version: packageVersion(),
    maxBodyBytes: server.maxBodyBytes,
    maxAnswerBytes: server.maxAnswerBytes,
    maxRows: server.maxRows,
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
