import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../common/hex.ts';
import { signEpistula, uuidOf } from '../../common/wire/epistula.ts';
import { alice, bob, sha256, utf8 } from '../common/wire-keys.ts';
import { startDigitsMiner } from './digits-miner.ts';
import { pythonSdk10, runPython, titled } from './python.ts';

const data = Array.from({ length: 64 }, (_, at) => ((at * 37) % 17) / 16);
const body = JSON.stringify({
  inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data }],
});

/** Requests of ours: a good one, and one whose body was changed afterwards. */
function signedByUs(): readonly { headers: Record<string, string>; bodySha256: string }[] {
  const bodySha256 = sha256(utf8(body));
  const headers = signEpistula({
    signer: bob,
    bodySha256,
    timestampMs: 1_795_289_076_266n,
    uuid: uuidOf(randomBytes(16)),
    receiver: alice.ss58,
  });
  return [
    { headers, bodySha256: toHex(bodySha256) },
    { headers, bodySha256: toHex(sha256(utf8(`${body} `))) },
  ];
}

describe.skipIf(pythonSdk10 === undefined)(
  titled('Epistula v2 with bittensor-auth', pythonSdk10),
  () => {
    it('is an entrance of the miner, and what we sign is good to others', async () => {
      const miner = await startDigitsMiner({ entrances: { epistula: true } });
      try {
        const url = `http://${miner.host}/v2/models/digits/infer`;
        const ask = { url, body, caller: '//Bob', miner: alice.ss58 };
        const seen = await runPython('epistula_peer.py', { ask, judge: signedByUs() }, pythonSdk10);
        expect(seen).toMatchObject({
          judged: [true, false],
          asked: {
            good: { status: 200, body: { model_name: 'digits' } },
            again: { status: 401 },
            twins: [200, 200],
            changed: { status: 401 },
            old: { status: 401 },
            ahead: { status: 401 },
            'for another': { status: 401 },
            'for nobody': { status: 401 },
          },
        });
        const { asked } = seen as { asked: { good: { receipt: string } } };
        expect(asked.good.receipt.split(' ')).toContain(bob.ss58);
      } finally {
        await miner.close();
      }
    });

    it('is shut where the YAML does not open it', async () => {
      const miner = await startDigitsMiner();
      try {
        const url = `http://${miner.host}/v2/models/digits/infer`;
        const ask = { url, body, caller: '//Bob', miner: alice.ss58 };
        const seen = await runPython('epistula_peer.py', { ask, judge: [] }, pythonSdk10);
        expect(seen).toMatchObject({ asked: { good: { status: 401 }, twins: [401, 401] } });
      } finally {
        await miner.close();
      }
    });
  },
);
