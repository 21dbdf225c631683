import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { SubnetError, messageOf } from '../../common/errors.ts';

export interface ModelFile {
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * Checks a model file against the hash that the configuration names, so that a wrong file is told
 * before a process is started for it. Throws MODEL_UNREADABLE, MODEL_HASH_MISMATCH, or the reason
 * of the signal.
 */
export async function checkModelFile(
  { path, sha256: expected }: ModelFile,
  signal?: AbortSignal,
): Promise<void> {
  const got = await sha256OfFile(path, signal);
  if (got !== expected) throw new SubnetError('MODEL_HASH_MISMATCH', { path, expected, got });
}

async function sha256OfFile(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Buffer);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new SubnetError('MODEL_UNREADABLE', { path, detail: messageOf(cause) }, { cause });
  }
  return hash.digest('hex');
}
