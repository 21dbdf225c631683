import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatsToHalves } from '../../../common/half.ts';
import type { PostStep } from '../../../common/model-manifest.ts';
import type { Tensor } from '../../../common/tensor.ts';
import { applyPostSteps } from '../../../miner/models/steps/post-steps.ts';

function floats(name: string, shape: readonly number[], values: readonly number[]): Tensor {
  return { name, datatype: 'FP32', shape, data: Float32Array.from(values) };
}

function maskOf(rows: readonly (readonly number[])[]): Tensor {
  const data = BigInt64Array.from(rows.flat(), BigInt);
  return { name: 'mask', datatype: 'INT64', shape: [rows.length, rows[0]?.length ?? 0], data };
}

function apply(
  steps: readonly PostStep[],
  outputs: readonly string[],
  input: Tensor,
  extra: { inputs?: readonly Tensor[]; labels?: readonly string[] } = {},
): readonly Tensor[] {
  const labels = new Map(
    extra.labels === undefined
      ? []
      : [[0, extra.labels.map((one) => new TextEncoder().encode(one))] as const],
  );
  return applyPostSteps({ steps, labels, outputs }, extra.inputs ?? [], [input]);
}

const pool: PostStep = { step: 'mean-pool', input: 'x', mask: 'mask', output: 'y' };

describe('the mean over tokens', () => {
  it('counts only what the mask keeps', () => {
    const x = floats('x', [2, 3, 2], [1, 2, 3, 4, 100, 100, 5, 6, 100, 100, 100, 100]);
    const inputs = [
      maskOf([
        [1, 1, 0],
        [1, 0, 0],
      ]),
    ];
    const [y] = apply([pool], ['y'], x, { inputs });
    expect(y).toEqual(floats('y', [2, 2], [2, 3, 5, 6]));
  });

  it('is the same when a run was padded for its companions', () => {
    const value = fc.integer({ min: -8, max: 8 });
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 6 }),
        fc.nat(4),
        (tokens, more) => {
          const padding = Array.from({ length: more * 2 }, () => 99);
          const inputs = [maskOf([tokens.map(() => 1)])];
          const short = floats('x', [1, tokens.length, 2], tokens.flat());
          const long = floats('x', [1, tokens.length + more, 2], [...tokens.flat(), ...padding]);
          expect(apply([pool], ['y'], long, { inputs })).toEqual(
            apply([pool], ['y'], short, { inputs }),
          );
        },
      ),
    );
  });

  it('is zero where the mask keeps nothing, and widens FP16', () => {
    const data = floatsToHalves(Float32Array.of(0.5, 1.5, 2.5, 3.5));
    const x: Tensor = { name: 'x', datatype: 'FP16', shape: [2, 1, 2], data };
    const [y] = apply([pool], ['y'], x, { inputs: [maskOf([[0], [1]])] });
    expect(y).toEqual(floats('y', [2, 2], [0, 0, 2.5, 3.5]));
  });
});

describe('rows of the last axis', () => {
  const row = fc.array(fc.float({ min: -50, max: 50, noNaN: true }), {
    minLength: 3,
    maxLength: 3,
  });
  const rows = fc.array(row, { minLength: 1, maxLength: 5 });

  it('become vectors of length 1; nothing stays nothing', () => {
    const step: PostStep = { step: 'l2-normalise', input: 'x', output: 'y' };
    fc.assert(
      fc.property(rows, (values) => {
        const [y] = apply([step], ['y'], floats('x', [values.length, 3], values.flat()));
        const data = [...((y?.data ?? []) as Float32Array)];
        values.forEach((_, at) => {
          const norm = Math.hypot(...data.slice(at * 3, at * 3 + 3));
          const isNothing = values[at]?.every((value) => Math.abs(value) < 1e-6) === true;
          if (!isNothing) expect(norm).toBeCloseTo(1, 5);
        });
      }),
    );
    const [zero] = apply([step], ['y'], floats('x', [1, 3], [0, 0, 0]));
    expect([...((zero?.data ?? []) as Float32Array)]).toEqual([0, 0, 0]);
  });

  it('become shares that add up to 1 and keep their order, however large they are', () => {
    const step: PostStep = { step: 'softmax', input: 'x', output: 'y' };
    fc.assert(
      fc.property(rows, fc.integer({ min: -1000, max: 1000 }), (values, shift) => {
        const moved = values.flat().map((value) => Math.fround(Math.round(value) + shift));
        const [y] = apply([step], ['y'], floats('x', [values.length, 3], moved));
        const data = [...((y?.data ?? []) as Float32Array)];
        for (let at = 0; at < data.length; at += 3) {
          const own = data.slice(at, at + 3);
          expect(own.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
          const given = moved.slice(at, at + 3);
          expect(given[own.indexOf(Math.max(...own))]).toBe(Math.max(...given));
        }
      }),
    );
  });
});

describe('the largest k', () => {
  const step: PostStep = { step: 'top-k', input: 'x', k: 2, classes: 'classes', scores: 'scores' };

  it('are numbers of classes without names, the lower one first of equal scores', () => {
    const x = floats('x', [2, 3], [0.2, 0.5, 0.5, 3, 1, 2]);
    const [classes, scores] = apply([step], ['classes', 'scores'], x);
    expect(classes).toEqual({
      name: 'classes',
      datatype: 'INT32',
      shape: [2, 2],
      data: Int32Array.of(1, 2, 0, 2),
    });
    expect(scores).toEqual(floats('scores', [2, 2], [0.5, 0.5, 3, 2]));
  });

  it('are names where there are some, and NaN is never one of them', () => {
    const x = floats('x', [1, 3], [NaN, 1, 2]);
    const [classes] = apply([step], ['classes'], x, { labels: ['a', 'b', 'c'] });
    const text = ((classes?.data ?? []) as readonly Uint8Array[]).map((one) =>
      new TextDecoder().decode(one),
    );
    expect(text).toEqual(['c', 'b']);
  });
});

describe('steps in a row', () => {
  it('take what those before them made, and callers get what is asked for', () => {
    const steps: PostStep[] = [pool, { step: 'l2-normalise', input: 'y', output: 'z' }];
    const x = floats('x', [1, 2, 2], [3, 4, 3, 4]);
    const both = apply(steps, ['z', 'x'], x, { inputs: [maskOf([[1, 1]])] });
    expect(both.map(({ name }) => name)).toEqual(['z', 'x']);
    expect([...((both[0]?.data ?? []) as Float32Array)].map((one) => one.toFixed(4))).toEqual([
      '0.6000',
      '0.8000',
    ]);
  });

  it('throw for shapes that the network did not declare', () => {
    expect(() =>
      apply([pool], ['y'], floats('x', [2, 2], [1, 2, 3, 4]), { inputs: [maskOf([[1]])] }),
    ).toThrow(/shape/);
  });
});
