import { describe, expect, it } from 'vitest';
import { datatypes } from '../../common/tensor.ts';
import { startEchoServer } from './echo-server.ts';
import { python, runPython, titled } from './python.ts';

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

async function seenBy(
  script: string,
  server: { readonly host: string; close(): Promise<void> },
): Promise<Seen> {
  try {
    return (await runPython(script, { host: server.host })) as Seen;
  } finally {
    await server.close();
  }
}

describe.skipIf(python === undefined)(titled('the inference protocol with tritonclient'), () => {
  it('understands its client, and is understood', async () => {
    const server = await startEchoServer();
    const seen = await seenBy('triton_echo.py', server);
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
      'NaN as JSON': '400 the JSON part cannot be parsed',
      compressed: '415 compressed bodies are not accepted',
    });
  });
});
