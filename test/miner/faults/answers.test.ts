import { afterAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../../common/tensor.ts';
import { encodeFrame } from '../../../miner/engine/engine-frames.ts';
import type { OnnxGraph } from '../../fakes/onnx-model.ts';
import { errorOf, imageBody, infer, startRig } from '../rig.ts';
import type { Answer, MinerRig } from '../rig.ts';
import { createModelFolder } from '../tiny-models.ts';
import { statusesOf, withRig } from './bar.ts';

/** Ten floats a row. */
const limits = { server: { maxAnswerBytes: 1024, maxRows: 30 } };

function asBinary(body: Uint8Array): Uint8Array {
  const json = JSON.parse(new TextDecoder().decode(body)) as object;
  return new TextEncoder().encode(
    JSON.stringify({ ...json, parameters: { binary_data_output: true } }),
  );
}

/** Others come while the model process is held up with a first one: they share the next run. */
async function inOneRun(
  rig: MinerRig,
  ask: (rows: number) => Promise<Answer>,
  rowsOfEach: readonly number[],
) {
  const pid = rig.miner.status().enginePid ?? 0;
  process.kill(pid, 'SIGSTOP');
  const first = ask(1);
  await expect.poll(() => rig.miner.status().running, patient).toBe(1);
  const others = rowsOfEach.map(ask);
  await expect.poll(() => rig.miner.status().waiting, patient).toBe(rowsOfEach.length);
  process.kill(pid, 'SIGCONT');
  return { first: await first, others: await Promise.all(others) };
}

/** How many places come out is for the values to say: no axis is that of the input. */
const nonZero: OnnxGraph = {
  inputs: [{ name: 'points', type: 'float', shape: ['points', 3] }],
  outputs: [{ name: 'places', type: 'int64', shape: ['places', 2] }],
  nodes: [
    { op: 'NonZero', inputs: ['points'], outputs: ['found'] },
    { op: 'Transpose', inputs: ['found'], outputs: ['places'] },
  ],
};
const tiny = createModelFolder();
afterAll(() => tiny.remove());

const patient = { timeout: 15_000 };

const refusal = (answer: Answer) => [answer.status, errorOf(answer)];

describe('what a request may ask for, and what it may become', () => {
  it('rows above the bound are refused before the model sees them', () =>
    withRig(limits, async (rig) => {
      const answer = await infer(rig.port, { body: imageBody(0.5, 31) });
      const text = "input 'image' has 31 rows, and one request at most 30";
      expect(refusal(answer)).toEqual([400, text]);
      expect(await rig.metrics()).toContain(
        'miner_requests_total{status="400",reason="bad_request"} 1',
      );
    }));

  it('outputs above the bound stay in the model process, which goes on', () =>
    withRig(limits, async (rig) => {
      const pid = rig.miner.status().enginePid;
      const large = await infer(rig.port, { body: asBinary(imageBody(0.5, 26)) });
      const text = 'the answer would be longer than 1024 bytes: ask for fewer rows';
      expect(refusal(large)).toEqual([400, text]);
      expect((await infer(rig.port)).status).toBe(200);
      expect(rig.miner.status().enginePid).toBe(pid);
      expect(await rig.metrics()).toContain(
        'miner_requests_total{status="400",reason="answer_too_large"} 1',
      );
    }));

  it('a text above the bound is not written; the same in binary is', () =>
    withRig(limits, async (rig) => {
      const text = await infer(rig.port, { body: imageBody(0.5, 15) });
      expect(text.status).toBe(400);
      expect(errorOf(text)).toMatch(/longer than 1024 bytes: ask for binary outputs/);
      expect((await infer(rig.port, { body: asBinary(imageBody(0.5, 15)) })).status).toBe(200);
    }));

  it('requests that share a run have a bound each, and are computed once', () =>
    withRig({ ...limits, engine: { maxBatch: 256 } }, async (rig) => {
      const rows = (count: number) => infer(rig.port, { body: asBinary(imageBody(0.5, count)) });
      const fitting = Array.from({ length: 11 }, () => 15);
      const { first, others } = await inOneRun(rig, rows, [...fitting, 26]);
      expect(first.status).toBe(200);
      expect(statusesOf(others)).toEqual({ 200: 11, 400: 1 });
      expect(errorOf(others[11] ?? first)).toMatch(/longer than 1024 bytes: ask for fewer rows/);
      expect(await rig.metrics()).toContain('miner_batch_rows_count{model="digits",version="1"} 2');
    }));

  it('rows are bounded whether or not requests may share a run', () =>
    withRig({ ...limits, engine: { maxBatch: 1 } }, async (rig) => {
      expect((await infer(rig.port, { body: imageBody(0.5, 31) })).status).toBe(400);
    }));

  it('the first axis of a model whose tensors share none counts no rows', async () => {
    const { modelPath, sha256 } = tiny.write(nonZero);
    const rig = await startRig({ ...limits, model: { path: modelPath, sha256 } }, { modelPath });
    try {
      const data = Array.from({ length: 31 * 3 }, (_, at) => Number(at % 31 === 0));
      const points = { name: 'points', datatype: 'FP32', shape: [31, 3], data };
      const body = new TextEncoder().encode(JSON.stringify({ inputs: [points] }));
      const answer = await infer(rig.port, { body });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        outputs: [{ name: 'places', shape: [3, 2], data: [0, 0, 10, 1, 20, 2] }],
      });
    } finally {
      await rig.miner.stop();
    }
  });

  it('a frame that its length cannot tell is an error, not another frame', () => {
    const data = new Float32Array(16 * 1024 * 1024);
    const tensors: Tensor[] = Array.from({ length: 64 }, (_, at) => ({
      name: `x${at}`,
      datatype: 'FP32',
      shape: [data.length],
      data,
    }));
    const frame = { kind: 'run', id: 1, header: null, tensors } as const;
    expect(() => encodeFrame(frame)).toThrow(/a frame holds 4294967295/);
    expect(encodeFrame({ ...frame, tensors: tensors.slice(0, 2) }).length).toBeGreaterThan(1);
  });
});
