import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadConfig } from '../../common/config/config-load.ts';
import { subnetSchema } from '../../common/config/subnet-schema.ts';
import type { TaskConfig } from '../../common/config/subnet-schema.ts';
import { parseDataset } from '../../tasks/dataset.ts';
import type { Dataset } from '../../tasks/dataset.ts';

export const root = new URL('../../', import.meta.url);

export function readBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, root)));
}

/** By another implementation than the one under test. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const subnetFile = new URL('config/subnets/digits.yaml', root);

/** The shipped subnet's task, as its YAML says. */
export function digitsTask(): TaskConfig {
  const { tasks } = loadConfig(subnetFile.pathname, subnetSchema).value;
  const [task] = tasks;
  if (task === undefined) throw new Error('digits.yaml names no task');
  return task;
}

/** The data set that the shipped YAML names, by its path and its hash. */
export function holdout(): Dataset {
  const { source } = digitsTask();
  const bytes = new Uint8Array(readFileSync(new URL(source.path, subnetFile)));
  return parseDataset(bytes, source);
}

/** A data set of 2×2 pictures, `perClass` of each class, each pixel telling its item. */
export function tinyDataset(classes: number, perClass: number): Dataset {
  const count = classes * perClass;
  return {
    name: 'tiny',
    origin: 'made up',
    licence: 'CC0-1.0',
    sha256: '0'.repeat(64),
    fullScale: 255,
    itemShape: [1, 2, 2],
    classes: Array.from({ length: classes }, (_, at) => `class ${at}`),
    labels: Array.from({ length: count }, (_, item) => item % classes),
    items: Uint8Array.from({ length: count * 4 }, (_, at) => Math.floor(at / 4) % 256),
  };
}

/** A task that fits `tinyDataset`, with nothing changed in the pictures. */
export function tinyTask(classes: number, batch: number): TaskConfig {
  return {
    name: 'tiny',
    kind: 'classify',
    interface: {
      inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 2, 2] }],
      outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, classes] }],
    },
    source: { path: 'tiny.json', sha256: '0'.repeat(64) },
    classes,
    batch,
    augmentation: { shiftPixels: 0, rotateDegrees: 0, noiseSigma: 0, contrast: 0 },
    weight: 1,
  };
}
