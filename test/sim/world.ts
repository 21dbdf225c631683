import { readFileSync } from 'node:fs';
import type { Hotkey } from '../../common/brand.ts';
import { subnetSchema } from '../../common/config/subnet-schema.ts';
import type { SubnetConfig } from '../../common/config/subnet-schema.ts';
import { loadConfig, resolvePath } from '../../common/config/config-load.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { packagePath } from '../../common/node/package-root.ts';
import type { Signer } from '../../common/signer-port.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';
import type { LogFields, Logger } from '../../common/telemetry-port.ts';
import { parseDataset } from '../../tasks/dataset.ts';
import type { Dataset } from '../../tasks/dataset.ts';
import { prepareTask } from '../../tasks/registry.ts';
import type { Task } from '../../tasks/task-port.ts';
import { createEvidenceLog, readHead } from '../../validator/evidence.ts';
import { createJournal } from '../../validator/weights/journal.ts';
import type { LoopDeps } from '../../validator/loop.ts';
import { createValidatorMetrics } from '../../validator/metrics.ts';
import type { RoundConfig } from '../../validator/round.ts';
import { roundConfigOf } from '../../validator/round-config.ts';
import { createFakeChain } from '../fakes/fake-chain.ts';
import type { FakeChain, FakeChainOptions } from '../fakes/fake-chain.ts';
import { createFakeHttp } from '../fakes/fake-http.ts';
import type { FakeHttp, FakePeer } from '../fakes/fake-http.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import type { MemoryStore } from '../fakes/memory-store.ts';
import { createOpenCommitMaker } from '../fakes/open-commit-maker.ts';
import { createSimPlatform } from './sim-platform.ts';
import type { SimPlatform } from './sim-platform.ts';

export const netuid = 2;
export const blockMs = 1000;
export const sr25519 = loadSr25519();

const keys = new Map<string, Signer>();

export function key(name: string): Signer {
  const known = keys.get(name) ?? signerFromSuri(sr25519, `//sim//${name}`);
  keys.set(name, known);
  return known;
}

function readDataset(name: string): Dataset {
  const path = packagePath('examples', 'digits', 'data', name);
  const bytes = Uint8Array.from(readFileSync(path));
  const sha256 = Buffer.from(createSimPlatform('x').sha256(bytes)).toString('hex');
  return parseDataset(bytes, { path, sha256 });
}

export const train = readDataset('train.json');

interface Digits {
  readonly subnet: SubnetConfig;
  readonly tasks: readonly Task[];
}

let shipped: Digits | undefined;

/** The shipped digits subnet, with its real data; read once. */
export function digits(): Digits {
  shipped ??= readDigits();
  return shipped;
}

function readDigits(): Digits {
  const file = packagePath('config', 'subnets', 'digits.yaml');
  const { value: subnet, baseDir } = loadConfig(file, subnetSchema);
  const tasks = subnet.tasks.map((task) => {
    const path = resolvePath(baseDir, task.source.path);
    const bytes = Uint8Array.from(readFileSync(path));
    return prepareTask(task, parseDataset(bytes, { path, sha256: task.source.sha256 }));
  });
  return { subnet, tasks };
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export interface SimNode {
  readonly deps: LoopDeps;
  readonly config: RoundConfig;
  readonly store: MemoryStore;
  readonly lines: readonly LogLine[];
  readonly metricsText: () => Promise<string>;
}

export interface World {
  readonly chain: FakeChain;
  readonly http: FakeHttp;
  readonly platform: SimPlatform;
  /** Registers a miner that serves at its own address; null for one that serves nothing. */
  addMiner(name: string, peer: FakePeer | null): number;
  addValidator(name: string, stakeRao?: bigint): number;
  /** A validator process; with a store it takes up where another one stopped. */
  node(
    name: string,
    options?: { store?: MemoryStore; config?: Partial<RoundConfig> },
  ): Promise<SimNode>;
}

export function originOf(uid: number): string {
  return `http://10.0.0.${uid + 1}:8091`;
}

/** A subnet in one process: chain, wire and time are fakes, everything else is real. */
export function createWorld(seed = 'sim', chainOptions: FakeChainOptions = {}): World {
  const chain = createFakeChain({ blockTimeMs: blockMs, ...chainOptions });
  const http = createFakeHttp();
  let owedMs = 0;
  const platform = createSimPlatform(seed, (ms) => {
    owedMs += ms;
    const blocks = Math.floor(owedMs / blockMs);
    owedMs -= blocks * blockMs;
    if (blocks > 0) chain.advance(blocks);
  });
  chain.addSubnet(netuid, { hyperparams: { tempo: 20, weightsRateLimit: 10 } });
  const { subnet, tasks } = digits();

  function add(name: string, more: object): number {
    return chain.addNeuron(netuid, {
      hotkey: key(name).ss58,
      blockAtRegistration: 1,
      lastUpdate: 1,
      ...more,
    });
  }

  return {
    chain,
    http,
    platform,
    addValidator: (name, stakeRao = 10_000_000_000_000n) =>
      add(name, { totalStakeRao: stakeRao, validatorPermit: true }),
    addMiner(name, peer) {
      const uid = add(name, {});
      if (peer === null) return uid;
      const axon = {
        ip: `10.0.0.${uid + 1}`,
        port: 8091,
        ipType: 4,
        protocol: 4,
        version: 1,
        block: 1,
      };
      chain.patchNeuron(netuid, uid, { axon: { ...axon, ipType: 4 } });
      http.serve(originOf(uid), peer);
      return uid;
    },
    async node(name, { store = createMemoryStore(), config = {} } = {}) {
      const lines: LogLine[] = [];
      const registry = createMetricsRegistry();
      const deps: LoopDeps = {
        chain,
        http,
        platform,
        store,
        signer: key(name),
        verifier: sr25519,
        journal: createJournal(store, platform.sha256),
        evidence: createEvidenceLog(await readHead(store), platform.sha256),
        commits: createOpenCommitMaker(platform.randomBytes),
        log: recordingLogger(lines),
        metrics: createValidatorMetrics(registry),
      };
      const base = roundConfigOf(subnet, tasks, {
        netuid,
        intervalBlocks: 5,
        rulesSha256: 'rules',
        query: {
          concurrency: 64,
          timeoutMs: 1000,
          maxAnswerBytes: 1_000_000,
          encoding: 'binary',
          allowPrivateAddresses: true,
        },
        evidence: { keepBodies: false, keepRounds: 100 },
        weights: { commit: 'auto', allowEmptier: false },
        dryRun: false,
      });
      const metricsText = (): Promise<string> => registry.render();
      return { deps, config: { ...base, ...config }, store, lines, metricsText };
    },
  };
}

function recordingLogger(lines: LogLine[]): Logger {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push({ level, message, fields });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => recordingLogger(lines),
  };
}

export function uidOf(chain: FakeChain, hotkey: Hotkey): Promise<number | null> {
  return chain.uidOf(netuid, hotkey);
}
