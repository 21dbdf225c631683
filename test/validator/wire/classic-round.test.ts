import { describe, expect, it } from 'vitest';
import { synapseFormOf, synapseRoute } from '../../../common/config/synapse-schema.ts';
import { isFault } from '../../../common/fault.ts';
import { sha3OfText } from '../../../common/node/sha3.ts';
import { classicCheck, readClassicAuth } from '../../../common/wire/classic/classic-auth.ts';
import { jsonOfTensor, tensorOfField } from '../../../common/wire/classic/field-tensor.ts';
import { bodyHash, readSynapse } from '../../../common/wire/classic/synapse-body.ts';
import { defaultInferLimits, isProtocolError } from '../../../common/wire/inference-types.ts';
import type { Tensor } from '../../../common/tensor.ts';
import { runRound } from '../../../validator/round.ts';
import { emptyBoard } from '../../../validator/scoreboard.ts';
import { classicWire } from '../../../validator/wire/classic-wire.ts';
import type { FakePeer, FakeReply } from '../../fakes/fake-http.ts';
import { nearestMean } from '../../sim/sim-models.ts';
import { createWorld, key, sr25519, train } from '../../sim/world.ts';
import type { World } from '../../sim/world.ts';

const start = { board: emptyBoard, lastRound: 0, voidRounds: 0 };
const model = nearestMean(train);
const form = synapseFormOf(
  synapseRoute.parse({
    synapse: 'Digits',
    fields: [
      {
        name: 'image',
        type: 'list[list[list[list[float]]]]',
        required: true,
        input: { tensor: 'image' },
      },
      { name: 'note', type: 'str', value: "it's" },
      { name: 'shares', type: 'list[list[float]]', output: { tensor: 'probabilities' } },
    ],
    hashFields: ['image', 'note'],
  }),
  'digits',
);
const wire = classicWire({ forms: [form], timeoutMs: 1000, receiptsRequired: false });
const encoder = new TextEncoder();

/** Scores of the model for each picture. */
function scored({ shape, data }: Tensor): Tensor {
  const rows = shape[0] ?? 0;
  const pixels = data as Float32Array;
  const size = pixels.length / rows;
  const scores = new Float32Array(rows * 10);
  for (let row = 0; row < rows; row += 1) {
    scores.set(model(pixels.subarray(row * size, (row + 1) * size)), row * 10);
  }
  return { name: 'probabilities', datatype: 'FP32', shape: [rows, 10], data: scores };
}

/** As much of an axon as matters to who asks: it checks what was signed, and signs nothing. */
function axonOf(world: World, name: string, edit = (json: object): object => json): FakePeer {
  return ({ url, headers, body = new Uint8Array() }): FakeReply => {
    const policy = { receiver: key(name).ss58, notBeforeNs: 0n };
    const claim = readClassicAuth(headers, policy, world.platform.clock.nowNs());
    if (claim.kind === 'auth-refusal') return { status: 401 };
    const { message, signature, publicKey } = classicCheck(claim);
    const synapse = readSynapse(body, {}, form, () => true, defaultInferLimits);
    const signed = sr25519.verify(message, signature, publicKey);
    if (!signed || isProtocolError(synapse) || !url.endsWith('/Digits')) return { status: 500 };
    if (bodyHash(form, synapse.values, sha3OfText) !== claim.bodyHash) return { status: 500 };
    const spec = { name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] } as const;
    const image = tensorOfField(
      synapse.values.get('image') ?? null,
      spec,
      spec.shape,
      defaultInferLimits,
    );
    if ('problem' in image) return { status: 500 };
    const shares = jsonOfTensor(scored(image.ok), 'nested');
    if ('problem' in shares) return { status: 500 };
    const json = edit({
      name: 'Digits',
      image: 'rewritten',
      shares: JSON.parse(shares.ok) as unknown,
    });
    return { status: 200, body: encoder.encode(JSON.stringify(json)) };
  };
}

async function asked(makePeer: (world: World) => FakePeer) {
  const world = createWorld();
  world.addValidator('alpha');
  const uid = world.addMiner('axon', makePeer(world));
  const node = await world.node('alpha');
  const query = { ...node.config.query, wire };
  const result = await runRound(node.deps, start, { ...node.config, query }, { eager: true });
  const outcome = result.outcomes.find((one) => one.uid === uid);
  return { world, outcome, points: result.points.find((one) => one.uid === uid)?.points ?? NaN };
}

describe('a round over the classic wire', () => {
  it('gives points for right answers, though axons sign none', async () => {
    const { world, outcome, points } = await asked((here) => axonOf(here, 'axon'));
    expect(points).toBeGreaterThan(0.2);
    expect(outcome?.got?.receipt).toBeNull();
    const [request] = world.http.requests;
    expect(request?.headers).toMatchObject({
      name: 'Digits',
      timeout: '1.0',
      bt_header_input_obj_image: 'W10=',
      'content-type': 'application/json',
    });
    expect(request?.headers).not.toHaveProperty('bt_header_input_obj_note');
    const body = JSON.parse(new TextDecoder().decode(request?.body)) as object;
    expect(Object.keys(body)).toEqual(['name', 'timeout', 'image', 'note']);
  });

  it.each<[string, string, (world: World) => FakePeer]>([
    [
      'gives its answer null',
      'bad-answer',
      (world) => axonOf(world, 'axon', () => ({ shares: null })),
    ],
    [
      'has terminal info null and nothing else',
      'bad-answer',
      (world) => axonOf(world, 'axon', () => ({ dendrite: null })),
    ],
    [
      'answers with texts',
      'bad-answer',
      (world) => axonOf(world, 'axon', (json) => ({ ...json, shares: [['a']] })),
    ],
    [
      'answers unevenly',
      'bad-answer',
      (world) => axonOf(world, 'axon', (json) => ({ ...json, shares: [[1], [1, 2]] })),
    ],
    ['sends garbage', 'bad-answer', () => () => ({ status: 200, body: encoder.encode('{') })],
    [
      'says in a header that it failed',
      'bad-answer',
      (world) => (request) => {
        const reply = axonOf(world, 'axon')(request) as Exclude<FakeReply, string>;
        return { ...reply, headers: { bt_header_axon_status_code: '500' } };
      },
    ],
    [
      'signs a receipt that is none',
      'bad-receipt',
      (world) => (request) => {
        const reply = axonOf(world, 'axon')(request) as Exclude<FakeReply, string>;
        return {
          ...reply,
          headers: { 'x-subnet-receipt': 'x', 'x-subnet-receipt-signature': 'y' },
        };
      },
    ],
    ['is another', 'not-admitted', (world) => axonOf(world, 'another')],
  ])('faults an axon that %s', async (_, reason, makePeer) => {
    const { outcome } = await asked(makePeer);
    expect(
      outcome !== undefined && isFault(outcome.result) ? outcome.result.reason : 'answer',
    ).toBe(reason);
  });
});
