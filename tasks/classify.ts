import type { TaskConfig } from '../common/config/subnet-schema.ts';
import { SubnetError } from '../common/errors.ts';
import { elementCount } from '../common/tensor.ts';
import type { Tensor, TensorSpec } from '../common/tensor.ts';
import { augment } from './augment.ts';
import type { Picture } from './augment.ts';
import { judgeClasses } from './classify-judge.ts';
import { classifyProblems } from './classify-problems.ts';
import { itemsByClass } from './dataset.ts';
import type { Dataset } from './dataset.ts';
import { encodePng } from './png.ts';
import type { Raster } from './png.ts';
import { prng } from './prng.ts';
import type { Prng } from './prng.ts';
import type { Challenge, Task, TaskKind } from './task-port.ts';

type ClassifyConfig = Extract<TaskConfig, { kind: 'classify' }>;

/** Removes one at random; the last one takes its place. */
function takeOne(random: Prng, pool: number[]): number {
  const at = random.below(pool.length);
  const taken = pool[at] ?? 0;
  const last = pool.pop() ?? 0;
  if (at < pool.length) pool[at] = last;
  return taken;
}

/**
 * A class by fair lot for each item, then an item of it that this challenge has not had yet.
 * Whoever answers without looking is then right with chance 1 / classes on each item, whatever
 * the plan, and on each independently of the others: that is what skill.ts counts on.
 */
function drawItems(
  random: Prng,
  pools: readonly (readonly number[])[],
  batch: number,
): readonly number[] {
  const left = pools.map((pool) => [...pool]);
  return Array.from({ length: batch }, () =>
    takeOne(random, left[random.below(left.length)] ?? []),
  );
}

/** Items of one axis are a picture of one row. */
function pictureOf(dataset: Dataset, item: number): Picture {
  const size = elementCount(dataset.itemShape);
  const width = dataset.itemShape.at(-1) ?? 1;
  const height = dataset.itemShape.at(-2) ?? 1;
  const values = new Float64Array(size);
  // Not `Float64Array.from`: its iterator costs more than all the rest of a challenge.
  for (let at = 0; at < size; at += 1) {
    values[at] = (dataset.items[item * size + at] ?? 0) / dataset.fullScale;
  }
  return { planes: size / (height * width), height, width, values };
}

function inputTensor(
  name: string,
  dataset: Dataset,
  drawn: readonly number[],
  random: Prng,
  how: ClassifyConfig['augmentation'],
): Tensor {
  const size = elementCount(dataset.itemShape);
  const data = new Float32Array(drawn.length * size);
  for (const [at, item] of drawn.entries()) {
    data.set(augment(random, pictureOf(dataset, item), how), at * size);
  }
  return { name, datatype: 'FP32', shape: [drawn.length, ...dataset.itemShape], data };
}

/** One PNG file for each item: what a model behind a decoder of images is sent. */
function imageTensor(
  name: string,
  dataset: Dataset,
  drawn: readonly number[],
  random: Prng,
  how: ClassifyConfig['augmentation'],
): Tensor {
  const data = drawn.map((item) => {
    const picture = pictureOf(dataset, item);
    return encodePng(rasterOf(picture, augment(random, picture, how)));
  });
  return { name, datatype: 'BYTES', shape: [drawn.length], data };
}

/** Values of 0 to 1 become bytes; planes become channels side by side. */
function rasterOf({ planes, height, width }: Picture, values: ArrayLike<number>): Raster {
  const count = height * width;
  const bytes = new Uint8Array(count * planes);
  for (let plane = 0; plane < planes; plane += 1) {
    for (let at = 0; at < count; at += 1) {
      const value = Math.min(Math.max(values[plane * count + at] ?? 0, 0), 1);
      bytes[at * planes + plane] = Math.floor(value * 255 + 0.5);
    }
  }
  return { width, height, channels: planes === 3 ? 3 : 1, bytes };
}

function truthTensor(dataset: Dataset, drawn: readonly number[]): Tensor {
  const data = Int32Array.from(drawn, (item) => dataset.labels[item] ?? -1);
  return { name: 'labels', datatype: 'INT32', shape: [drawn.length], data };
}

function soleSpec(config: ClassifyConfig, side: 'inputs' | 'outputs'): TensorSpec {
  const [spec] = config.interface[side];
  if (spec !== undefined) return spec;
  throw new SubnetError('TASK_MISFIT', { detail: `no ${side}`, task: config.name });
}

function build(config: ClassifyConfig, dataset: Dataset): Task {
  const { name, kind, batch, augmentation } = config;
  const input = soleSpec(config, 'inputs');
  const output = soleSpec(config, 'outputs');
  const pools = itemsByClass(dataset);
  const made = input.datatype === 'BYTES' ? imageTensor : inputTensor;
  const generate = (seed: Uint8Array): Challenge => {
    const drawn = drawItems(prng(seed, 'draw'), pools, batch);
    const random = prng(seed, 'augment');
    return {
      inputs: [made(input.name, dataset, drawn, random, augmentation)],
      truth: [truthTensor(dataset, drawn)],
    };
  };
  return {
    name,
    kind,
    ...config.interface,
    items: batch,
    chance: 1 / pools.length,
    generate,
    judge: (truth, outputs) => judgeClasses(output, pools.length, truth, outputs),
  };
}

/**
 * Classification of tensors, or of PNG files where the input is BYTES: the largest of the scores
 * (logits or probabilities) is the answer.
 */
export const classify: TaskKind<ClassifyConfig> = { problems: classifyProblems, build };
