import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../common/config/config-load.ts';
import { subnetSchema } from '../../common/config/subnet-schema.ts';
import { isFault } from '../../common/fault.ts';
import type { Tensor } from '../../common/tensor.ts';
import { prepareTask } from '../../tasks/registry.ts';
import { addMarks, deviationsOf, emptyTally, skill } from '../../tasks/skill.ts';
import type { Tally } from '../../tasks/skill.ts';
import committed from '../../examples/digits/models/models.json' with { type: 'json' };
import { digitsTask, holdout, readBytes, root, sha256Hex } from './digits.ts';

const { scoring } = loadConfig(
  new URL('config/subnets/digits.yaml', root).pathname,
  subnetSchema,
).value;

function open(file: string): Promise<InferenceSession> {
  const bytes = readBytes(`examples/digits/models/${file}`);
  return InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 });
}

async function answer(session: InferenceSession, image: Float32Array): Promise<Tensor> {
  const shape = [image.length / 64, 1, 8, 8];
  const { probabilities } = await session.run({ image: new OrtTensor('float32', image, shape) });
  const data = probabilities?.data;
  if (!(data instanceof Float32Array)) throw new Error('the model gives no FP32 probabilities');
  return { name: 'probabilities', datatype: 'FP32', shape: probabilities?.dims ?? [], data };
}

/** One tally per challenge, over the challenges that evaluate.py measures on. */
async function tallies(session: InferenceSession): Promise<Tally[]> {
  const task = prepareTask(digitsTask(), holdout());
  const found: Tally[] = [];
  for (let i = 0; i < committed.challenges; i += 1) {
    const seed = Buffer.from(sha256Hex(new TextEncoder().encode(`evaluate-${i}`)), 'hex');
    const { inputs, truth } = task.generate(seed);
    const image = inputs[0]?.data;
    if (!(image instanceof Float32Array)) throw new Error('the challenge holds no FP32 image');
    const judged = task.judge(truth, [await answer(session, image)]);
    if (isFault(judged)) throw new Error(judged.detail);
    found.push(addMarks(emptyTally, judged.marks));
  }
  return found;
}

const share = (all: readonly Tally[]): number =>
  all.reduce((sum, { correct }) => sum + correct, 0) /
  all.reduce((sum, { total }) => sum + total, 0);

async function cleanAccuracy(session: InferenceSession): Promise<number> {
  const { items, labels, fullScale } = holdout();
  const { data } = await answer(
    session,
    Float32Array.from(items, (value) => value / fullScale),
  );
  const scores = data instanceof Float32Array ? data : new Float32Array();
  const right = labels.filter((label, at) => {
    const row = scores.subarray(at * 10, at * 10 + 10);
    return row.indexOf(Math.max(...row)) === label;
  });
  return right.length / labels.length;
}

describe('the shipped models on the real holdout', () => {
  test('the measurements are those of the shipped subnet', () => {
    const { augmentation, batch, source } = digitsTask();
    expect(committed.augment).toEqual(augmentation);
    expect(committed.batch).toBe(batch);
    expect(committed.holdoutSha256).toBe(source.sha256);
  });

  test('the README says what models.json says', () => {
    const readme = new TextDecoder().decode(readBytes('examples/digits/README.md'));
    const percent = (accuracy: number): string => `${(accuracy * 100).toFixed(1)} %`;
    for (const { name, accuracyClean, accuracyAugmented, parameters } of committed.models) {
      const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
      expect(row).toContain(parameters.toLocaleString('en-US'));
      expect(row).toContain(percent(accuracyClean));
      expect(row).toContain(percent(accuracyAugmented));
    }
  });

  test.each(committed.models)(
    '$name is the committed file and reaches what is committed',
    async (model) => {
      const bytes = readBytes(`examples/digits/models/${model.file}`);
      expect(sha256Hex(bytes)).toBe(model.sha256);
      expect(bytes.length).toBe(model.bytes);
      const session = await open(model.file);
      // Two of the items may fall the other way on a processor that rounds differently.
      expect(Math.abs((await cleanAccuracy(session)) - model.accuracyClean)).toBeLessThan(0.003);
      const spoiled = share(await tallies(session));
      expect(Math.abs(spoiled - model.accuracyAugmented)).toBeLessThan(0.001);
    },
  );

  test('skills rank best > weaker > undertrained > constant = 0 after three rounds', async () => {
    const deviations = deviationsOf(scoring.confidence);
    const skills = new Map<string, number[]>();
    for (const model of committed.models) {
      const each = await tallies(await open(model.file));
      const threes = Array.from({ length: 13 }, (_, at) => each.slice(at * 3, at * 3 + 3));
      const pooled = threes.map((three) =>
        skill({ correct: share(three) * 192, total: 192 }, 0.1, deviations),
      );
      skills.set(model.name, pooled);
    }
    const [best, weaker, undertrained, constant] = committed.models.map(
      ({ name }) => skills.get(name) ?? [],
    );
    for (const at of best?.keys() ?? []) {
      expect(best?.[at]).toBeGreaterThan((weaker?.[at] ?? 1) + 0.1);
      expect(weaker?.[at]).toBeGreaterThan(undertrained?.[at] ?? 1);
      expect(constant?.[at]).toBe(0);
    }
    expect(best?.length).toBe(13);
  });
});
