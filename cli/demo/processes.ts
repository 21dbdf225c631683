import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import process from 'node:process';
import { packagePath, runsFromSource } from '../../common/node/package-root.ts';
import { SubnetError } from '../../common/errors.ts';

export interface DemoProcess {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

const graceMs = 12_000;

/**
 * Starts `subnet ARGS` as a process of its own. Its output goes to `logFile`; a channel to the
 * parent makes it stop when the parent dies, however that happens.
 */
export function startProcess(name: string, args: readonly string[], logFile: string): DemoProcess {
  const child = spawn(process.execPath, [...entry(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NO_COLOR: '1' },
    detached: true,
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  log.on('error', () => undefined);
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const exited = exitOf(child).finally(() => log.end());
  return { name, pid: child.pid ?? 0, exited, stop: () => stopChild(child, exited) };
}

/** Rejects with DEMO_PROCESS_DIED as soon as one of the processes ends while `running()`. */
export async function firstDeath(
  processes: readonly DemoProcess[],
  running: () => boolean,
  logFileOf: (name: string) => string,
): Promise<never> {
  const dead = await Promise.race(
    processes.map(async (one) => ({ name: one.name, how: await one.exited })),
  );
  if (!running()) return new Promise<never>(() => undefined);
  throw new SubnetError('DEMO_PROCESS_DIED', {
    detail: dead.name,
    how: dead.how,
    log: logFileOf(dead.name),
  });
}

function entry(): string[] {
  return runsFromSource()
    ? ['--import', 'tsx', packagePath('cli', 'main.ts')]
    : [packagePath('dist', 'cli', 'main.js')];
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

/** SIGTERM, and SIGKILL for one that does not end within the grace time. */
async function stopChild(child: ChildProcess, exited: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
}
