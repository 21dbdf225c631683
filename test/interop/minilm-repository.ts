import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minilmModels } from './python.ts';

/** Versions of the same model: as it was trained, in half precision, in eight bits. */
export const minilmVersions = { '1': 'fp32', '2': 'fp16', '3': 'int8' } as const;

export type MinilmVersion = keyof typeof minilmVersions;

const files = ['model.onnx', 'tokenizer.json', 'tokenizer_config.json'];
const padded = '{ axis: 1, value: 0 }';

/** A model repository with `minilm` in these versions; the files are links to what setup.sh made. */
export function minilmRepository(versions: readonly MinilmVersion[]): string {
  const root = mkdtempSync(join(tmpdir(), 'repository-'));
  for (const version of versions) {
    const folder = join(root, 'minilm', version);
    mkdirSync(folder, { recursive: true });
    const source = join(minilmModels, minilmVersions[version]);
    for (const file of files) symlinkSync(join(source, file), join(folder, file));
    writeFileSync(join(folder, 'manifest.yaml'), manifestOf(source, version));
  }
  return root;
}

function manifestOf(source: string, version: MinilmVersion): string {
  const hash = (file: string): string =>
    createHash('sha256')
      .update(readFileSync(join(source, file)))
      .digest('hex');
  const named = (file: string): string => `{ file: ${file}, sha256: "${hash(file)}" }`;
  return `kind: text-embedding
description: all-MiniLM-L6-v2, ${minilmVersions[version]}
model: ${named('model.onnx')}
licence: Apache-2.0
source: sentence-transformers/all-MiniLM-L6-v2
datasets: [see data_config.json of the source]
contributors: [sentence-transformers]
batch:
  tolerance: ${version === '3' ? 0.05 : 0.0001}
  padding:
    inputs: { input_ids: ${padded}, attention_mask: ${padded}, token_type_ids: ${padded} }
pre:
  - step: tokenize
    tokenizer: ${named('tokenizer.json')}
    config: ${named('tokenizer_config.json')}
    maxLength: 256
    types: token_type_ids
post:
  - { step: mean-pool, input: last_hidden_state, output: pooled }
  - { step: l2-normalise, input: pooled, output: embedding }
`;
}
