import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../common/tensor.ts';
import { createAnswerer } from '../../miner/engine/engine-answerer.ts';
import type { LoadOrder } from '../../miner/engine/engine-load.ts';
import { cpuLoad } from '../fakes/cpu-load.ts';
import { fakeModel, row } from '../fakes/fake-engine.ts';

/** The answers to runs of so many requests, of a model that has these outputs. */
async function answers(
  outputs: readonly Tensor[],
  maxAnswerBytes: number,
  requests: readonly number[],
): Promise<readonly string[]> {
  const sent: string[] = [];
  const answer = createAnswerer(
    () =>
      Promise.resolve({
        report: { model: fakeModel, loadMs: 1, warm: true, notice: '' },
        stillRuns: () => Promise.resolve(true),
        run: () => Promise.resolve({ report: { runMs: 1, postMs: 0 }, outputs }),
      }),
    (kind, _, header) => {
      sent.push(kind === 'failed' ? (header as { cause: string }).cause : kind);
    },
  );
  const order: LoadOrder = {
    ...cpuLoad({ modelPath: '', sha256: '' }, { maxAnswerBytes }),
    scratchDir: '',
  };
  await answer({ kind: 'load', id: 0, header: order, tensors: [] });
  for (const count of requests) {
    await answer({ kind: 'run', id: count, header: { requests: count }, tensors: row(1, 2) });
  }
  return sent.slice(1);
}

function floats(count: number): Tensor {
  return { name: 'y', datatype: 'FP32', shape: [count], data: new Float32Array(count) };
}

describe('outputs that leave the model process', () => {
  it('have a bound for each request that shared the run', async () => {
    expect(await answers([floats(100)], 100, [3, 4, 5])).toEqual([
      'too-large',
      'outputs',
      'outputs',
    ]);
    expect(await answers([floats(60), floats(41)], 100, [4, 5])).toEqual(['too-large', 'outputs']);
  });

  it('are no more than the miner has room for, and fit in a frame, however many shared the run', async () => {
    const part = floats(16 * 1024 * 1024);
    const parts = (count: number): readonly Tensor[] => Array.from({ length: count }, () => part);
    expect(await answers(parts(4), 2 ** 26, [1000])).toEqual(['outputs']);
    expect(await answers(parts(5), 2 ** 26, [1000])).toEqual(['too-large']);
    expect(await answers(parts(16), 2 ** 30, [1000])).toEqual(['outputs']);
    expect(await answers(parts(63), Infinity, [1])).toEqual(['outputs']);
    expect(await answers(parts(64), Infinity, [1])).toEqual(['too-large']);
  });
});
