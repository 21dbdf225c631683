import { readFileSync } from 'node:fs';

/** Files that a process needs besides its connections: model process, chain, logs. */
const keptForOthers = 128;

/**
 * How many connections the limit on open files leaves room for, at most `wanted`. Without files
 * left, a server can neither accept nor refuse: it must stop before that.
 */
export function connectionsWithin(wanted: number, maxFiles = maxOpenFiles()): number {
  return maxFiles === null ? wanted : Math.max(1, Math.min(wanted, maxFiles - keptForOthers));
}

/** The soft limit of this process, or null where the system does not say. */
function maxOpenFiles(): number | null {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line === null ? null : Number(line[1]);
  } catch {
    return null;
  }
}
