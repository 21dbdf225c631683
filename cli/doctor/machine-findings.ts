import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import process from 'node:process';
import { fail, pass, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

const gibibyte = 1024 ** 3;

/** Open files first: with too few of them little else can be looked at. */
export function machineFindings(): readonly Finding[] {
  return [descriptorsFinding(), nodeFinding(), memoryFinding()];
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
