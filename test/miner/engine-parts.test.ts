import { assert, property } from 'fast-check';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minerSchema } from '../../common/config/miner-schema.ts';
import type { Tensor } from '../../common/tensor.ts';
import { batcherOptionsOf } from '../../miner/batch/batch-options.ts';
import { joinRows } from '../../miner/batch/batch-rows.ts';
import { createFrameReader, encodeFrame, isByteStrings } from '../../miner/engine/engine-frames.ts';
import type { Frame } from '../../miner/engine/engine-frames.ts';
import {
  describeOperators,
  memoryProblem,
  missingLibrary,
  operatorsByProvider,
  providerChain,
  providerThatRan,
  refusedLoad,
  usedMib,
} from '../../miner/engine/engine-load.ts';
import { engineSettingsOf } from '../../miner/engine/engine-options.ts';
import { createKnownInputs } from '../../miner/engine/known-inputs.ts';
import { row } from '../fakes/fake-engine.ts';

const tensors: fc.Arbitrary<Tensor> = fc.oneof(
  fc.float32Array({ maxLength: 9000 }).map((data): Tensor => {
    return { name: 'numbers', datatype: 'FP32', shape: [data.length], data };
  }),
  fc.int8Array({ maxLength: 50 }).map((data): Tensor => {
    return { name: 'bytes', datatype: 'INT8', shape: [data.length], data };
  }),
  fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 }).map((data): Tensor => {
    return { name: 'texts', datatype: 'BYTES', shape: [data.length], data };
  }),
);

const frames: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom('run', 'outputs', 'failed' as const),
  id: fc.nat(),
  header: fc.constantFrom(null, { runMs: 1.5 }),
  tensors: fc.array(tensors, { maxLength: 3 }),
});

function bytesOf(all: readonly Frame[]): Uint8Array {
  return Uint8Array.from(
    all.flatMap((frame) => encodeFrame(frame).map((part) => [...part])).flat(),
  );
}

function memoryOf(tensor: Tensor | undefined): ArrayBufferLike | null {
  const data = tensor?.data ?? [];
  return isByteStrings(data) ? null : data.buffer;
}

describe('frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    assert(
      property(
        fc.array(frames, { maxLength: 4 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 4000 })),
        (all, cuts) => {
          const bytes = bytesOf(all);
          const reader = createFrameReader();
          const got: Frame[] = [];
          for (let at = 0; at < bytes.length;) {
            const cut = cuts.next().value ?? 1;
            // A chunk of its own, as a socket gives it.
            got.push(...reader.push(bytes.slice(at, at + cut)));
            at += cut;
          }
          expect(got).toEqual(all);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('come out the same when they are read to where they stay', () => {
    assert(
      property(
        fc.array(frames, { maxLength: 4 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 70_000 })),
        (all, cuts) => {
          const bytes = bytesOf(all);
          const reader = createFrameReader();
          const got: Frame[] = [];
          for (let at = 0; at < bytes.length;) {
            const place = reader.place();
            const count = Math.min(cuts.next().value ?? 1, place.length, bytes.length - at);
            place.set(bytes.subarray(at, at + count));
            got.push(...reader.filled(count));
            at += count;
          }
          expect(got).toEqual(all);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('send larger tensors as they lie in memory, neighbours in one piece', () => {
    const one = (value: number): readonly Tensor[] =>
      ['a', 'b'].map((name) => {
        const data = new Float32Array(3000).fill(value);
        return { name, datatype: 'FP32', shape: [1, 3000], data };
      });
    const { inputs } = joinRows([one(1), one(2)]);
    const [, body, ...more] = encodeFrame({ kind: 'run', id: 1, header: null, tensors: inputs });
    expect(more).toEqual([]);
    expect(body?.buffer).toBe(memoryOf(inputs[0]));
    expect(body?.length).toBe(2 * 2 * 3000 * 4);
  });

  it('are one piece when they are small', () => {
    const data = new Float32Array(64);
    const tensor: Tensor = { name: 'a', datatype: 'FP32', shape: [64], data };
    expect(encodeFrame({ kind: 'run', id: 1, header: null, tensors: [tensor] })).toHaveLength(1);
  });

  it('are told from garbage by their first bytes, before memory is set aside', () => {
    for (const cut of [64, 16, 5]) {
      const garbage = new Uint8Array(64).fill(0x7b);
      const reader = createFrameReader();
      const push = (): void => {
        for (let at = 0; at < garbage.length; at += cut) reader.push(garbage.slice(at, at + cut));
      };
      expect(push).toThrow('bytes that begin no frame');
    }
  });

  it('look into the chunk that they came in whole', () => {
    const data = new Float32Array(64).fill(1);
    const tensor: Tensor = { name: 'a', datatype: 'FP32', shape: [64], data };
    const chunk = bytesOf([{ kind: 'run', id: 1, header: null, tensors: [tensor] }]);
    const [frame] = createFrameReader().push(chunk);
    expect(memoryOf(frame?.tensors[0])).toBe(chunk.buffer);
  });
});

describe('the provider that computes', () => {
  const profile = (...names: string[]): string =>
    JSON.stringify(names.map((provider) => ({ args: { provider } })));
  const cuda = 'CUDAExecutionProvider';
  const tensorrt = 'TensorrtExecutionProvider';
  const cpu = 'CPUExecutionProvider';

  it.each([
    ['tensorrt', [tensorrt, cuda, cpu], 'tensorrt'],
    ['tensorrt', [cuda, cpu], 'cuda'],
    ['cuda', [cpu, cuda], 'cuda'],
    ['cuda', [cpu, cpu], 'cpu'],
    ['cuda', [], 'cpu'],
  ] as const)('asked for %s, operators on %j: %s', (asked, names, provider) =>
    expect(providerThatRan(operatorsByProvider(profile(...names)), asked)).toBe(provider),
  );

  it('is told with how many operators ran where', () => {
    const counts = operatorsByProvider(profile(cuda, cuda, cpu));
    expect(describeOperators(counts)).toBe(`the operators ran 2 on ${cuda}, 1 on ${cpu}`);
    expect(describeOperators(new Map())).toContain('wrote no profile');
  });

  it('is never another one when it is required', () => {
    expect(providerChain('tensorrt', true)).toEqual(['tensorrt']);
    expect(providerChain('tensorrt', false)).toEqual(['tensorrt', 'cuda', 'cpu']);
    expect(providerChain('cuda', false)).toEqual(['cuda', 'cpu']);
  });

  it('lacks a library that the linker names', () => {
    const text = 'libcudnn.so.9: cannot open shared object file: No such file';
    expect([missingLibrary(text), missingLibrary('all well')]).toEqual(['libcudnn.so.9', null]);
  });
});

describe('what a model is asked whether it still computes', () => {
  it('is the warm-up, whatever else ran', () => {
    const known = createKnownInputs(row(0, 0));
    known.ran(row(1, 2, 3, 4));
    known.ran(row(5, 6));
    expect(known.smallest).toEqual(row(0, 0));
  });

  it('is the smallest that ran where zeros do not, not the first', () => {
    const known = createKnownInputs(null);
    expect(known.smallest).toBeNull();
    const data = new Float32Array(2 ** 19);
    const wide: readonly Tensor[] = [{ name: 'x', datatype: 'FP32', shape: [2 ** 18, 2], data }];
    known.ran(wide);
    expect(known.smallest).toBeNull();
    known.ran(row(1, 2, 3, 4, 5, 6));
    known.ran(row(7, 8));
    known.ran(wide);
    known.ran(row(1, 2, 3, 4));
    expect(known.smallest).toEqual(row(7, 8));
  });
});

describe('a refusal of the model process', () => {
  it.each([
    ['hash', 'MODEL_HASH_MISMATCH'],
    ['unreadable', 'MODEL_UNREADABLE'],
    ['model', 'MODEL_INVALID'],
    ['misfit', 'MODEL_MISFIT'],
    ['memory', 'ENGINE_MEMORY'],
    ['provider', 'ENGINE_CUDA_MISSING'],
  ] as const)('for %s is %s', (problem, code) => {
    const error = refusedLoad({ problem, detail: 'why' }, { modelPath: 'a', sha256: 'b' }, '');
    expect([error.code, error.facts['detail']]).toEqual([code, 'why']);
  });

  it('names the library that is missing', () => {
    const text = 'libcudart.so.12: cannot open shared object file';
    const failure = { problem: 'provider', detail: 'why' } as const;
    const error = refusedLoad(failure, { modelPath: 'a', sha256: 'b' }, text);
    expect(error.facts['detail']).toBe('the library libcudart.so.12 cannot be loaded');
  });
});

describe('the limit of device memory', () => {
  it('holds what the warm model took against it', () => {
    expect(usedMib(' 1234\n')).toBe(1234);
    expect(usedMib('[N/A]\n')).toBeNull();
    expect(memoryProblem(100, 1124, 1024)).toBeNull();
    expect(memoryProblem(100, 1125, 1024)).toBe('the warm model takes 1025 MiB, allowed are 1024');
  });

  it('cannot be kept silently when nothing tells', () =>
    expect(memoryProblem(null, 5, 1024)).toContain('cannot be held'));
});

describe('the miner YAML', () => {
  const miner = {
    netuid: 1,
    chain: { endpoints: ['ws://127.0.0.1:1'] },
    task: 'digits',
    model: { path: 'a.onnx', sha256: 'a'.repeat(64) },
  };
  const model = { modelPath: 'a.onnx', sha256: 'a'.repeat(64), batchAxis: true };
  const parse = (more: object): ReturnType<typeof minerSchema.parse> =>
    minerSchema.parse({ ...miner, ...more });

  it('says where models run', () => {
    const engine = { provider: 'cuda', require: 'cuda', devices: [1, 0], instances: 2 };
    const settings = engineSettingsOf(model, parse({ engine }).engine);
    expect(settings).toMatchObject({ devices: [1, 0], instances: 2 });
    expect(settings.load).toMatchObject({ provider: 'cuda', requireProvider: true, threads: 1 });
    const cpu = parse({ engine: { provider: 'cpu', devices: [2] } }).engine;
    expect(engineSettingsOf(model, cpu).devices).toEqual([0]);
  });

  it('says who goes first, in whole RAO', () => {
    const classes = [{ minStakeTao: '0.000000001', weight: 2 }];
    const options = batcherOptionsOf(parse({ queue: { classes, whenFull: 'displace' } }));
    expect(options).toMatchObject({
      whenFull: 'displace',
      maxDelayMs: 0,
      classes: [{ minStakeRao: 1n, weight: 2 }],
    });
  });

  it.each([
    [{ engine: { provider: 'cuda', require: 'tensorrt' } }, 'can never hold'],
    [{ engine: { provider: 'cpu', memoryLimitMib: 512 } }, 'no device'],
    [{ engine: { devices: [0, 0] } }, 'listed twice'],
    [
      {
        queue: {
          classes: [
            { minStakeTao: 1, weight: 1 },
            { minStakeTao: '1', weight: 2 },
          ],
        },
      },
      'same stake',
    ],
  ])('%j is refused', (more, message) =>
    expect(minerSchema.safeParse({ ...miner, ...more }).error?.message).toContain(message),
  );
});
