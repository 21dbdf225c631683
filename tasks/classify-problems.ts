import type { TaskConfig } from '../common/config/subnet-schema.ts';
import type { TensorSpec } from '../common/tensor.ts';
import { itemsByClass } from './dataset.ts';
import type { Dataset } from './dataset.ts';
import type { TaskProblem } from './task-port.ts';

type Side = 'inputs' | 'outputs';

function datatypeProblems(
  side: Side,
  spec: TensorSpec | undefined,
  allowed: readonly string[],
): readonly TaskProblem[] {
  if (spec === undefined || allowed.includes(spec.datatype)) return [];
  return [
    {
      path: ['interface', side, 0, 'datatype'],
      message: `is ${spec.datatype}`,
      hint: `Use ${allowed.join(' or ')}.`,
    },
  ];
}

function shapeProblems(
  side: Side,
  spec: TensorSpec | undefined,
  wanted: readonly number[],
): readonly TaskProblem[] {
  if (spec === undefined || spec.shape.join() === wanted.join()) return [];
  return [
    {
      path: ['interface', side, 0, 'shape'],
      message: `is [${spec.shape.join(', ')}], which does not fit the data set`,
      hint: `Use [${wanted.join(', ')}].`,
    },
  ];
}

function classesProblems(config: TaskConfig, dataset: Dataset): readonly TaskProblem[] {
  const found = dataset.classes.length;
  if (config.classes === found) return [];
  const message = `is ${config.classes}, but the data set has ${found}`;
  return [{ path: ['classes'], message, hint: `Use ${found}.` }];
}

function batchProblems(config: TaskConfig, dataset: Dataset): readonly TaskProblem[] {
  const smallest = Math.min(...itemsByClass(dataset).map((pool) => pool.length));
  if (config.batch <= smallest) return [];
  const message = `is ${config.batch}: all may fall to one class, and the smallest has ${smallest}`;
  return [{ path: ['batch'], message, hint: `Use at most ${smallest}, or a larger data set.` }];
}

function pictureProblems(config: TaskConfig, dataset: Dataset): readonly TaskProblem[] {
  const { shiftPixels, rotateDegrees } = config.augmentation;
  if (dataset.itemShape.length >= 2 || (shiftPixels === 0 && rotateDegrees === 0)) return [];
  const message = 'moves or turns items that are no pictures: their shape has one axis';
  return [{ path: ['augmentation'], message, hint: 'Set shiftPixels and rotateDegrees to 0.' }];
}

/** Planes, rows and columns, or rows and columns alone, can be sent as an image. */
function imageProblems({ itemShape }: Dataset): readonly TaskProblem[] {
  const [planes] = itemShape;
  const isGrey = itemShape.length === 2 || (itemShape.length === 3 && planes === 1);
  if (isGrey || (itemShape.length === 3 && planes === 3)) return [];
  const message = `is BYTES, but items of [${itemShape.join(', ')}] are no images`;
  const hint = 'Use FP32, or items of one or three planes.';
  return [{ path: ['interface', 'inputs', 0, 'datatype'], message, hint }];
}

/** Everything that keeps a classification task and a data set from working together. */
export function classifyProblems(config: TaskConfig, dataset: Dataset): readonly TaskProblem[] {
  const [input] = config.interface.inputs;
  const [output] = config.interface.outputs;
  const isImages = input?.datatype === 'BYTES';
  return [
    ...datatypeProblems('inputs', input, ['FP32', 'BYTES']),
    ...shapeProblems('inputs', input, isImages ? [-1] : [-1, ...dataset.itemShape]),
    ...(isImages ? imageProblems(dataset) : []),
    ...datatypeProblems('outputs', output, ['FP32', 'FP64']),
    ...shapeProblems('outputs', output, [-1, dataset.classes.length]),
    ...classesProblems(config, dataset),
    ...batchProblems(config, dataset),
    ...pictureProblems(config, dataset),
  ];
}
