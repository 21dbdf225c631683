import { afterAll, describe, expect, it } from 'vitest';
import type { Tensor, TensorSpec } from '../../common/tensor.ts';
import { rowsMixed } from '../../miner/engine/row-check.ts';
import type { OnnxGraph } from '../fakes/onnx-model.ts';
import { cpuLoad } from '../fakes/cpu-load.ts';
import {
  createModelFolder,
  dynamicInt8,
  embedding,
  half,
  int8,
  mixing,
  texts,
} from './tiny-models.ts';

const folder = createModelFolder();
afterAll(() => folder.remove());

async function loaded(graph: OnnxGraph, tolerance?: number) {
  const more = tolerance === undefined ? {} : { tolerance };
  const engine = await folder.start(graph, { load: cpuLoad(folder.write(graph), more) });
  await engine.close();
  return engine.model;
}

describe('rows of a model, on the real network', () => {
  it.each([
    ['floats of a table, masked', embedding, undefined],
    ['half floats', half, undefined],
    ['whole numbers, to the last bit', int8, 0],
    ['texts', texts, 0],
    ['one scale for a run, stated', dynamicInt8, 1],
  ])('are kept apart: %s', async (_, graph, tolerance) => {
    expect(await loaded(graph, tolerance)).toMatchObject({ batchable: true, rowsMixed: null });
  });

  it('that are mixed share no runs', async () => {
    const { batchable, sharesFirstAxis, rowsMixed: why } = await loaded(mixing);
    expect([batchable, sharesFirstAxis]).toEqual([false, true]);
    expect(why).toMatch(/^y: 0\.\d+ instead of 1 at 0$/);
  });

  it('that a scale for the whole run moves share none where the same bits are wanted', async () => {
    expect(await loaded(dynamicInt8, 0)).toMatchObject({ batchable: false });
  });
});

const inputs: readonly TensorSpec[] = [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }];

function floats(tensors: readonly Tensor[]): readonly number[] {
  return Array.from((tensors[0]?.data ?? []) as Float32Array);
}

/** Adds to each value as much as the function says of the number of rows. */
function shifted(by: (rows: number) => number) {
  return (tensors: readonly Tensor[]): Promise<readonly Tensor[]> => {
    const shape = tensors[0]?.shape ?? [];
    const data = Float32Array.from(floats(tensors), (value) => value + by(shape[0] ?? 0));
    return Promise.resolve([{ name: 'y', datatype: 'FP32', shape, data }]);
  };
}

describe('the check of rows', () => {
  it('holds answers to what is stated, and else to what rounding explains', async () => {
    const run = shifted((rows) => (rows === 1 ? 0 : 0.002));
    expect(await rowsMixed({ inputs, run }, undefined)).toBeNull();
    expect(await rowsMixed({ inputs, run }, 0.01)).toBeNull();
    expect(await rowsMixed({ inputs, run }, 0.0001)).toMatch(/^y: .* at 0$/);
  });

  it('runs each of two different rows and then both, the same ones each time', async () => {
    const seen: (readonly number[])[] = [];
    const run = (tensors: readonly Tensor[]) => {
      seen.push(floats(tensors));
      return Promise.resolve(tensors);
    };
    expect(await rowsMixed({ inputs, run }, 0)).toBeNull();
    const [first = [], second = [], both] = seen;
    expect(first).not.toEqual(second);
    expect(both).toEqual([...first, ...second]);
    await rowsMixed({ inputs, run }, 0);
    expect(seen.slice(3)).toEqual(seen.slice(0, 3));
  });

  it('finds two different rows of a single token too', async () => {
    const ids: readonly TensorSpec[] = [{ name: 'id', datatype: 'INT64', shape: [-1, 1] }];
    const seen: unknown[] = [];
    const run = (tensors: readonly Tensor[]) => {
      seen.push(...(tensors[0]?.data as BigInt64Array));
      return Promise.resolve(tensors);
    };
    expect(await rowsMixed({ inputs: ids, run }, 0)).toBeNull();
    expect(seen.map(String).sort()).toEqual(['0', '0', '1', '1']);
  });

  it('tries other lengths where the model takes none of the first, and says when it takes none', async () => {
    const free: readonly TensorSpec[] = [{ name: 'x', datatype: 'FP32', shape: [-1, 1, -1, -1] }];
    const lengths: unknown[] = [];
    const takes = (wanted: number) => (tensors: readonly Tensor[]) => {
      const length = tensors[0]?.shape[2];
      lengths.push(length);
      return length === wanted ? Promise.resolve(tensors) : Promise.reject(new Error('no'));
    };
    expect(await rowsMixed({ inputs: free, run: takes(64) }, 0)).toBeNull();
    expect(lengths).toEqual([8, 1, 64, 64, 64]);
    expect(await rowsMixed({ inputs: free, run: takes(-5) }, 0)).toBeUndefined();
  });

  it('takes outputs of another number of rows for mixed', async () => {
    const run = () =>
      Promise.resolve([
        { name: 'y', datatype: 'FP32', shape: [1], data: new Float32Array(1) },
      ] as const);
    expect(await rowsMixed({ inputs, run }, undefined)).toContain('not of two rows');
  });
});
