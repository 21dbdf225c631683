import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synapseFormOf, synapseRoute } from '../../common/config/synapse-schema.ts';
import { isFault } from '../../common/fault.ts';
import { createHttpClient } from '../../common/node/http-undici.ts';
import { createPlatform } from '../../common/node/platform.ts';
import type { Tensor } from '../../common/tensor.ts';
import type { Task } from '../../tasks/task-port.ts';
import type { Outcome } from '../../validator/outcome.ts';
import { queryMiners } from '../../validator/query.ts';
import { classicWire } from '../../validator/wire/classic-wire.ts';
import { alice, bob, sr25519 } from '../common/wire-keys.ts';
import { startAxon } from './axon-peer.ts';
import type { AxonPeer } from './axon-peer.ts';
import { digitsRoutes } from './classic-routes.ts';
import { pythonSdk10, titled } from './python.ts';

const pixels = Float32Array.from({ length: 64 }, (_, at) => ((at * 37) % 17) / 16);
const image: Tensor = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data: pixels };
/** What `classic_axon.py` answers: ten sums of every tenth pixel. */
const sums = Float32Array.from({ length: 10 }, (_, share) =>
  pixels.reduce((sum, pixel, at) => (at % 10 === share ? sum + pixel : sum), 0),
);

/** A note is signed as well, so a validator has to know what stands in it. */
const askedRoutes = digitsRoutes.map((route) => ({
  ...route,
  fields: route.fields.map((one) => (one.name === 'note' ? { ...one, value: "it's \u200b" } : one)),
}));

/** One mark: whether the outputs are the sums. */
const task: Task = {
  name: 'digits',
  kind: 'sums',
  inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] }],
  outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
  items: 1,
  chance: 0,
  generate: () => ({ inputs: [image], truth: [] }),
  judge: (_, [output]) => {
    const data = Array.from((output?.data ?? []) as Float32Array);
    const right =
      data.length === 10 && data.every((one, at) => Math.abs(one - (sums[at] ?? 0)) < 1e-4);
    return { kind: 'judgement', marks: [right ? 1 : 0] };
  },
};

describe.skipIf(pythonSdk10 === undefined)(
  titled('our questions to an Axon 10.5', pythonSdk10),
  () => {
    const http = createHttpClient();
    let axon: AxonPeer | undefined;
    beforeAll(async () => {
      axon = await startAxon();
    });
    afterAll(async () => {
      await axon?.close();
      await http.close();
    });

    async function ask(synapse: string, receipts: boolean, times = 1): Promise<readonly Outcome[]> {
      const route = synapseRoute.parse(askedRoutes.find((one) => one.synapse === synapse));
      const wire = classicWire({
        forms: [synapseFormOf(route, 'digits')],
        timeoutMs: 12_000,
        receiptsRequired: receipts,
      });
      const port = axon?.port ?? 0;
      const place = { ip: '127.0.0.1', port, ipType: 4, protocol: 4, version: 10005000, block: 1 };
      const target = { uid: 0, hotkey: alice.ss58, axon: { ...place, ipType: 4 as const } };
      const challenge = task.generate(new Uint8Array());
      return queryMiners(
        { http, signer: bob, verifier: sr25519, platform: createPlatform() },
        Array.from({ length: times }, () => ({ target, task, challenge })),
        {
          addresses: { allowPrivate: true },
          concurrency: 16,
          timeoutMs: 12_000,
          maxAnswerBytes: 1_000_000,
          wire,
        },
      );
    }

    it.each(['Digits', 'DigitsTensor'])('are answered: %s', async (synapse) => {
      const [outcome] = await ask(synapse, false);
      expect(outcome?.result).toEqual({ kind: 'judgement', marks: [1] });
      expect(outcome?.got).toMatchObject({ status: 200, receipt: null });
    });

    it('may overlap: each has a UUID of its own', async () => {
      const outcomes = await ask('Digits', false, 48);
      expect(outcomes.filter(({ result }) => isFault(result))).toEqual([]);
    });

    it('want a receipt where the subnet says so', async () => {
      const [outcome] = await ask('Digits', true);
      expect(outcome?.result).toMatchObject({ kind: 'fault', reason: 'bad-receipt' });
    });

    it('tell a synapse that it does not serve', async () => {
      const route = synapseRoute.parse(
        digitsRoutes.find(({ synapse }) => synapse === 'DigitsOpen'),
      );
      expect(route.unsignedBody).toBe('accept');
      const [outcome] = await ask('DigitsOpen', false);
      expect(outcome?.result).toMatchObject({ kind: 'fault', reason: 'http-status' });
    });
  },
);
