import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { kill } from 'node:process';

/** Servers have one core and the load another, so that neither takes from the other. */
export const cores = { server: '0', load: '1', both: '0,1' } as const;

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;
const pageBytes = 4096;
const patienceMs = 8_000;

/** Says in the rows' names where processes could not be kept apart. */
export const pinning = canPin ? '' : ', unpinned';

export function spawnPinned(
  onCores: string,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const [first = command, ...rest] = pinned(onCores, command, args);
  return spawn(first, rest, options);
}

/** The command line that keeps a command on some cores; the command's own where that cannot be. */
export function pinned(onCores: string, command: string, args: readonly string[]): string[] {
  return canPin ? ['taskset', '-c', onCores, command, ...args] : [command, ...args];
}

/** Asks it to end, then ends it; resolves when it has. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  signalTree(child.pid, 'SIGCONT');
  if (child.connected) child.disconnect();
  else child.kill('SIGTERM');
  const force = setTimeout(() => signalTree(child.pid, 'SIGKILL'), patienceMs);
  await ended;
  clearTimeout(force);
}

/** The next message of a process; rejects when it ends without one. */
export async function answerOf<T>(child: ChildProcess): Promise<T> {
  const over = new AbortController();
  const { signal } = over;
  const ended = once(child, 'exit', { signal }).then((): never => {
    throw new Error('a process of the bench ended before it answered');
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [T];
    return message;
  } finally {
    over.abort();
    await ended.catch(() => undefined);
  }
}

/** A process that stands still takes nothing from the one that is measured. */
export function signalTree(pid: number | undefined, signal: NodeJS.Signals): void {
  for (const one of pid === undefined ? [] : treeOf(pid)) {
    try {
      kill(one, signal);
    } catch {
      // It ended by itself.
    }
  }
}

/** Processor time that a process and those that it started have used, all their threads. */
export function cpuMsOf(pid: number): number {
  const threads = treeOf(pid).flatMap((one) => threadsOf(one).map((id) => `${one}/task/${id}`));
  const ranNs = threads.map((thread) => Number(read(`/proc/${thread}/schedstat`).split(' ')[0]));
  return sum(ranNs) / 1e6;
}

/** Resident bytes of a process and those that it started. */
export function residentBytesOf(pid: number): number {
  const pages = treeOf(pid).map((one) => Number(read(`/proc/${one}/statm`).split(' ')[1] ?? 0));
  return sum(pages) * pageBytes;
}

function treeOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)];
}

function childrenOf(pid: number): readonly number[] {
  const lists = threadsOf(pid).map((id) => read(`/proc/${pid}/task/${id}/children`));
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
