import { describe, expect, it } from 'vitest';
import { SubnetError } from '../../../common/errors.ts';
import { modelManifestSchema } from '../../../common/model-manifest.ts';
import type { TensorSpec } from '../../../common/tensor.ts';
import { planPostSteps, planPreSteps } from '../../../miner/models/steps/plan-steps.ts';

const hash = '0'.repeat(64);

function manifestOf(parts: object) {
  return modelManifestSchema.parse({
    kind: 'tensors',
    model: { file: 'model.onnx', sha256: hash },
    licence: 'x',
    source: 'x',
    datasets: [],
    contributors: [],
    ...parts,
  });
}

const tokens = (name: string, datatype: TensorSpec['datatype'] = 'INT64'): TensorSpec => ({
  name,
  datatype,
  shape: [-1, -1],
});
const bert = {
  inputs: [tokens('input_ids'), tokens('attention_mask'), tokens('extra', 'INT32')],
  outputs: [{ name: 'hidden', datatype: 'FP16', shape: [-1, -1, 384] }] satisfies TensorSpec[],
};
const tokenize = { step: 'tokenize', tokenizer: { file: 't.json', sha256: hash }, maxLength: 8 };
const image = { step: 'decode-image', width: 8, height: 8, output: 'x' };
const pool = { step: 'mean-pool', input: 'hidden', output: 'pooled' };

describe('what callers send and get', () => {
  it('is texts and what no step makes, and what no later step takes', () => {
    const { pre, post } = manifestOf({
      pre: [{ ...tokenize, pair: 'other' }],
      post: [pool, { step: 'l2-normalise', input: 'pooled', output: 'embedding' }],
    });
    expect(planPreSteps(pre, bert.inputs).inputs).toEqual([
      { name: 'text', datatype: 'BYTES', shape: [-1] },
      { name: 'other', datatype: 'BYTES', shape: [-1] },
      tokens('extra', 'INT32'),
    ]);
    const planned = planPostSteps({ post, labels: new Map() }, bert);
    expect(planned.outputs).toEqual([{ name: 'embedding', datatype: 'FP32', shape: [-1, 384] }]);
    const both = { post, outputs: ['pooled', 'hidden'], labels: new Map() };
    expect(planPostSteps(both, bert).outputs.map(({ name }) => name)).toEqual(['pooled', 'hidden']);
  });

  it('is names where classes have some, and numbers where not', () => {
    const { post } = manifestOf({ post: [{ step: 'top-k', input: 'p', k: 2 }] });
    const network = {
      inputs: [],
      outputs: [{ name: 'p', datatype: 'FP32', shape: [-1, 10] }] satisfies TensorSpec[],
    };
    const typesOf = (labels: Map<number, Uint8Array[]>) =>
      planPostSteps({ post, labels }, network).outputs.map(({ datatype }) => datatype);
    expect(typesOf(new Map())).toEqual(['INT32', 'FP32']);
    expect(typesOf(new Map([[0, []]]))).toEqual(['BYTES', 'FP32']);
  });
});

describe('steps that do not fit the network', () => {
  const pixels = (shape: readonly number[], datatype: TensorSpec['datatype'] = 'FP32') => [
    { name: 'x', datatype, shape },
  ];
  const wrongPre: readonly [object, readonly TensorSpec[], RegExp][] = [
    [{ pre: [tokenize] }, [tokens('ids')], /no input input_ids; it has ids/],
    [{ pre: [tokenize] }, [tokens('input_ids', 'FP32')], /input_ids is FP32/],
    [{ pre: [{ ...tokenize, mask: 'x' }] }, bert.inputs, /no input x/],
    [{ pre: [image] }, pixels([-1, 1, 8, 8]), /images are 3x8x8/],
    [{ pre: [image] }, pixels([-1, 3, 8, 8], 'INT64'), /x is INT64/],
    [
      { pre: [{ ...image, input: 'y' }] },
      [...pixels([-1, 3, 8, 8]), tokens('y')],
      /two inputs called y/,
    ],
  ];
  const wrongPost: readonly [object, RegExp][] = [
    [{ post: [{ ...pool, input: 'nothing' }] }, /no tensor nothing; there are hidden/],
    [{ post: [{ ...pool, mask: 'nothing' }] }, /no input nothing/],
    [{ post: [{ ...pool, output: 'hidden' }] }, /two tensors are called hidden/],
    [{ post: [pool, { ...pool, input: 'pooled', output: 'again' }] }, /pooled has the shape/],
    [{ post: [pool, { step: 'top-k', input: 'pooled', k: 500 }] }, /k is 500 but there are 384/],
    [{ post: [pool], outputs: ['nothing'] }, /no tensor nothing/],
  ];

  it('are told with what there is', () => {
    for (const [parts, inputs, text] of wrongPre) {
      const error = caught(() => planPreSteps(manifestOf(parts).pre, inputs));
      expect([error.code, error.message]).toEqual(['MODEL_MISFIT', expect.stringMatching(text)]);
    }
    for (const [parts, text] of wrongPost) {
      const { post, outputs } = manifestOf(parts);
      const named = outputs === undefined ? {} : { outputs };
      const error = caught(() => planPostSteps({ post, ...named, labels: new Map() }, bert));
      expect([error.code, error.message]).toEqual(['MODEL_MISFIT', expect.stringMatching(text)]);
    }
  });
});

function caught(work: () => unknown): SubnetError {
  try {
    work();
  } catch (error) {
    if (error instanceof SubnetError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
