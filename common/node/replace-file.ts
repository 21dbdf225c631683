import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf, SubnetError } from '../errors.ts';

/**
 * Throws CONFIG_UNWRITABLE for a file that `replaceFile` would not replace, as far as that can be
 * told without writing. A file that its owner made read-only stays as it is, whoever asks.
 */
export function checkReplaceable(file: string): void {
  attempt(file, () => {
    const real = realpathSync(file);
    if ((statSync(real).mode & 0o222) === 0) throw new Error('it is read-only');
    accessSync(real, constants.W_OK);
    accessSync(dirname(real), constants.W_OK | constants.X_OK);
  });
}

/**
 * Puts new text in the place of a file that still holds `before`: whole, on disk, with its mode and
 * owner, or not at all. A link stays one; what it points at is replaced. Throws CONFIG_UNWRITABLE.
 */
export function replaceFile(file: string, before: string, text: string): void {
  checkReplaceable(file);
  attempt(file, () => {
    const real = realpathSync(file);
    const temporary = join(
      dirname(real),
      `.${basename(real)}.${randomBytes(8).toString('hex')}.tmp`,
    );
    try {
      writeWhole(temporary, text, statSync(real));
      if (readFileSync(real, 'utf8') !== before) throw new Error('it was changed meanwhile');
      renameSync(temporary, real);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncFolder(dirname(real));
  });
}

function writeWhole(file: string, text: string, like: Stats): void {
  const handle = openSync(file, 'wx', 0o600);
  try {
    // Unlike writeSync, all of it or an error.
    writeFileSync(handle, text);
    keepOwner(handle, like);
    fchmodSync(handle, like.mode & 0o7777);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Only root may give a file to another; who owns it already has nothing to give. */
function keepOwner(handle: number, { uid, gid }: Stats): void {
  try {
    fchownSync(handle, uid, gid);
  } catch {
    // It becomes the file of whoever runs this, as with any editor.
  }
}

/** So that the name outlives a crash as well; some file systems cannot do that for folders. */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    fsyncSync(handle);
    closeSync(handle);
  } catch {
    // The content is on disk; only its name may be lost with the power.
  }
}

function attempt(file: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw new SubnetError('CONFIG_UNWRITABLE', { detail: messageOf(error), file });
  }
}
