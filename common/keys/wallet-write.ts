import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf, SubnetError } from '../errors.ts';

/** One key file to be written, mode 0600, in folders of mode 0700. */
export interface KeyFileWrite {
  readonly file: string;
  readonly content: string | Uint8Array;
  /** Take the place of a file that is there; without it that is an error. */
  readonly replace?: boolean;
}

interface Prepared extends KeyFileWrite {
  readonly temporary: string;
}

/**
 * Writes all the files or none: each is written beside its place and flushed before the first
 * takes it, so that a full disk or a crash leaves neither half a file nor half a wallet; a new file
 * takes its place in one step that fails when something is there.
 * Throws WALLET_EXISTS, WALLET_UNWRITABLE.
 */
export function writeKeyFiles(writes: readonly KeyFileWrite[]): void {
  refuseExisting(writes);
  const prepared: Prepared[] = [];
  const placed: string[] = [];
  try {
    for (const write of writes) {
      const temporary = temporaryName(write.file);
      prepared.push({ ...write, temporary });
      attempt(write.file, () => writeTemporary(temporary, write.content));
    }
    for (const write of prepared) {
      attempt(write.file, () => place(write));
      if (write.replace !== true) placed.push(write.file);
    }
    new Set(writes.map(({ file }) => dirname(file))).forEach(syncFolder);
  } catch (error) {
    placed.forEach(remove);
    throw error;
  } finally {
    prepared.forEach(({ temporary }) => remove(temporary));
  }
}

/** Throws WALLET_EXISTS for the first file that is there and must not be replaced. */
export function refuseExisting(writes: readonly Pick<KeyFileWrite, 'file' | 'replace'>[]): void {
  for (const { file, replace } of writes) {
    if (replace !== true && existsSync(file)) throw new SubnetError('WALLET_EXISTS', { file });
  }
}

/**
 * Throws WALLET_UNWRITABLE where a folder cannot be made or written to, as far as that can be told
 * without writing: before anybody is asked for a password.
 */
export function refuseUnwritable(writes: readonly Pick<KeyFileWrite, 'file'>[]): void {
  for (const { file } of writes) {
    attempt(file, () => accessSync(`${existingAbove(file)}/.`, constants.W_OK | constants.X_OK));
  }
}

function existingAbove(path: string): string {
  const above = dirname(path);
  return above === path || existsSync(above) ? above : existingAbove(above);
}

/** Names of files that an interrupted write may leave behind; they can hold secrets. */
export const temporaryPattern = /^\..+\.[0-9a-f]{16}\.tmp$/;

function temporaryName(file: string): string {
  return join(dirname(file), `.${basename(file)}.${randomBytes(8).toString('hex')}.tmp`);
}

function writeTemporary(file: string, content: string | Uint8Array): void {
  // mkdir's own mode is narrowed by the umask only, so 0700 holds for what it makes.
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const handle = openSync(file, 'wx', 0o600);
  try {
    fchmodSync(handle, 0o600);
    writeAll(handle, Buffer.from(content));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

// One write may take less than all, in particular the last bytes of a disk.
function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
}

function place({ temporary, file, replace }: Prepared): void {
  if (replace === true) {
    renameSync(temporary, file);
    return;
  }
  try {
    linkSync(temporary, file);
  } catch (error) {
    // File systems without hard links; what appears in this instant would be lost, nowhere else.
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK')) throw error;
    refuseExisting([{ file }]);
    renameSync(temporary, file);
  }
}

function attempt(file: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (error instanceof SubnetError) throw error;
    if (hasCode(error, 'EEXIST')) throw new SubnetError('WALLET_EXISTS', { file });
    throw new SubnetError('WALLET_UNWRITABLE', { detail: messageOf(error), file });
  }
}

// The names are safe only when the folder is on disk as well; not every system lets it be opened.
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // The files themselves are flushed.
  }
}

// What cannot be removed now, `subnet wallet repair` finds; the first error is the one to tell.
function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // See above.
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
