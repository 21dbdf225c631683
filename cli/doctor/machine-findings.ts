import { readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { freemem } from 'node:os';
import process from 'node:process';
import { fail, pass, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

const gibibyte = 1024 ** 3;

/** Node, memory, open files and the disk under each folder that the node writes to. */
export function machineFindings(folders: readonly string[]): readonly Finding[] {
  return [nodeFinding(), memoryFinding(), descriptorsFinding(), ...folders.map(diskFinding)];
}

function nodeFinding(): Finding {
  const id = 'machine.node';
  const version = process.versions.node;
  const major = Number(version.split('.')[0]);
  if (major < 20) return fail(id, `Node ${version}`, 'Install Node 22 or 24.');
  if (major >= 22) return pass(id, `Node ${version}`);
  return warn(id, `Node ${version}: its security fixes ended in April 2026`, 'Move to Node 24.');
}

function memoryFinding(): Finding {
  const id = 'machine.memory';
  const free = freemem() / gibibyte;
  const detail = `${free.toFixed(1)} GiB free`;
  return free < 0.5
    ? warn(id, detail, 'Free some: a node that is swapped out answers late.')
    : pass(id, detail);
}

/** The limit of this process; a service may have another one. */
function descriptorsFinding(): Finding {
  const id = 'machine.files';
  const limit = openFilesLimit();
  if (limit === null) return skipped(id, 'this system does not tell the limit of open files');
  const detail = `${limit} open files allowed`;
  if (limit >= 4096) return pass(id, detail);
  const fix = 'Raise it: ulimit -n 65536, or LimitNOFILE in the systemd unit.';
  return limit < 1024 ? fail(id, detail, fix) : warn(id, detail, fix);
}

function openFilesLimit(): number | null {
  try {
    const text = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return text === undefined
      ? null
      : text === 'unlimited'
        ? Number.MAX_SAFE_INTEGER
        : Number(text);
  } catch {
    return null;
  }
}

function diskFinding(folder: string): Finding {
  const id = 'machine.disk';
  const free = freeBytes(folder);
  if (free === null)
    return fail(id, `${folder} cannot be looked at`, 'Create it, or name another.');
  const detail = `${(free / gibibyte).toFixed(1)} GiB free under ${folder}`;
  if (free > 2 * gibibyte) return pass(id, detail);
  const fix = 'Make room: a full disk stops the node before it can lose anything.';
  return free < gibibyte / 4 ? fail(id, detail, fix) : warn(id, detail, fix);
}

/** Of the folder, or of the nearest one above it that exists. */
function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    const above = dirname(folder);
    return above === folder ? null : freeBytes(above);
  }
}
