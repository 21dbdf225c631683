import { describe, expect, it } from 'vitest';
import { alice, bob } from '../common/wire-keys.ts';
import { startDigitsMiner } from './digits-miner.ts';
import { python, runPython, titled } from './python.ts';

interface Seen {
  readonly values: readonly (readonly number[])[];
  readonly raw: { readonly words: readonly string[]; readonly again: string };
  readonly errors: Readonly<Record<string, string>>;
}

/** A picture of no digit in particular, the same in every run. */
const picture = Array.from({ length: 64 }, (_, at) => ((at * 37) % 17) / 16);

async function driven(caller: string): Promise<{ seen: Seen; modelSha256: string }> {
  const miner = await startDigitsMiner();
  try {
    const seen = (await runPython('triton_miner.py', {
      host: miner.host,
      model: 'digits',
      caller,
      miner: alice.ss58,
      input: 'image',
      shape: [1, 1, 8, 8],
      values: picture,
      output: 'probabilities',
    })) as Seen;
    return { seen, modelSha256: miner.modelSha256 };
  } finally {
    await miner.close();
  }
}

describe.skipIf(python === undefined)(titled('the miner with tritonclient and the SDK'), () => {
  it('serves its model, signs what it answers, and says what is wrong', async () => {
    const { seen, modelSha256 } = await driven('//Bob');
    expect(seen).toMatchObject({
      live: true,
      ready: true,
      modelReady: true,
      otherReady: false,
      server: { extensions: ['binary_tensor_data'] },
      model: {
        name: 'digits',
        inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] }],
        outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
      },
      raw: { status: 200, nonce: true, requestHash: true, responseHash: true, signature: true },
    });
    const [first = [], ...rest] = seen.values;
    expect(first).toHaveLength(10);
    expect(first.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
    expect(rest).toEqual([first, first, first]);
    const { words, again } = seen.raw;
    expect(words.slice(4, 9)).toEqual(['200', 'digits', modelSha256, alice.ss58, bob.ss58]);
    expect(again).toMatch(/^401 /);
    const statuses = Object.entries(seen.errors).map(([name, text]) => [name, text.slice(0, 3)]);
    expect(Object.fromEntries(statuses)).toEqual({
      unsigned: '401',
      'another body': '401',
      'another receiver': '401',
      'unknown model': '404',
      'wrong shape': '400',
      'wrong datatype': '400',
      'wrong name': '400',
      'unknown output': '400',
    });
  });

  it('refuses a signed stranger', async () => {
    await expect(driven('//Charlie')).rejects.toThrow(/\[401\] this hotkey is not registered/);
  });
});
