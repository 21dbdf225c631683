import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Chain } from '../common/chain-port.ts';
import { loadConfig, resolvePath } from '../common/config/config-load.ts';
import { subnetSchema } from '../common/config/subnet-schema.ts';
import type { MinerConfig } from '../common/config/miner-schema.ts';
import { connectPatiently } from '../common/connect-patiently.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { readColdkey, readHotkey, walletLocation } from '../common/keys/wallet.ts';
import type { Lifecycle } from '../common/node/lifecycle.ts';
import type { AdjustableLogger } from '../common/node/log.ts';
import { createPlatform } from '../common/node/platform.ts';
import { createMetricsRegistry } from '../common/node/telemetry.ts';
import { readTlsIdentity } from '../common/node/tls-certificate.ts';
import type { TlsIdentity } from '../common/node/tls-certificate.ts';
import { checkRules, watchRules } from '../common/owner/check-rules.ts';
import type { Platform } from '../common/platform-port.ts';
import type { Signer, Verifier } from '../common/signer-port.ts';
import type { MetricsRegistry } from '../common/telemetry-port.ts';
import { axonOf } from './axon-options.ts';
import { checkRepository } from './models/check-repository.ts';
import { checkModelFile } from './models/model-file.ts';
import { modelFilesOf } from './models/model-files.ts';
import type { ModelFiles } from './models/model-files.ts';

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

/** Absolute paths of what the YAML names. */
export interface MinerFiles {
  readonly baseDir: string;
  /** null: the rules are not compared with the chain. */
  readonly subnet: string | null;
}

export async function openParts(
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
  await checkModels(config, models, signal);
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
async function checkModels(
  config: MinerConfig,
  files: ModelFiles,
  signal: AbortSignal,
): Promise<void> {
  const { modelPath, modelRepository } = files;
  if (config.model !== undefined && modelPath !== undefined) {
    await checkModelFile({ path: modelPath, sha256: config.model.sha256 }, signal);
  }
  if (modelRepository !== undefined) await checkRepository(modelRepository, config.models, signal);
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
