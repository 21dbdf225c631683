import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { packagePath } from '../../common/node/package-root.ts';
import { SubnetError, messageOf } from '../../common/errors.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import type { Sr25519 } from '../../common/keys/sr25519.ts';
import { createWallet } from '../../common/keys/wallet.ts';
import type { Coldkey, Hotkey } from '../../common/brand.ts';
import { demoMiners, demoValidators, genesisText, minerText, validatorText } from './plan.ts';
import type { DemoMiner, DemoValidator, ModelFile } from './plan.ts';
import { axonHost, freePort } from './ports.ts';

export interface DemoKeys {
  readonly coldkey: Coldkey;
  readonly hotkey: Hotkey;
}

/** Where everything of one run lies, and on which ports it talks. */
export interface DemoLayout {
  readonly dir: string;
  /** On the monotonic clock, in milliseconds. */
  readonly startedAt: number;
  /** The directory was made for this run and goes with it. */
  readonly temporary: boolean;
  readonly walletPath: string;
  readonly keys: Readonly<Record<string, DemoKeys>>;
  readonly genesisFile: string;
  readonly chainState: string;
  readonly chainPort: number;
  readonly chainUrl: string;
  readonly axonHost: string;
  readonly axonPorts: Readonly<Record<DemoMiner, number>>;
  readonly minerMetrics: Readonly<Record<DemoMiner, number>>;
  readonly validatorMetrics: Readonly<Record<DemoValidator, number>>;
  configFile(name: string): string;
  logFile(name: string): string;
}

/** Makes the directory with wallets, genesis and one YAML for each node. */
export async function layOut(outDir: string | undefined): Promise<DemoLayout> {
  const startedAt = performance.now();
  const dir = outDir === undefined ? mkdtempSync(join(tmpdir(), 'subnet-demo-')) : emptyDir(outDir);
  for (const folder of ['wallets', 'config', 'logs', 'state']) mkdirSync(join(dir, folder));
  const walletPath = join(dir, 'wallets');
  const keys = createWallets(loadSr25519(), walletPath);
  const host = await axonHost();
  const chainPort = await freePort();
  const layout: DemoLayout = {
    dir,
    startedAt,
    temporary: outDir === undefined,
    walletPath,
    keys,
    genesisFile: join(dir, 'config', 'genesis.yaml'),
    chainState: join(dir, 'state', 'chain'),
    chainPort,
    chainUrl: `ws://127.0.0.1:${chainPort}`,
    axonHost: host,
    axonPorts: await portsOf(demoMiners, host),
    minerMetrics: await portsOf(demoMiners),
    validatorMetrics: await portsOf(demoValidators),
    configFile: (name) => join(dir, 'config', `${name}.yaml`),
    logFile: (name) => join(dir, 'logs', `${name}.log`),
  };
  writeConfigs(layout);
  return layout;
}

function emptyDir(path: string): string {
  const dir = resolve(path);
  try {
    mkdirSync(dir, { recursive: true });
    if (readdirSync(dir).length === 0) return dir;
  } catch (cause) {
    throw new SubnetError('DEMO_SETUP_FAILED', { detail: messageOf(cause) }, { cause });
  }
  throw new SubnetError('DEMO_OUT_NOT_EMPTY', { directory: dir });
}

function createWallets(sr25519: Sr25519, path: string): Record<string, DemoKeys> {
  const names = ['owner', ...demoValidators, ...demoMiners];
  return Object.fromEntries(
    names.map((name) => {
      const location = { path, name, hotkey: 'default' };
      const { coldkey, hotkey } = createWallet(sr25519, location, { coldkey: 'unencrypted' });
      if (coldkey === undefined) throw new SubnetError('DEMO_SETUP_FAILED', { detail: name });
      return [name, { coldkey, hotkey }];
    }),
  );
}

async function portsOf<Name extends string>(
  names: readonly Name[],
  host?: string,
): Promise<Record<Name, number>> {
  const ports = await Promise.all(names.map(() => freePort(host)));
  return Object.fromEntries(names.map((name, at) => [name, ports[at] ?? 0])) as Record<
    Name,
    number
  >;
}

export function keysOf(layout: DemoLayout, name: string): DemoKeys {
  const keys = layout.keys[name];
  if (keys === undefined)
    throw new SubnetError('DEMO_SETUP_FAILED', { detail: `no wallet ${name}` });
  return keys;
}

function writeConfigs(layout: DemoLayout): void {
  const { chainUrl, walletPath } = layout;
  const coldkeys = [...demoValidators, ...demoMiners].map((name) => keysOf(layout, name).coldkey);
  writeFileSync(layout.genesisFile, genesisText(keysOf(layout, 'owner'), coldkeys));
  for (const name of demoMiners.filter((miner) => miner !== 'absent')) {
    const axon = { host: layout.axonHost, port: layout.axonPorts[name] };
    const metricsPort = layout.minerMetrics[name];
    const text = minerText({ name, chainUrl, walletPath, model: modelOf(name), axon, metricsPort });
    writeFileSync(layout.configFile(name), text);
  }
  for (const name of demoValidators) {
    const subnetFile = packagePath('config', 'subnets', 'digits.yaml');
    const stateDir = join(layout.dir, 'state', name);
    const metricsPort = layout.validatorMetrics[name];
    const text = validatorText({ name, chainUrl, walletPath, subnetFile, stateDir, metricsPort });
    writeFileSync(layout.configFile(name), text);
  }
}

function modelOf(name: DemoMiner): ModelFile {
  const path = packagePath('examples', 'digits', 'models', `${name}.onnx`);
  return { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}
