import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../common/errors.ts';
import { fail, pass, warn } from './finding.ts';
import type { Finding } from './finding.ts';
import type { FolderSubject } from './subject.ts';

const gibibyte = 1024 ** 3;

/** Whether each folder can be made and written, and the room on its disk. */
export function folderFindings(folders: readonly FolderSubject[]): readonly Finding[] {
  return folders.map(folderFinding);
}

/** The folder, or the nearest one above it that exists. */
function folderFinding({ path, isWritten }: FolderSubject): Finding {
  const existing = existingAt(path);
  const problem = isWritten ? writeProblem(existing) : null;
  return problem === null ? diskFinding(path, existing) : unwritable(path, existing, problem);
}

function existingAt(path: string): string {
  const above = dirname(path);
  return above === path || existsSync(path) ? path : existingAt(above);
}

/** Why nothing can be written there, as far as that shows without writing. */
function writeProblem(folder: string): string | null {
  try {
    // With the dot a file in place of a folder is an error as well.
    accessSync(`${folder}/.`, constants.W_OK | constants.X_OK);
    return statfsSync(folder).blocks === 0 ? 'it is a view of the system and holds no files' : null;
  } catch (error) {
    return messageOf(error);
  }
}

function unwritable(path: string, existing: string, problem: string): Finding {
  const verb = path === existing ? 'cannot be written' : `cannot be made in ${existing}`;
  const fix =
    'Name another folder in the YAML, or give this one to the user that the node runs as.';
  return fail('machine.disk', `${path} ${verb}: ${problem}`, fix);
}

function diskFinding(folder: string, existing: string): Finding {
  const id = 'machine.disk';
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  const detail = `${(free / gibibyte).toFixed(1)} GiB free under ${folder}`;
  if (free > 2 * gibibyte) return pass(id, detail);
  const fix = 'Make room: a full disk stops the node before it can lose anything.';
  return free < gibibyte / 4 ? fail(id, detail, fix) : warn(id, detail, fix);
}
