import { assert, property } from 'fast-check';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../common/tensor.ts';
import { elementCount } from '../../common/tensor.ts';
import { costOf, joinRows, rowsOf, shapeKey, splitRows } from '../../miner/batch/batch-rows.ts';
import { bucketOf, ruleProblem } from '../../miner/batch/padding.ts';
import type { PaddingRule } from '../../miner/batch/padding.ts';
import { difference, exact, halfToNumber } from '../../miner/batch/tolerance.ts';

const rule: PaddingRule = {
  inputs: { ids: { axis: 1, value: 7 }, text: { axis: 1, value: 0 } },
  outputs: { states: 1, words: 1 },
  mask: 'mask',
  buckets: [4, 8, 16],
  to: 'longest',
};

const utf8 = new TextEncoder();

/** Ids, two features of each, and words; every value tells its request, row and place. */
function ragged(rows: number, length: number, seed: number): readonly Tensor[] {
  const count = rows * length;
  const ids = BigInt64Array.from({ length: count }, (_, at) => BigInt(seed * 1000 + at));
  const text = Array.from({ length: count }, (_, at) => utf8.encode(`${seed}/${at}`));
  return [
    { name: 'ids', datatype: 'INT64', shape: [rows, length], data: ids },
    { name: 'text', datatype: 'BYTES', shape: [rows, length], data: text },
  ];
}

/** A model that gives back what it got: ids twice (once as [rows, length, 2]), and the words. */
function echo(inputs: readonly Tensor[]): readonly Tensor[] {
  return inputs.flatMap((tensor): readonly Tensor[] => {
    if (tensor.name === 'text') return [{ ...tensor, name: 'words' }];
    if (tensor.name !== 'ids' || !(tensor.data instanceof BigInt64Array)) return [];
    const wide = BigInt64Array.from({ length: tensor.data.length * 2 }, (_, at) =>
      BigInt.asIntN(64, (tensor.data[at >> 1] as bigint) * 10n + BigInt(at & 1)),
    );
    return [{ name: 'states', datatype: 'INT64', shape: [...tensor.shape, 2], data: wide }];
  });
}

type Groups = ReadonlyMap<string, readonly (readonly Tensor[])[]>;

function byKey(all: readonly (readonly Tensor[])[], by: PaddingRule): Groups {
  const groups = new Map<string, (readonly Tensor[])[]>();
  for (const one of all) {
    const key = shapeKey(one, by);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}

const requests = fc.array(
  fc.record({ rows: fc.integer({ min: 1, max: 3 }), length: fc.integer({ min: 1, max: 20 }) }),
  { minLength: 1, maxLength: 8 },
);

describe('padded runs', () => {
  it('give each request what it gets alone, cut back to its own length', () => {
    assert(
      property(requests, fc.constantFrom('longest', 'bucket' as const), (sizes, to) => {
        const own = { ...rule, to };
        const all = sizes.map(({ rows, length }, at) => ragged(rows, length, at));
        const groups = byKey(all, own);
        for (const group of groups.values()) {
          const joined = joinRows(group, own);
          const parts = splitRows(echo(joined.inputs), joined, own);
          group.forEach((one, at) =>
            expect(difference(echo(one), parts?.[at] ?? [], exact)).toBeNull(),
          );
        }
      }),
    );
  });

  it('waste no more than the buckets allow', () => {
    assert(
      property(requests, (sizes) => {
        for (const { length } of sizes) {
          const bucket = bucketOf(length, rule);
          const below = rule.buckets.filter((one) => one < bucket).at(-1) ?? 0;
          expect(length > 16 ? bucket === length : length <= bucket && length > below).toBe(true);
        }
        const all = sizes.map(({ rows, length }, at) => ragged(rows, length, at));
        for (const [, group] of byKey(all, rule)) {
          const { runLength, lengths } = joinRows(group, rule);
          expect(runLength).toBe(Math.max(...(lengths ?? [])));
        }
      }),
    );
  });

  it('fill with the value of the rule and make the mask that callers leave out', () => {
    const { inputs, runLength } = joinRows([ragged(1, 2, 0), ragged(1, 3, 1)], rule);
    const [ids, text, mask] = inputs;
    expect(runLength).toBe(3);
    expect(ids).toMatchObject({
      shape: [2, 3],
      data: BigInt64Array.of(0n, 1n, 7n, 1000n, 1001n, 1002n),
    });
    expect(mask).toMatchObject({ name: 'mask', data: BigInt64Array.of(1n, 1n, 0n, 1n, 1n, 1n) });
    expect(text?.data[2]).toEqual(new Uint8Array());
  });

  it('pad a mask that the caller sends, and never its values', () => {
    const own = BigInt64Array.of(1n, 0n);
    const mask: Tensor = { name: 'mask', datatype: 'INT64', shape: [1, 2], data: own };
    const joined = joinRows(
      [
        [...ragged(1, 2, 0), mask],
        [...ragged(1, 4, 1), longMask()],
      ],
      rule,
    );
    expect(joined.inputs[2]?.data).toEqual(BigInt64Array.of(1n, 0n, 0n, 0n, 1n, 1n, 1n, 1n));
  });

  it('are not split when an output is not as long as the rule says', () => {
    const joined = joinRows([ragged(1, 2, 0), ragged(1, 3, 1)], rule);
    const short = echo(joined.inputs).map((one) => ({ ...one, shape: [2, 2, 2] }));
    expect(splitRows(short, joined, rule)).toBeNull();
  });
});

function longMask(): Tensor {
  const data = new BigInt64Array(4).fill(1n);
  return { name: 'mask', datatype: 'INT64', shape: [1, 4], data };
}

describe('keys', () => {
  it('are equal for one bucket, and differ for others, other shapes and other types', () => {
    const key = (rows: number, length: number): string => shapeKey(ragged(rows, length, 0), rule);
    expect(key(1, 3)).toBe(key(5, 4));
    expect(key(1, 4)).not.toBe(key(1, 5));
    expect(key(1, 17)).not.toBe(key(1, 18));
    expect(shapeKey(ragged(1, 3, 0))).not.toBe(shapeKey(ragged(1, 4, 0)));
    const uneven = [...ragged(1, 3, 0), { ...longMask(), shape: [2, 2] }];
    expect(shapeKey(uneven)).toContain('uneven');
  });

  it('cost and rows count what the model computes', () => {
    expect([rowsOf(ragged(3, 5, 0)), costOf(ragged(3, 5, 0))]).toEqual([3, 30]);
    expect([rowsOf([]), costOf([])]).toEqual([1, 1]);
  });
});

describe('joined inputs', () => {
  it('lie in one piece of memory, each at a multiple of 8 bytes', () => {
    const one = (value: number): readonly Tensor[] => [
      { name: 'a', datatype: 'INT8', shape: [1, 3], data: Int8Array.of(value, value, value) },
      { name: 'b', datatype: 'FP64', shape: [1, 1], data: Float64Array.of(value) },
    ];
    const { inputs } = joinRows([one(1), one(2)]);
    const views = inputs.map(({ data }) => data as Float64Array);
    expect(views.map(({ byteOffset }) => byteOffset)).toEqual([0, 8]);
    expect(views[0]?.buffer).toBe(views[1]?.buffer);
    expect(views.map((view) => [...view])).toEqual([
      [1, 1, 1, 2, 2, 2],
      [1, 2],
    ]);
  });

  it('are those of a lone request themselves', () => {
    const alone = ragged(2, 3, 0);
    expect(joinRows([alone]).inputs).toBe(alone);
  });
});

describe('a padding rule', () => {
  it.each([
    [{ ...rule, inputs: {} }, 'no input is padded'],
    [{ ...rule, outputs: { states: 0 } }, 'axis 0 is the rows and cannot be padded'],
    [{ ...rule, buckets: [4, 4] }, 'the buckets do not rise'],
    [rule, null],
  ])('%# is checked', (one, problem) => expect(ruleProblem(one)).toBe(problem));
});

describe('differences', () => {
  const tensor = (...values: number[]): Tensor => ({
    name: 'y',
    datatype: 'FP32',
    shape: [values.length],
    data: Float32Array.from(values),
  });

  it('are found beyond the tolerance, and exactly without one', () => {
    const near = { absolute: 0.01, relative: 0 };
    expect(difference([tensor(1, 2)], [tensor(1, 2.005)], near)).toBeNull();
    expect(difference([tensor(1, 2)], [tensor(1, 2.5)], near)).toBe('y: 2.5 instead of 2 at 1');
    expect(difference([tensor(1)], [tensor(1 + 2 ** -23)], exact)).toContain('y: 1.0000001');
    expect(difference([tensor(NaN)], [tensor(NaN)], exact)).toBeNull();
    expect(difference([tensor(1)], [], exact)).toBe('0 outputs instead of 1');
    expect(difference([tensor(1)], [tensor(1, 1)], exact)).toContain('[2] instead of');
  });

  it('are taken from half floats by what they stand for', () => {
    expect([0x3c00, 0xc000, 0x0001, 0x7c00].map(halfToNumber)).toEqual([1, -2, 2 ** -24, Infinity]);
    expect(halfToNumber(0x7e00)).toBeNaN();
    const half = (bits: number): Tensor => ({
      ...tensor(0),
      datatype: 'FP16',
      data: Uint16Array.of(bits),
    });
    expect(difference([half(0x3c00)], [half(0x3c01)], { absolute: 0.001, relative: 0 })).toBeNull();
    expect(
      difference([half(0x3c00)], [half(0x3d00)], { absolute: 0.001, relative: 0 }),
    ).not.toBeNull();
    expect(elementCount([2, 3])).toBe(6);
  });
});
