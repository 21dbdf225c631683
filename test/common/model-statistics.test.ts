import { describe, expect, it } from 'vitest';
import { encodeModelStatistics } from '../../common/wire/model-statistics.ts';
import { decodeIndexRequest, encodeRepositoryIndex } from '../../common/wire/repository-index.ts';
import { createStatistics } from '../../miner/models/model-statistics.ts';

const textOf = (body: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(body)) as unknown;

describe('the statistics extension', () => {
  it('says counts and nanoseconds by the names of the protocol, and nothing of a cache', () => {
    const recorder = createStatistics();
    const times = { totalMs: 3.5, inputMs: 0.5, queueMs: 1, inferMs: 1.75, outputMs: 0.25 };
    recorder.succeeded(times, 4, 1_700_000_000_123);
    recorder.succeeded({ ...times, queueMs: -0.001 }, 1, 1_700_000_000_456);
    recorder.failed(2);
    recorder.ran(8, 1.5);
    recorder.ran(2, 0.5);
    recorder.ran(8, 0.5);
    const { body, headers } = encodeModelStatistics([
      { name: 'm', version: '1', ...recorder.read() },
    ]);
    expect(headers).toEqual({ 'content-type': 'application/json' });
    const of = (count: number, ns: number) => ({ count, ns });
    const batch = (batch_size: number, infer: object) => ({
      batch_size,
      compute_input: of(0, 0),
      compute_infer: infer,
      compute_output: of(0, 0),
    });
    expect(textOf(body)).toEqual({
      model_stats: [
        {
          name: 'm',
          version: '1',
          last_inference: 1_700_000_000_456,
          inference_count: 5,
          execution_count: 3,
          inference_stats: {
            success: of(2, 7_000_000),
            fail: of(1, 2_000_000),
            queue: of(2, 1_000_000),
            compute_input: of(2, 1_000_000),
            compute_infer: of(2, 3_500_000),
            compute_output: of(2, 500_000),
          },
          batch_stats: [batch(2, of(1, 500_000)), batch(8, of(2, 2_000_000))],
        },
      ],
    });
  });
});

describe('the index of the repository', () => {
  const models = [
    { name: 'm', version: '2', state: 'READY', reason: '' },
    { name: 'm', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' },
  ] as const;

  it('lists all, or those that answer', () => {
    expect(textOf(encodeRepositoryIndex(models, false).body)).toEqual(models);
    expect(textOf(encodeRepositoryIndex(models, true).body)).toEqual([models[0]]);
  });

  it('is asked for by a small object, or by nothing', () => {
    const asked = (text: string) => decodeIndexRequest(new TextEncoder().encode(text));
    expect(asked('')).toEqual({ readyOnly: false });
    expect(asked('{}')).toEqual({ readyOnly: false });
    expect(asked('{"ready":true}')).toEqual({ readyOnly: true });
    for (const wrong of ['[]', 'null', '{', '{"ready":1}', '7']) expect(asked(wrong)).toBeNull();
    expect(decodeIndexRequest(Uint8Array.of(0xff))).toBeNull();
  });
});
