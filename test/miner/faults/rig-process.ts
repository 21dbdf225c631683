import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { nodeArguments } from '../../../common/node/package-root.ts';

/** What a miner in a process of its own has to tell of itself. */
export interface RigReport {
  readonly metrics: string;
  readonly log: readonly string[];
  /** Rejections that nobody handled. */
  readonly problems: readonly string[];
}

export interface RigProcess {
  readonly port: number;
  readonly pid: number;
  /** Resident bytes of the miner, its model process left out. */
  rssBytes(): number;
  report(): Promise<RigReport>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export interface RigProcessOptions {
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Limit on open files. */
  readonly maxFiles?: number;
}

export async function startRigProcess(options: RigProcessOptions = {}): Promise<RigProcess> {
  const args = [
    ...nodeArguments('test/miner/faults/rig-main.ts'),
    JSON.stringify(options.overrides ?? {}),
  ];
  const child = start(args, options.maxFiles);
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const { port } = JSON.parse(await firstLine(child)) as { port: number };
  return {
    port,
    pid: child.pid ?? 0,
    rssBytes: () => rssOf(child.pid ?? 0),
    report: async () => {
      const line = firstLine(child);
      child.kill('SIGUSR2');
      return JSON.parse(await line) as RigReport;
    },
    stop: () => {
      child.kill('SIGTERM');
      return exit;
    },
  };
}

function start(args: readonly string[], maxFiles: number | undefined): ChildProcess {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  if (maxFiles === undefined) return spawn(process.execPath, [...args], { stdio: [...stdio] });
  const limited = `ulimit -n ${maxFiles} && exec "$0" "$@"`;
  return spawn('sh', ['-c', limited, process.execPath, ...args], { stdio: [...stdio] });
}

/** The next whole line that the process writes. */
function firstLine({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (stdout === null) return reject(new Error('no output'));
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString();
      if (!text.endsWith('\n')) return;
      stdout.off('data', onData);
      resolve(text);
    };
    stdout.on('data', onData);
    stdout.once('end', () => reject(new Error('the miner ended')));
  });
}

const pageBytes = 4096;

function rssOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes;
}
