import * as fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { TaskConfig } from '../../common/config/subnet-schema.ts';
import { encodePng } from '../../tasks/png.ts';
import { prepareTask, taskProblems } from '../../tasks/registry.ts';
import { digitsTask, holdout, tinyDataset, tinyTask } from './digits.ts';

/** By libpng, which checks every checksum. */
async function decoded(file: Uint8Array) {
  const image = sharp(file, { failOn: 'warning' });
  const { width, height, channels } = await image.metadata();
  const grey = channels === 1 ? image.toColourspace('b-w') : image;
  return { width, height, channels, bytes: [...(await grey.raw().toBuffer())] };
}

describe('a PNG file', () => {
  test('holds the pixels that were put in, of any size', async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        fc.constantFrom(1 as const, 3 as const),
        fc.nat(),
        async (width, height, channels, seed) => {
          const count = width * height * channels;
          const bytes = Uint8Array.from({ length: count }, (_, at) => (at * 31 + seed) % 256);
          const file = encodePng({ width, height, channels, bytes });
          expect(await decoded(file)).toEqual({ width, height, channels, bytes: [...bytes] });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('may be larger than one block', async () => {
    const bytes = Uint8Array.from({ length: 400 * 400 }, (_, at) => (at * at) % 251);
    const file = encodePng({ width: 400, height: 400, channels: 1, bytes });
    expect((await decoded(file)).bytes).toEqual([...bytes]);
  });
});

function asImages(task: TaskConfig): TaskConfig {
  const [input] = task.interface.inputs;
  const inputs = [{ name: input?.name ?? 'x', datatype: 'BYTES' as const, shape: [-1] }];
  return { ...task, interface: { ...task.interface, inputs } };
}

describe('a task of encoded images', () => {
  test('sends the items of the task of tensors, rounded to bytes', async () => {
    const seed = new Uint8Array(32).fill(7);
    const images = prepareTask(asImages(digitsTask()), holdout()).generate(seed);
    const tensors = prepareTask(digitsTask(), holdout()).generate(seed);
    expect(images.truth).toEqual(tensors.truth);
    expect(prepareTask(asImages(digitsTask()), holdout()).generate(seed)).toEqual(images);
    const files = (images.inputs[0]?.data ?? []) as readonly Uint8Array[];
    const values = (tensors.inputs[0]?.data ?? new Float32Array()) as Float32Array;
    expect(files).toHaveLength(digitsTask().batch);
    for (const [at, file] of files.entries()) {
      const { width, height, bytes } = await decoded(file);
      expect([width, height]).toEqual([8, 8]);
      bytes.forEach((byte, pixel) => {
        expect(Math.abs(byte / 255 - (values[at * 64 + pixel] ?? NaN))).toBeLessThanOrEqual(
          0.5 / 255 + 1e-6,
        );
      });
    }
  });

  test('has items that are images, and the shape of a list', () => {
    const task = asImages(tinyTask(3, 4));
    const dataset = tinyDataset(3, 4);
    expect(taskProblems(task, dataset)).toEqual([]);
    const flat = { ...dataset, itemShape: [2, 2, 1] };
    expect(taskProblems(task, flat).map(({ path }) => path.join('.'))).toContain(
      'interface.inputs.0.datatype',
    );
    const [input] = task.interface.inputs;
    const shaped = {
      ...task,
      interface: {
        ...task.interface,
        inputs: [{ name: input?.name ?? '', datatype: 'BYTES' as const, shape: [-1, 1] }],
      },
    };
    expect(taskProblems(shaped, dataset).map(({ path }) => path.join('.'))).toEqual([
      'interface.inputs.0.shape',
    ]);
  });
});
