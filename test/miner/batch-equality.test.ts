import { afterAll, describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { createPlatform } from '../../common/node/platform.ts';
import type { Tensor } from '../../common/tensor.ts';
import { createBatcher } from '../../miner/batch/batcher.ts';
import type { BatchOutcome, BatcherOptions } from '../../miner/batch/batcher.ts';
import { withMask } from '../../miner/batch/padding.ts';
import { difference, exact } from '../../miner/batch/tolerance.ts';
import type { Tolerance } from '../../miner/batch/tolerance.ts';
import type { OnnxEngine } from '../../miner/engine/engine-onnx.ts';
import type { OnnxGraph } from '../fakes/onnx-model.ts';
import {
  createModelFolder,
  dynamicInt8,
  embedding,
  embeddingPadding,
  half,
  int64,
  int8,
  texts,
  vocabulary,
} from './tiny-models.ts';

/** Answers out of shared runs are those of runs alone, on the real ONNX Runtime in two processes. */
const folder = createModelFolder();
afterAll(() => folder.remove());

const { clock } = createPlatform();
const mixes = 30;

interface Subject {
  readonly graph: OnnxGraph;
  readonly tolerance: Tolerance;
  readonly requests: fc.Arbitrary<readonly Tensor[]>;
  readonly options?: Partial<BatcherOptions>;
}

const rows = fc.integer({ min: 1, max: 5 });

function ids(count: number): fc.Arbitrary<readonly number[]> {
  const id = fc.integer({ min: 0, max: vocabulary - 1 });
  return fc.array(id, { minLength: count, maxLength: count });
}

const ragged = fc
  .record({ rows, length: fc.integer({ min: 1, max: 40 }) })
  .chain(({ rows: count, length }) =>
    ids(count * length).map((values) => [int64('ids', [count, length], values)]),
  );

/** Numbers that 16 bits hold exactly, and sums of them too. */
const halves = fc.constantFrom(0, 0x3c00, 0x4000, 0xc000, 0x3800, 0x4400);

function fixed(
  name: string,
  columns: number,
  value: fc.Arbitrary<number>,
  make: (values: readonly number[]) => Pick<Tensor, 'datatype' | 'data'>,
): fc.Arbitrary<readonly Tensor[]> {
  return rows.chain((count) =>
    fc
      .array(value, { minLength: count * columns, maxLength: count * columns })
      .map((values) => [{ name, shape: [count, columns], ...make(values) }]),
  );
}

const utf8 = new TextEncoder();

const subjects: Readonly<Record<string, Subject>> = {
  'ragged sequences, padded and masked': {
    graph: embedding,
    tolerance: { absolute: 1e-6, relative: 1e-6 },
    requests: ragged,
    options: { padding: embeddingPadding },
  },
  'ragged sequences, padded to whole buckets': {
    graph: embedding,
    tolerance: { absolute: 1e-6, relative: 1e-6 },
    requests: ragged,
    options: { padding: { ...embeddingPadding, to: 'bucket' }, preferredBatches: [4] },
  },
  'half floats': {
    graph: half,
    tolerance: exact,
    requests: fixed('x', 4, halves, (values) => ({
      datatype: 'FP16',
      data: Uint16Array.from(values),
    })),
  },
  'whole numbers': {
    graph: int8,
    tolerance: exact,
    requests: fixed('x', 4, fc.integer({ min: -128, max: 127 }), (values) => ({
      datatype: 'INT8',
      data: Int8Array.from(values),
    })),
  },
  'dynamic quantisation, whose scale is that of the run': {
    graph: dynamicInt8,
    // A step of the scale (2/255 at most) at each weight (66 in sum), both ways.
    tolerance: { absolute: 1.1, relative: 0 },
    requests: fixed('x', 4, fc.integer({ min: -100, max: 100 }), (values) => ({
      datatype: 'FP32',
      data: Float32Array.from(values, (value) => value / 100),
    })),
  },
  texts: {
    graph: texts,
    tolerance: exact,
    requests: rows.map((count) => [
      {
        name: 'text',
        datatype: 'BYTES' as const,
        shape: [count, 2],
        data: Array.from({ length: count * 2 }, (_, at) => utf8.encode(`ä${at} of ${count}`)),
      },
    ]),
  },
};

async function alone(engine: OnnxEngine, inputs: readonly Tensor[], subject: Subject) {
  const padding = subject.options?.padding ?? null;
  const whole = padding === null ? inputs : withMask(inputs, inputs[0]?.shape[0] ?? 1, padding);
  const outcome = await engine.run(whole);
  if (outcome.kind !== 'outputs') throw new Error(outcome.detail);
  return outcome.outputs;
}

function together(
  engine: OnnxEngine,
  mix: readonly (readonly Tensor[])[],
  subject: Subject,
  runs: number[],
): Promise<readonly BatchOutcome[]> {
  const observer = {
    onQueue: () => undefined,
    onRun: (callers: number) => void runs.push(callers),
  };
  const batcher = createBatcher(
    { engine, clock, defer: setImmediate, observer },
    { maxBatch: 16, maxWaiting: 1000, ...subject.options },
  );
  const submit = (inputs: readonly Tensor[], at: number): Promise<BatchOutcome> =>
    batcher.submit({ inputs, deadlineMs: Infinity, isGone: () => false, caller: `${at % 3}` });
  return Promise.all(mix.map(submit));
}

describe.each(Object.entries(subjects))('%s', (_, subject) => {
  it('get in shared runs what they get alone', async () => {
    const engine = await folder.start(subject.graph, { instances: 2 });
    const runs: number[] = [];
    const mix = fc.array(subject.requests, { minLength: 2, maxLength: 24 });
    try {
      for (const requests of fc.sample(mix, { numRuns: mixes, seed: 7 })) {
        const outcomes = await together(engine, requests, subject, runs);
        for (const [at, outcome] of outcomes.entries()) {
          const inputs = requests[at] ?? [];
          const got = outcome.kind === 'outputs' ? outcome.outputs : [];
          const wanted = await alone(engine, inputs, subject);
          expect(difference(wanted, got, subject.tolerance)).toBeNull();
        }
      }
      expect(Math.max(...runs)).toBeGreaterThan(1);
    } finally {
      await engine.close();
    }
  });
});

describe('a poisoned request among others', () => {
  it('fails alone, on the real network', async () => {
    const engine = await folder.start(embedding);
    const subject = subjects['ragged sequences, padded and masked'];
    if (subject === undefined) throw new Error('no subject');
    const bad = [int64('ids', [1, 3], [1, vocabulary + 5, 2])];
    const good = [int64('ids', [1, 4], [1, 2, 3, 4])];
    const mix = [good, good, bad, good, good];
    const outcomes = await together(engine, mix, subject, []);
    expect(outcomes.map(({ kind }) => kind)).toEqual([
      'outputs',
      'outputs',
      'failed',
      'outputs',
      'outputs',
    ]);
    await engine.close();
  });
});
