import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../../common/tensor.ts';
import {
  decodeInferResponse,
  encodeInferRequest,
} from '../../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../../common/wire/inference-types.ts';
import { onnxModel } from '../../fakes/onnx-model.ts';
import type { OnnxGraph } from '../../fakes/onnx-model.ts';
import { errorOf, infer, startRig } from '../rig.ts';
import type { Answer, MinerRig } from '../rig.ts';
import { int64, mixing } from '../tiny-models.ts';
import { addDigits, emptyRepository, sha256Of } from './repository-folder.ts';

/** One text for each row. */
const echo: OnnxGraph = {
  inputs: [{ name: 'text', type: 'string', shape: ['n'] }],
  outputs: [{ name: 'same', type: 'string', shape: ['n'] }],
  nodes: [{ op: 'Identity', inputs: ['text'], outputs: ['same'] }],
};

const added: OnnxGraph = {
  inputs: [
    { name: 'a', type: 'float', shape: ['n', 2] },
    { name: 'b', type: 'float', shape: ['n', 2] },
  ],
  outputs: [{ name: 'y', type: 'float', shape: ['n', 2] }],
  nodes: [{ op: 'Add', inputs: ['a', 'b'], outputs: ['y'] }],
};

/** As large as the caller says. */
const large: OnnxGraph = {
  inputs: [{ name: 'shape', type: 'int64', shape: [1] }],
  outputs: [{ name: 'y', type: 'float', shape: ['length'] }],
  nodes: [{ op: 'ConstantOfShape', inputs: ['shape'], outputs: ['y'] }],
};

const root = emptyRepository();
let rig: MinerRig;

function addModel(name: string, graph: OnnxGraph): void {
  const folder = join(root, name, '1');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'model.onnx');
  writeFileSync(file, onnxModel(graph));
  writeFileSync(
    join(folder, 'manifest.yaml'),
    `kind: tensors
model: { file: model.onnx, sha256: "${sha256Of(file)}" }
licence: Apache-2.0
source: this test
datasets: []
contributors: [the authors of this repository]
`,
  );
}

beforeAll(async () => {
  addDigits(root, 'digits/1');
  addModel('echo', echo);
  addModel('added', added);
  addModel('large', large);
  addModel('mixing', mixing);
  rig = await startRig(
    { model: undefined, modelRepository: root, queue: { maxDelayMs: 20 } },
    { modelRepository: root },
  );
}, 60_000);

afterAll(async () => {
  await rig.miner.stop();
  rmSync(root, { recursive: true });
});

async function ask(model: string, inputs: readonly Tensor[]): Promise<Answer> {
  const request = { inputs, outputs: [], binaryOutput: true, parameters: {} };
  const message = encodeInferRequest(request, { binary: true });
  if (isProtocolError(message)) throw new Error(message.error);
  const { headers, body } = message;
  return infer(rig.port, { path: `/v2/models/${model}/infer`, body, headers });
}

function outputOf({ headers, body }: Answer): Tensor | undefined {
  const response = decodeInferResponse(body, headers, defaultInferLimits);
  if (isProtocolError(response)) throw new Error(response.error);
  return response.outputs[0];
}

function texts(...data: readonly Uint8Array[]): readonly Tensor[] {
  return [{ name: 'text', datatype: 'BYTES', shape: [data.length], data }];
}

function floats(name: string, rows: number, value = 1): Tensor {
  const data = new Float32Array(rows * 2).fill(value);
  return { name, datatype: 'FP32', shape: [rows, 2], data };
}

const utf8 = new TextEncoder();

describe('texts of tensors', () => {
  it('come back as they were sent, a mark at the front too', async () => {
    const data = ['\ufeffmark', '', 'ä𝄞'].map((text) => utf8.encode(text));
    const answer = await ask('echo', texts(...data));
    expect(answer.status).toBe(200);
    expect(outputOf(answer)?.data).toEqual(data);
  });

  it.each([
    ['other bytes', Uint8Array.of(0xff, 0xfe), 'is no UTF-8 text'],
    ['half a surrogate pair', Uint8Array.of(0xed, 0xa0, 0x80), 'is no UTF-8 text'],
    ['a NUL', utf8.encode('a\0b'), 'holds a NUL byte'],
  ])('are refused where they would be altered, with their place: %s', async (_, bytes, why) => {
    const answer = await ask('echo', texts(utf8.encode('good'), bytes));
    expect([answer.status, errorOf(answer)]).toEqual([
      400,
      `input 'text': element 1 ${why}, which this model cannot take`,
    ]);
  });
});

describe('inputs that share a named axis', () => {
  it('have as many rows each', async () => {
    expect((await ask('added', [floats('a', 2), floats('b', 2)])).status).toBe(200);
    const answer = await ask('added', [floats('a', 2), floats('b', 1)]);
    expect([answer.status, errorOf(answer)]).toEqual([400, "input 'b' has 1 rows, and 'a' has 2"]);
  });
});

describe('a request for more memory than there is', () => {
  it("is the caller's to make smaller; others are answered", async () => {
    const answer = await ask('large', [int64('shape', [1], [2 ** 44])]);
    expect(answer.status).toBe(413);
    expect(errorOf(answer)).toContain('too little memory');
    expect((await ask('large', [int64('shape', [1], [3])])).status).toBe(200);
  });
});

describe('a model that mixes rows', () => {
  it('answers many at a time as it answers one', async () => {
    const x = (at: number): Tensor => {
      const data = new Float32Array(4).fill(at);
      return { name: 'x', datatype: 'FP32', shape: [1, 4], data };
    };
    const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => ask('mixing', [x(at)])));
    for (const answer of answers)
      expect(outputOf(answer)?.data).toEqual(Float32Array.of(1, 1, 1, 1));
  });

  it('is told in the log and by the status', () => {
    const shown = rig.miner.status().models.map(({ name, sharesRuns, rowsMixed }) => {
      return [name, sharesRuns, rowsMixed === null];
    });
    expect(shown).toContainEqual(['mixing', false, false]);
    expect(shown).toContainEqual(['digits', true, true]);
    const warned = rig.logLines.filter((line) => line.includes('mixes the rows'));
    expect(warned.map((line) => (JSON.parse(line) as { model: string }).model)).toEqual(['mixing']);
  });
});
