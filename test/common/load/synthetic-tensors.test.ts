import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededUniform } from '../../../common/load/seeded.ts';
import { syntheticTensors } from '../../../common/load/synthetic-tensors.ts';
import { datatypes, elementCount, fitsShape } from '../../../common/tensor.ts';
import { decodeInferRequest, encodeInferRequest } from '../../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../../common/wire/inference-types.ts';
import { tensorProblem } from '../../../common/wire/tensor-codec.ts';

const spec = fc.record({
  datatype: fc.constantFrom(...datatypes),
  shape: fc.array(fc.constantFrom(-1, 1, 2, 3), { minLength: 1, maxLength: 4 }),
});
const specs = fc
  .array(spec, { minLength: 1, maxLength: 4 })
  .map((all) => all.map((one, at) => ({ name: `input${at}`, ...one })));
const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 4 }),
  freeAxis: fc.integer({ min: 1, max: 5 }),
});

describe('synthetic tensors', () => {
  it('are what the model asks for, through our own wire too', () => {
    fc.assert(
      fc.property(specs, sizes, fc.integer(), (inputs, some, seed) => {
        const tensors = syntheticTensors(inputs, some, seededUniform(seed));
        for (const [at, tensor] of tensors.entries()) {
          expect(fitsShape(inputs[at]?.shape ?? [], tensor.shape)).toBe(true);
          expect(tensorProblem(tensor, elementCount(tensor.shape))).toBeNull();
        }
        const request = { inputs: tensors, outputs: [], binaryOutput: true, parameters: {} };
        const message = encodeInferRequest(request, { binary: true });
        if (isProtocolError(message)) throw new Error(message.error);
        const model = { inputs, outputs: [] };
        const read = decodeInferRequest(message.body, message.headers, defaultInferLimits, model);
        expect(isProtocolError(read) ? read.error : read.inputs.length).toBe(inputs.length);
      }),
      { numRuns: 200 },
    );
  });

  it('are the same for the same seed and others for another', () => {
    const image = [{ name: 'image', datatype: 'FP32', shape: [-1, 8] } as const];
    const make = (seed: number) =>
      syntheticTensors(image, { rows: 2, freeAxis: 1 }, seededUniform(seed));
    expect(make(3)).toEqual(make(3));
    expect(make(3)).not.toEqual(make(4));
    expect(make(3)[0]?.shape).toEqual([2, 8]);
  });

  it('hold whole numbers that are valid as tokens and as masks', () => {
    const tokens = [{ name: 'ids', datatype: 'INT64', shape: [-1, -1] } as const];
    const [ids] = syntheticTensors(tokens, { rows: 2, freeAxis: 16 }, seededUniform(1));
    const values = new Set([...(ids?.data ?? [])].map(String));
    expect(ids?.shape).toEqual([2, 16]);
    expect([...values].sort()).toEqual(['0', '1']);
  });
});
