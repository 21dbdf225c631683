import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SubnetError, messageOf } from '../../common/errors.ts';
import type { ModelFileRef, ModelManifest } from '../../common/model-manifest.ts';

/** The small files of a version, read and held against their hashes. */
export interface Assets {
  /** By place of the step in `pre`. */
  readonly tokenizers: ReadonlyMap<number, { tokenizer: string; config: string }>;
  /** Names of classes, by place of the step in `post`. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** Throws MODEL_UNREADABLE, MODEL_HASH_MISMATCH, MODEL_ASSET_INVALID. */
export async function loadAssets(folder: string, manifest: ModelManifest): Promise<Assets> {
  const tokenizers = new Map<number, { tokenizer: string; config: string }>();
  for (const [at, step] of manifest.pre.entries()) {
    if (step.step !== 'tokenize') continue;
    const tokenizer = await readText(folder, step.tokenizer);
    const config = step.config === undefined ? '{}' : await readText(folder, step.config);
    tokenizers.set(at, { tokenizer, config });
  }
  const labels: Record<string, readonly string[]> = {};
  for (const [at, step] of manifest.post.entries()) {
    if (step.step !== 'top-k' || step.labels === undefined) continue;
    labels[at] = labelsIn(await readText(folder, step.labels), step.labels.file);
  }
  return { tokenizers, labels };
}

/** The very bytes that were hashed are used. */
async function readText(folder: string, { file, sha256: expected }: ModelFileRef): Promise<string> {
  const path = join(folder, file);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new SubnetError('MODEL_UNREADABLE', { path, detail: messageOf(cause) }, { cause });
  });
  const got = createHash('sha256').update(bytes).digest('hex');
  if (got !== expected) throw new SubnetError('MODEL_HASH_MISMATCH', { path, expected, got });
  return bytes.toString('utf8');
}

function labelsIn(text: string, file: string): readonly string[] {
  const names = parsed(text, file);
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string');
  if (!isList) throw invalid(file, 'it is no JSON list of texts');
  return names;
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(file, messageOf(cause));
  }
}

function invalid(file: string, detail: string): SubnetError {
  return new SubnetError('MODEL_ASSET_INVALID', { file, detail });
}
