import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TaskConfig } from '../../common/config/subnet-schema.ts';
import { isSubnetError } from '../../common/errors.ts';
import { isFault } from '../../common/fault.ts';
import { fromHex } from '../../common/hex.ts';
import type { Tensor } from '../../common/tensor.ts';
import { prepareTask, taskProblems } from '../../tasks/registry.ts';
import type { Challenge } from '../../tasks/task-port.ts';
import vectors from '../vectors/digits-challenge.json' with { type: 'json' };
import { digitsTask, holdout, sha256Hex, tinyDataset, tinyTask } from './digits.ts';

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });

function labelsOf(challenge: Challenge): number[] {
  const data = challenge.truth[0]?.data;
  return data instanceof Int32Array ? [...data] : [];
}

function pixelsOf(challenge: Challenge): Float32Array {
  const data = challenge.inputs[0]?.data;
  return data instanceof Float32Array ? data : new Float32Array();
}

describe('a challenge', () => {
  test.each(vectors.challenges)(
    'has the bytes of the independent Python writing: $seed',
    (vector) => {
      const { batch, augment: augmentation } = vector;
      const task = prepareTask({ ...digitsTask(), batch, augmentation }, holdout());
      const challenge = task.generate(fromHex(vector.seed) ?? new Uint8Array());
      const pixels = pixelsOf(challenge);
      const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
      expect(labelsOf(challenge)).toEqual(vector.labels);
      expect(sha256Hex(bytes)).toBe(vector.inputSha256);
      expect(challenge.inputs[0]).toMatchObject({ name: 'image', datatype: 'FP32' });
      expect(challenge.inputs[0]?.shape).toEqual([batch, 1, 8, 8]);
    },
  );

  test('never shows an item twice, and its labels are those of its items', () => {
    const task = prepareTask(tinyTask(3, 20), tinyDataset(3, 20));
    fc.assert(
      fc.property(seeds, (seed) => {
        const challenge = task.generate(seed);
        const shown = labelsOf(challenge).map((_, at) =>
          Math.round((pixelsOf(challenge)[at * 4] ?? -1) * 255),
        );
        expect(new Set(shown).size).toBe(20);
        expect(shown.map((item) => item % 3)).toEqual(labelsOf(challenge));
      }),
    );
  });

  test('is the same for the same seed and another for another', () => {
    const task = prepareTask(digitsTask(), holdout());
    const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    expect(task.generate(a)).toEqual(task.generate(a));
    expect(pixelsOf(task.generate(a))).not.toEqual(pixelsOf(task.generate(b)));
  });

  test('shows no picture as the data set holds it, so that none can be looked up', () => {
    const data = holdout();
    const pictures = (pixels: Float32Array): string[] =>
      Array.from({ length: pixels.length / 64 }, (_, at) =>
        pixels.subarray(at * 64, at * 64 + 64).join(),
      );
    const known = new Set(pictures(Float32Array.from(data.items, (x) => x / data.fullScale)));
    const shown = pictures(pixelsOf(prepareTask(digitsTask(), data).generate(Uint8Array.of(1))));
    expect(known.size).toBe(797);
    expect(shown.filter((picture) => known.has(picture))).toEqual([]);
    expect(new Set(shown).size).toBe(64);
  });

  test('draws each class alike, so that a constant is right by chance alone', () => {
    const task = prepareTask(digitsTask(), holdout());
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 30; i += 1) {
      const labels = labelsOf(task.generate(Uint8Array.of(i)));
      for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
    }
    // 1,920 items, 192 of each expected; five standard deviations are 66.
    for (const count of counts) expect(Math.abs(count - 192)).toBeLessThan(66);
    expect(task.chance).toBe(0.1);
  });
});

describe('judging', () => {
  const task = prepareTask(tinyTask(3, 4), tinyDataset(3, 4));
  const truth: Tensor[] = [
    { name: 'labels', datatype: 'INT32', shape: [4], data: Int32Array.of(0, 1, 2, 2) },
  ];
  const scores = (values: number[], change: Partial<Tensor> = {}): Tensor => ({
    name: 'scores',
    datatype: 'FP32',
    shape: [4, 3],
    data: Float32Array.from(values),
    ...change,
  });
  const right = [9, -1, 0, 0, 1, 0, 0.1, 0.2, 0.7, -3, -2, -1];

  test('marks the largest score, logits or probabilities', () => {
    const wrong = [0, 1, 0, ...right.slice(3)];
    expect(task.judge(truth, [scores(right)])).toEqual({ kind: 'judgement', marks: [1, 1, 1, 1] });
    expect(task.judge(truth, [scores(wrong)])).toEqual({ kind: 'judgement', marks: [0, 1, 1, 1] });
  });

  test.each([
    ['a tie', [9, 9, 0]],
    ['all alike', [0, 0, 0]],
    ['NaN beside the answer', [9, Number.NaN, 0]],
    ['an infinite answer', [Number.POSITIVE_INFINITY, 0, 0]],
    ['a score of minus infinity', [9, Number.NEGATIVE_INFINITY, 0]],
  ])('counts %s as wrong, and the other rows for themselves', (_, row) => {
    const marks = [0, 1, 1, 1];
    expect(task.judge(truth, [scores([...row, ...right.slice(3)])])).toMatchObject({ marks });
  });

  test.each<[string, Tensor[]]>([
    ['no output', []],
    ['another name', [scores(right, { name: 'other' })]],
    ['the output twice', [scores(right), scores(right)]],
    ['another datatype', [scores(right, { datatype: 'FP64', data: Float64Array.from(right) })]],
    ['a row too few', [scores(right.slice(3), { shape: [3, 3] })]],
    ['a flat shape', [scores(right, { shape: [12] })]],
    ['a batch of -1', [scores(right, { shape: [-1, 3] })]],
    ['fewer numbers than its shape', [scores(right.slice(1))]],
    ['other data than its datatype', [scores(right, { data: Int32Array.from(right) })]],
  ])('answers %s with a fault', (_, outputs) => {
    const judged = task.judge(truth, outputs);
    expect(isFault(judged) && judged.reason).toBe('bad-answer');
  });

  test('never gives NaN, whatever the numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.float(), { minLength: 12, maxLength: 12 }), (values) => {
        const judged = task.judge(truth, [scores(values)]);
        const marks = isFault(judged) ? [] : judged.marks;
        expect(marks.length).toBe(4);
        expect(marks.every((mark) => mark === 0 || mark === 1)).toBe(true);
      }),
    );
  });

  test('takes FP64 where the interface says so', () => {
    const config = tinyTask(3, 4);
    config.interface.outputs = [{ name: 'scores', datatype: 'FP64', shape: [-1, 3] }];
    const wide = prepareTask(config, tinyDataset(3, 4));
    const output = scores(right, { datatype: 'FP64', data: Float64Array.from(right) });
    expect(wide.judge(truth, [output])).toMatchObject({ marks: [1, 1, 1, 1] });
  });
});

describe('a task that cannot work', () => {
  const input = { name: 'image', datatype: 'FP32' as const, shape: [-1, 1, 2, 2] };
  const output = { name: 'scores', datatype: 'FP32' as const, shape: [-1, 3] };
  const outputs = [output];

  test.each<[string, Partial<TaskConfig>, string]>([
    ['a batch past the smallest class', { batch: 5 }, 'batch'],
    ['other classes', { classes: 4 }, 'classes'],
    [
      'another input shape',
      { interface: { inputs: [{ ...input, shape: [-1, 4] }], outputs } },
      'interface.inputs.0.shape',
    ],
    [
      'an input of whole numbers',
      { interface: { inputs: [{ ...input, datatype: 'UINT8' }], outputs } },
      'interface.inputs.0.datatype',
    ],
    [
      'an output of text',
      { interface: { inputs: [input], outputs: [{ ...output, datatype: 'BYTES' }] } },
      'interface.outputs.0.datatype',
    ],
    [
      'a fixed batch',
      { interface: { inputs: [input], outputs: [{ ...output, shape: [4, 3] }] } },
      'interface.outputs.0.shape',
    ],
  ])('is told of: %s', (_, change, place) => {
    const problems = taskProblems({ ...tinyTask(3, 4), ...change }, tinyDataset(3, 4));
    expect(problems.map(({ path }) => path.join('.'))).toEqual([place]);
    expect(problems[0]?.hint).not.toBe('');
  });

  test('is told of turning what is no picture', () => {
    const flat = { ...tinyDataset(3, 4), itemShape: [4] };
    const config = tinyTask(3, 4);
    config.interface.inputs = [{ ...input, shape: [-1, 4] }];
    config.augmentation.rotateDegrees = 5;
    expect(taskProblems(config, flat).map(({ path }) => path)).toEqual([['augmentation']]);
    config.augmentation.rotateDegrees = 0;
    expect(taskProblems(config, flat)).toEqual([]);
    const { inputs } = prepareTask(config, flat).generate(Uint8Array.of(1));
    expect(inputs[0]?.shape).toEqual([4, 4]);
  });

  test('is refused with all problems at once', () => {
    const config = { ...tinyTask(3, 5), classes: 9 };
    const refused = (): unknown => prepareTask(config, tinyDataset(3, 4));
    expect(refused).toThrow(/classes is 9.*batch is 5/);
    try {
      refused();
    } catch (error) {
      expect(isSubnetError(error) && error.code).toBe('TASK_MISFIT');
    }
  });
});
