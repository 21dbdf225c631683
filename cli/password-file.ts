import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { messageOf, SubnetError } from '../common/errors.ts';
import type { CliIo } from './io.ts';

/**
 * The text of a file, without blanks around it. One that others can open is used all the same, with
 * a warning: containers mount secrets with mode 0444, which is closed by the container itself.
 * Throws PASSWORD_FILE_UNREADABLE.
 */
export function readPasswordFile(path: string, io: Pick<CliIo, 'err'>): string {
  const file = path.replace(/^~(?=$|\/)/, homedir());
  const password = textOf(file);
  if (password === '') {
    throw new SubnetError('PASSWORD_FILE_UNREADABLE', { detail: 'it is empty', file });
  }
  const open = openMode(file);
  if (open !== undefined) {
    io.err(`warning: ${file}: others can open it (mode ${open}): chmod 600 ${file}`);
  }
  return password;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new SubnetError('PASSWORD_FILE_UNREADABLE', { detail: messageOf(error), file });
  }
}

// A pipe (`<(...)` of a shell) cannot be read twice, whatever its mode.
function openMode(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() !== true || (stats.mode & 0o077) === 0) return undefined;
  return (stats.mode & 0o777).toString(8).padStart(4, '0');
}
