import { describe, expect, it } from 'vitest';
import { datatypes } from '../../common/tensor.ts';
import { alice, bob } from '../common/wire-keys.ts';
import { startEchoServer } from './echo-server.ts';
import type { EchoServer } from './echo-server.ts';
import { python, runPython, titled } from './python.ts';
import { signedGate } from './signed-gate.ts';

interface Seen {
  readonly live: boolean;
  readonly ready: boolean;
  readonly modelReady: boolean;
  readonly versionReady: boolean;
  readonly otherReady: boolean;
  readonly server: unknown;
  readonly model: unknown;
  readonly echoed: Readonly<Record<string, boolean>>;
  readonly errors: Readonly<Record<string, string>>;
}

interface SignedSeen {
  readonly values: readonly number[][];
  readonly raw: { readonly words: readonly string[] };
  readonly errors: Readonly<Record<string, string>>;
}

async function seenBy(script: string, server: EchoServer, job: object = {}): Promise<unknown> {
  try {
    return await runPython(script, { ...job, host: server.host });
  } finally {
    await server.close();
  }
}

describe.skipIf(python === undefined)(titled('the inference protocol with tritonclient'), () => {
  it('understands its client, and is understood', async () => {
    const server = await startEchoServer();
    const seen = (await seenBy('triton_echo.py', server)) as Seen;
    expect(seen).toMatchObject({
      live: true,
      ready: true,
      modelReady: true,
      versionReady: true,
      otherReady: false,
      server: { name: 'echo', version: '1', extensions: ['binary_tensor_data'] },
      model: {
        name: 'echo_INT64',
        versions: ['1'],
        platform: 'echo',
        inputs: [{ name: 'x', datatype: 'INT64', shape: [-1, 3] }],
        outputs: [{ name: 'y', datatype: 'INT64', shape: [-1, 3] }],
      },
    });
    expect(Object.entries(seen.echoed).filter(([, same]) => !same)).toEqual([]);
    expect(Object.keys(seen.echoed)).toHaveLength((datatypes.length - 2) * 6 + 2 * 2);
    expect(seen.errors).toEqual({
      'unknown model': "404 unknown model 'nobody'",
      'wrong shape': "400 input 'x' must have shape [-1,3], not [1,2]",
      'wrong datatype': "400 input 'x' must be FP32, not FP64",
      'wrong name': "400 input 'w' is not one of the model",
      'unknown output': "400 output 'q' is not one of the model",
      classification: "400 output 'y': 'classification' is not supported",
      'half as JSON': expect.stringContaining('400 ') as string,
      'half back as JSON': expect.stringContaining('400 ') as string,
      'NaN in binary': "400 input 'x' holds NaN or infinity",
      'NaN as JSON': expect.stringMatching(
        /^400 the JSON part cannot be parsed at character \d+: JSON has no NaN$/,
      ) as string,
      compressed: '415 compressed bodies are not accepted',
    });
  });

  it('works under signatures of the Python SDK, and answers with receipts that it verifies', async () => {
    const modelSha256 = 'ab'.repeat(32);
    const server = await startEchoServer(signedGate({ signer: alice, task: 'echo', modelSha256 }));
    const values = [0.5, -1.25, 3e38];
    const seen = (await seenBy('triton_miner.py', server, {
      model: 'echo_FP32',
      caller: '//Bob',
      miner: alice.ss58,
      input: 'x',
      shape: [1, 3],
      values,
      output: 'y',
    })) as SignedSeen;
    const exact = values.map((value) => Math.fround(value));
    expect(seen.values).toEqual([exact, exact, exact, exact]);
    expect(seen.raw).toMatchObject({
      status: 200,
      nonce: true,
      requestHash: true,
      responseHash: true,
      signature: true,
      again: '401 {"error":"ReplayedRequest: this hotkey has used this nonce before"}',
    });
    expect(seen.raw.words.slice(4, 9)).toEqual(['200', 'echo', modelSha256, alice.ss58, bob.ss58]);
    const startsOf = Object.entries(seen.errors).map(([name, text]) => [name, text.slice(0, 17)]);
    expect(Object.fromEntries(startsOf)).toEqual({
      unsigned: '401 MalformedAuth',
      'another body': '401 BadSignature:',
      'another receiver': '401 WrongReceiver',
      'unknown model': '404 unknown model',
      'wrong shape': "400 input 'x' mus",
      'wrong datatype': "400 input 'x' mus",
      'wrong name': "400 input 'w' is ",
      'unknown output': "400 output 'q' is",
    });
  });
});
