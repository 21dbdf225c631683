import { createHash } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { packagePath } from '../../common/node/package-root.ts';
import { benchMiner } from './bench-keys.ts';
import { builtModule } from './built.ts';
import type { MinerOrder, MinerWord } from './miner-order.ts';
import { answerOf, cores, endProcess, signalTree, spawnPinned } from './pinned.ts';

/** A server under load, started by the bench and ended by it. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  /** Stands still while another is measured. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

export interface OwnMiner extends Server {
  /** From the start of the process until it served, its model loaded. */
  readonly readyMs: number;
  /** p99 of the delay of its event loop since the last time that this was asked. */
  loopDelayP99Ms(): Promise<number>;
}

/** Why a peer cannot be measured here. */
export interface Missing {
  readonly missing: string;
}

const modelFolder = packagePath('runs', 'bench', 'models');
const startMs = 60_000;
const longestSeconds = 3600;

export const modelPath = (name: string): string => join(modelFolder, `${name}.onnx`);

export function isMissing(server: Server | Missing): server is Missing {
  return 'missing' in server;
}

/** Whether `bench/peers/setup.sh` has made the models. */
export const hasModels = (): boolean => existsSync(modelPath('identity'));

export interface MinerChoice {
  readonly model: MinerOrder['model'];
  readonly maxBatch?: number;
  readonly instances?: number;
  readonly onCores?: string;
  readonly nodeFlags?: readonly string[];
  /** For `loopDelayP99Ms`. */
  readonly watchesLoop?: boolean;
}

/** Our miner with one model; the echo is an ONNX file of one Identity. */
export async function startOwnMiner(choice: MinerChoice): Promise<OwnMiner> {
  const { model, maxBatch = 32, instances = 1, onCores = cores.server, nodeFlags = [] } = choice;
  const { watchesLoop = false } = choice;
  const path = modelPath(model === 'echo' ? 'identity' : model);
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  const order: MinerOrder = { model, path, sha256, maxBatch, instances, watchesLoop };
  const args = [...nodeFlags, builtModule('miner-process')];
  const child = spawnPinned(onCores, process.execPath, [...args, JSON.stringify(order)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const word = await answerOf<MinerWord>(child);
  if (word.kind !== 'ready') throw new Error('the miner said something else before it was ready');
  const loopDelayP99Ms = async (): Promise<number> => {
    child.send('loop-delay');
    const answer = await answerOf<MinerWord>(child);
    return answer.kind === 'loop-delay' ? answer.p99Ms : NaN;
  };
  const { port, readyMs } = word;
  return { ...serverOf(child, port), readyMs, loopDelayP99Ms };
}

/** FastAPI with httptools and uvloop, signing by SDK 11; `light`, `heavy` and `echo`. */
export function startFastApi(): Promise<Server | Missing> {
  return startScript('bench-btauth', 'btauth_server.py');
}

/** The axon of SDK 10.5; `Light` and `Echo`. */
export function startAxon(): Promise<Server | Missing> {
  return startScript('interop-sdk10', 'axon_server.py');
}

async function startScript(venv: string, script: string): Promise<Server | Missing> {
  const python = programOf(venv, 'python');
  if (python === null) return notInstalled;
  const port = await freePort();
  const args = [packagePath('bench', 'peers', script), benchMiner, String(port), modelFolder];
  return startPeer(python, ['-W', 'ignore', ...args], port, '/');
}

/** MLServer as it is installed: `light` and `heavy`, and with batches of 32 within 5 ms. */
export async function startMlserver(): Promise<Server | Missing> {
  const command = programOf('interop', 'mlserver');
  if (command === null) return notInstalled;
  const [port, grpc, metrics] = [await freePort(), await freePort(), await freePort()];
  const env = {
    PYTHONPATH: packagePath('bench', 'peers'),
    MLSERVER_HTTP_PORT: String(port),
    MLSERVER_GRPC_PORT: String(grpc),
    MLSERVER_METRICS_PORT: String(metrics),
  };
  const folder = mlserverFolder();
  return startPeer(command, ['start', folder], port, '/v2/health/ready', { env, cwd: folder });
}

const mlserverModels = {
  light: { file: 'light', batch: {} },
  heavy: { file: 'heavy', batch: {} },
  'light-batched': { file: 'light', batch: { max_batch_size: 32, max_batch_time: 0.005 } },
  'heavy-batched': { file: 'heavy', batch: { max_batch_size: 32, max_batch_time: 0.005 } },
} as const;

function mlserverFolder(): string {
  const folder = packagePath('runs', 'bench', 'mlserver');
  mkdirSync(folder, { recursive: true });
  const settings = { debug: false, parallel_workers: 0, host: '127.0.0.1' };
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
  for (const [name, { file, batch }] of Object.entries(mlserverModels)) {
    mkdirSync(join(folder, name), { recursive: true });
    const implementation = 'onnx_runtime.OnnxModel';
    const model = { name, implementation, parameters: { uri: modelPath(file) }, ...batch };
    writeFileSync(join(folder, name, 'model-settings.json'), JSON.stringify(model));
  }
  return folder;
}

interface PeerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

async function startPeer(
  command: string,
  args: readonly string[],
  port: number,
  readyPath: string,
  { env = {}, cwd }: PeerOptions = {},
): Promise<Server | Missing> {
  const bounded = ['--foreground', '--kill-after=5', String(longestSeconds), command, ...args];
  const child = spawnPinned(cores.server, 'timeout', bounded, {
    stdio: 'ignore',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const server = serverOf(child, port);
  if (await answers(`http://127.0.0.1:${port}${readyPath}`, child)) return server;
  await server.close();
  return { missing: 'did not start' };
}

function serverOf(child: ChildProcess, port: number): Server {
  const pid = child.pid ?? 0;
  return {
    port,
    pid,
    pause: () => signalTree(pid, 'SIGSTOP'),
    resume: () => signalTree(pid, 'SIGCONT'),
    close: () => endProcess(child),
  };
}

async function answers(url: string, child: ChildProcess): Promise<boolean> {
  const deadline = performance.now() + startMs;
  while (performance.now() < deadline && child.exitCode === null) {
    const status = await fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status > 0 && status < 500) return true;
    await sleep(100);
  }
  return false;
}

const notInstalled: Missing = { missing: 'not installed: bench/peers/setup.sh' };

export function programOf(venv: string, program: string): string | null {
  const own = process.env['SUBNET_INTEROP_VENV'];
  const folder = own === undefined ? packagePath('.venv') : join(own, '..');
  const file = join(folder, venv, 'bin', program);
  return existsSync(file) ? file : null;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await once(server.close(), 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
