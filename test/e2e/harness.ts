import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import { freePort } from '../../cli/demo/ports.ts';
import { startProcess } from '../../cli/demo/processes.ts';
import type { DemoProcess } from '../../cli/demo/processes.ts';
import { quietLibraryLogs } from '../../cli/quiet-console.ts';
import type { Chain } from '../../common/chain-port.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { genesisSchema } from '../../common/config/genesis-schema.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import type { KeySigner } from '../../common/keys/keys.ts';
import { createLogger } from '../../common/node/log.ts';
import { packagePath } from '../../common/node/package-root.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createWallet } from '../../common/keys/wallet.ts';
import type { MinerStatus } from '../../miner/status.ts';
import type { ValidatorStatus } from '../../validator/explain.ts';

/** One subnet on the embedded chain, whose nodes are real processes. */
export const netuid = 2;
export const tempo = 10;
export const axonHost = '127.0.0.2';
export const silent = createLogger({ level: 'silent' });
export const sr25519 = loadSr25519();
export const platform = createPlatform();

quietLibraryLogs(console);

export interface SubnetOptions {
  /** Registered at genesis with 10,000 TAO each. */
  readonly validators?: readonly string[];
  /** Registered at genesis without stake. */
  readonly miners?: readonly string[];
  readonly blockTimeMs?: number;
  /** `development` opens timelocked commits; its pulses cost the chain time, so only where asked. */
  readonly beacon?: 'development' | 'quicknet';
  /** Laid over the subnet's genesis. */
  readonly subnet?: Readonly<Record<string, unknown>>;
}

type Overrides = Readonly<Record<string, unknown>>;

export interface NodeFile {
  readonly name: string;
  readonly file: string;
  readonly stateDir: string;
  readonly statusUrl: string;
}

export interface TestSubnet {
  readonly dir: string;
  readonly chainUrl: string;
  /** A connection of the test's own. */
  readonly chain: Chain;
  key(name: string): KeySigner;
  cutChain(): Promise<void>;
  /** Starts it again, from what it stored, on the same port. */
  restoreChain(): Promise<void>;
  minerFile(name: string, overrides?: Overrides): Promise<NodeFile>;
  validatorFile(name: string, overrides?: Overrides): Promise<NodeFile>;
  /** `subnet ARGS` as a process. */
  run(name: string, args: readonly string[]): DemoProcess;
  /** Text that a process has written so far. */
  logOf(name: string): string;
  dispose(): Promise<void>;
}

export async function startSubnet(options: SubnetOptions = {}): Promise<TestSubnet> {
  const dir = mkdtempSync(join(tmpdir(), 'subnet-e2e-'));
  for (const folder of ['wallets', 'logs', 'state']) mkdirSync(join(dir, folder));
  const names = [...(options.validators ?? []), ...(options.miners ?? [])];
  for (const name of names) writeWallet(dir, name);
  let dev = await openChain(dir, options, 0);
  const port = Number(new URL(dev.url).port);
  const chain = await connectChain({ endpoints: [dev.url], platform, logger: silent });
  const keys = new Map<string, KeySigner>();
  const processes: DemoProcess[] = [];
  const logFile = (name: string): string => join(dir, 'logs', `${name}.log`);
  return {
    dir,
    chainUrl: dev.url,
    chain,
    key: (name) => {
      const signer = keys.get(name) ?? signerFromSuri(sr25519, suriOf(name));
      keys.set(name, signer);
      return signer;
    },
    cutChain: () => dev.close(),
    restoreChain: async () => {
      dev = await openChain(dir, options, port);
    },
    minerFile: (name, overrides) => writeMinerFile(dir, dev.url, name, overrides ?? {}),
    validatorFile: (name, overrides) => writeValidatorFile(dir, dev.url, name, overrides ?? {}),
    run: (name, args) => {
      const started = startProcess(name, args, logFile(name));
      processes.push(started);
      return started;
    },
    logOf: (name) => readFileSync(logFile(name), 'utf8'),
    dispose: async () => {
      await Promise.all(processes.map((one) => one.stop()));
      await chain.close();
      await dev.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function suriOf(name: string): string {
  return `//${name}`;
}

function writeWallet(dir: string, name: string): void {
  const location = { path: join(dir, 'wallets'), name, hotkey: 'default' };
  createWallet(sr25519, location, {
    coldkey: 'unencrypted',
    coldkeySuri: `//${name}Cold`,
    hotkeySuri: suriOf(name),
  });
}

function openChain(dir: string, options: SubnetOptions, port: number): Promise<DevChain> {
  const { validators = [], miners = [], subnet, blockTimeMs = 200, beacon = 'quicknet' } = options;
  const neuron = (name: string, stakeTao: number) => ({
    hotkey: suriOf(name),
    coldkey: `//${name}Cold`,
    stakeTao,
  });
  const genesis = genesisSchema.parse({
    sudo: '//Alice',
    beacon,
    balances: [{ account: '//Alice', tao: 1_000_000 }],
    network: { stakeThresholdTao: 0, adminFreezeWindow: 0 },
    subnets: [
      {
        netuid,
        owner: '//Alice',
        ownerHotkey: '//Owner',
        tempo,
        commitRevealEnabled: false,
        weightsRateLimit: tempo / 2,
        weightsVersionKey: 0,
        servingRateLimit: 0,
        burnTao: 1,
        ...subnet,
        neurons: [
          ...validators.map((name) => neuron(name, 10_000)),
          ...miners.map((name) => neuron(name, 0)),
        ],
      },
    ],
  });
  const stateDir = join(dir, 'state', 'chain');
  return startDevChain({ port, blockTimeMs, genesis, stateDir, log: silent });
}

function nodeParts(dir: string, chainUrl: string, name: string, metricsPort: number): Overrides {
  return {
    netuid,
    chain: { endpoints: [chainUrl], requestTimeoutMs: 10_000 },
    wallet: { path: join(dir, 'wallets'), name, hotkey: 'default' },
    metrics: { port: metricsPort },
    log: { format: 'json' },
  };
}

function writeNodeFile(dir: string, name: string, port: number, content: Overrides): NodeFile {
  const file = join(dir, `${name}-${port}.yaml`);
  writeFileSync(file, stringify(content));
  const stateDir = join(dir, 'state', name);
  return { name, file, stateDir, statusUrl: `http://127.0.0.1:${port}` };
}

async function writeMinerFile(
  dir: string,
  chainUrl: string,
  name: string,
  overrides: Overrides,
): Promise<NodeFile> {
  const port = await freePort();
  return writeNodeFile(dir, name, port, {
    ...nodeParts(dir, chainUrl, name, port),
    task: 'digits',
    model: modelFile('best'),
    engine: { provider: 'cpu', threads: 1 },
    server: { host: axonHost, port: 0, externalIp: axonHost },
    ...overrides,
  });
}

export function modelFile(name: string): { path: string; sha256: string } {
  const path = packagePath('examples', 'digits', 'models', `${name}.onnx`);
  return { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}

async function writeValidatorFile(
  dir: string,
  chainUrl: string,
  name: string,
  overrides: Overrides,
): Promise<NodeFile> {
  const port = await freePort();
  return writeNodeFile(dir, name, port, {
    ...nodeParts(dir, chainUrl, name, port),
    subnet: packagePath('config', 'subnets', 'digits.yaml'),
    stateDir: join(dir, 'state', name),
    round: { intervalBlocks: 2 },
    query: { timeoutMs: 600, allowPrivateAddresses: true },
    ...overrides,
  });
}

export function runArgs(role: 'miner' | 'validator', { file }: NodeFile): readonly string[] {
  return [role, 'run', '--config', file];
}

/** What `/status` answers; undefined while nobody answers there. */
export async function statusOf<T>({ statusUrl }: NodeFile): Promise<T | undefined> {
  try {
    const answer = await fetch(`${statusUrl}/status`, { signal: AbortSignal.timeout(2000) });
    return (await answer.json()) as T;
  } catch {
    return undefined;
  }
}

export function validatorStatus(node: NodeFile): Promise<ValidatorStatus | undefined> {
  return statusOf<ValidatorStatus>(node);
}

export function minerStatus(node: NodeFile): Promise<MinerStatus | undefined> {
  return statusOf<MinerStatus>(node);
}

/** One metric's sample, by its name with labels as they stand in the text. */
export async function metricOf({ statusUrl }: NodeFile, sample: string): Promise<number> {
  const answer = await fetch(`${statusUrl}/metrics`, { signal: AbortSignal.timeout(2000) });
  const line = (await answer.text()).split('\n').find((one) => one.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1) ?? NaN);
}

const stepMs = 100;

/** Asks until there is an answer; throws with `what` when none came in `seconds`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  seconds = 240,
): Promise<T> {
  const giveUp = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > giveUp) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(stepMs);
  }
}
