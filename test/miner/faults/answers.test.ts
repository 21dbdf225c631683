import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../common/tensor.ts';
import { encodeFrame } from '../../../miner/engine/engine-frames.ts';
import { errorOf, imageBody, infer } from '../rig.ts';
import type { Answer } from '../rig.ts';
import { statusesOf, withRig } from './bar.ts';

/** Ten floats a row. */
const limits = { server: { maxAnswerBytes: 1024, maxRows: 30 } };

function asBinary(body: Uint8Array): Uint8Array {
  const json = JSON.parse(new TextDecoder().decode(body)) as object;
  return new TextEncoder().encode(
    JSON.stringify({ ...json, parameters: { binary_data_output: true } }),
  );
}

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

  it('requests that share a run are taken apart when together they are too large', () =>
    withRig(limits, async (rig) => {
      const body = asBinary(imageBody(0.5, 15));
      const asked = Array.from({ length: 12 }, () => infer(rig.port, { body }));
      expect(statusesOf(await Promise.all(asked))).toEqual({ 200: 12 });
    }));

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
