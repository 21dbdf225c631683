import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeInferResponse, encodeInferRequest } from '../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import type { Tensor } from '../../common/tensor.ts';
import { errorOf, infer, startRig } from '../miner/rig.ts';
import type { MinerRig } from '../miner/rig.ts';
import { minilmRepository } from './minilm-repository.ts';
import { pythonMinilm, runPython, titled } from './python.ts';

/** Calls of one request each; what is in one call is padded to its longest. */
const cases: readonly (readonly string[])[] = [
  ['A validator asks, and a miner answers.'],
  ['hello', 'A somewhat longer sentence stands beside a short one in the same request.', 'x'],
  ['Ünïcödé, 漢字 and emoji 🙂 in one line', 'CAPITALS and   spaces\tand\nlines', ''],
  ['word '.repeat(400), 'the end'],
  ['antidisestablishmentarianism '.repeat(40).trim()],
  ["it's $5,000.25 (or 3e-4) -- isn't it? [SEP] <b>&amp;</b>", '\u0000\u00ad\u200b control'],
];

interface Reference {
  readonly embeddings: readonly (readonly (readonly number[])[])[];
}

const width = 384;

function textBody(texts: readonly string[]): Tensor {
  const data = texts.map((text) => new TextEncoder().encode(text));
  return { name: 'text', datatype: 'BYTES', shape: [texts.length], data };
}

async function embed(rig: MinerRig | undefined, texts: readonly string[], version?: string) {
  const message = encodeInferRequest(
    { inputs: [textBody(texts)], binaryOutput: true, outputs: [], parameters: {} },
    { binary: true },
  );
  if (isProtocolError(message)) throw new Error(message.error);
  const tail = version === undefined ? '' : `/versions/${version}`;
  const path = `/v2/models/minilm${tail}/infer`;
  const answer = await infer(rig?.port ?? 0, {
    path,
    body: message.body,
    headers: message.headers,
  });
  if (answer.status !== 200) throw new Error(`${answer.status} ${errorOf(answer)}`);
  const decoded = decodeInferResponse(answer.body, answer.headers, defaultInferLimits);
  if (isProtocolError(decoded)) throw new Error(decoded.error);
  const [output] = decoded.outputs;
  if (output === undefined || !(output.data instanceof Float32Array)) throw new Error('no FP32');
  expect(output.shape).toEqual([texts.length, width]);
  const { data } = output;
  return texts.map((_, at) => [...data.subarray(at * width, (at + 1) * width)]);
}

function furthest(got: readonly number[], wanted: readonly number[]): number {
  return Math.max(...got.map((value, at) => Math.abs(value - (wanted[at] ?? NaN))));
}

function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

describe.skipIf(pythonMinilm === undefined)(
  titled('MiniLM and its own Python', pythonMinilm),
  () => {
    let rig: MinerRig | undefined;
    let root: string;
    let reference: Reference;

    beforeAll(async () => {
      root = minilmRepository(['1', '2', '3']);
      const models = { minilm: { versions: 'all', default: '1', aliases: ['embed'] } };
      [rig, reference] = await Promise.all([
        startRig(
          {
            task: 'minilm',
            model: undefined,
            modelRepository: root,
            models,
            engine: { runTimeoutMs: 60_000 },
            queue: { maxWaitMs: 120_000 },
          },
          { modelRepository: root },
        ),
        runPython(
          'minilm_reference.py',
          { cases, maxLength: 256 },
          pythonMinilm,
        ) as Promise<Reference>,
      ]);
    });

    afterAll(async () => {
      await rig?.miner.stop();
      rmSync(root, { recursive: true });
    });

    it('answers each request as the reference does, to 1e-4', async () => {
      for (const [at, texts] of cases.entries()) {
        const got = await embed(rig, texts);
        got.forEach((vector, item) => {
          expect(
            furthest(vector, reference.embeddings[at]?.[item] ?? []),
            `${at}.${item}`,
          ).toBeLessThan(1e-4);
        });
      }
    });

    it('answers the same when ragged requests share runs', async () => {
      const rounds = await Promise.all(
        [0, 1, 2].flatMap(() => cases.map((texts) => embed(rig, texts))),
      );
      rounds.forEach((got, at) => {
        got.forEach((vector, item) => {
          const wanted = reference.embeddings[at % cases.length]?.[item] ?? [];
          expect(furthest(vector, wanted), `${at}.${item}`).toBeLessThan(1e-4);
        });
      });
      expect(await rig?.metrics()).toMatch(
        /miner_batch_rows_count\{model="minilm",version="1"\} \d+/,
      );
    });

    it('serves half precision and eight bits side by side, close to the whole', async () => {
      const close = { '2': 0.9999, '3': 0.95 };
      for (const [version, least] of Object.entries(close)) {
        for (const [at, texts] of cases.entries()) {
          const got = await embed(rig, texts, version);
          got.forEach((vector, item) => {
            const wanted = reference.embeddings[at]?.[item] ?? [];
            expect(cosine(vector, wanted), `${version}: ${at}.${item}`).toBeGreaterThan(least);
          });
        }
      }
    });
  },
);
