import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { messageOf, SubnetError } from '../../common/errors.ts';
import { parseSs58, publicKeyOf } from '../../common/keys/ss58.ts';
import { commitHash } from '../../common/timelock/commit-hash.ts';

const u16 = z.int().min(0).max(65_535);

/** What a reveal has to show: written before the commit is sent, kept until it is revealed. */
const schema = z.strictObject({
  format: z.literal('subnet-weight-commit/1'),
  genesisHash: z.string(),
  netuid: u16,
  mecid: u16,
  hotkey: z.string().refine((text) => parseSs58(text) !== undefined, 'an SS58 address'),
  uids: z.array(u16),
  values: z.array(u16),
  salt: z.array(u16),
  /** Decimal: it may be larger than 2^53. */
  versionKey: z.string().regex(/^\d{1,20}$/),
  hash: z.string(),
  /** First block in which the chain takes the reveal, as it looked when it was committed. */
  revealBlock: z.int(),
});

export type SaltFile = Readonly<z.infer<typeof schema>>;

/**
 * Writes a new file that only its owner can read: whole, on disk, or not at all. Never overwrites.
 * Throws SALT_FILE_UNWRITABLE.
 */
export function writeSaltFile(file: string, content: SaltFile): void {
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    writeToDisk(unfinished, `${JSON.stringify(content)}\n`);
    nameNew(unfinished, file);
    syncFolder(dirname(file));
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new SubnetError('SALT_FILE_UNWRITABLE', { detail: reasonOf(error), file });
  }
}

function writeToDisk(file: string, text: string): void {
  const handle = openSync(file, 'wx', 0o600);
  try {
    // Unlike writeSync, all of it or an error.
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Takes the name before it renames: that alone would replace another commit's salt. */
function nameNew(unfinished: string, file: string): void {
  closeSync(openSync(file, 'wx', 0o600));
  try {
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
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

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return `${isFull ? 'the disk is full: ' : ''}${messageOf(error)}`;
}

/** Throws SALT_FILE_INVALID when it cannot be read, or no longer gives the hash that it names. */
export function readSaltFile(file: string): SaltFile {
  const content = parse(file);
  const account = parseSs58(content.hotkey);
  const { netuid, mecid, uids, values, salt, versionKey, hash } = content;
  const again =
    account === undefined
      ? ''
      : commitHash({
          account: publicKeyOf(account),
          netuid,
          mecid,
          uids,
          values,
          salt,
          versionKey: BigInt(versionKey),
        });
  if (again === hash) return content;
  throw new SubnetError('SALT_FILE_INVALID', { detail: 'its parts do not give its hash', file });
}

function parse(file: string): SaltFile {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const detail =
      error instanceof z.ZodError
        ? error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
        : messageOf(error);
    throw new SubnetError('SALT_FILE_INVALID', { detail: detail.slice(0, 300), file });
  }
}
