import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { modelFile } from '../rig.ts';

/** A model repository in a folder of its own, which the test removes. */
export function emptyRepository(): string {
  return mkdtempSync(join(tmpdir(), 'repository-'));
}

export function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

export interface DigitsOptions {
  /** One of examples/digits/models. */
  readonly file?: string;
  readonly kind?: string;
  /** Further lines of the manifest. */
  readonly more?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** Puts a version of a digits model there; gives the path of its manifest. */
export function addDigits(root: string, ref: string, options: DigitsOptions = {}): string {
  const folder = join(root, ref);
  mkdirSync(folder, { recursive: true });
  const { path, sha256 } = modelFile(options.file ?? 'best');
  copyFileSync(path, join(folder, 'model.onnx'));
  for (const [name, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const manifest = join(folder, 'manifest.yaml');
  writeFileSync(
    manifest,
    `kind: ${options.kind ?? 'classification'}
model: { file: model.onnx, sha256: "${sha256}" }
licence: Apache-2.0
source: examples/digits
datasets: [UCI optical recognition of handwritten digits]
contributors: [the authors of this repository]
${options.more ?? ''}`,
  );
  return manifest;
}

const labels = JSON.stringify([
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
]);
const labelsHash = createHash('sha256').update(labels).digest('hex');

/** The digits model behind encoded images, with the names of the two likeliest digits. */
export const imageSteps: DigitsOptions = {
  kind: 'image-classification',
  files: { 'labels.json': labels },
  more: `maxItems: 8
pre:
  - step: decode-image
    input: picture
    formats: [png]
    width: 8
    height: 8
    resize: none
    channels: 1
    scale: 0.0625
    output: image
post:
  - step: top-k
    input: probabilities
    k: 2
    labels: { file: labels.json, sha256: "${labelsHash}" }
outputs: [classes, scores, probabilities]
`,
};
