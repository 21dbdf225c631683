import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inferPath } from '../../common/wire/inference-metadata.ts';
import {
  decodeInferResponse,
  encodeInferRequest,
  readError,
} from '../../common/wire/inference-protocol.ts';
import type { InferResponse, ProtocolError } from '../../common/wire/inference-types.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import type { Tensor } from '../../common/tensor.ts';
import { datatypes } from '../../common/tensor.ts';
import { hasJsonForm, tensorsOf, withoutNegativeZero } from '../common/arbitrary-tensor.ts';
import { startMlserver } from './mlserver.ts';
import type { RunningServer } from './mlserver.ts';
import { python, titled } from './python.ts';

describe.skipIf(python === undefined)(titled('our client with MLServer'), () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startMlserver();
  });
  afterAll(() => server.close());

  async function ask(model: string, inputs: readonly Tensor[]): Promise<Response> {
    const request = { id: 'a b', inputs, outputs: [], binaryOutput: false, parameters: {} };
    const message = encodeInferRequest(request, { binary: false });
    if (isProtocolError(message)) throw new Error(message.error);
    return fetch(`${server.url}${inferPath(model)}`, {
      method: 'POST',
      headers: { ...message.headers, 'accept-encoding': 'identity' },
      body: Buffer.from(message.body),
    });
  }

  async function echoed(inputs: readonly Tensor[]): Promise<InferResponse | ProtocolError> {
    const answer = await ask('echo', inputs);
    const body = new Uint8Array(await answer.arrayBuffer());
    return decodeInferResponse(body, Object.fromEntries(answer.headers), defaultInferLimits);
  }

  it.each(datatypes.filter(hasJsonForm))('has %s echoed as it was', async (datatype) => {
    for (const tensors of fc.sample(tensorsOf([datatype]), { numRuns: 25, seed: 47 })) {
      const outputs = tensors.map(withoutNegativeZero);
      expect(await echoed(tensors)).toMatchObject({ modelName: 'echo', id: 'a b', outputs });
    }
  });

  it('reads the reason of a refusal', async () => {
    const answer = await ask('nobody', []);
    expect(answer.status).toBe(404);
    expect(readError(new Uint8Array(await answer.arrayBuffer()))).toContain('nobody');
  });
});
